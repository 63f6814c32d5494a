import type { Environment } from './function-compute.ts';

/** A setting from the environment. A deployment cannot leave a variable out, only empty. */
export function setting(env: Environment, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name];
}

/** Whoever sets this switch at night means it: every spelling but a clear "no" suspends. */
export function isSuspended(env: Environment): boolean {
  const value = (env['ROLLBACK_SUSPENDED'] ?? '').trim().toLowerCase();
  return !['', 'false', '0', 'no', 'off'].includes(value);
}
