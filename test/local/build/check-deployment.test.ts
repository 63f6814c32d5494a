import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../../local/build/bundle.ts';
import { deploymentFaults } from '../../../local/build/check-deployment.ts';
import { compileSources } from '../../../local/build/compile-sources.ts';

const shipped = readFileSync(path.join(root, 's.yaml'), 'utf8');

function source(settings: string) {
  return compileSources(`sources: { late: { preset: generic, ${settings} } }`);
}

test('the shipped s.yaml gives the function all that the shipped sources need', () => {
  const sources = compileSources(readFileSync(path.join(root, 'sources.yaml'), 'utf8'));
  expect(deploymentFaults(shipped, sources)).toEqual([]);
});

test('a secret that s.yaml does not pass on is told, with the line to add', () => {
  expect(deploymentFaults(shipped, source('secrets: [LATE_SECRET, PIPELINE_SECRET]'))).toEqual([
    "add under environmentVariables: LATE_SECRET: ${env('LATE_SECRET', '')}",
  ]);
});

test.each([
  [10_000, []],
  [10_001, ['raise timeout to 16: the source late has a deadlineMs of 10001']],
  [60_000, ['raise timeout to 65: the source late has a deadlineMs of 60000']],
])('a deadline of %i ms needs five seconds more of timeout', (deadlineMs, faults) => {
  const sources = source(`secrets: [PIPELINE_SECRET], deadlineMs: ${deadlineMs}`);
  expect(deploymentFaults(shipped, sources)).toEqual(faults);
});

test.each([
  ['timeout: 15', 'timeout: 5', 'raise timeout to 14'],
  ['timeout: 15', 'timeout: "5"', 'raise timeout to 14'],
  ['      timeout: 15\n', '', 'raise timeout to 14'],
])('%j written as %j is too short', (right, wrong, fault) => {
  const sources = source('secrets: [PIPELINE_SECRET]');
  expect(shipped).toContain(right);
  expect(deploymentFaults(shipped.replace(right, wrong), sources)).toEqual([expect.stringContaining(fault)]);
});

test('an s.yaml that is no YAML is told in a line', () => {
  expect(() => deploymentFaults('resources: [', [])).toThrow(/^s\.yaml cannot be read: /);
});

test.each(['', 'resources: 3', 'resources: { x: { props: { handler: other.handler } } }'])(
  'an s.yaml without the function is told: %s',
  (text) => {
    expect(() => deploymentFaults(text, [])).toThrow(
      's.yaml has no function with the handler webhook.handler.',
    );
  },
);
