import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { CompiledSource } from '../../../functions/webhook/source/compiled-source.ts';
import type { HmacParameters } from '../../../functions/webhook/verify/hmac.ts';
import {
  compileConfiguration,
  compileSources,
  SourcesError,
  type SourcesFault,
} from '../../../local/build/compile-sources.ts';
import { sourcesJsonSchema } from '../../../local/build/sources-schema.ts';
import { root } from '../../../local/cli/root.ts';
import { presets } from '../../../presets/index.ts';
import { bodyInHex } from '../../support/source.ts';

const secrets = 'secrets: [SECRET_PIPELINE]';
const app = '3616cdca-0000-4000-8000-000000000001';
const otherApp = '3616cdca-0000-4000-8000-000000000002';

/** A file with one source, whose first line is line 3 of the file and begins in column 5. */
function fileOf(...lines: string[]): string {
  return ['sources:', '  pipeline:', ...lines.map((line) => `    ${line}`), ''].join('\n');
}

/** A file with one source that works, and further lines of it from line 5 on. */
function generic(...lines: string[]): string {
  return fileOf('preset: generic', secrets, ...lines);
}

/** A file with one source that spells out how it signs; the keys of `verify` begin on line 5, column 7. */
function verifying(...lines: string[]): string {
  return fileOf(secrets, 'verify:', ...lines.map((line) => `  ${line}`));
}

/** A row of a table: a file whose source has a wrong setting on line 5, and what is said of that. */
function wrong(what: string, setting: string, message: string): [string, string, string[]] {
  return [what, generic(setting), [`5:5 ${message}`]];
}

function faultsIn(text: string): readonly SourcesFault[] {
  try {
    compileSources(text);
  } catch (error) {
    if (error instanceof SourcesError) return error.faults;
    throw error;
  }
  return [];
}

/** As a person sees them, `line:column message`. */
function told(text: string): string[] {
  return faultsIn(text).map(({ line, column, message }) => `${line}:${column} ${message}`);
}

function compileOne(text: string): CompiledSource {
  const [source, ...others] = compileSources(text);
  if (!source || others.length > 0) throw new Error('the file must have one source');
  return source;
}

const sourceKeys =
  'preset, verify, secrets, when, allow, changeOrderId, app, command, problemStartedAt, apps, cluster, mode, follow, ended, dryRun, confirm, confirmWithin, confirmBy, summary, refusalStatus, successStatus, language, deadlineMs';
const variableName =
  '"secrets" must be the NAME of an environment variable, in capitals, such as SECRET_PIPELINE; the value itself goes into .env. For a secret in KMS it is kms:NAME';
const timestampBelongs =
  '{timestamp} in signed and the key timestamp.header belong together: only a signed time counts';
const idBelongs = '{id} in signed and the key idHeader belong together';

test.each(['kms:pipeline-secret', 'kms:a/b+c=d@e.f_g-1', `kms:${'a'.repeat(192)}`])(
  '%s is taken for a secret, beside a variable',
  (secret) => {
    expect(compileOne(fileOf('preset: generic', `secrets: ["${secret}", OLD_SECRET]`)).secrets).toEqual([
      secret,
      'OLD_SECRET',
    ]);
  },
);

describe('sources.yaml does not build, and the place and the way out are told:', () => {
  test.each<[what: string, text: string, expected: string[]]>([
    ['an empty file', '', ['1:1 the file is empty']],
    ['a list instead of a map', '- pipeline', ['1:1 the file must be a map']],
    wrong('a key without a value', 'when:', '"when" is empty'),
    [
      'a list of a variable without a name',
      'sources:\n  pipeline:\n    preset: generic\n    secrets: [~]',
      ['4:15 "secrets" is empty'],
    ],
    ...[
      'REGION',
      'LOG_LEVEL',
      'FOLLOW_FUNCTION',
      'FUNCTION_ENDPOINT',
      'PATH',
      'NODE_OPTIONS',
      'ALIBABA_CLOUD_ACCESS_KEY_ID',
    ].map((name): [string, string, string[]] => [
      `${name} as a secret`,
      `sources:\n  pipeline:\n    preset: generic\n    secrets: [${name}]`,
      ['4:15 "secrets" is a setting, and no secret: anybody could sign with it'],
    ]),
    [
      'a header that Function Compute takes away',
      verifying('header: X-Fc-Signature'),
      ['5:7 "header" may not begin with X-Fc-'],
    ],
    [
      'one header as signature and id',
      verifying('header: X-Signature', 'signed: "{id}{body}"', 'idHeader: x-signature'),
      ['4:5 header, timestamp.header and idHeader must differ'],
    ],
    [
      'a prefix that no header can begin with',
      verifying('header: X-Signature', 'prefix: " v0="'),
      ['6:7 "prefix" must be printable ASCII'],
    ],
    [
      'a prefix with the separator of the list in it',
      verifying('header: X-Signature', 'separator: comma', 'prefix: "v1,"'),
      ['7:7 no part of a list separated by comma can begin with "v1,"'],
    ],
    wrong('a status without a body', 'refusalStatus: 204', '"refusalStatus" must be 200 or'),
    wrong('a variable that nothing binds', "when: $x == 'a'", 'Error referencing undefined variable'),
    ...["'failed'", '[a, b]', 'alerts[].status', 'a + b', '{ x: a }'].map(
      (text): [string, string, string[]] => [
        `${text}, which is never true`,
        generic(`allow: ${JSON.stringify(text)}`),
        ['5:5 this can never be true'],
      ],
    ),
    ...['a == b', '!a', '[a, b]'].map((text): [string, string, string[]] => [
      `${text}, which is never text`,
      generic(`changeOrderId: ${JSON.stringify(text)}`),
      ['5:5 this can never be text'],
    ]),
    wrong('a list of ids', 'changeOrderId: alerts[].id', 'this gives a list'),
    ['no YAML', 'sources: [', ['1:11 ']],
    ['a tab as indentation', 'sources:\n\tpipeline: {}', ['2:1 Tabs are not allowed as indentation']],
    ['two documents', 'sources: {}\n---\nsources: {}', ['2:1 this must be one document: take the --- out']],
    ['an alias of nothing', 'sources:\n  pipeline:\n    preset: generic\n    secrets: *names', ['4:14 ']],
    ['aliases that multiply', aliasesThatMultiply(), ['1:1 ']],
    ['sources without any', 'sources: {}', ['1:1 "sources" must have at least one source']],
    [
      'an unknown key at the top',
      `${generic()}source: {}`,
      ['5:1 "source" is not a key here; did you mean "sources"?'],
    ],
    wrong(
      'an unknown key of a source',
      'dry_run: true',
      '"dry_run" is not a key here; did you mean "dryRun"?',
    ),
    wrong(
      'a key in the wrong case',
      'deadlinems: 3000',
      '"deadlinems" is not a key here; did you mean "deadlineMs"?',
    ),
    wrong(
      'an unknown key that is like none',
      'colour: red',
      `"colour" is not a key here; there are ${sourceKeys}`,
    ),
    [
      'an unknown key of verify',
      verifying('header: X-Signature', 'algoritm: sha256'),
      ['6:7 "algoritm" is not a key here; did you mean "algorithm"?'],
    ],
    [
      'an unknown key of timestamp',
      verifying(
        'header: X-Signature',
        'signed: "{timestamp}{body}"',
        'timestamp:',
        '  header: X-Time',
        '  units: s',
      ),
      ['9:9 "units" is not a key here; did you mean "unit"?'],
    ],
    [
      'a bad source name',
      'sources:\n  Pipe_line: {}',
      ['2:3 "Pipe_line" must be lower-case letters, digits and dashes, for it is a path'],
    ],
    [
      'a source name that is there twice',
      'sources:\n  a: {preset: generic, secrets: [A]}\n  a: {preset: github, secrets: [B]}',
      ['3:3 this name is there twice'],
    ],
    ['missing secrets', fileOf('preset: generic'), ['2:3 "secrets" is missing']],
    [
      'no secrets',
      fileOf('preset: generic', 'secrets: []'),
      ['4:5 "secrets" must name at least one environment variable, or secret in KMS (kms:NAME)'],
    ],
    [
      'secrets that are no list',
      fileOf('preset: generic', 'secrets: A'),
      ['4:5 "secrets" must be a list: write [A]'],
    ],
    [
      'the value of a secret where its variable belongs',
      fileOf('preset: generic', 'secrets: [GOOD, hunter2]'),
      [`4:21 ${variableName}`],
    ],
    [
      'a variable that Function Compute keeps for itself',
      fileOf('preset: generic', 'secrets: [FC_SECRET]'),
      ['4:15 "secrets" may not begin with FC_, which Function Compute keeps for itself'],
    ],
    ...['PIPELINE_SECRET', 'GITHUB_SECRET', 'GITLAB_TOKEN', 'JENKINS', 'CLOUDSHELL_X', 'SERVERLESS_CD'].map(
      (name): [string, string, string[]] => [
        `a variable for which Serverless Devs takes the machine for a CI: ${name}`,
        fileOf('preset: generic', `secrets: [${name}]`),
        [
          `4:15 "secrets" may not begin with ${/^(SERVERLESS_CD|[A-Z]+)/.exec(name)?.[0] ?? ''}: Serverless Devs`,
        ],
      ],
    ),
    [
      'a space between kms: and the name',
      fileOf('preset: generic', 'secrets: [kms: pipeline]'),
      ['4:15 "secrets" must have kms:NAME in one word: take out the space after the colon'],
    ],
    ...['KMS:pipeline', '"kms:"', '"kms:a b"', '"kms: a"', 'kms//pipeline', `kms:${'a'.repeat(193)}`].map(
      (name): [string, string, string[]] => [
        `${name} for a secret in KMS`,
        fileOf('preset: generic', `secrets: [${name}]`),
        ['4:15 "secrets" must be kms: and, with nothing in between, the name of the secret in KMS'],
      ],
    ),
    [
      'the ARN of a secret in KMS',
      fileOf('preset: generic', 'secrets: ["kms:acs:kms:cn-hangzhou:1234567890123456:secret/pipeline"]'),
      ['4:15 "secrets" must be the secret\'s name alone, such as kms:pipeline-secret, and no ARN'],
    ],
    [
      'a secret in KMS that is named twice',
      fileOf('preset: generic', 'secrets: [kms:a, kms:a]'),
      ['4:5 a secret is named twice'],
    ],
    [
      'the address of KMS for a secret',
      fileOf('preset: generic', 'secrets: [KMS_ENDPOINT]'),
      ['4:15 "secrets" is a setting, and no secret: anybody could sign with it'],
    ],
    [
      'a secret that is named twice',
      fileOf('preset: generic', 'secrets: [A, A]'),
      ['4:5 a secret is named twice'],
    ],
    [
      'a preset that is nearly right',
      fileOf('preset: gitlabs', secrets),
      ['3:5 "preset" does not know "gitlabs"; did you mean "gitlab"?'],
    ],
    [
      'a preset by another name of the sender',
      fileOf('preset: Lark', secrets),
      ['3:5 "preset" does not know "Lark"; did you mean "feishu"?'],
    ],
    ['no name of a preset at all', fileOf('preset: ""', secrets), ['3:5 "preset" does not know ""; ']],
    wrong(
      'the beginning of a key',
      'refusal: 200',
      '"refusal" is not a key here; did you mean "refusalStatus"?',
    ),
    [
      'an unknown preset',
      fileOf('preset: teamcity-server', secrets),
      [
        '3:5 "preset" does not know "teamcity-server"; npm run explain lists the presets, and docs/sources.md#senders-without-a-preset',
      ],
    ],
    ['neither a preset nor verify', fileOf(secrets), ['2:3 a source needs a preset, or verify']],
    [
      'an unknown scheme',
      verifying('scheme: jwt', 'header: X'),
      ['5:7 "scheme" must be one of hmac, stripe, token, bearer, basic, link'],
    ],
    [
      'a key of another scheme',
      verifying('scheme: stripe', 'header: X', 'encoding: hex'),
      ['7:7 "encoding" is not a key here; there are scheme, header, toleranceSeconds, contentType'],
    ],
    [
      'a time that stands nowhere',
      verifying('header: S', 'timestamp: {unit: ms}'),
      ['6:7 a timestamp stands in a header or in a field: name one of them'],
    ],
    [
      'a time that stands in two places',
      verifying('header: S', 'signed: "{timestamp}{body}"', 'timestamp: {header: T, field: t}'),
      ['7:7 a timestamp stands in a header or in a field: name one of them'],
    ],
    ...[
      'gitlab-token',
      'dingtalk',
      'alertmanager',
      'cloudmonitor',
      'arms',
      'sls',
      'argocd',
      'datadog',
      'codeup',
    ].map((preset): [string, string, string[]] => [
      `the preset ${preset}, which signs no payload, without apps`,
      fileOf(`preset: ${preset}`, secrets),
      [`3:5 The sender ${preset} does not sign its payload, so it must name the applications`],
    ]),
    ...['bearer', 'basic', 'link', 'token'].map((scheme): [string, string, string[]] => [
      `the scheme ${scheme} without apps`,
      fileOf(`verify: {scheme: ${scheme}${scheme === 'token' ? ', header: X-Token' : ''}}`, secrets),
      [`3:5 With scheme ${scheme}, the sender does not sign its payload, so it must name the applications`],
    ]),
    [
      'a preset whose own signature is replaced by a token, without apps',
      fileOf('preset: grafana', 'verify: {scheme: bearer}', secrets),
      ['4:5 With scheme bearer, the sender does not sign its payload, so it must name the applications'],
    ],
    [
      'a change order in a chat, where any sentence could hold one',
      fileOf('preset: slack', secrets, 'changeOrderId: text'),
      ['5:5 this sender passes on what people write, so the id must stand in a command'],
    ],
    [
      'an application in a chat, which every message would roll back',
      fileOf('preset: dingtalk', secrets, `apps: [${app}]`, `app: "'${app}'"`),
      ['6:5 this sender passes on what people write, so the id must stand in a command'],
    ],
    [
      'a link in a chat, which every message would roll back',
      fileOf('preset: slack', 'verify: {scheme: link}', secrets, `apps: [${app}]`),
      ['4:5 a link rolls back for every body'],
    ],
    [
      'a command and a change order, of which one would not count',
      fileOf('preset: generic', secrets, 'command: note', 'changeOrderId: id'),
      ['6:5 with command, the id stands in what people write: take this out'],
    ],
    [
      'a command by a link, which every body would roll back',
      fileOf('verify: {scheme: link}', secrets, `apps: [${app}]`, 'command: note'),
      ['3:5 a link rolls back for every body'],
    ],
    [
      'a language for a sender that is a program',
      fileOf('preset: generic', secrets, 'language: zh'),
      ['5:5 only people in a chat are answered in a language, and this sender gets JSON'],
    ],
    [
      'a token that is the key of another source',
      `sources:\n  a: {preset: alertmanager, secrets: [X], apps: [${app}]}\n  b: {preset: generic, secrets: [X]}`,
      ['2:29 the source b has the same secret, and here it is shown as a token: give each its own'],
    ],
    [
      'CloudMonitor with a token, which names nothing to roll back',
      fileOf('preset: cloudmonitor', 'verify: {scheme: bearer}', secrets, `apps: [${app}, ${otherApp}]`),
      ['3:5 this sender has no field of its own for an id'],
    ],
    [
      'an application that is no id',
      generic('apps: [checkout]'),
      ['5:12 "apps" must be the id of an application (a UUID, as the EDAS console shows it)'],
    ],
    wrong('no application', 'apps: []', '"apps" must name at least one application'),
    [
      'an application that is named twice',
      generic(`apps: [${app}, ${app.toUpperCase()}]`),
      ['5:5 an application is named twice'],
    ],
    [
      'a change order and an application at once',
      generic('changeOrderId: id', 'app: labels.app'),
      ['6:5 app and changeOrderId both say what to roll back: take one of them out'],
    ],
    [
      'an application that is written out and is no id',
      generic(`app: "'checkout'"`),
      ['5:5 this names no application: its id is a UUID'],
    ],
    [
      'an application that is written out and not among apps',
      generic(`app: "'${otherApp}'"`, `apps: [${app}]`),
      ['5:5 this application is not among the apps that the source may touch'],
    ],
    [
      'an application in a source that is called by links',
      fileOf('preset: cloudmonitor', secrets, `apps: [${app}]`, 'app: groupId'),
      ['6:5 a link names the application itself'],
    ],
    ...['pagerduty', 'circleci', 'sentry'].map((preset): [string, string, string[]] => [
      `the preset ${preset}, whose payload has no place for an id, with nothing to roll back`,
      fileOf(`preset: ${preset}`, secrets),
      ['3:5 this sender has no field of its own for an id'],
    ]),
    [
      'such a preset with two applications to choose from',
      fileOf('preset: sentry', secrets, `apps: [${app}, ${otherApp}]`),
      ['3:5 this sender has no field of its own for an id'],
    ],
    wrong('a problem that began in a comparison', 'problemStartedAt: a == b', 'this can never be a time'),
    wrong('text for yes or no', 'dryRun: "yes"', '"dryRun" must be true or false'),
    wrong('text for a number', 'deadlineMs: "9000"', '"deadlineMs" must be a number'),
    wrong('half a millisecond', 'deadlineMs: 2000.5', '"deadlineMs" must be a whole number'),
    wrong('a deadline that is too short', 'deadlineMs: 1999', '"deadlineMs" must be at least 2000'),
    wrong('a deadline that is too long', 'deadlineMs: 60001', '"deadlineMs" must be at most 60000'),
    wrong(
      'a refusal that is no status',
      'refusalStatus: 199',
      '"refusalStatus" must be 200 or from 400 to 499',
    ),
    wrong(
      'a refusal that asks for a retry',
      'refusalStatus: 500',
      '"refusalStatus" must be 200 or from 400 to 499',
    ),
    wrong('an unknown kind of cluster', 'cluster: vm', '"cluster" must be one of ecs, k8s'),
    wrong('an expression that is no text', 'when: 5', '"when" must be a string'),
    wrong('an empty expression', 'allow: ""', '"allow" must be a JMESPath expression'),
    wrong('bad JMESPath', 'when: status ==', 'this is not JMESPath: '),
    wrong(
      'an unknown JMESPath function',
      'when: contain(labels, `1`)',
      'JMESPath has no function contain(); did you mean "contains"?',
    ),
    wrong(
      'an unknown JMESPath function deep in an expression',
      'changeOrderId: items[?to_sting(id) != `1`] | [0].id',
      'JMESPath has no function to_sting(); did you mean "to_string"?',
    ),
    wrong(
      'a JMESPath function with too few arguments',
      "when: status == 'failed' && contains('prod')",
      'contains() takes at least 2 arguments but received 1',
    ),
    wrong(
      'text in double quotes on the right',
      'when: status == "failed"',
      `JMESPath reads "failed" as the name of a field; text stands in single quotes: 'failed'`,
    ),
    [
      'text in double quotes on the left, which is true where both are missing',
      generic(`allow: '"alice" == user.login'`),
      [`5:5 JMESPath reads "alice" as the name of a field; text stands in single quotes: 'alice'`],
    ],
    wrong(
      'text in double quotes in a list, which is true where both are missing',
      'allow: contains(["alice"], user.login)',
      `JMESPath reads "alice" as the name of a field; text stands in single quotes: 'alice'`,
    ),
    ...[
      ['allow: sender.login == alice', 'alice'],
      ['when: status == failed', 'failed'],
      ['when: status != nobody', 'nobody'],
      ['allow: alice == sender.login', 'alice'],
      ["when: a == 'b' && contains(x, 'y') && c.d == failed", 'failed'],
      ['when: length(alerts[?status == firing]) > `0`', 'firing'],
    ].map(([setting = '', word = '']): [string, string, string[]] => [
      `${setting}, where ${word} was meant as text and both may be missing`,
      generic(setting),
      [`5:5 JMESPath reads ${word} as the name of a field; text stands in single quotes: '${word}'`],
    ]),
    ...["when: status = 'failed'", "allow: a == 'b' && status = 'failed'"].map(
      (setting): [string, string, string[]] => [
        `${setting}, with one sign of equality`,
        generic(setting),
        ['5:5 a comparison takes two signs: ==, and not ='],
      ],
    ),
    [
      'a time that is written out',
      generic(`problemStartedAt: "'yesterday'"`),
      ['5:5 a time that is written out is the same for every webhook'],
    ],
    [
      'a header name with a space',
      verifying('header: "X Signature"'),
      ['5:7 "header" must be the name of a header, such as X-Signature-256'],
    ],
    ['verify without a header', verifying('prefix: v1='), ['4:5 "header" is missing']],
    [
      'a tolerance of nothing',
      verifying('header: S', 'signed: "{timestamp}{body}"', 'timestamp: {header: T, toleranceSeconds: 0}'),
      ['7:30 "toleranceSeconds" must be at least 1'],
    ],
    [
      'a signature that leaves the body out',
      verifying('header: S', 'signed: constant'),
      ['6:7 the signed text must contain {body}'],
    ],
    [
      'an unknown placeholder',
      verifying('header: S', 'signed: "{method}{body}"'),
      ['6:7 {method} is not known; there are {body}, {timestamp} and {id}'],
    ],
    [
      'a signed time that nothing reads',
      verifying('header: S', 'signed: "{timestamp}.{body}"'),
      [`6:7 ${timestampBelongs}`],
    ],
    [
      'a time that is not signed',
      verifying('header: S', 'timestamp: {header: T}'),
      [`4:5 ${timestampBelongs}`],
    ],
    ['a signed id that nothing reads', verifying('header: S', 'signed: "{id}.{body}"'), [`6:7 ${idBelongs}`]],
    ['an id that is not signed', verifying('header: S', 'idHeader: I'), [`4:5 ${idBelongs}`]],
  ])('%s', (_what, text, expected) => {
    expect(told(text)).toEqual(expected.map((line) => expect.stringContaining(line) as string));
  });

  test('several faults at once, in the order of the file', () => {
    const text = [
      'sources:',
      '  github:',
      '    preset: githb',
      '    secrets: [hunter2]',
      '  pipeline:',
      '    preset: generic',
      '    scerets: [A]',
      '    deadlineMs: 1',
    ].join('\n');
    expect(told(text)).toEqual([
      '3:5 "preset" does not know "githb"; did you mean "github"?',
      `4:15 ${variableName}`,
      '5:3 "secrets" is missing',
      '7:5 "scerets" is not a key here; did you mean "secrets"?',
      '8:5 "deadlineMs" must be at least 2000',
    ]);
  });

  test('several faults behind a shape that is right, in the order of the file', () => {
    const text = [
      'sources:',
      '  a: {preset: generic, secrets: [A], when: "x ==", allow: "lenght(x) > `1`"}',
      '  b: {preset: generic, secrets: [B, B]}',
    ].join('\n');
    expect(told(text).map((line) => line.split(' ')[0])).toEqual(['2:38', '2:52', '3:24']);
  });
});

/** A file with one source that works, and channels from line 6 on, whose first key is in column 5. */
function notifying(...channels: string[][]): string {
  const lines = channels.flatMap(([first = '', ...rest]) => [
    `  - ${first}`,
    ...rest.map((line) => `    ${line}`),
  ]);
  return [`${generic()}notify:`, ...lines, ''].join('\n');
}

const robotUrl = 'url: DINGTALK_ROBOT_URL';

describe('notify and the keys that go with it do not build, and the place and the way out are told:', () => {
  test.each<[what: string, text: string, expected: string[]]>([
    ['an unknown mode', generic('mode: later'), ['5:5 "mode" must be one of now, deferred']],
    ['text for yes or no', generic('follow: "yes"'), ['5:5 "follow" must be true or false']],
    [
      'a deferred rollback that is not followed',
      generic('mode: deferred', 'follow: false'),
      ['6:5 with mode: deferred, the task that rolls back follows it as well: take this out'],
    ],
    ['no channel', `${generic()}notify: []`, ['5:1 "notify" must have at least one channel']],
    [
      'one channel that is no list',
      `${generic()}notify: { kind: slack }`,
      ['5:1 "notify" must be a list: put a dash before its first key'],
    ],
    ['a channel that is a word', notifying(['slack']), ['6:5 each item of "notify" must be a map']],
    [
      'an unknown kind',
      notifying(['kind: teams', robotUrl]),
      ['6:5 "kind" must be one of dingtalk, feishu, wecom, slack, webhook'],
    ],
    ['a channel without a kind', notifying([robotUrl]), ['6:5 "kind" must be one of dingtalk, feishu']],
    ['a channel without an address', notifying(['kind: slack']), ['6:5 "url" is missing']],
    [
      'an unknown key',
      notifying(['kind: slack', robotUrl, 'langauge: zh']),
      ['8:5 "langauge" is not a key here; did you mean "language"?'],
    ],
    [
      'a key of a source',
      notifying(['kind: slack', robotUrl, 'refusalStatus: 200']),
      ['8:5 "refusalStatus" is not a key here; there are kind, url, secret, language'],
    ],
    [
      'an unknown language',
      notifying(['kind: slack', robotUrl, 'language: fr']),
      ['8:5 "language" must be one of en, zh'],
    ],
    [
      'a webhook without a key',
      notifying(['kind: webhook', 'url: HOOK_URL']),
      ['6:5 a webhook is signed, so it needs a key: secret: NOTIFY_WEBHOOK_SECRET'],
    ],
    ...[
      ['wecom', 'WeCom'],
      ['slack', 'Slack'],
    ].map(([kind, name]): [string, string, string[]] => [
      `a key for ${kind}`,
      notifying([`kind: ${kind}`, robotUrl, 'secret: ROBOT_SECRET']),
      [`8:5 ${name} takes no signed messages, its address alone is the key: take this out`],
    ]),
    [
      'a value where its variable belongs',
      notifying(['kind: dingtalk', robotUrl, 'secret: hunter2']),
      [
        '8:5 "secret" must be the NAME of an environment variable, in capitals, such as DINGTALK_ROBOT_SECRET; the value itself goes into .env',
      ],
    ],
    [
      'the name of a variable in small letters',
      notifying(['kind: slack', 'url: slack_webhook_url']),
      [
        '7:5 "url" must be the NAME of an environment variable, in capitals, such as DINGTALK_ROBOT_URL; the value itself goes into .env',
      ],
    ],
    [
      'several variables where there is one address and one key',
      notifying(['kind: dingtalk', 'url: [A, B]', 'secret: [C, D]']),
      [
        '7:5 "url" must be the name of one environment variable: a channel has one address',
        '8:5 "secret" must be the name of one environment variable: a channel has one key',
      ],
    ],
    [
      'a kind by another name of the chat',
      notifying(['kind: lark', robotUrl]),
      ['6:5 "kind" must be one of dingtalk, feishu, wecom, slack, webhook; did you mean "feishu"?'],
    ],
    [
      'the beginning of a key',
      notifying(['kind: slack', robotUrl, 'lang: zh']),
      ['8:5 "lang" is not a key here; did you mean "language"?'],
    ],
    [
      'notify in a source',
      generic('notify: [{ kind: slack, url: SLACK_URL }]'),
      ['5:5 notify stands at the top level, beside sources: move it there'],
    ],
    ...['[{ kind: slack, url: SLACK_URL }]', ''].map((channels): [string, string, string[]] => [
      `notify: ${channels} among the sources`,
      `${generic()}  notify: ${channels}`,
      ['5:3 notify stands at the top level, beside sources: move it there'],
    ]),
    ['notify that is a word', `${generic()}notify: slack`, ['5:1 "notify" must be a list: write [slack]']],
    [
      'channels for which nothing is followed',
      [
        'notify: [{ kind: slack, url: SLACK_URL }]',
        'sources:',
        '  a: { preset: generic, secrets: [A], follow: false }',
        '  b: { preset: generic, secrets: [B], follow: false, dryRun: true }',
      ].join('\n'),
      [
        '1:1 no source is followed, so no message would be sent: take follow: false out of a source, or notify out',
      ],
    ],
    [
      'a setting as the address',
      notifying(['kind: slack', 'url: FUNCTION_ENDPOINT']),
      ['7:5 "url" is a setting: the address and key of a channel have variables of their own'],
    ],
    [
      'a variable that Function Compute keeps for itself',
      notifying(['kind: slack', 'url: FC_URL']),
      ['7:5 "url" may not begin with FC_'],
    ],
    [
      'a secret of a source as a key',
      notifying(['kind: dingtalk', robotUrl, 'secret: SECRET_PIPELINE']),
      [
        '8:5 SECRET_PIPELINE is a secret of the source pipeline, and would be sent elsewhere: take another variable',
      ],
    ],
    [
      'a secret of a source as an address',
      notifying(['kind: slack', 'url: SECRET_PIPELINE']),
      ['7:5 SECRET_PIPELINE is a secret of the source pipeline'],
    ],
    [
      'two channels with one address',
      notifying(['kind: slack', 'url: SAME'], ['kind: wecom', 'url: SAME']),
      ['9:5 SAME is named by notify already: take another variable'],
    ],
    [
      'one variable as address and key',
      notifying(['kind: feishu', 'url: SAME', 'secret: SAME']),
      ['8:5 SAME is named by notify already: take another variable'],
    ],
    [
      'faults of sources and channels at once, in the order of the file',
      [
        'notify: [{ kind: webhook, url: A }]',
        generic('when: "a =="', 'mode: deferred', 'follow: false'),
      ].join('\n'),
      ['1:12 a webhook is signed', '6:5 this is not JMESPath', '8:5 with mode: deferred'],
    ],
  ])('%s', (_what, text, expected) => {
    expect(told(text)).toEqual(expected.map((line) => expect.stringContaining(line) as string));
  });

  test('an address that is written out, which is not repeated', () => {
    const url = 'https://hooks.slack.com/services/T000/B000/not-a-real-key';
    const faults = told(notifying(['kind: slack', `url: ${url}`]));
    expect(faults).toEqual([
      '7:5 "url" must be the name of an environment variable, such as DINGTALK_ROBOT_URL, not the address itself: put that into .env, because everyone who knows it can write there',
    ]);
  });
});

describe('who rolls back, and who follows,', () => {
  const modeAndFollow = (text: string) => {
    const { mode, follow } = compileOne(text);
    return [mode, follow];
  };
  const withChannel = (text: string) => `${text}notify: [{ kind: slack, url: SLACK_URL }]\n`;

  test('is the webhook, and no channel unless there is one', () => {
    expect(modeAndFollow(generic())).toEqual(['now', false]);
    expect(modeAndFollow(withChannel(generic()))).toEqual(['now', true]);
  });

  test('is what the source says', () => {
    expect(modeAndFollow(generic('follow: true'))).toEqual(['now', true]);
    const text =
      'sources: { a: { preset: generic, secrets: [A], follow: false }, b: { preset: generic, secrets: [B] } }\n';
    expect(compileSources(withChannel(text)).map(({ follow }) => follow)).toEqual([false, true]);
  });

  test.each(['alertmanager', 'grafana', 'argocd', 'cloudmonitor'])(
    'is a task as well for %s, which may send the same webhook several times at once, unless the source says otherwise',
    (preset) => {
      const text = (more: string) =>
        `sources: { a: { preset: ${preset}, secrets: [A], apps: [3616cdca-0000-4000-8000-000000000001]${more} } }\n`;
      expect(modeAndFollow(text(''))).toEqual(['now', true]);
      expect(modeAndFollow(text(', follow: false'))).toEqual(['now', false]);
    },
  );

  test('is the task where the rollback is deferred', () => {
    expect(modeAndFollow(generic('mode: deferred'))).toEqual(['deferred', true]);
    expect(modeAndFollow(generic('mode: deferred', 'follow: true', 'dryRun: true'))).toEqual([
      'deferred',
      true,
    ]);
  });
});

test('channels keep what they say, and speak English unless they name a language', () => {
  const text = notifying(
    ['kind: dingtalk', 'url: A_URL', 'secret: A_SECRET', 'language: zh'],
    ['kind: dingtalk', 'url: B_URL'],
    ['kind: feishu', 'url: C_URL', 'secret: C_SECRET'],
    ['kind: feishu', 'url: D_URL'],
    ['kind: wecom', 'url: E_URL'],
    ['kind: slack', 'url: F_URL'],
    ['kind: webhook', 'url: G_URL', 'secret: G_SECRET'],
  );
  const { sources, notify } = compileConfiguration(text);
  expect(sources).toEqual(compileSources(text));
  expect(notify).toEqual([
    { kind: 'dingtalk', url: 'A_URL', secret: 'A_SECRET', language: 'zh' },
    { kind: 'dingtalk', url: 'B_URL', language: 'en' },
    { kind: 'feishu', url: 'C_URL', secret: 'C_SECRET', language: 'en' },
    { kind: 'feishu', url: 'D_URL', language: 'en' },
    { kind: 'wecom', url: 'E_URL', language: 'en' },
    { kind: 'slack', url: 'F_URL', language: 'en' },
    { kind: 'webhook', url: 'G_URL', secret: 'G_SECRET', language: 'en' },
  ]);
});

test('no messages are sent where no channel is named', () => {
  expect(compileConfiguration(generic()).notify).toEqual([]);
});

test('the result of a command goes where the chat says, and other senders have no such place', () => {
  const answerAt = (preset: string) =>
    compileOne(fileOf(`preset: ${preset}`, secrets, `apps: [${app}]`)).answerAt;
  expect(answerAt('slack')).toEqual({
    text: 'response_url',
    tree: { type: 'Field', name: 'response_url' },
  });
  expect(answerAt('dingtalk')?.text).toBe('sessionWebhook');
  const others = Object.keys(presets).filter((name) => !['slack', 'dingtalk'].includes(name));
  expect(others.filter((name) => answerAt(name) !== undefined)).toEqual([]);
});

function aliasesThatMultiply(): string {
  const levels = ['a', 'b', 'c', 'd', 'e', 'f'].map((name, index, all) => {
    const before = all[index - 1];
    return `${name}: &${name} [${before === undefined ? '1' : Array(10).fill(`*${before}`).join(', ')}]`;
  });
  return levels.join('\n');
}

describe('an expression that only looks like a trap builds:', () => {
  test.each([
    ['a field whose name needs quotes', `status."exit-code" == 'failed'`],
    ['a field at the top whose name needs quotes', `@."exit-code" == 'failed'`],
    ['double quotes inside text', `title == 'is "failed"'`],
    ['double quotes inside text after a comparison', `title == 'state == "failed"'`],
    ['double quotes inside a literal', 'title == `"failed"`'],
    ['a literal that looks like the tree of a function', 'marker == `{"type": "Function", "name": "nope"}`'],
  ])('%s', (_what, when) => {
    expect(told(generic(`when: ${JSON.stringify(when)}`))).toEqual([]);
  });
});

describe('a source that says nothing more', () => {
  test('gets the preset generic resolved, and the defaults', () => {
    expect(compileOne(generic())).toEqual({
      name: 'pipeline',
      verify: {
        scheme: 'hmac',
        algorithm: 'sha256',
        header: 'x-signature-256',
        encoding: 'hex',
        prefix: 'sha256=',
        signed: ['{body}'],
        secretEncoding: 'plain',
      },
      secrets: ['SECRET_PIPELINE'],
      contentTypes: ['json'],
      deliveryHeader: 'x-delivery-id',
      cluster: 'ecs',
      mode: 'now',
      follow: false,
      dryRun: false,
      reply: 'json',
      deadlineMs: 9000,
    });
  });

  test('gets the preset github resolved, its expressions parsed', () => {
    const { when, changeOrderId, expects, event, actor, ...rest } = compileOne(
      fileOf('preset: github', 'secrets: [NEW, OLD]'),
    );
    expect(expects?.what).toMatch(/^an event of GitHub/);
    expect(event?.acts).toEqual(['deployment_status']);
    expect(actor?.text).toBe("sender.login || deployment_status.creator.login || 'unknown'");
    expect(when?.text).toBe("deployment_status.state == 'failure' || deployment_status.state == 'error'");
    expect(changeOrderId?.text).toBe('deployment.payload.changeOrderId || deployment.payload');
    expect(rest).toEqual({
      name: 'pipeline',
      verify: {
        scheme: 'hmac',
        algorithm: 'sha256',
        header: 'x-hub-signature-256',
        encoding: 'hex',
        prefix: 'sha256=',
        signed: ['{body}'],
        secretEncoding: 'plain',
      },
      secrets: ['NEW', 'OLD'],
      contentTypes: ['json', 'json-in-form'],
      deliveryHeader: 'x-github-delivery',
      ping: { header: 'x-github-event', value: 'ping' },
      cluster: 'ecs',
      mode: 'now',
      follow: false,
      dryRun: false,
      reply: 'json',
      deadlineMs: 9000,
    });
  });
});

test('a source keeps every setting that it makes, over those of its preset', () => {
  const text = generic(
    'when: failed',
    'allow: allowed',
    'changeOrderId: id',
    'cluster: k8s',
    'dryRun: true',
    'refusalStatus: 200',
    'deadlineMs: 2000',
    'problemStartedAt: began',
    `apps: [${app.toUpperCase()}]`,
  );
  const field = (name: string) => ({ text: name, tree: { type: 'Field', name } });
  expect(compileOne(text)).toMatchObject({
    when: field('failed'),
    allow: field('allowed'),
    changeOrderId: field('id'),
    problemStartedAt: field('began'),
    apps: [app],
    cluster: 'k8s',
    dryRun: true,
    refusalStatus: 200,
    deadlineMs: 2000,
  });
});

test.each([
  ['deadlineMs: 2000', 'deadlineMs: 60000'],
  ['refusalStatus: 200', 'refusalStatus: 499'],
])('%s and %s are the limits, and both build', (...settings) => {
  for (const setting of settings) expect(told(generic(setting))).toEqual([]);
});

describe('verify, spelt out,', () => {
  test.each<[string, string, CompiledSource['verify']]>([
    [
      'stripe',
      'scheme: stripe, header: X-Sig, toleranceSeconds: 60',
      { scheme: 'stripe', header: 'x-sig', toleranceSeconds: 60 },
    ],
    ['token', 'scheme: token, header: X-Token', { scheme: 'token', header: 'x-token', format: 'plain' }],
    ['bearer', 'scheme: bearer', { scheme: 'token', header: 'authorization', format: 'bearer' }],
    ['basic', 'scheme: basic', { scheme: 'token', header: 'authorization', format: 'basic' }],
    ['link', 'scheme: link', { scheme: 'link', source: 'pipeline' }],
  ])('knows the scheme %s', (_, settings, expected) => {
    const text = fileOf(`verify: {${settings}}`, secrets, `apps: [${app}]`);
    expect(compileOne(text).verify).toEqual(expected);
  });

  test('takes the place of the way in which the preset signs, and leaves the rest of the preset', () => {
    const text = fileOf(
      'preset: grafana',
      'verify: {header: X-My-Signature, signed: "{timestamp}:{body}", timestamp: {header: X-My-Time}}',
      secrets,
    );
    expect(compileOne(text)).toMatchObject({
      verify: {
        header: 'x-my-signature',
        signed: ['{timestamp}', ':', '{body}'],
        timestamp: { header: 'x-my-time', unit: 's', toleranceSeconds: 300 },
      },
      when: { text: "status == 'firing'" },
      app: { text: 'commonLabels.edas_app_id' },
    });
  });

  test('leaves the time that the preset looks for in the payload, unless it names one itself', () => {
    const own = (...lines: string[]) =>
      compileOne(fileOf('preset: linear', `verify: {${lines.join(', ')}}`, secrets)).payloadTimestamp;
    expect(own('header: S')).toEqual({ field: 'webhookTimestamp', unit: 'ms', toleranceSeconds: 60 });
    expect(own('header: S', 'timestamp: {field: sentAt}')).toEqual({
      field: 'sentAt',
      unit: 's',
      toleranceSeconds: 300,
    });
  });

  test('leaves the header of the delivery id, which is logged, unless it holds a token', () => {
    const own = (scheme: string) =>
      compileOne(fileOf('preset: generic', `verify: {${scheme}}`, secrets, `apps: [${app}]`)).deliveryHeader;
    expect(own('scheme: token, header: X-Token')).toBe('x-delivery-id');
    expect(own('scheme: token, header: X-Delivery-Id')).toBeUndefined();
  });

  test('leaves the content types of the preset, but for a form of which another part would be signed', () => {
    const types = (preset: string) =>
      compileOne(fileOf(`preset: ${preset}`, 'verify: {header: S}', secrets)).contentTypes;
    expect(types('github')).toEqual(['json', 'json-in-form']);
    expect(types('gitea')).toEqual(['json']);
  });

  test('may look for the time in the signed payload', () => {
    const text = verifying('header: S', 'timestamp: {field: sentAt, unit: ms, toleranceSeconds: 30}');
    expect(compileOne(text)).toMatchObject({
      verify: { signed: ['{body}'], timestamp: undefined },
      payloadTimestamp: { field: 'sentAt', unit: 'ms', toleranceSeconds: 30 },
    });
  });

  test.each(['json', 'json-as-text', 'json-in-form', 'form'] as const)('may take a body of %s', (type) => {
    expect(compileOne(verifying('header: S', `contentType: ${type}`)).contentTypes).toEqual([type]);
  });

  test('becomes the parameters, with header names in lower case', () => {
    const text = verifying(
      'algorithm: sha512',
      'header: Webhook-Signature',
      'encoding: base64',
      'prefix: v1,',
      'separator: space',
      'signed: "{id}.{timestamp}.{body}"',
      'timestamp: {header: Webhook-Timestamp, unit: ms, toleranceSeconds: 60}',
      'idHeader: Webhook-Id',
      'secretEncoding: whsec',
    );
    expect(compileOne(text).verify).toEqual({
      scheme: 'hmac',
      algorithm: 'sha512',
      header: 'webhook-signature',
      encoding: 'base64',
      prefix: 'v1,',
      separator: ' ',
      signed: ['{id}', '.', '{timestamp}', '.', '{body}'],
      timestamp: { header: 'webhook-timestamp', unit: 'ms', toleranceSeconds: 60 },
      idHeader: 'webhook-id',
      secretEncoding: 'whsec',
    } satisfies HmacParameters);
  });

  test('needs its header only', () => {
    expect(compileOne(verifying('header: X-Signature')).verify).toEqual(bodyInHex);
  });

  test('takes a comma between signatures, and counts seconds unless it names another unit', () => {
    const text = verifying(
      'header: S',
      'separator: comma',
      'signed: "{timestamp}{body}"',
      'timestamp: {header: T}',
    );
    expect(compileOne(text).verify).toMatchObject({
      separator: ',',
      timestamp: { header: 't', unit: 's', toleranceSeconds: 300 },
    });
  });

  test('has the deadline of the preset generic', () => {
    expect(compileOne(verifying('header: X-Signature')).deadlineMs).toBe(9000);
  });
});

describe('what is rolled back', () => {
  test('is what the preset says, unless the source says something itself', () => {
    const expressions = (...lines: string[]) => {
      const { changeOrderId, app: application, command } = compileOne(fileOf(...lines, secrets));
      return [changeOrderId?.text, application?.text, command?.text];
    };
    expect(expressions('preset: grafana')).toEqual([undefined, 'commonLabels.edas_app_id', undefined]);
    expect(expressions('preset: grafana', 'app: labels.app')).toEqual([undefined, 'labels.app', undefined]);
    expect(expressions('preset: grafana', 'changeOrderId: id')).toEqual(['id', undefined, undefined]);
    expect(expressions('preset: dingtalk', `apps: [${app}]`)).toEqual([
      undefined,
      undefined,
      'text.content || content.richText',
    ]);
    expect(expressions('preset: generic')).toEqual([undefined, undefined, undefined]);
    expect(expressions('preset: generic', 'command: note')).toEqual([undefined, undefined, 'note']);
    expect(expressions('preset: codeup', 'command: note', `apps: [${app}]`)).toEqual([
      undefined,
      undefined,
      'note',
    ]);
  });

  test('is the one application of a source whose sender has no place for an id', () => {
    const text = fileOf('preset: sentry', secrets, `apps: [${app}]`);
    expect(compileOne(text).app).toEqual({ text: `'${app}'`, tree: { type: 'Literal', value: app } });
  });

  test('is said by the link where the source is called by one', () => {
    const source = compileOne(fileOf('preset: cloudmonitor', secrets, `apps: [${app}, ${otherApp}]`));
    expect(source).toMatchObject({ verify: { scheme: 'link', source: 'pipeline' }, app: undefined });
    expect(source.changeOrderId).toBeUndefined();
  });
});

test.each(Object.keys(presets))('the preset %s builds from three lines', (preset) => {
  const text = fileOf(`preset: ${preset}`, secrets, `apps: [${app}]`);
  const source = compileOne(text);
  expect(source.secrets).toEqual(['SECRET_PIPELINE']);
  expect(JSON.parse(JSON.stringify(source))).toMatchObject({ name: 'pipeline', apps: [app] });
});

test.each(['@.a == @.b', 'a.b == c.d', "a == 'b'", "let $x = a.b in $x == 'y'", '`{}` == a'])(
  'a comparison of %s builds, for it says what it means',
  (text) => {
    expect(told(generic(`when: ${JSON.stringify(text)}`))).toEqual([]);
  },
);

test('a change order id may stand under a name that must be quoted', () => {
  const [source] = compileSources(generic(`changeOrderId: '"change-order-id"'`));
  expect(source?.changeOrderId?.tree).toEqual({ type: 'Field', name: 'change-order-id' });
});

describe('the shipped sources.yaml', () => {
  const compiled = compileSources(readFileSync(path.join(root, 'sources.yaml'), 'utf8'));

  test('compiles to what it says', () => {
    expect(compiled).toMatchObject([
      { name: 'pipeline', verify: { header: 'x-signature-256' }, secrets: ['SECRET_PIPELINE'] },
      {
        name: 'github',
        verify: { header: 'x-hub-signature-256' },
        secrets: ['SECRET_GITHUB'],
        when: { text: "deployment_status.state == 'failure' || deployment_status.state == 'error'" },
        changeOrderId: { text: 'deployment.payload.changeOrderId || deployment.payload' },
      },
    ]);
    for (const source of compiled) {
      expect(source).toMatchObject({ cluster: 'ecs', mode: 'now', follow: true, dryRun: false });
    }
  });

  test('compiles to plain JSON', () => {
    expect(JSON.parse(JSON.stringify(compiled))).toEqual(compiled);
  });
});

test('what is in the environment does not get into what is compiled', () => {
  const name = 'TEST_ONLY_SECRET_PIPELINE';
  process.env[name] = 'hunter2-hunter2';
  try {
    const text = JSON.stringify(compileSources(fileOf('preset: generic', `secrets: [${name}]`)));
    expect(text).toContain(name);
    expect(text).not.toContain('hunter2');
  } finally {
    Reflect.deleteProperty(process.env, name);
  }
});

describe('every file compiles, or its faults are told at places that exist:', () => {
  function expectSourcesOrFaults(text: string): void {
    const lines = text.split('\n').length;
    for (const { line, column, message } of faultsIn(text)) {
      expect(line).toBeGreaterThanOrEqual(1);
      expect(line).toBeLessThanOrEqual(lines);
      expect(column).toBeGreaterThanOrEqual(1);
      expect(message).not.toBe('');
    }
  }

  test('any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), expectSourcesOrFaults));
  });

  test('any text made of what YAML is made of', () => {
    const tokens = [
      ': ',
      '\n',
      '\n  ',
      '- ',
      '? ',
      '&a ',
      '*a',
      '[',
      ']',
      '{',
      '}',
      ', ',
      '"',
      "'",
      '!!set ',
      '|',
      '<<',
      '#',
      '---',
    ];
    const words = ['sources', 'a', 'preset: generic', 'secrets: [A]', 'verify', '0', '~'];
    const text = fc.array(fc.constantFrom(...tokens, ...words)).map((parts) => parts.join(''));
    fc.assert(fc.property(text, expectSourcesOrFaults));
  });

  test('any value under any key', () => {
    const text = fc.anything().map((value) => stringify({ sources: { a: value } }));
    fc.assert(fc.property(text, expectSourcesOrFaults));
  });

  test('any value under the keys that there are', () => {
    const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.string()));
    const maybe = (...values: unknown[]) =>
      fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...values) }, value);
    const verify = fc.record(
      {
        scheme: maybe('hmac', 'stripe', 'token', 'bearer', 'basic', 'link'),
        header: maybe('X-Signature'),
        signed: maybe('{body}', '{body}{id}'),
        timestamp: maybe({ header: 'T' }),
      },
      { requiredKeys: [] },
    );
    const source = fc.record(
      {
        preset: maybe(...Object.keys(presets)),
        app: maybe('a', 'a[]'),
        apps: maybe([app], [app, app]),
        problemStartedAt: maybe('a', 'a == b'),
        verify: fc.oneof(verify, value),
        secrets: maybe(['A'], ['A', 'A']),
        when: maybe('a', 'b(c)', 'a =='),
        deadlineMs: maybe(3000),
        mode: maybe('now', 'deferred'),
        follow: maybe(true, false),
      },
      { requiredKeys: [] },
    );
    const channel = fc.record(
      {
        kind: maybe('dingtalk', 'slack', 'webhook'),
        url: maybe('A', 'B', 'https://example.com'),
        secret: maybe('A', 'B'),
        language: maybe('zh'),
      },
      { requiredKeys: [] },
    );
    const text = fc
      .record(
        { sources: fc.dictionary(fc.string(), source), notify: fc.oneof(fc.array(channel), value) },
        { requiredKeys: ['sources'] },
      )
      .map((file) => stringify(file));
    fc.assert(fc.property(text, expectSourcesOrFaults));
  });
});

describe('sources.schema.json', () => {
  const text = readFileSync(path.join(root, 'sources.schema.json'), 'utf8');

  test('is what the build would write', () => {
    expect(text).toBe(sourcesJsonSchema());
  });

  test('describes every key', () => {
    const keys = describedKeys(JSON.parse(text) as Schema, '');
    expect(keys.map(([key]) => key)).toEqual(
      expect.arrayContaining([
        '.sources',
        '.sources.*.secrets',
        '.sources.*.verify.timestamp.unit',
        '.sources.*.confirm.people',
        '.notify.*.secret',
      ]),
    );
    expect(keys.filter(([, description]) => typeof description !== 'string').map(([key]) => key)).toEqual([]);
  });
});

interface Schema {
  description?: unknown;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
}

function describedKeys(schema: Schema, at: string): [key: string, description: unknown][] {
  const { properties = {}, additionalProperties, items, oneOf = [], anyOf = [] } = schema;
  const named = Object.entries(properties).flatMap<[string, unknown]>(([key, value]) => [
    [`${at}.${key}`, value.description],
    ...describedKeys(value, `${at}.${key}`),
  ]);
  const others =
    typeof additionalProperties === 'object' ? describedKeys(additionalProperties, `${at}.*`) : [];
  const listed = items ? describedKeys(items, `${at}.*`) : [];
  const chosen = [...oneOf, ...anyOf].flatMap((choice) => describedKeys(choice, at));
  return [...named, ...others, ...listed, ...chosen];
}
