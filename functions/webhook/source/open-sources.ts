import type { Log } from '../../platform/log.ts';
import type { Environment } from '../../platform/function-compute.ts';
import { readVariable } from '../../variable.ts';
import { decodeSecret, publicZendeskSecret } from '../verify/secret.ts';
import { secretEncodingOf, type VerifyParameters } from '../verify/verify.ts';
import type { CompiledSource } from './source.ts';

/** A source with its keys: as many as it has secrets, or none where one of these cannot be used. */
export interface Source extends CompiledSource {
  keys: readonly Buffer[];
}

/** Whether nobody can be let in. */
export function isClosed({ keys }: Source): boolean {
  return keys.length === 0;
}

/**
 * Reads the secrets from the environment, once at start. A source whose secret is missing or unfit stays closed, for
 * a source that is open to anybody would be worse; the log says which variable and why, and never the value.
 */
export function openSources(
  compiled: readonly CompiledSource[],
  env: Environment,
  log: Log,
): ReadonlyMap<string, Source> {
  return new Map(compiled.map((source) => [source.name, openSource(source, env, log)]));
}

function openSource(source: CompiledSource, env: Environment, log: Log): Source {
  const keys: Buffer[] = [];
  for (const variable of source.secrets) {
    const key = readKey(env[variable], source.verify);
    if (typeof key === 'string') {
      log('error', 'a source is closed', { source: source.name, variable, reason: `${variable} ${key}` });
    } else {
      keys.push(key);
      if (key.length < shortestKeyBytes) warnOfShortKey(source.name, variable, log);
    }
  }
  return { ...source, keys: keys.length === source.secrets.length ? keys : [] };
}

/** Shorter than this, a key can be found by trying. https://www.rfc-editor.org/rfc/rfc2104#section-3 asks for more. */
const shortestKeyBytes = 16;

function warnOfShortKey(source: string, variable: string, log: Log): void {
  const reason = `${variable} is shorter than ${shortestKeyBytes} bytes; make one with: openssl rand -hex 32`;
  log('warn', 'a secret is short', { source, variable, reason });
}

/** The key, or what is wrong with the secret. */
function readKey(value: string | undefined, verify: VerifyParameters): Buffer | string {
  const variable = readVariable(value);
  if ('fault' in variable) return variable.fault;
  const { text: secret } = variable;
  if (secret === publicZendeskSecret) return "is Zendesk's test secret, which everybody knows";
  const isBasic = verify.scheme === 'token' && verify.format === 'basic';
  if (isBasic && !/^[^:]+:./.test(secret)) return 'is not of the form user:password';
  const encoding = secretEncodingOf(verify);
  return decodeSecret(secret, encoding) ?? `cannot be decoded: its encoding is ${encoding}`;
}
