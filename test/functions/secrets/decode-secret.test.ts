import { describe, expect, test } from 'vitest';
import { decodeSecret, type SecretEncoding } from '../../../functions/secrets/decode-secret.ts';

describe('the key', () => {
  test.each<[SecretEncoding, string, string]>([
    ['plain', 'fake-secret', '66616b652d736563726574'],
    ['plain', 'ключ♥', 'd0bad0bbd18ed187e299a5'],
    // Some secrets only look as if they were encoded.
    ['plain', 'whsec_AAEC', '77687365635f41414543'],
    ['hex', '00ff10', '00ff10'],
    ['hex', '00FF10', '00ff10'],
    ['base64', '+/8=', 'fbff'],
    ['base64', '+w==', 'fb'],
    ['whsec', 'whsec_AAEC', '000102'],
    ['whsec', 'AAEC', '000102'],
  ])('of a %s secret %s is the bytes %s', (encoding, secret, key) => {
    expect(decodeSecret(secret, encoding)?.toString('hex')).toBe(key);
  });

  // https://github.com/standard-webhooks/standard-webhooks, python: test_signature_verification_with_unpadded_secret
  test('of a base64 secret needs no padding, for some senders show it without', () => {
    expect(decodeSecret('+/8', 'base64')?.toString('hex')).toBe('fbff');
  });

  test.each<[SecretEncoding, string]>([
    ['plain', ''],
    ['hex', ''],
    ['base64', ''],
    ['base64', '=='],
    ['base64', '===='],
    ['whsec', 'whsec_'],
  ])('of a %s secret is never empty: %j', (encoding, secret) => {
    expect(decodeSecret(secret, encoding)).toBeUndefined();
  });

  test.each<[SecretEncoding, string]>([
    ['hex', 'not hex'],
    ['hex', '00f'],
    ['base64', 'not base64!'],
    ['base64', 'whsec_AAEC'],
    ['base64', '-_8='],
    ['base64', 'AAEC\n'],
    ['base64', 'AAECA'],
    // One sign of the padding was not copied, one was typed, and two secrets stuck together.
    ['base64', '+w='],
    ['base64', 'AAEC='],
    ['base64', '+/8=AAEC'],
    ['whsec', 'not base64!'],
  ])('of a %s secret does not come from something else: %j', (encoding, secret) => {
    expect(decodeSecret(secret, encoding)).toBeUndefined();
  });
});
