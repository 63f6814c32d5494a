import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { deploymentFaults, exampleFaults, requireDeployable } from '../../../local/build/check-deployment.ts';
import { compileConfiguration, type CompiledConfiguration } from '../../../local/build/compile-sources.ts';
import { root } from '../../../local/cli/root.ts';
import { uncommentResource } from '../../../local/setup/edit-deployment.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const shipped = readFileSync(path.join(root, 's.yaml'), 'utf8');

function source(settings: string, notify = '') {
  return compileConfiguration(`sources: { late: { preset: generic, ${settings} } }\n${notify}`);
}

/** The shipped s.yaml, with a text in it replaced. */
function edited(right: string, wrong: string): string {
  expect(shipped).toContain(right);
  return shipped.replace(right, wrong);
}

/** What is told, without the lines, which only one of the tests is about. */
function faultsIn(text: string, configuration: CompiledConfiguration): string[] {
  return deploymentFaults(text, configuration).map((fault) => {
    expect(fault).toMatch(/^s\.yaml:[1-9]\d* /);
    return fault.replace(/^s\.yaml:\d+ /, '');
  });
}

test('the shipped s.yaml gives the functions all that the shipped sources.yaml asks for', () => {
  const configuration = compileConfiguration(readFileSync(path.join(root, 'sources.yaml'), 'utf8'));
  expect(faultsIn(shipped, configuration)).toEqual([]);
});

test('a secret that s.yaml does not pass on is told, with the line to add', () => {
  expect(faultsIn(shipped, source('secrets: [LATE_SECRET, SECRET_PIPELINE]'))).toEqual([
    "webhook: add under environmentVariables: LATE_SECRET: ${env('LATE_SECRET', '')}",
  ]);
});

describe('a source that asks people on a page', () => {
  const asking = (more = '') =>
    source(`secrets: [SECRET_PIPELINE], confirm: all${more}`, 'notify: [{ kind: slack, url: CHAT_URL }]\n');
  const withChat = (text: string) =>
    text.replace(
      /(follow\.handler[^]*?environmentVariables:\n)/,
      "$1        CHAT_URL: ${env('CHAT_URL', '')}\n",
    );

  test('finds all that it needs in the shipped s.yaml', () => {
    expect(faultsIn(withChat(shipped), asking())).toEqual([]);
  });

  test.each(['CONFIRM_SECRET', 'PUBLIC_URL'])('needs %s, of which the line to add is told', (name) => {
    const line = `        ${name}: \${env('${name}', '')}\n`;
    expect(faultsIn(withChat(edited(line, '')), asking())).toEqual([
      `webhook: add under environmentVariables: ${name}: \${env('${name}', '')}`,
    ]);
  });

  test('keeps what signs the links out of the repository, and out of the follow function', () => {
    const written = edited(
      "CONFIRM_SECRET: ${env('CONFIRM_SECRET', '')}",
      'CONFIRM_SECRET: a-secret-in-the-repository',
    );
    expect(faultsIn(withChat(written), asking())).toEqual([
      "webhook: write under environmentVariables: CONFIRM_SECRET: ${env('CONFIRM_SECRET', '')}; the value goes into .env, under the same name, for s.yaml is committed",
    ]);
    const shared = withChat(shipped).replace(
      'CHAT_URL:',
      "CONFIRM_SECRET: ${env('CONFIRM_SECRET', '')}\n        CHAT_URL:",
    );
    expect(faultsIn(shared, asking())).toEqual([
      'follow: take out of environmentVariables: CONFIRM_SECRET; only the webhook function needs it',
    ]);
  });

  test.each(['[POST]', '[GET, HEAD]'])(
    'needs a trigger that lets people open the page and decide: %s',
    (methods) => {
      const text = edited('methods: [GET, HEAD, POST]', `methods: ${methods}`);
      expect(faultsIn(withChat(text), asking())).toEqual([
        'webhook: write methods: [GET, HEAD, POST]: people open the page with GET, and decide with POST',
      ]);
    },
  );

  test('by a command in a chat needs neither', () => {
    const text = shipped.replaceAll(/^ +(CONFIRM_SECRET|PUBLIC_URL): .*\n/gm, '');
    const byChat = source(
      "secrets: [SECRET_PIPELINE], confirm: all, confirmBy: chat }, chat: { preset: slack, secrets: [SECRET_GITHUB], allow: user_id == 'U1'",
      'notify: [{ kind: slack, url: CHAT_URL }]\n',
    );
    expect(faultsIn(withChat(text), byChat)).toEqual([]);
  });
});

test('a secret in KMS needs no variable', () => {
  const configuration = source('secrets: [kms:late, LATE_SECRET]');
  expect(faultsIn(shipped, configuration)).toEqual([
    "webhook: add under environmentVariables: LATE_SECRET: ${env('LATE_SECRET', '')}",
  ]);
  expect(exampleFaults('', shipped, source('secrets: [kms:late]')).join('\n')).not.toContain('kms');
});

test.each([
  [10_000, []],
  [10_001, ['webhook: raise timeout to 16: the source late has a deadlineMs of 10001']],
  [60_000, ['webhook: raise timeout to 65: the source late has a deadlineMs of 60000']],
])('a deadline of %i ms needs five seconds more of timeout', (deadlineMs, faults) => {
  const configuration = source(`secrets: [SECRET_PIPELINE], deadlineMs: ${deadlineMs}`);
  expect(faultsIn(shipped, configuration)).toEqual(faults);
});

test.each([
  ['timeout: 15', 'timeout: 5', 'raise timeout to 14'],
  ['timeout: 15', 'timeout: "5"', 'raise timeout to 14'],
  ['      timeout: 15\n', '', 'raise timeout to 14'],
])('%j written as %j is too short', (right, wrong, fault) => {
  const configuration = source('secrets: [SECRET_PIPELINE]');
  expect(faultsIn(edited(right, wrong), configuration)).toEqual([expect.stringContaining(fault)]);
});

const fromEnv = (name: string) => `${name}: \${env('${name}', '')}`;
const committed = 'the value goes into .env, under the same name, for s.yaml is committed';

describe('a secret is told that does not come from the variable of its own name:', () => {
  test.each([
    ['written out', 'test-only-secret'],
    ['a number', '12345678'],
    ['as the default', "${env('SECRET_PIPELINE', 'test-only-secret')}"],
    ['from another variable', "${env('OTHER_SECRET', '')}"],
    ['from a variable that has no default', "${env('SECRET_PIPELINE')}"],
    ['with more around it', "test-only-secret${env('SECRET_PIPELINE', '')}"],
    ['nothing', '~'],
  ])('%s', (_what, value) => {
    const text = edited(fromEnv('SECRET_PIPELINE'), `SECRET_PIPELINE: ${value}`);
    const faults = faultsIn(text, source('secrets: [SECRET_PIPELINE]'));
    expect(faults).toEqual([
      `webhook: write under environmentVariables: ${fromEnv('SECRET_PIPELINE')}; ${committed}`,
    ]);
  });

  test.each([`'\${ env( "SECRET_PIPELINE", "" ) }'`, `"\${env('SECRET_PIPELINE','')}"`])(
    'but not %s',
    (value) => {
      const text = edited(fromEnv('SECRET_PIPELINE'), `SECRET_PIPELINE: ${value}`);
      expect(faultsIn(text, source('secrets: [SECRET_PIPELINE]'))).toEqual([]);
    },
  );
});

test('a secret of a source is not given to the follow function, even where nothing is followed', () => {
  const text = shipped.replaceAll(
    '      environmentVariables:\n',
    '$&        LATE_SECRET: ${env("LATE_SECRET", "")}\n',
  );
  expect(faultsIn(text, source('secrets: [LATE_SECRET]'))).toEqual([
    'follow: take out of environmentVariables: LATE_SECRET; only the webhook function needs it',
  ]);
});

test('a webhook whose handler is another is told by its name', () => {
  const text = edited('handler: webhook.handler', 'handler: index.handler');
  expect(faultsIn(text, source('secrets: [SECRET_PIPELINE]'))).toEqual([
    'webhook: its handler is index.handler: write handler: webhook.handler, which answers the webhooks',
  ]);
});

describe('where rollbacks are followed,', () => {
  const secrets = 'secrets: [SECRET_PIPELINE]';
  const deferring = source(`${secrets}, mode: deferred`);
  const channels = 'notify: [{ kind: feishu, url: CHAT_URL, secret: CHAT_SECRET }]';
  const add = (name: string) => `follow: add under environmentVariables: ${name}: \${env('${name}', '')}`;

  test('the shipped s.yaml has the function that does it', () => {
    expect(faultsIn(shipped, deferring)).toEqual([]);
    expect(faultsIn(shipped, source(`${secrets}, follow: true`))).toEqual([]);
  });

  test('each variable of a channel must be given to the follow function', () => {
    expect(faultsIn(shipped, source(secrets, channels))).toEqual([add('CHAT_URL'), add('CHAT_SECRET')]);
  });

  test('a variable of a channel must not be given to the webhook', () => {
    const both = shipped.replaceAll(
      '      environmentVariables:\n',
      "$&        CHAT_URL: ${env('CHAT_URL', '')}\n        CHAT_SECRET: ${env('CHAT_SECRET', '')}\n",
    );
    expect(faultsIn(both, source(secrets, channels))).toEqual([
      'webhook: take out of environmentVariables: CHAT_URL; only the follow function needs it',
      'webhook: take out of environmentVariables: CHAT_SECRET; only the follow function needs it',
    ]);
  });

  const task = 'which follows the rollbacks of the source late (ended, mode: deferred, follow or notify)';

  test('an s.yaml without the function is told', () => {
    const text = shipped.slice(0, shipped.indexOf('  follow:\n'));
    expect(faultsIn(text, deferring)).toEqual([`add a function with handler: follow.handler, ${task}`]);
    // Nor is the webhook taken for it, under any name.
    expect(faultsIn(text.replace('  webhook:\n', '  follow:\n'), deferring)).toHaveLength(1);
  });

  test.each([
    ['handler: other.handler', 'other.handler'],
    ['', 'missing'],
  ])('a follow function with %j as its handler is told, and what else is wrong with it', (handler, is) => {
    const text = edited('handler: follow.handler', handler).replace('timeout: 3600', 'timeout: 60');
    expect(faultsIn(text, deferring).toSorted()).toEqual([
      `follow: its handler is ${is}: write handler: follow.handler, ${task}`,
      expect.stringContaining('follow: write timeout as a number from 600 to 86400'),
    ]);
  });

  test('the value of a variable of a channel may not be written out, and is not repeated', () => {
    const text = shipped.replace(
      "        REGION: ${env('REGION', 'cn-hangzhou')}\n        EDAS_ENDPOINT: ${env('EDAS_ENDPOINT', '')}\n        FUNCTION_ENDPOINT: ${env('FUNCTION_ENDPOINT', '')}\n        ROLLBACK_SUSPENDED: ${env('ROLLBACK_SUSPENDED', 'false')} #",
      '        CHAT_URL: https://chat.example.com/test-only-key\n        CHAT_SECRET: ${env("CHAT_URL", "")}\n$&',
    );
    expect(faultsIn(text, source(secrets, channels))).toEqual([
      `follow: write under environmentVariables: ${fromEnv('CHAT_URL')}; ${committed}`,
      `follow: write under environmentVariables: ${fromEnv('CHAT_SECRET')}; ${committed}`,
    ]);
  });

  const region = "      region: ${env('REGION', 'cn-hangzhou')}\n";
  const role = "      role: ${env('FUNCTION_ROLE', 'edas-rollback-webhook')}";
  const ofFollow = (line: string, other: string) => {
    const at = shipped.lastIndexOf(line);
    expect(at).toBeGreaterThan(shipped.indexOf('  follow:\n'));
    return shipped.slice(0, at) + other + shipped.slice(at + line.length);
  };
  test.each([
    [ofFollow(region, '      region: cn-beijing\n'), `write ${region.trim()}, as webhook has it`],
    [ofFollow(region, ''), `write ${region.trim()}, as webhook has it`],
    [ofFollow(role, '      role: other'), `write ${role.trim()}, as webhook has it`],
    [edited(`${role}\n`, ''), 'take role out: webhook has none'],
  ])('both functions have one region and one role %#', (text, fault) => {
    expect(faultsIn(text, deferring)).toEqual([`follow: ${fault}`]);
  });

  const suspended = "ROLLBACK_SUSPENDED: ${env('ROLLBACK_SUSPENDED', 'false')}";
  test.each<[right: string, wrong: string, fault: string]>([
    ['        asyncTask: true\n', '', 'follow: set under asyncInvokeConfig: asyncTask: true; without it,'],
    [
      'asyncTask: true',
      'asyncTask: false',
      'follow: set under asyncInvokeConfig: asyncTask: true; without it,',
    ],
    ...['599', '86401', '"3600"', 'an hour', '.nan', "${env('FOLLOW_TIMEOUT', '3600')}"].map(
      (timeout): [string, string, string] => [
        'timeout: 3600',
        `timeout: ${timeout}`,
        'follow: write timeout as a number from 600 to 86400: ',
      ],
    ),
    ['      timeout: 3600\n', '', 'follow: write timeout as a number from 600 to 86400: '],
    ...['maxAsyncRetryAttempts: 4', 'maxAsyncRetryAttempts: -1', 'maxAsyncRetryAttempts: many', ''].map(
      (wrong): [string, string, string] => [
        'maxAsyncRetryAttempts: 2',
        wrong,
        'follow: set under asyncInvokeConfig: maxAsyncRetryAttempts: 2, or another number up to 3; ',
      ],
    ),
    ...['3601', '0', '"3600"', '~'].map((age): [string, string, string] => [
      'maxAsyncEventAgeInSeconds: 3600',
      `maxAsyncEventAgeInSeconds: ${age}`,
      'follow: set under asyncInvokeConfig: maxAsyncEventAgeInSeconds: 3600, or a lower number; ',
    ]),
    [
      '        maxAsyncEventAgeInSeconds: 3600\n',
      '',
      'follow: set under asyncInvokeConfig: maxAsyncEventAgeInSeconds: 3600, or a lower number; ',
    ],
    ['timeout: 3600', 'timeout: 3600\n      triggers: { triggerName: http }', 'follow: take triggers out: '],
    [
      'timeout: 3600',
      'timeout: 3600\n      triggers: [{ triggerName: http }]',
      'follow: take triggers out: ',
    ],
    [
      "functionName: ${env('FOLLOW_FUNCTION', 'edas-rollback-follow')}",
      'functionName: other',
      'webhook: write under environmentVariables: FOLLOW_FUNCTION: other',
    ],
    [
      "        FOLLOW_FUNCTION: ${env('FOLLOW_FUNCTION', 'edas-rollback-follow')}\n",
      '',
      "webhook: write under environmentVariables: FOLLOW_FUNCTION: ${env('FOLLOW_FUNCTION', 'edas-rollback-follow')}",
    ],
    [`${suspended} #`, 'X: 1 #', `follow: write under environmentVariables: ${suspended}`],
    [
      `${suspended} #`,
      'ROLLBACK_SUSPENDED: false #',
      `follow: write under environmentVariables: ${suspended}`,
    ],
    [
      `${suspended}\n`,
      'ROLLBACK_SUSPENDED: true\n',
      'follow: write under environmentVariables: ROLLBACK_SUSPENDED: true',
    ],
    ...['EDAS_ENDPOINT', 'FUNCTION_ENDPOINT'].map((name): [string, string, string] => [
      `        ${fromEnv(name)}\n`,
      '',
      `follow: take out of environmentVariables: ${name}; the other function has none`,
    ]),
  ])('%j written as %j is told', (right, wrong, fault) => {
    const faults = faultsIn(edited(right, wrong), deferring);
    expect(faults).toEqual([expect.stringContaining(fault)]);
  });

  test.each([
    ['timeout: 3600', 'timeout: 600'],
    ['timeout: 3600', 'timeout: 86400'],
    ['timeout: 3600', 'timeout: 3600\n      triggers: []'],
    ['maxAsyncRetryAttempts: 2', 'maxAsyncRetryAttempts: 0'],
    ['maxAsyncRetryAttempts: 2', 'maxAsyncRetryAttempts: 3'],
    ['maxAsyncEventAgeInSeconds: 3600', 'maxAsyncEventAgeInSeconds: 60'],
  ])('%j written as %j is taken', (right, wrong) => {
    expect(faultsIn(edited(right, wrong), deferring)).toEqual([]);
  });

  // As Serverless Devs reads it, and deploys.
  test('what is merged into a function is its own', () => {
    const text = edited(
      'resources:\n',
      'shared: &shared { triggers: [{ triggerName: http }] }\nresources:\n',
    );
    const merged = text.replace('      handler: follow.handler', '      <<: *shared\n$&');
    expect(faultsIn(merged, deferring)).toEqual([expect.stringContaining('follow: take triggers out: ')]);
  });

  test('where none is, the function may be missing', () => {
    expect(faultsIn(edited('handler: follow.handler', 'handler: other.handler'), source(secrets))).toEqual(
      [],
    );
  });
});

describe('where EventBridge calls a function,', () => {
  const app = '3616cdca-4f92-4413-8e80-4de3a52b1c9f';
  const withEvents = uncommentResource(shipped, 'events') ?? '';
  const slo = (more = '', rest = '') =>
    compileConfiguration(
      `events: { slo: { preset: sls-event, apps: [${app}]${more} } }\nsources: { late: { preset: generic, secrets: [SECRET_PIPELINE] } }\n${rest}`,
    );
  const changed = (right: string | RegExp, wrong: string) => {
    const at = withEvents.indexOf('\n  events:\n');
    const [before, after] = [withEvents.slice(0, at), withEvents.slice(at)];
    expect(after).toMatch(right);
    return before + after.replace(right, wrong);
  };

  test('the shipped s.yaml has all that it needs, once the # are taken away', () => {
    expect(withEvents).not.toBe('');
    expect(faultsIn(withEvents, slo())).toEqual([]);
    const example = readFileSync(path.join(root, '.env.example'), 'utf8');
    expect(exampleFaults(example, withEvents, slo())).toEqual([]);
  });

  test('an s.yaml without the function is told how to get it', () => {
    expect(faultsIn(shipped, slo())).toEqual([
      'take the # away from the block events, or add a function with handler: events.handler, which takes the events of slo',
    ]);
  });

  test('a function without events is told, for there is nothing to deploy', () => {
    expect(faultsIn(withEvents, source('secrets: [SECRET_PIPELINE]'))).toEqual([
      'events: put a # before each of its lines, or take them out: sources.yaml has no events, so dist/events.js is not built',
    ]);
  });

  test('the function may have no trigger, for a rule of another bus calls it, too', () => {
    expect(faultsIn(changed(/\n {6}triggers:\n(?: {6}.*\n)+/, '\n'), slo())).toEqual([]);
  });

  test('a longer timeout is right', () => {
    expect(faultsIn(changed('timeout: 15', 'timeout: 60'), slo())).toEqual([]);
  });

  const missing = (name: string) => `write under environmentVariables: ${name}`;
  test.each([
    [
      'handler: events.handler',
      'handler: index.handler',
      'its handler is index.handler: write handler: events.handler, which takes the events of slo',
    ],
    [
      'timeout: 15',
      'timeout: 14',
      'raise timeout to 15: the function takes up to 9 s to decide about an event',
    ],
    [
      "region: ${env('REGION', 'cn-hangzhou')}",
      'region: cn-beijing',
      "write region: ${env('REGION', 'cn-hangzhou')}, as webhook has it",
    ],
    [
      "role: ${env('FUNCTION_ROLE', 'edas-rollback-webhook')}",
      'role: another',
      "write role: ${env('FUNCTION_ROLE', 'edas-rollback-webhook')}, as webhook has it",
    ],
    [
      "ROLLBACK_SUSPENDED: ${env('ROLLBACK_SUSPENDED', 'false')}",
      "ROLLBACK_SUSPENDED: 'false'",
      `${missing('ROLLBACK_SUSPENDED')}: \${env('ROLLBACK_SUSPENDED', 'false')}`,
    ],
    [
      "EDAS_ENDPOINT: ${env('EDAS_ENDPOINT', '')}",
      'EDAS_ENDPOINT: edas.example.com',
      `${missing('EDAS_ENDPOINT')}: \${env('EDAS_ENDPOINT', '')}`,
    ],
    [
      "FOLLOW_FUNCTION: ${env('FOLLOW_FUNCTION', 'edas-rollback-follow')}",
      "FOLLOW_FUNCTION: ${env('FOLLOW_FUNCTION', 'another')}",
      `${missing('FOLLOW_FUNCTION')}: \${env('FOLLOW_FUNCTION', 'edas-rollback-follow')}`,
    ],
    [
      'maxAsyncRetryAttempts: 8',
      'asyncTask: true',
      'take asyncTask out: an event is no task, and Function Compute would keep it for all who may read tasks',
    ],
    [
      'triggerType: eventbridge',
      'triggerType: http',
      'take the http trigger out: an event is not signed, so all who know the URL could roll back',
    ],
    [
      'triggerType: eventbridge',
      'triggerType: timer',
      'take the trigger timer out: only events of EventBridge can be read',
    ],
    [
      'asyncInvocationType: true',
      'asyncInvocationType: false',
      'write asyncInvocationType: true; else it is not known whether an event comes again after the function has failed',
    ],
    [
      'eventSchema: CloudEvents',
      'eventSchema: RawData',
      'write eventSchema: CloudEvents, for the function reads the account, source and time of an event',
    ],
    [
      'mode: event-driven',
      'mode: event-streaming',
      'write mode: event-driven, which sends one event at a time',
    ],
    [
      'environmentVariables:\n',
      "environmentVariables:\n        SECRET_PIPELINE: $${env('SECRET_PIPELINE', '')}\n",
      'take out of environmentVariables: SECRET_PIPELINE; only the webhook function needs it',
    ],
    [
      'environmentVariables:\n',
      "environmentVariables:\n        CONFIRM_SECRET: $${env('CONFIRM_SECRET', '')}\n",
      'take out of environmentVariables: CONFIRM_SECRET; only the webhook function needs it',
    ],
  ])('%j written as %j is told', (right, wrong, fault) => {
    expect(faultsIn(changed(right, wrong), slo())).toEqual([`events: ${fault}`]);
  });

  test('an event that still counts is not dropped while it waits', () => {
    expect(faultsIn(withEvents, slo(', maxAge: 1h'))).toEqual([]);
    expect(faultsIn(withEvents, slo(', maxAge: 2h'))).toEqual([
      'events: raise maxAsyncEventAgeInSeconds to 7200, the longest maxAge in sources.yaml: Function Compute would drop an event that still counts',
    ]);
  });

  test('the follow function is needed for events alone, too', () => {
    const withoutFollow = withEvents.replace(/\n {2}follow:\n(?:(?: {4}.*)?\n)+/, '\n');
    expect(faultsIn(withoutFollow, slo(', follow: true'))).toEqual([
      'add a function with handler: follow.handler, which follows the rollbacks of the source slo (ended, mode: deferred, follow or notify)',
    ]);
    expect(faultsIn(withoutFollow, slo(', follow: false'))).toEqual([]);
  });

  describe('and asks people on a page,', () => {
    const asking = slo(', confirm: all', 'notify: [{ kind: slack, url: CHAT_URL }]\n');
    const line = (name: string) => `        ${fromEnv(name)}\n`;
    const into = (text: string, handler: string, lines: string) =>
      text.replace(new RegExp(`(${handler}[^]*?environmentVariables:\n)`), (head) => head + lines);
    const withChat = (text: string) => into(text, 'follow.handler', line('CHAT_URL'));
    const ofPage = line('CONFIRM_SECRET') + line('PUBLIC_URL');
    const complete = withChat(into(withEvents, 'events.handler', ofPage));

    test('the function makes the links, and the webhook shows the page', () => {
      expect(faultsIn(complete, asking)).toEqual([]);
      expect(faultsIn(withChat(withEvents), asking)).toEqual([
        `events: add under environmentVariables: ${fromEnv('CONFIRM_SECRET')}`,
        `events: add under environmentVariables: ${fromEnv('PUBLIC_URL')}`,
      ]);
      expect(faultsIn(complete.replace(ofPageOfWebhook, ''), asking)).toEqual([
        `webhook: add under environmentVariables: ${fromEnv('CONFIRM_SECRET')}`,
        `webhook: add under environmentVariables: ${fromEnv('PUBLIC_URL')}`,
      ]);
    });

    const ofPageOfWebhook = line('CONFIRM_SECRET') + line('PUBLIC_URL');

    test('the page can be opened and its form sent', () => {
      const posting = complete.replace('methods: [GET, HEAD, POST]', 'methods: [POST]');
      expect(faultsIn(posting, asking)).toEqual([
        'webhook: write methods: [GET, HEAD, POST]: people open the page with GET, and decide with POST',
      ]);
    });

    test('both read the secret from the same KMS', () => {
      const at = complete.indexOf('events.handler');
      const other = complete.slice(0, at) + complete.slice(at).replace(line('KMS_ENDPOINT'), '');
      expect(faultsIn(other, asking)).toEqual([
        `events: write under environmentVariables: ${fromEnv('KMS_ENDPOINT')}`,
      ]);
    });
  });
});

test('each fault stands beside the line that it is about, in the order of the file', () => {
  const text = `
resources:
  follow:
    props:
      functionName: edas-rollback-follow
      handler: follow.handler
      region: cn-beijing
      asyncInvokeConfig:
        asyncTask: true
        maxAsyncEventAgeInSeconds: 7200
      timeout: 60
  webhook:
    props:
      handler: webhook.handler
      region: cn-hangzhou
      timeout: 1
      environmentVariables:
        FOLLOW_FUNCTION: other
        LATE_SECRET: test-only-secret
`;
  const faults = deploymentFaults(text, source('secrets: [LATE_SECRET, NEXT_SECRET], mode: deferred'));
  expect(faults.map((fault) => fault.split(': ', 2).join(': '))).toEqual([
    's.yaml:4 follow: write under environmentVariables',
    's.yaml:7 follow: write region',
    's.yaml:8 follow: set under asyncInvokeConfig',
    's.yaml:10 follow: set under asyncInvokeConfig',
    's.yaml:11 follow: write timeout as a number from 600 to 86400',
    's.yaml:16 webhook: raise timeout to 14',
    's.yaml:17 webhook: add under environmentVariables',
    's.yaml:18 webhook: write under environmentVariables',
    's.yaml:19 webhook: write under environmentVariables',
  ]);
  expect(faults.join('\n')).not.toContain('test-only-secret');
});

describe('.env.example', () => {
  const example = readFileSync(path.join(root, '.env.example'), 'utf8');
  const add = (name: string) => `add to .env.example: ${name}= (and above it, in a comment, what it is for)`;

  test('as it is shipped has each variable that s.yaml reads', () => {
    expect(exampleFaults(example, shipped, source('secrets: [SECRET_PIPELINE]'))).toEqual([]);
  });

  test('is told to lack what s.yaml reads, and what it will have to read', () => {
    const configuration = source('secrets: [LATE_SECRET]', 'notify: [{ kind: slack, url: CHAT_URL }]');
    const text = edited(
      fromEnv('SECRET_GITHUB'),
      `X: \${env("OTHER", '')}-\${env('NEXT')} # \${env('COMMENT')}`,
    );
    const lacking = example.replace('REGION=cn-hangzhou', '# REGION=cn-hangzhou');
    expect(exampleFaults(lacking, text, configuration)).toEqual(
      ['REGION', 'OTHER', 'NEXT', 'LATE_SECRET', 'CHAT_URL'].map(add),
    );
  });

  test('is looked for beside s.yaml, and what it lacks stops the build', () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 's.yaml');
    writeFileSync(file, shipped);
    const check = () => {
      requireDeployable(file, source('secrets: [LATE_SECRET]'));
    };
    expect(check).toThrow(/^\.env\.example cannot be read: ENOENT/);

    writeFileSync(path.join(folder, '.env.example'), example);
    expect(check).toThrow(
      [
        's.yaml does not fit sources.yaml; nothing was built.',
        `  s.yaml:${lineOf('environmentVariables:')} webhook: add under environmentVariables: ${fromEnv('LATE_SECRET')}`,
        `  ${add('LATE_SECRET')}`,
      ].join('\n'),
    );

    writeFileSync(
      file,
      edited('environmentVariables:\n', `$&        ${fromEnv('LATE_SECRET').replace('$', '$$$$')}\n`),
    );
    writeFileSync(path.join(folder, '.env.example'), `${example}\n# For the tests\nLATE_SECRET=\n`);
    expect(check).not.toThrow();
  });
});

/** Of the first line of the shipped s.yaml that holds the text. */
function lineOf(text: string): number {
  return shipped.slice(0, shipped.indexOf(text)).split('\n').length;
}

const nothing = { sources: [], events: [], notify: [] };

test('an s.yaml that is no YAML is told in a line', () => {
  expect(() => deploymentFaults('resources: [', nothing)).toThrow(/^s\.yaml cannot be read: /);
});

test.each(['', 'resources: 3', 'resources: { x: { props: { handler: other.handler } } }'])(
  'an s.yaml without the function is told: %s',
  (text) => {
    expect(() => deploymentFaults(text, nothing)).toThrow(
      's.yaml has no function with the handler webhook.handler.',
    );
  },
);
