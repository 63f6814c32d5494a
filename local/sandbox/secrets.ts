import { createHash, randomBytes } from 'node:crypto';
import type { CompiledSource } from '../../functions/webhook/source/source.ts';
import type { SecretEncoding } from '../../functions/webhook/verify/secret.ts';
import type { Secrets } from './sample-webhook.ts';

/**
 * Secrets for the stand-in, the same at every start, so that pasted lines keep working.
 *
 * @param seed another one makes secrets that open nothing
 */
export function sandboxSecrets(sources: readonly CompiledSource[], seed = 'sandbox'): Secrets {
  return secretsFor(sources, (variable, encoding) => {
    if (encoding === 'plain') return `${seed}-${variable.toLowerCase()}`;
    return encode(createHash('sha256').update(`${seed} ${variable}`).digest(), encoding);
  });
}

/** Yours from the environment; where there is none, one that nobody can guess. */
export function realSecrets(sources: readonly CompiledSource[], env: NodeJS.Dict<string>): Secrets {
  return secretsFor(sources, (variable, encoding) => {
    const own = env[variable];
    return own === undefined || own === '' ? encode(randomBytes(32), encoding) : own;
  });
}

function secretsFor(
  sources: readonly CompiledSource[],
  make: (variable: string, encoding: SecretEncoding) => string,
): Secrets {
  const pairs = sources.flatMap(({ secrets, verify }) =>
    secrets.map((variable) => [variable, make(variable, verify.secretEncoding)] as const),
  );
  return Object.fromEntries(pairs);
}

/** The secret as its sender would show it. */
function encode(bytes: Buffer, encoding: SecretEncoding): string {
  switch (encoding) {
    case 'plain':
    case 'hex':
      return bytes.toString('hex');
    case 'base64':
      return bytes.toString('base64');
    case 'whsec':
      return `whsec_${bytes.toString('base64')}`;
  }
}
