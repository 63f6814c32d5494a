import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { deployingEnvironment } from '../local/commands/deploy/environment-file.ts';
import { uncommentResource } from '../local/setup/edit-deployment.ts';
import { runServerlessDevs } from './support/serverless-devs.ts';
import { removeFolder } from './support/temporary-folder.ts';

// fc3 checks s.yaml only in part. It takes a misspelt property, and then deploys the default (a timeout of 3 s),
// and it takes any authType. What would come to light in production comes to light here.

const root = fileURLToPath(new URL('../', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

type Fields = Record<string, unknown>;

function fields(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`${what} must be a map`);
  }
  return { ...value };
}

function list(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw new Error(`${what} must be a list`);
  return [...(value as unknown[])];
}

function number(value: unknown, what: string): number {
  if (typeof value !== 'number') throw new Error(`${what} must be a number`);
  return value;
}

/** Names by level. `null` is a value or a list of values; `*` is a name of our own choice. */
interface Vocabulary {
  readonly [name: string]: Vocabulary | null;
}

/** What this deployment may use of Serverless Devs' and fc3's names. To use more, add it from fc3's schema. */
const vocabulary: Vocabulary = {
  edition: null,
  name: null,
  access: null,
  resources: {
    '*': {
      component: null,
      props: {
        functionName: null,
        description: null,
        region: null,
        runtime: null,
        code: null,
        handler: null,
        timeout: null,
        memorySize: null,
        cpu: null,
        diskSize: null,
        role: null,
        internetAccess: null,
        asyncInvokeConfig: {
          asyncTask: null,
          maxAsyncRetryAttempts: null,
          maxAsyncEventAgeInSeconds: null,
          destinationConfig: { onFailure: { destination: null } },
        },
        logConfig: {
          project: null,
          logstore: null,
          logBeginRule: null,
          enableRequestMetrics: null,
          enableInstanceMetrics: null,
        },
        vpcConfig: { vpcId: null, vSwitchIds: null, securityGroupId: null },
        concurrencyConfig: { reservedConcurrency: null },
        environmentVariables: { '*': null },
        tags: { key: null, value: null },
        triggers: {
          triggerName: null,
          triggerType: null,
          description: null,
          qualifier: null,
          triggerConfig: {
            authType: null,
            methods: null,
            disableURLInternet: null,
            triggerEnable: null,
            asyncInvocationType: null,
            eventRuleFilterPattern: null,
            eventSourceConfig: { eventSourceType: null, eventSourceParameters: {} },
            eventSinkConfig: { deliveryOption: { eventSchema: null } },
            runOptions: {
              mode: null,
              errorsTolerance: null,
              retryStrategy: { PushRetryStrategy: null },
              deadLetterQueue: { Arn: null },
            },
          },
        },
      },
    },
  },
};

/** The paths in `value` that `known` does not have; a list is looked at item by item. */
function unknownNames(value: unknown, known: Vocabulary | null, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => unknownNames(item, known, path));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const here = path === '' ? name : `${path}.${name}`;
    const level = known?.[Object.hasOwn(known, name) ? name : '*'];
    return level === undefined ? [here] : unknownNames(inner, level, here);
  });
}

interface Reference {
  readonly name: string;
  readonly fallback: string | undefined;
}

const REFERENCE = /\$\{env\('(\w+)'(?:, '([^']*)')?\)\}/g;

function references(text: string): Reference[] {
  return [...text.matchAll(REFERENCE)].map(([, name = '', fallback]) => ({ name, fallback }));
}

/** The one variable that a value consists of; undefined when the value is, or contains, anything else. */
function soleReference(value: unknown): Reference | undefined {
  const [reference, ...more] = references(String(value));
  return reference && more.length === 0 && String(value).replace(REFERENCE, '') === ''
    ? reference
    : undefined;
}

/** `NAME=value` lines of an env file, with the line above each. */
function envLines(text: string): { name: string; value: string; above: string }[] {
  const lines = text.split('\n');
  return lines.flatMap((line, at) => {
    const [, name, value = ''] = /^(\w+)=(.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, value, above: lines[at - 1] ?? '' }];
  });
}

const template = read('s.yaml');
const deployment = fields(parse(template), 's.yaml');
const resources = fields(deployment['resources'], 'resources');
/** With the events function, which stands in s.yaml as comments. */
const withEvents = uncommentResource(template, 'events') ?? '';
const deploymentWithEvents = fields(parse(withEvents), 's.yaml');
const resourcesWithEvents = fields(deploymentWithEvents['resources'], 'resources');

/** A function in s.yaml, by its key under resources. */
function deployed(key: string) {
  const resource = fields(resourcesWithEvents[key], `resources.${key}`);
  const props = fields(resource['props'], `${key}.props`);
  const environment = fields(props['environmentVariables'], `${key}.environmentVariables`);
  return { key, resource, props, environment };
}

const webhook = deployed('webhook');
const follow = deployed('follow');
const events = deployed('events');
const both = [webhook, follow].map((each) => [each.key, each] as const);
const all = [webhook, follow, events].map((each) => [each.key, each] as const);
/** Every variable that s.yaml reads, with events. */
const reads = references(JSON.stringify(deploymentWithEvents));
const example = envLines(read('.env.example'));

/** What the functions read besides secrets, and what those need that start a task. */
const settings = ['REGION', 'EDAS_ENDPOINT', 'FUNCTION_ENDPOINT', 'ROLLBACK_SUSPENDED', 'LOG_LEVEL'];
const settingsOfWebhook = [
  ...settings,
  'KMS_ENDPOINT',
  'DOCS_URL',
  'PUBLIC_URL',
  'CONFIRM_SECRET',
  'FOLLOW_FUNCTION',
];
const settingsOfEvents = [...settings, 'KMS_ENDPOINT', 'FOLLOW_FUNCTION', 'LOG_EVENTS'];

interface Source {
  readonly name: string;
  readonly secrets: string[];
  readonly deadlineMs: number;
}

/** A source's patience where it states none. */
const defaultDeadlineMs = 9000;

function sources(): Source[] {
  const all = fields(fields(parse(read('sources.yaml')), 'sources.yaml')['sources'], 'sources');
  return Object.entries(all).map(([name, value]) => {
    const source = fields(value, name);
    return {
      name,
      secrets: list(source['secrets'] ?? [], `${name}.secrets`).map(String),
      deadlineMs: number(source['deadlineMs'] ?? defaultDeadlineMs, `${name}.deadlineMs`),
    };
  });
}

/** Those that are in variables: KMS keeps the others. */
const secrets = (): string[] => [
  ...new Set(sources().flatMap((source) => source.secrets.filter((secret) => !secret.startsWith('kms:')))),
];

/** The variables that hold the addresses and keys of the channels. */
function channelVariables(): string[] {
  const channels = list(fields(parse(read('sources.yaml')), 'sources.yaml')['notify'] ?? [], 'notify');
  return channels.flatMap((channel) => {
    const { url, secret } = fields(channel, 'notify');
    return [url, secret].filter((variable) => variable !== undefined).map(String);
  });
}

describe('the names in s.yaml', () => {
  test('are all names that fc3 knows', () => {
    expect(unknownNames(deploymentWithEvents, vocabulary)).toEqual([]);
  });

  test.each([
    ['timeout:', 'timout:', 'resources.webhook.props.timout'],
    ['asyncTask:', 'asynctask:', 'resources.follow.props.asyncInvokeConfig.asynctask'],
    ['logConfig:', 'logconfig:', 'resources.webhook.props.logconfig'],
    ['authType:', 'authtype:', 'resources.webhook.props.triggers.triggerConfig.authtype'],
    ['resources:', 'resource:', 'resource'],
  ])('would not be, had somebody written %s as %s', (right, wrong, path) => {
    expect(template).toContain(right);
    expect(unknownNames(parse(template.replace(right, wrong)), vocabulary)).toEqual([path]);
  });

  test('are given to the fc3 component in edition 3', () => {
    expect(deployment).toMatchObject({ edition: '3.0.0' });
    for (const [, { resource }] of all) expect(resource).toMatchObject({ component: 'fc3' });
  });
});

/** The commented resource at the end of s.yaml, as it is once the # are taken away. */
function withDomain(): string {
  const [before = '', block = ''] = template.split(/^(?= {2}# domain:$)/m);
  return before + block.replaceAll(/^ {2}# /gm, '  ');
}

describe('the domain that s.yaml offers', () => {
  const domain = fields(
    fields(fields(parse(withDomain()), 's.yaml')['resources'], 'resources')['domain'],
    'resources.domain',
  );
  const props = fields(domain['props'], 'domain.props');

  /** https://github.com/devsapp/fc3-domain/blob/main/src/schema.json */
  const domainVocabulary: Vocabulary = {
    region: null,
    domainName: null,
    protocol: null,
    certConfig: { certId: null },
    tlsConfig: { minVersion: null, maxVersion: null, cipherSuites: null },
    routeConfig: { routes: { path: null, functionName: null, qualifier: null, methods: null } },
  };

  test('has names that fc3-domain knows, and all that it requires', () => {
    expect(domain['component']).toBe('fc3-domain');
    expect(unknownNames(props, domainVocabulary)).toEqual([]);
    expect(Object.keys(props)).toEqual(
      expect.arrayContaining(['region', 'domainName', 'protocol', 'routeConfig']),
    );
  });

  test('carries nothing without TLS 1.2, for tokens and links are secrets', () => {
    expect(props).toMatchObject({ protocol: 'HTTPS', tlsConfig: { minVersion: 'TLSv1.2' } });
  });

  test('leads every path to the webhook, with the methods of its trigger, in its region', () => {
    expect(props['region']).toBe(webhook.props['region']);
    expect(props['routeConfig']).toEqual({
      routes: [
        {
          path: '/*',
          functionName: '${resources.webhook.props.functionName}',
          qualifier: 'LATEST',
          methods: ['GET', 'HEAD', 'POST'],
        },
      ],
    });
  });
});

describe('Serverless Devs', () => {
  const preview = async (env: string, text = template, shell: NodeJS.Dict<string> = {}) => {
    const home = mkdtempSync(join(tmpdir(), 'edas-rollback-webhook-'));
    try {
      writeFileSync(join(home, 's.yaml'), text);
      writeFileSync(join(home, '.env'), 'REGION=cn-beijing\nLOG_LEVEL=debug\nKMS_ENDPOINT=of-env\n');
      writeFileSync(join(home, '.env.production'), env);
      const values = deployingEnvironment(home, '.env.production', shell);
      return await runServerlessDevs(['preview'], { cwd: home, home, env: values });
    } finally {
      removeFolder(home);
    }
  };
  // It colours what it prints.
  const plain = (text: string) => stripVTControlCharacters(text);

  test('takes the values of a named environment alone, and those of the shell before them', async () => {
    const own = 'REGION=cn-shanghai\nWEBHOOK_FUNCTION=production-webhook\nLOG_LEVEL=warn\n';
    const shown = plain(await preview(own, template, { LOG_LEVEL: 'error' }));
    expect(shown).toMatch(/region: +cn-shanghai/);
    expect(shown).toMatch(/functionName: +production-webhook/);
    expect(shown).toMatch(/LOG_LEVEL: +error/);
    expect(shown).toMatch(/functionName: +edas-rollback-follow/);
    expect(shown).not.toMatch(/cn-beijing|debug|of-env/);
  });

  test('takes the domain for the webhook, under the name that the webhook has', async () => {
    const own = 'WEBHOOK_FUNCTION=production-webhook\nDOMAIN_NAME=rollback.example.com\n';
    const shown = plain(await preview(own, withDomain()));
    expect(shown).toMatch(/domainName: +rollback\.example\.com/);
    expect(shown.match(/functionName: +production-webhook/g)).toHaveLength(2);
  });

  test('takes the events function, once the # are taken away', async () => {
    const shown = plain(await preview('EVENTS_FUNCTION=production-events\n', withEvents));
    expect(shown).toMatch(/functionName: +production-events/);
    expect(shown).toMatch(/handler: +events\.handler/);
  });
});

test('there are two functions, and nothing else is deployed', () => {
  expect(Object.keys(resources)).toEqual(['webhook', 'follow']);
});

test('with events there are three, and the rest stays as it is', () => {
  const { events: third, ...others } = resourcesWithEvents;
  expect(third).toBeDefined();
  expect({ ...deploymentWithEvents, resources: others }).toEqual(deployment);
});

describe('the webhook function', () => {
  const { props } = webhook;

  test('has one anonymous HTTP trigger that takes GET, HEAD and POST, nothing else', () => {
    expect(props['triggers']).toEqual([
      {
        triggerName: 'http',
        triggerType: 'http',
        triggerConfig: { authType: 'anonymous', methods: ['GET', 'HEAD', 'POST'], disableURLInternet: false },
      },
    ]);
  });

  test('outlives the deadline of every source by five seconds, so that it answers before it is killed', () => {
    const timeoutMs = number(props['timeout'], 'timeout') * 1000;
    for (const { name, deadlineMs } of sources()) {
      expect(timeoutMs, `timeout in s.yaml against deadlineMs of ${name}`).toBeGreaterThanOrEqual(
        deadlineMs + 5000,
      );
    }
  });

  test('starts the function that is deployed beside it', () => {
    expect(webhook.environment['FOLLOW_FUNCTION']).toBe(follow.props['functionName']);
  });
});

describe('the follow function', () => {
  const { props } = follow;

  test('can be started by nobody from outside', () => {
    expect(props['triggers']).toBeUndefined();
  });

  test('takes one task of an id only, gives up on it after an hour, and tries it three times at most', () => {
    expect(props['asyncInvokeConfig']).toEqual({
      asyncTask: true,
      maxAsyncRetryAttempts: 2,
      maxAsyncEventAgeInSeconds: 3600,
    });
  });

  test('has an hour for a rollback, and not more than Function Compute gives a function', () => {
    expect(props['timeout']).toBe(3600);
  });

  test('has a name that Function Compute accepts, and that the policy opens', () => {
    const name = soleReference(props['functionName'])?.fallback ?? '';
    expect(name).toMatch(/^[a-zA-Z_][\w-]{0,63}$/);
    expect(read('policy/follow-policy.json')).toContain(`:functions/${name}"`);
  });
});

describe('the events function', () => {
  const { props } = events;
  const queue =
    "acs:mns:${env('REGION', 'cn-hangzhou')}:${config('AccountID')}:/queues/${env('EVENTS_DEAD_LETTER_QUEUE', 'edas-rollback-dead-letters')}";
  const [trigger] = list(props['triggers'], 'triggers').map((each) => fields(each, 'trigger'));

  test('has no URL: its one trigger is a rule of EventBridge', () => {
    expect(props['triggers']).toHaveLength(1);
    expect(trigger).toMatchObject({ triggerType: 'eventbridge', qualifier: 'LATEST' });
  });

  // All that IEventBridge requires: https://github.com/devsapp/fc3/blob/master/src/schema.json
  test('has all that fc3 requires of such a trigger, and gets one whole event at a time, without being waited for', () => {
    expect(trigger?.['triggerConfig']).toEqual({
      triggerEnable: true,
      asyncInvocationType: true,
      eventRuleFilterPattern: '{"source":["acs.arms"],"type":[{"prefix":"arms:Alert:"}]}',
      eventSourceConfig: { eventSourceType: 'Default', eventSourceParameters: {} },
      eventSinkConfig: { deliveryOption: { eventSchema: 'CloudEvents' } },
      runOptions: {
        mode: 'event-driven',
        errorsTolerance: 'ALL',
        retryStrategy: { PushRetryStrategy: 'EXPONENTIAL_DECAY_RETRY' },
        deadLetterQueue: { Arn: queue },
      },
    });
  });

  test('lets only the events pass that its pattern names, which is JSON', () => {
    const written = withEvents.matchAll(/\{"source":\["[a-z.]+"\],"type":\[(?:[^\]]*)\]\}/g);
    const patterns = [...written].map(([pattern]) => JSON.parse(pattern) as unknown);
    expect(patterns).toEqual([
      { source: ['acs.cms'], type: ['cms:CloudMonitor:AlertWebHook'] },
      { source: ['acs.edas'], type: ['edas:ApplicationChange:ChangeOrder'] },
      { source: ['acs.arms'], type: [{ prefix: 'arms:Alert:' }] },
    ]);
  });

  // Attempts from 0 to 8, age from 1 to 2,592,000 s: IAsyncInvokeConfig in the same schema.
  test('is tried again as often as Function Compute tries, and what fails to the end is kept in the queue', () => {
    expect(props['asyncInvokeConfig']).toEqual({
      maxAsyncRetryAttempts: 8,
      maxAsyncEventAgeInSeconds: 3600,
      destinationConfig: { onFailure: { destination: `${queue}/messages` } },
    });
  });

  test('outlives the 9 s in which it decides by five seconds', () => {
    expect(number(props['timeout'], 'timeout')).toBeGreaterThanOrEqual(14);
  });

  test('has a name that Function Compute accepts, and that Simple Log Service offers', () => {
    const name = soleReference(props['functionName'])?.fallback ?? '';
    expect(name).toMatch(/^sls-ops-[\w-]{1,56}$/);
  });

  test('starts the function that is deployed beside it', () => {
    expect(events.environment['FOLLOW_FUNCTION']).toBe(follow.props['functionName']);
  });
});

// dist/events.js is built only where sources.yaml has events: test/local/build/bundle.test.ts.
describe.each(both)('the %s function', (_key, { props }) => {
  test('loads from a directory that holds dist/ only, as on Function Compute, and exports its handler', () => {
    const [file = '', exported = ''] = String(props['handler']).split('.');
    const code = join(root, String(props['code']));
    if (!existsSync(join(code, `${file}.js`))) {
      throw new Error(`dist/${file}.js is missing. Run "npm run build" first.`);
    }

    // Outside this repository no package.json says "module" and no node_modules helps.
    const alone = mkdtempSync(join(tmpdir(), 'edas-rollback-webhook-'));
    try {
      cpSync(code, alone, { recursive: true });
      const look = `typeof require('./${file}.js').${exported}`;
      const { stdout } = spawnSync(process.execPath, ['-p', look], { cwd: alone, encoding: 'utf8' });
      expect(stdout.trimEnd().split('\n').at(-1)).toBe('function');
    } finally {
      removeFolder(alone);
    }
  });
});

describe.each(all)('the %s function', (key, { props, environment }) => {
  test('runs its own file on the newest built-in Node.js', () => {
    expect(props).toMatchObject({ runtime: 'nodejs20', code: './dist', handler: `${key}.handler` });
  });

  test('has memory, cpu and disk that Function Compute accepts', () => {
    const memoryMb = number(props['memorySize'], 'memorySize');
    const cpu = number(props['cpu'], 'cpu');
    const gbPerCpu = memoryMb / 1024 / cpu;

    expect(memoryMb % 64, 'memory comes in steps of 64 MB').toBe(0);
    expect(memoryMb).toBeGreaterThanOrEqual(128);
    expect(Math.round(cpu * 100) % 5, 'cpu comes in steps of 0.05').toBe(0);
    expect(gbPerCpu, 'GB of memory for each cpu').toBeGreaterThanOrEqual(1);
    expect(gbPerCpu, 'GB of memory for each cpu').toBeLessThanOrEqual(4);
    expect([512, 10240]).toContain(props['diskSize']);
  });

  test('keeps a log', () => {
    const { logConfig } = props;
    if (logConfig === 'auto') return;
    const { project, logstore } = fields(logConfig, 'logConfig');
    expect(project).toBeTypeOf('string');
    expect(logstore).toBeTypeOf('string');
  });

  test('can reach the public endpoint of EDAS', () => {
    expect(props['internetAccess']).toBe(true);
  });

  test('has the role that policy/README.md creates, in the lower case that fc3 makes of it', () => {
    const role = soleReference(props['role'])?.fallback ?? '';
    expect(role).toMatch(/^[a-z][a-z0-9-]*$/);
    expect(read('policy/README.md')).toContain(`aliyun ram CreateRole --RoleName ${role} `);
  });

  test('is deployed to the region whose EDAS it calls', () => {
    expect(environment['REGION']).toBe(props['region']);
  });
});

test('all functions are told the same of EDAS, and held by the same switch', () => {
  for (const other of [follow, events]) {
    for (const name of settings) expect(other.environment[name], name).toBe(webhook.environment[name]);
    expect(other.props).toMatchObject({ region: webhook.props['region'], role: webhook.props['role'] });
  }
});

describe('the environment', () => {
  test('of the webhook has each secret of a source, each setting, and nothing else', () => {
    const names = Object.keys(webhook.environment);
    expect(names.toSorted()).toEqual([...secrets(), ...settingsOfWebhook].toSorted());
  });

  test('of the follow function has each variable of a channel, each setting, and nothing else', () => {
    const names = Object.keys(follow.environment);
    expect(names.toSorted()).toEqual([...channelVariables(), ...settings].toSorted());
  });

  test('of the events function has each setting, and no secret', () => {
    const names = Object.keys(events.environment);
    expect(names.toSorted()).toEqual(settingsOfEvents.toSorted());
  });

  const variables = all.flatMap(([key, { environment }]) =>
    Object.entries(environment).map(([name, value]) => ({ key, name, value })),
  );

  test('has no name that begins with FC_, which Function Compute keeps for itself', () => {
    expect(variables.filter(({ name }) => name.startsWith('FC_'))).toEqual([]);
  });

  test.each(variables)(
    'of $key takes $name from the variable of the same name, and has a default',
    (variable) => {
      // `s` refuses to deploy when a variable without a default is unset.
      const reference = soleReference(variable.value);
      expect(reference?.name).toBe(variable.name);
      expect(reference?.fallback).toBeTypeOf('string');
    },
  );

  test('has no secret written into s.yaml, not even as a default', () => {
    const secret = new Set([...secrets(), ...channelVariables()]);
    const written = variables.filter(
      ({ name, value }) => secret.has(name) && soleReference(value)?.fallback !== '',
    );
    expect(written).toEqual([]);
  });
});

describe('.env.example', () => {
  test('has exactly the variables that s.yaml reads, each once', () => {
    const asked = new Set(reads.map(({ name }) => name));
    expect(example.map(({ name }) => name).toSorted()).toEqual([...asked].toSorted());
  });

  test('explains each variable in the line above it', () => {
    expect(example.filter(({ above }) => !above.startsWith('# '))).toEqual([]);
  });

  test('has a value for no secret', () => {
    const secret = new Set([...secrets(), ...channelVariables()]);
    const filled = example.filter(({ name, value }) => secret.has(name) && value !== '');
    expect(filled).toEqual([]);
  });

  test('suspends rollbacks, so that the first deployment is safe', () => {
    expect(example.find(({ name }) => name === 'ROLLBACK_SUSPENDED')?.value).toBe('true');
  });

  test('otherwise agrees with the defaults of s.yaml', () => {
    const defaults = new Map(reads.map(({ name, fallback }) => [name, fallback]));
    // An empty value counts as unset, so it stands for any default.
    const others = example.filter(({ name }) => name !== 'ROLLBACK_SUSPENDED');
    for (const { name, value } of others) expect(['', defaults.get(name)]).toContain(value);
  });
});

describe('the policies', () => {
  const statements = (file: string): Fields[] =>
    list(fields(JSON.parse(read(file)), file)['Statement'], `${file}: Statement`).map((statement) =>
      fields(statement, file),
    );

  test('let the function manage and read the listed EDAS applications, nothing else', () => {
    expect(statements('policy/edas-rollback-policy.json')).toEqual([
      {
        Effect: 'Allow',
        Action: ['edas:ManageApplication', 'edas:ReadApplication'],
        Resource: ['acs:edas:<REGION>:<ACCOUNT_ID>:namespace/<NAMESPACE_ID>/application/<APP_ID>'],
      },
    ]);
  });

  test('let the webhook start tasks of the follow function and look at them, and reach no other function', () => {
    expect(statements('policy/follow-policy.json')).toEqual([
      {
        Effect: 'Allow',
        Action: ['fc:InvokeFunction', 'fc:GetAsyncTask'],
        Resource: [
          'acs:fc:<REGION>:<ACCOUNT_ID>:functions/edas-rollback-follow',
          'acs:fc:<REGION>:<ACCOUNT_ID>:functions/edas-rollback-follow/*',
        ],
      },
    ]);
  });

  test('let the webhook read the listed secrets of KMS, and decrypt with the listed key', () => {
    expect(statements('policy/kms-policy.json')).toEqual([
      {
        Effect: 'Allow',
        Action: ['kms:GetSecretValue'],
        Resource: ['acs:kms:<REGION>:<ACCOUNT_ID>:secret/<SECRET_NAME>'],
      },
      {
        Effect: 'Allow',
        Action: ['kms:Decrypt'],
        Resource: ['acs:kms:<REGION>:<ACCOUNT_ID>:key/<KEY_ID>'],
      },
    ]);
  });

  test('let the events function write to its queue for dead letters, and read nothing there', () => {
    expect(statements('policy/dead-letter-policy.json')).toEqual([
      {
        Effect: 'Allow',
        Action: ['mns:SendMessage'],
        Resource: ['acs:mns:<REGION>:<ACCOUNT_ID>:/queues/<QUEUE_NAME>/messages'],
      },
    ]);
  });

  test('let the function write to its own logstore, and read nothing there', () => {
    expect(statements('policy/log-policy.json')).toEqual([
      {
        Effect: 'Allow',
        Action: ['log:PostLogStoreLogs'],
        Resource: ['acs:log:<REGION>:<ACCOUNT_ID>:project/<LOG_PROJECT>/logstore/<LOGSTORE>'],
      },
    ]);
  });

  test('let only Function Compute take the role', () => {
    expect(statements('policy/trust-policy.json')).toEqual([
      { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: ['fc.aliyuncs.com'] } },
    ]);
  });
});

describe('Serverless Devs, with .env.example as .env,', () => {
  const serverlessDevs = join(root, 'node_modules/@serverless-devs/s/bin/s');

  /** What it shows of the key that it was given, in a home of its own. */
  function shownKey(env: string): string {
    const home = mkdtempSync(join(tmpdir(), 'edas-rollback-webhook-'));
    const s = (...args: string[]) =>
      spawnSync(process.execPath, [serverlessDevs, 'config', ...args, '-a', 'default'], {
        cwd: home,
        env: { HOME: home },
        encoding: 'utf8',
      }).stdout;
    try {
      const key = [
        '--AccountID',
        '1234567890123456',
        '--AccessKeyID',
        'fake-id',
        '--AccessKeySecret',
        'fake-key',
      ];
      s('add', ...key, '-f');
      writeFileSync(join(home, '.env'), env);
      return s('get');
    } finally {
      removeFolder(home);
    }
  }

  test('finds the key that s config add gave it', () => {
    expect(shownKey(read('.env.example'))).toContain('AccountID');
  });

  // Without this, the test above would prove nothing.
  test('does not find it with a variable that begins as those of a CI, which is why the build refuses such names', () => {
    expect(shownKey('PIPELINE_SECRET=\n')).not.toContain('AccountID');
  });
});
