import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../local/build/bundle.ts';
import { createStack, readRosTemplate } from './support/ros-template.ts';

const read = (file: string): string => readFileSync(path.join(root, 'policy', file), 'utf8');
const template = readRosTemplate(read('ros-role.yaml'));

/** Each policy, and the resource of the template that must grant the same. A new policy is a line here. */
const policies = {
  'trust-policy.json': { resource: 'Role', property: 'AssumeRolePolicyDocument' },
  'edas-rollback-policy.json': { resource: 'RollbackPolicy', property: 'PolicyDocument' },
  'follow-policy.json': { resource: 'FollowPolicy', property: 'PolicyDocument' },
  'kms-policy.json': { resource: 'SecretPolicy', property: 'PolicyDocument' },
  'dead-letter-policy.json': { resource: 'DeadLetterPolicy', property: 'PolicyDocument' },
  'log-policy.json': { resource: 'LogPolicy', property: 'PolicyDocument' },
};

const account = '1000000000000000';

/** What a person writes into the policies, where several values make several lines; the template's parameters say the same. */
const placeholders = {
  REGION: ['cn-hangzhou'],
  ACCOUNT_ID: [account],
  NAMESPACE_ID: ['cn-hangzhou:shop'],
  APP_ID: ['3616cdca-0000-4000-8000-000000000001', '3616cdca-0000-4000-8000-000000000002'],
  SECRET_NAME: ['pipeline', 'senders/github'],
  KEY_ID: ['key-hzz0000000000000000'],
  QUEUE_NAME: ['edas-rollback-dead-letters'],
  LOG_PROJECT: ['serverless-cn-hangzhou-test'],
  LOGSTORE: ['default-logs'],
};
const required = {
  Region: placeholders.REGION.join(),
  NamespaceId: placeholders.NAMESPACE_ID.join(),
  ApplicationIds: placeholders.APP_ID.join(),
};
/** By default, tasks of the follow function are granted. */
const needed = { ...required, FollowFunction: '' };
const all = {
  ...required,
  FollowFunction: 'edas-rollback-follow',
  SecretNames: placeholders.SECRET_NAME.join(),
  SecretKeyId: placeholders.KEY_ID.join(),
  DeadLetterQueue: placeholders.QUEUE_NAME.join(),
  LogProject: placeholders.LOG_PROJECT.join(),
  Logstore: placeholders.LOGSTORE.join(),
};

const resourcesOf = (parameters: Record<string, string>) => createStack(template, parameters, account);

/** A policy filled in by hand: "one line under Resource per application". */
function filledIn(file: string): unknown {
  const text = Object.entries(placeholders).reduce(
    (policy, [name, values]) =>
      policy.replace(new RegExp(`"[^"]*<${name}>[^"]*"`, 'g'), (line) =>
        values.map((value) => line.replace(`<${name}>`, value)).join(', '),
      ),
    read(file),
  );
  expect(text).not.toContain('<');
  return JSON.parse(text);
}

describe('policy/ros-role.yaml', () => {
  test.each(Object.entries(policies))('grants what %s grants, and nothing else', (file, where) => {
    const created = resourcesOf(all)[where.resource];
    expect(created?.properties[where.property]).toEqual(filledIn(file));
  });

  test('has a resource for each policy beside it, and no other', () => {
    const files = readdirSync(path.join(root, 'policy')).filter((file) => file.endsWith('.json'));
    expect(files.toSorted()).toEqual(Object.keys(policies).toSorted());
    // And the queue, which is no right but what one is for.
    const resources = [...Object.values(policies).map(({ resource }) => resource), 'Queue'];
    expect(Object.keys(template.Resources).toSorted()).toEqual(resources.toSorted());
  });

  test('attaches each of them to the role, under the name that the way by hand gives it', () => {
    const { Role, Queue, ...others } = resourcesOf(all);
    expect(Queue?.type).toBe('ALIYUN::MNS::Queue');
    expect(Role).toMatchObject({
      type: 'ALIYUN::RAM::Role',
      properties: { RoleName: 'edas-rollback-webhook' },
    });
    for (const { type, properties } of Object.values(others)) {
      expect(type).toBe('ALIYUN::RAM::ManagedPolicy');
      expect(properties['Roles']).toEqual(['edas-rollback-webhook']);
      expect(read('README.md')).toContain(
        `aliyun ram CreatePolicy --PolicyName ${String(properties['PolicyName'])} `,
      );
    }
  });

  test('grants tasks of the follow function as it is shipped, unless it is told not to', () => {
    expect(resourcesOf(required)['FollowPolicy']).toEqual(resourcesOf(all)['FollowPolicy']);
  });

  test('grants nothing that was not asked for', () => {
    expect(Object.keys(resourcesOf(needed))).toEqual(['Role', 'RollbackPolicy']);
    expect(Object.keys(resourcesOf({ ...needed, LogProject: 'a-project' }))).toEqual([
      'Role',
      'RollbackPolicy',
    ]);
    expect(Object.keys(resourcesOf({ ...needed, Logstore: 'a-store' }))).toEqual(['Role', 'RollbackPolicy']);
    expect(Object.keys(resourcesOf({ ...needed, SecretKeyId: 'a-key' }))).toEqual(['Role', 'RollbackPolicy']);
  });

  test('creates the queue for dead letters, which keeps them for a week, only where it is named', () => {
    expect(resourcesOf(all)['Queue']).toEqual({
      type: 'ALIYUN::MNS::Queue',
      properties: { QueueName: 'edas-rollback-dead-letters', MessageRetentionPeriod: 604_800 },
    });
    expect(resourcesOf({ ...all, DeadLetterQueue: '' })['Queue']).toBeUndefined();
  });

  test('lets nothing be decrypted where no key of the account encrypts the secrets', () => {
    const { SecretPolicy } = resourcesOf({ ...needed, SecretNames: 'pipeline' });
    expect(SecretPolicy?.properties['PolicyDocument']).toEqual({
      Version: '1',
      Statement: [
        {
          Effect: 'Allow',
          Action: ['kms:GetSecretValue'],
          Resource: [`acs:kms:cn-hangzhou:${account}:secret/pipeline`],
        },
      ],
    });
  });

  test('does for one application what it does for several', () => {
    const { RollbackPolicy } = resourcesOf({ ...needed, ApplicationIds: 'app-1' });
    expect(RollbackPolicy?.properties['PolicyDocument']).toMatchObject({
      Statement: [
        { Resource: [`acs:edas:cn-hangzhou:${account}:namespace/cn-hangzhou:shop/application/app-1`] },
      ],
    });
  });

  test.each([
    ['no application', { ApplicationIds: '' }],
    ['all applications', { ApplicationIds: '*' }],
    ['a name that opens more', { ApplicationIds: 'app-1,*' }],
    ['a space', { ApplicationIds: 'app-1, app-2' }],
    ['a comma at the end', { ApplicationIds: 'app-1,' }],
    ['all namespaces', { NamespaceId: '*' }],
    ['all regions', { Region: '*' }],
    ['all functions', { FollowFunction: '*' }],
    ['all secrets', { SecretNames: '*' }],
    ['a secret whose name opens more', { SecretNames: 'pipeline,git*' }],
    ['all keys', { SecretKeyId: '*' }],
    ['all queues', { DeadLetterQueue: '*' }],
    ['all log projects', { LogProject: '*' }],
    ['all logstores', { Logstore: '*' }],
    ['a role that Serverless Devs would look for in lower case', { RoleName: 'EdasRollback' }],
  ])('refuses %s', (_what, parameters) => {
    expect(() => resourcesOf({ ...all, ...parameters })).toThrow(/may not be/);
  });

  // A property that ROS does not know would be refused, or left out.
  // https://www.alibabacloud.com/help/en/ros/developer-reference/aliyun-ram-role
  // https://www.alibabacloud.com/help/en/ros/developer-reference/aliyun-ram-managedpolicy
  // https://www.alibabacloud.com/help/en/ros/developer-reference/aliyun-mns-queue
  test('uses only properties that its resource types have', () => {
    const known: Record<string, string[]> = {
      'ALIYUN::RAM::Role': ['RoleName', 'Description', 'AssumeRolePolicyDocument'],
      'ALIYUN::MNS::Queue': ['QueueName', 'MessageRetentionPeriod'],
      'ALIYUN::RAM::ManagedPolicy': ['PolicyName', 'Description', 'Roles', 'PolicyDocument'],
    };
    for (const { type, properties } of Object.values(resourcesOf(all))) {
      expect(known[type], type).toEqual(expect.arrayContaining(Object.keys(properties)));
    }
  });

  test('has no parameter that is not used', () => {
    const { Parameters, ...rest } = template;
    const text = JSON.stringify(rest);
    const unused = Object.keys(Parameters).filter(
      (name) => !text.includes(`"Ref":"${name}"`) && !text.includes(`\${${name}}`),
    );
    expect(unused).toEqual([]);
  });
});

test('policy/README.md names every operation of EDAS that is called, and the policy grants the right of each', () => {
  const client = readFileSync(path.join(root, 'functions/edas/client.ts'), 'utf8');
  const called = Array.from(client.matchAll(/^ {2}(\w+): \{ method: /gm), ([, operation = '']) => operation);
  const rows = Array.from(read('README.md').matchAll(/^\| \[`(\w+)`\]\(\S+\) +\| `(edas:\w+)` /gm));
  const rightOf = new Map(rows.map(([, operation = '', right]) => [operation, right]));
  expect(called).toContain('RollbackChangeOrder');
  expect([...rightOf.keys()]).toEqual(expect.arrayContaining(called));
  const granted = filledIn('edas-rollback-policy.json') as { Statement: { Action: string[] }[] };
  expect(new Set(rightOf.values())).toEqual(new Set(granted.Statement.flatMap(({ Action }) => Action)));
});

test('policy/README.md names only parameters that the template has, and those that it needs', () => {
  const keys = Array.from(read('README.md').matchAll(/ParameterKey (\w+)/g), ([, key = '']) => key);
  expect(Object.keys(template.Parameters)).toEqual(expect.arrayContaining(keys));
  expect(keys).toEqual(expect.arrayContaining(Object.keys(needed)));
});
