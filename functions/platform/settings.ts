import type { FunctionContext } from './context.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A setting from the environment. A deployment cannot leave a variable out, only empty. */
export function setting(env: Environment, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name];
}

/** The region of the applications and of their secrets: the one that is set, else the function's own. */
export function regionOf(context: FunctionContext, env: Environment): string | undefined {
  return setting(env, 'REGION') ?? context.region ?? setting(env, 'FC_REGION');
}

/** This switch is set in an emergency, so every value but a clear "no" suspends. */
export function isSuspended(env: Environment): boolean {
  const value = (env['ROLLBACK_SUSPENDED'] ?? '').trim().toLowerCase();
  return !['', 'false', '0', 'no', 'off'].includes(value);
}

/** Whether the code runs in Function Compute, rather than on a laptop. It sets this variable in every instance. */
export function isInFunctionCompute(env: Environment): boolean {
  return Boolean(env['FC_FUNCTION_NAME']);
}

/** The text of a variable, or what is wrong with it, without the text: it may be a secret. */
export function readVariable(text: string | undefined): { text: string } | { fault: string } {
  if (text === undefined) return { fault: 'is not set' };
  const trimmed = text.trim();
  if (trimmed === '') return { fault: 'is empty' };
  if (trimmed === text) return { text };
  return { fault: 'begins or ends with white space; a newline from a file is a usual reason' };
}
