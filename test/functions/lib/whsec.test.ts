import { expect, test } from 'vitest';
import { decodeWhsec } from '../../../functions/lib/whsec.ts';

test.each([
  ['whsec_AAEC', '000102'],
  ['whsec_+/8=', 'fbff'],
  ['whsec_+w==', 'fb'],
  // https://github.com/standard-webhooks/standard-webhooks, python: test_signature_verification_with_unpadded_secret
  ['whsec_+/8', 'fbff'],
  // https://github.com/standard-webhooks/standard-webhooks, javascript: the prefix may be left out
  ['AAEC', '000102'],
  ['+/8=', 'fbff'],
])('the key of %s is the bytes %s', (secret, key) => {
  expect(decodeWhsec(secret)?.toString('hex')).toBe(key);
});

test.each(['', 'whsec_', 'whsec_=', 'whsec_=='])('a key is never empty: %j', (secret) => {
  expect(decodeWhsec(secret)).toBeUndefined();
});

test.each([
  'WHSEC_AAEC',
  'whsec_whsec_AAEC',
  'AAECwhsec_AAEC',
  'whsec_!!!!',
  'whsec_-_8=',
  'whsec_A',
  'whsec_AAECA',
  'whsec_AAEC\n',
  // One sign of the padding was not copied, one was typed, and two secrets stuck together.
  'whsec_+w=',
  'whsec_AAEC=',
  'whsec_+/8=AAEC',
])('a key does not come from something else: %j', (secret) => {
  expect(decodeWhsec(secret)).toBeUndefined();
});
