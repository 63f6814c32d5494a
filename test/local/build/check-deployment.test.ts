import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../../local/build/bundle.ts';
import { deploymentFaults } from '../../../local/build/check-deployment.ts';
import { compileConfiguration } from '../../../local/build/compile-sources.ts';

const shipped = readFileSync(path.join(root, 's.yaml'), 'utf8');

function source(settings: string, notify = '') {
  return compileConfiguration(`sources: { late: { preset: generic, ${settings} } }\n${notify}`);
}

/** The shipped s.yaml, with a text in it replaced. */
function edited(right: string, wrong: string): string {
  expect(shipped).toContain(right);
  return shipped.replace(right, wrong);
}

test('the shipped s.yaml gives the functions all that the shipped sources.yaml asks for', () => {
  const configuration = compileConfiguration(readFileSync(path.join(root, 'sources.yaml'), 'utf8'));
  expect(deploymentFaults(shipped, configuration)).toEqual([]);
});

test('a secret that s.yaml does not pass on is told, with the line to add', () => {
  expect(deploymentFaults(shipped, source('secrets: [LATE_SECRET, PIPELINE_SECRET]'))).toEqual([
    "webhook: add under environmentVariables: LATE_SECRET: ${env('LATE_SECRET', '')}",
  ]);
});

test.each([
  [10_000, []],
  [10_001, ['webhook: raise timeout to 16: the source late has a deadlineMs of 10001']],
  [60_000, ['webhook: raise timeout to 65: the source late has a deadlineMs of 60000']],
])('a deadline of %i ms needs five seconds more of timeout', (deadlineMs, faults) => {
  const configuration = source(`secrets: [PIPELINE_SECRET], deadlineMs: ${deadlineMs}`);
  expect(deploymentFaults(shipped, configuration)).toEqual(faults);
});

test.each([
  ['timeout: 15', 'timeout: 5', 'raise timeout to 14'],
  ['timeout: 15', 'timeout: "5"', 'raise timeout to 14'],
  ['      timeout: 15\n', '', 'raise timeout to 14'],
])('%j written as %j is too short', (right, wrong, fault) => {
  const configuration = source('secrets: [PIPELINE_SECRET]');
  expect(deploymentFaults(edited(right, wrong), configuration)).toEqual([expect.stringContaining(fault)]);
});

describe('where rollbacks are followed,', () => {
  const secrets = 'secrets: [PIPELINE_SECRET]';
  const deferring = source(`${secrets}, mode: deferred`);
  const channels = 'notify: [{ kind: feishu, url: CHAT_URL, secret: CHAT_SECRET }]';
  const add = (name: string) => `follow: add under environmentVariables: ${name}: \${env('${name}', '')}`;

  test('the shipped s.yaml has the function that does it', () => {
    expect(deploymentFaults(shipped, deferring)).toEqual([]);
    expect(deploymentFaults(shipped, source(`${secrets}, follow: true`))).toEqual([]);
  });

  test('each variable of a channel must be given to the follow function', () => {
    expect(deploymentFaults(shipped, source(secrets, channels))).toEqual([
      add('CHAT_URL'),
      add('CHAT_SECRET'),
    ]);
  });

  test('a variable of a channel must not be given to the webhook', () => {
    const both = shipped.replaceAll(
      '      environmentVariables:\n',
      "$&        CHAT_URL: ${env('CHAT_URL', '')}\n        CHAT_SECRET: ${env('CHAT_SECRET', '')}\n",
    );
    expect(deploymentFaults(both, source(secrets, channels))).toEqual([
      'webhook: take out of environmentVariables: CHAT_URL; only the follow function needs it',
      'webhook: take out of environmentVariables: CHAT_SECRET; only the follow function needs it',
    ]);
  });

  test('an s.yaml without the function is told', () => {
    expect(deploymentFaults(edited('handler: follow.handler', 'handler: other.handler'), deferring)).toEqual([
      'add a function with handler: follow.handler, which follows the rollbacks of the source late (mode: deferred, follow or notify)',
    ]);
  });

  const suspended = "ROLLBACK_SUSPENDED: ${env('ROLLBACK_SUSPENDED', 'false')}";
  test.each<[right: string, wrong: string, fault: string]>([
    ['        asyncTask: true\n', '', 'follow: set under asyncInvokeConfig: asyncTask: true; without it,'],
    [
      'asyncTask: true',
      'asyncTask: false',
      'follow: set under asyncInvokeConfig: asyncTask: true; without it,',
    ],
    ['timeout: 3600', 'timeout: 599', 'follow: raise timeout to 600 or more: '],
    ['      timeout: 3600\n', '', 'follow: raise timeout to 600 or more: '],
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
    [
      "        EDAS_ENDPOINT: ${env('EDAS_ENDPOINT', '')}\n",
      '',
      'follow: take out of environmentVariables: EDAS_ENDPOINT; the other function has none',
    ],
  ])('%j written as %j is told', (right, wrong, fault) => {
    const faults = deploymentFaults(edited(right, wrong), deferring);
    expect(faults).toEqual([expect.stringContaining(fault)]);
  });

  test('a timeout of ten minutes is enough, no triggers are none, and what is interpolated is not judged', () => {
    for (const timeout of ['600', "${env('FOLLOW_TIMEOUT', '3600')}"]) {
      const text = edited('timeout: 3600', `timeout: ${timeout}\n      triggers: []`);
      expect(deploymentFaults(text, deferring)).toEqual([]);
    }
  });

  test('where none is, the function may be missing', () => {
    expect(
      deploymentFaults(edited('handler: follow.handler', 'handler: other.handler'), source(secrets)),
    ).toEqual([]);
  });
});

const nothing = { sources: [], notify: [] };

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
