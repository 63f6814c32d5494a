import { expect, test } from 'vitest';
import { AuditRecord } from '../../../functions/execute/audit-record.ts';

test('what is known of a delivery grows, and no later word replaces it', () => {
  const record = new AuditRecord();
  record.add({ source: 'slo', app: undefined });
  record.add({ source: 'other', app: 'fake-app', actor: 'alice' });
  record.add({ app: undefined, actor: '' });
  expect(record.facts).toMatchObject({ source: 'slo', app: 'fake-app', actor: 'alice', delivery: undefined });
});

test('one delivery knows nothing of another', () => {
  const [first, second] = [new AuditRecord(), new AuditRecord()];
  first.add({ source: 'slo' });
  expect(second.facts.source).toBeUndefined();
});
