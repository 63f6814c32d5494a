import { createHash, randomBytes } from 'node:crypto';
import type { SecretEncoding } from '../../functions/secrets/decode-secret.ts';
import { secretEncodingOf } from '../../functions/secrets/read-key.ts';
import { nameInKms } from '../../functions/secrets/secret-name.ts';
import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';
import { type VerifyParameters } from '../../functions/webhook/verify/verify.ts';

/** By name, as `secrets` in sources.yaml has it: that of an environment variable, or `kms:NAME`. */
export type Secrets = Record<string, string>;

/**
 * Secrets for the stand-in, the same at every start, so that pasted lines keep working.
 *
 * @param seed another one makes secrets with which a webhook is refused
 */
export function sandboxSecrets(sources: readonly CompiledSource[], seed = 'sandbox'): Secrets {
  return secretsFor(sources, (variable, verify) => {
    const encoding = secretEncodingOf(verify);
    if (encoding === 'plain') return withUser(`${seed}-${variable.toLowerCase()}`, verify);
    return encode(createHash('sha256').update(`${seed} ${variable}`).digest(), encoding);
  });
}

/** The secrets from the environment, and a random one where there is none. Those in KMS are read from KMS. */
export function realSecrets(sources: readonly CompiledSource[], env: NodeJS.Dict<string>): Secrets {
  const secrets = secretsFor(sources, (variable, verify) => {
    const own = env[variable];
    if (own !== undefined && own !== '') return own;
    return withUser(encode(randomBytes(32), secretEncodingOf(verify)), verify);
  });
  return inVariables(secrets);
}

/** Those that a function finds in its environment. */
export function inVariables(secrets: Secrets): Secrets {
  return Object.fromEntries(Object.entries(secrets).filter(([name]) => nameInKms(name) === undefined));
}

/** Those that a function asks KMS for, by their names there. */
export function inKms(secrets: Secrets): [name: string, secret: string][] {
  return Object.entries(secrets).flatMap(([item, secret]) => {
    const name = nameInKms(item);
    return name === undefined ? [] : [[name, secret] as [string, string]];
  });
}

/** The one that the source's sender signs with. */
export function secretOf({ secrets: [variable = ''] }: CompiledSource, secrets: Secrets): string {
  return secrets[variable] ?? '';
}

function secretsFor(
  sources: readonly CompiledSource[],
  make: (variable: string, verify: VerifyParameters) => string,
): Secrets {
  const pairs = sources.flatMap(({ secrets, verify }) =>
    secrets.map((variable) => [variable, make(variable, verify)] as const),
  );
  return Object.fromEntries(pairs);
}

/** A basic credential is a user and a password. */
function withUser(secret: string, verify: VerifyParameters): string {
  return verify.scheme === 'token' && verify.format === 'basic' ? `webhook:${secret}` : secret;
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
