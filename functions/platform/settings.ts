import type { Environment, FunctionContext } from './function-compute.ts';

/** A setting from the environment. A deployment cannot leave a variable out, only empty. */
export function setting(env: Environment, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name];
}

/** The region of the applications and of their secrets: the one that is set, else the function's own. */
export function regionOf(context: FunctionContext, env: Environment): string | undefined {
  return setting(env, 'REGION') ?? context.region ?? setting(env, 'FC_REGION');
}

/** Whoever sets this switch at night means it: every spelling but a clear "no" suspends. */
export function isSuspended(env: Environment): boolean {
  const value = (env['ROLLBACK_SUSPENDED'] ?? '').trim().toLowerCase();
  return !['', 'false', '0', 'no', 'off'].includes(value);
}
