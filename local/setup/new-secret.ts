import type { SecretEncoding } from '../../functions/secrets/decode-secret.ts';
import type { VerifyParameters } from '../../functions/webhook/verify/verify.ts';

/** As many as HMAC-SHA256 can use, and as `openssl rand -hex 32` gives. */
const secretBytes = 32;

/**
 * A secret as the sender can be given it, made of random bytes. Hexadecimal needs no quotes in an .env, and is base64 as well.
 *
 * @param random as `randomBytes` of node:crypto
 */
export function secretFor(verify: VerifyParameters, random: (bytes: number) => Buffer): string {
  const bytes = random(secretBytes);
  if (verify.scheme === 'token' && verify.format === 'basic') return `edas-rollback:${bytes.toString('hex')}`;
  if (verify.scheme === 'hmac') return encoders[verify.secretEncoding](bytes);
  return bytes.toString('hex');
}

const encoders: Record<SecretEncoding, (bytes: Buffer) => string> = {
  plain: (bytes) => bytes.toString('hex'),
  hex: (bytes) => bytes.toString('hex'),
  base64: (bytes) => bytes.toString('base64'),
  whsec: (bytes) => `whsec_${bytes.toString('base64')}`,
};
