import { describe, expect, test } from 'vitest';
import { isShort, readKey, warnOfShortKey } from '../../../functions/secrets/read-key.ts';
import { nameInKms } from '../../../functions/secrets/secret-name.ts';

const plain = { scheme: 'hmac' };

describe('a key', () => {
  test.each([
    ['the text as it is', plain, 'fake-secret', Buffer.from('fake-secret')],
    ['hexadecimal', { ...plain, secretEncoding: 'hex' } as const, '00fF', Buffer.from([0, 255])],
    ['base64', { ...plain, secretEncoding: 'base64' } as const, 'AP8=', Buffer.from([0, 255])],
    [
      'base64 behind whsec_',
      { ...plain, secretEncoding: 'whsec' } as const,
      'whsec_AP8=',
      Buffer.from([0, 255]),
    ],
    ['user and password', { scheme: 'token', format: 'basic' }, 'fake-user:x', Buffer.from('fake-user:x')],
  ])('is %s', (_what, use, secret, key) => {
    expect(readKey(secret, use)).toEqual(key);
  });

  test.each([
    ['is not set', plain, undefined],
    ['is empty', plain, ' '],
    ['begins or ends with white space', plain, 'fake-secret\n'],
    ['is not of the form user:password', { scheme: 'token', format: 'basic' }, 'fake-secret'],
    ['is not of the form user:password', { scheme: 'token', format: 'basic' }, 'fake-user:'],
    ['cannot be decoded: its encoding is hex', { ...plain, secretEncoding: 'hex' } as const, 'fake-secret'],
    ['with or without whsec_ before it', { ...plain, secretEncoding: 'whsec' } as const, 'fake secret'],
  ])('is none where the secret %s, and the secret is not told', (fault, use, secret) => {
    const read = readKey(secret, use);
    expect(read).toContain(fault);
    if (secret !== undefined && secret.trim() !== '') expect(read).not.toContain(secret.trim());
  });

  test('is short below 16 bytes, of which the log warns with the place of the secret', () => {
    expect([15, 16].map((length) => isShort(Buffer.alloc(length)))).toEqual([true, false]);
    const warnings: unknown[] = [];
    const log = (level: string, message: string, fields?: object) =>
      void warnings.push([level, message, fields]);
    warnOfShortKey('slo', 'FAKE_SECRET', log);
    warnOfShortKey('slo', 'kms:fake', log);
    expect(warnings).toMatchObject([
      ['warn', 'a secret is short', { source: 'slo', variable: 'FAKE_SECRET' }],
      ['warn', 'a secret is short', { source: 'slo', secret: 'kms:fake' }],
    ]);
  });
});

test.each([
  ['kms:links', 'links'],
  ['kms:', ''],
  ['SECRET', undefined],
  ['KMS:links', undefined],
])('the secret %j is named %j in KMS', (secret, name) => {
  expect(nameInKms(secret)).toBe(name);
});
