import { expect, test } from 'vitest';
import { compileSources } from '../../../local/build/compile-sources.ts';
import { lateAlertSource } from '../../../local/sandbox/late-alert.ts';

test("the sandbox's own source rolls back what ended within half an hour, of its own application alone", () => {
  const own = compileSources('sources: { pipeline: { preset: generic, secrets: [SECRET_PIPELINE] } }');
  expect(lateAlertSource(own)).toMatchObject({
    name: 'late-alert',
    apps: ['3616cdca-0000-4000-8000-00000000a1e7'],
    ended: { withinMs: 1_800_000, group: 'all', batches: 1 },
  });
});

test('it gives way to a source of the same name', () => {
  const own = compileSources('sources: { late-alert: { preset: generic, secrets: [SECRET_PIPELINE] } }');
  expect(lateAlertSource(own)).toBeUndefined();
});
