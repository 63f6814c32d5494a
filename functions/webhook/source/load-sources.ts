import type { Log } from '../../platform/log.ts';
import { type Environment, readVariable } from '../../platform/settings.ts';
import { decodeSecret, publicZendeskSecret } from '../verify/secret.ts';
import { secretEncodingOf, type VerifyParameters } from '../verify/verify.ts';
import type { CompiledSource } from './compiled-source.ts';
import { nameInKms } from './secret-name.ts';

/**
 * A source with its keys. If one of its variables cannot be used, it has no keys and no secrets in KMS, and refuses
 * every request.
 */
export interface Source extends CompiledSource {
  /** One for each variable; those of the secrets in KMS too, once they were read for the request. */
  keys: readonly Buffer[];
  /** The names of its secrets in KMS. */
  secretsInKms: readonly string[];
}

/** Whether the source refuses every request, whatever KMS says. */
export function isClosed({ keys, secretsInKms }: Source): boolean {
  return keys.length === 0 && secretsInKms.length === 0;
}

/**
 * Reads the secrets from the environment, once at start; those in KMS are read when a request needs them. A source
 * whose secret is missing or cannot be used stays closed; the log says which variable and why, and never the value.
 */
export function loadSources(
  compiled: readonly CompiledSource[],
  env: Environment,
  log: Log,
): ReadonlyMap<string, Source> {
  return new Map(compiled.map((source) => [source.name, loadSource(source, env, log)]));
}

function loadSource(source: CompiledSource, env: Environment, log: Log): Source {
  const secretsInKms = source.secrets.flatMap((secret) => nameInKms(secret) ?? []);
  const variables = source.secrets.filter((secret) => nameInKms(secret) === undefined);
  const keys: Buffer[] = [];
  for (const variable of variables) {
    const key = readKey(env[variable], source.verify);
    if (typeof key === 'string') {
      log('error', 'a source is closed', { source: source.name, variable, reason: `${variable} ${key}` });
    } else {
      keys.push(key);
      if (isShort(key)) warnOfShortKey(source.name, variable, log);
    }
  }
  return keys.length === variables.length
    ? { ...source, keys, secretsInKms }
    : { ...source, keys: [], secretsInKms: [] };
}

/** Shorter than this, a key can be found by trying. https://www.rfc-editor.org/rfc/rfc2104#section-3 asks for more. */
export const shortestKeyBytes = 16;

export function isShort(key: Buffer): boolean {
  return key.length < shortestKeyBytes;
}

/** @param secret its name in `sources.yaml` */
export function warnOfShortKey(source: string, secret: string, log: Log): void {
  const reason = `${secret} is shorter than ${shortestKeyBytes} bytes; make one with: openssl rand -hex 32`;
  const place = nameInKms(secret) === undefined ? 'variable' : 'secret';
  log('warn', 'a secret is short', { source, [place]: secret, reason });
}

/** The key, or what is wrong with the secret. */
export function readKey(value: string | undefined, verify: VerifyParameters): Buffer | string {
  const variable = readVariable(value);
  if ('fault' in variable) return variable.fault;
  const { text: secret } = variable;
  if (secret === publicZendeskSecret) return "is Zendesk's test secret, which is public";
  const isBasic = verify.scheme === 'token' && verify.format === 'basic';
  if (isBasic && !/^[^:]+:./.test(secret)) return 'is not of the form user:password';
  const encoding = secretEncodingOf(verify);
  return decodeSecret(secret, encoding) ?? `cannot be decoded: its encoding is ${encoding}`;
}
