import { describe, expect, test } from 'vitest';
import {
  faultOfAsking,
  readConfirmSettings,
  readLinkKeys,
} from '../../../functions/execute/confirm-settings.ts';
import type { ConfirmPolicy } from '../../../functions/select/policy.ts';
import { codeOfAsync } from '../../support/problem.ts';

const env = { PUBLIC_URL: 'https://rollback.example.com', CONFIRM_SECRET: 'fake-secret-of-the-links' };
const policy: ConfirmPolicy = { of: 'all', withinMs: 900_000, by: 'page', people: 1 };

test('links are made of an origin and of one key', () => {
  expect(readConfirmSettings({ ...env, PUBLIC_URL: 'https://Rollback.example.com/' })).toMatchObject({
    publicUrl: 'https://rollback.example.com',
    keys: [Buffer.from('fake-secret-of-the-links')],
    secretsInKms: [],
  });
});

test('a secret in KMS is read later', () => {
  expect(readConfirmSettings({ ...env, CONFIRM_SECRET: 'kms:links' })).toMatchObject({
    keys: [],
    secretsInKms: ['links'],
  });
});

const faults: [string, string | undefined, string, string][] = [
  ['PUBLIC_URL', undefined, 'PUBLIC_URL', 'is not set'],
  ['PUBLIC_URL', '', 'PUBLIC_URL', 'is empty'],
  ['PUBLIC_URL', 'https://example.com\n', 'PUBLIC_URL', 'begins or ends with white space'],
  ['PUBLIC_URL', 'http://example.com', 'PUBLIC_URL', 'must be https'],
  ['PUBLIC_URL', 'https://example.com/confirm', 'PUBLIC_URL', 'must be a host name or an origin'],
  ['CONFIRM_SECRET', undefined, 'CONFIRM_SECRET', 'is not set'],
  ['CONFIRM_SECRET', 'fake-short', 'CONFIRM_SECRET', 'is shorter than 16 bytes'],
  ['CONFIRM_SECRET', 'kms:', 'CONFIRM_SECRET', 'names no secret behind kms:'],
];

describe('people cannot be asked on the page', () => {
  test.each(faults)('where %s is %j, and the value is not told', (name, value, variable, reason) => {
    const fault = faultOfAsking({ confirm: policy }, { ...env, [name]: value });
    expect(fault?.variable).toBe(variable);
    expect(fault?.reason).toContain(reason);
    if (value !== undefined && value.length > 4) expect(fault?.reason).not.toContain(value);
  });

  test('and a source that does not ask there needs none of it', () => {
    expect(faultOfAsking({ confirm: undefined }, {})).toBeUndefined();
    expect(faultOfAsking({ confirm: { ...policy, by: 'chat' } }, {})).toBeUndefined();
    expect(faultOfAsking({ confirm: policy }, env)).toBeUndefined();
  });
});

describe('the keys of the links', () => {
  const settings = readConfirmSettings({ ...env, CONFIRM_SECRET: 'kms:links' });
  if (!('publicUrl' in settings)) throw new Error('they are right');
  const read = (...secrets: string[]) =>
    readLinkKeys(settings, (each) =>
      Promise.resolve({ ...each, keys: secrets.map((secret) => Buffer.from(secret)) }),
    );

  test('are the current one and those before it', async () => {
    const keys = await read('fake-secret-of-today', 'fake-secret-of-before');
    expect(keys.map(String)).toEqual(['fake-secret-of-today', 'fake-secret-of-before']);
  });

  test('have no short one among them, wherever it is kept', async () => {
    expect((await read('fake-secret-of-today', 'fake-short')).map(String)).toEqual(['fake-secret-of-today']);
    expect(await codeOfAsync(() => read('fake-short', 'fake-secret-of-before'))).toBe(
      'source_not_configured',
    );
    expect(await codeOfAsync(() => read())).toBe('source_not_configured');
  });
});
