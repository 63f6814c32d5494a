import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { compileSources } from '../../../local/build/compile-sources.ts';
import { configurationDigest } from '../../../local/build/configuration-digest.ts';

const digestOf = (settings: string) =>
  configurationDigest(compileSources(`sources: { pipeline: { preset: generic, ${settings} } }`));

test('the digest is the same however the file is written', () => {
  const digest = digestOf('secrets: [A], apps: [3616cdca-0000-4000-8000-0000000000aa], dryRun: false');
  expect(digestOf('apps: ["3616CDCA-0000-4000-8000-0000000000AA"], secrets: ["A"]')).toBe(digest);
});

test.each(['mode: deferred', 'dryRun: true', 'changeOrderId: id', 'app: id', 'cluster: k8s', 'when: a'])(
  'the digest is another with %s',
  (setting) => {
    expect(digestOf(`secrets: [A], ${setting}`)).not.toBe(digestOf('secrets: [A]'));
  },
);

test('the digest is the SHA-256 of JSON whose keys are sorted, at every depth', () => {
  const sources = [{ name: 'b', deadlineMs: 1, verify: { scheme: 'link', source: 'b' }, app: undefined }];
  const json = '[{"deadlineMs":1,"name":"b","verify":{"scheme":"link","source":"b"}}]';
  const digest = createHash('sha256').update(json).digest('hex');
  expect(configurationDigest(sources as never)).toBe(digest);
  const reversed = [{ verify: { source: 'b', scheme: 'link' }, deadlineMs: 1, name: 'b' }];
  expect(configurationDigest(reversed as never)).toBe(digest);
});

test('the digest is another with a source of events that asks people by way of the webhook function', () => {
  const sources = compileSources('sources: { pipeline: { preset: generic, secrets: [A] } }');
  const asking = [{ name: 'slo', confirm: { of: 'all', withinMs: 1, by: 'page', people: 1 } }] as never;
  expect(configurationDigest(sources, asking)).not.toBe(configurationDigest(sources));
});
