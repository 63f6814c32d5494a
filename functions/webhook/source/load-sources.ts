import { faultOfAsking } from '../../execute/confirm-settings.ts';
import type { Log } from '../../platform/log.ts';
import type { Environment } from '../../platform/settings.ts';
import { isShort, readKey, warnOfShortKey, type KeyHolder } from '../../secrets/read-key.ts';
import { nameInKms } from '../../secrets/secret-name.ts';
import type { CompiledSource } from './compiled-source.ts';

/**
 * A source with its keys. If one of its variables cannot be used, it has no keys and no secrets in KMS, and refuses
 * every request.
 */
export interface Source extends CompiledSource, Omit<KeyHolder, 'verify'> {}

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
  const isComplete = keys.length === variables.length && canAskPeople(source, env, log);
  return isComplete ? { ...source, keys, secretsInKms } : { ...source, keys: [], secretsInKms: [] };
}

/** Whether a source that asks people can make links: without one, an alert would wait for a person who is never asked. */
function canAskPeople(source: CompiledSource, env: Environment, log: Log): boolean {
  const fault = faultOfAsking(source, env);
  if (!fault) return true;
  const { variable, reason } = fault;
  log('error', 'a source is closed', { source: source.name, variable, reason: `${variable} ${reason}` });
  return false;
}
