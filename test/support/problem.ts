import { Problem, type ErrorCode } from '../../functions/errors.ts';

/** The Problem that the work throws, undefined where it throws nothing. Anything else that it throws goes through. */
export function problemOf(work: () => unknown): Problem | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return requireProblem(error);
  }
}

/** The same for work that takes its time. */
export async function problemOfAsync(work: () => Promise<unknown>): Promise<Problem | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return requireProblem(error);
  }
}

export function codeOf(work: () => unknown): ErrorCode | undefined {
  return problemOf(work)?.code;
}

export async function codeOfAsync(work: () => Promise<unknown>): Promise<ErrorCode | undefined> {
  return (await problemOfAsync(work))?.code;
}

/** What a check says of its arguments: `accepted`, or the code of the Problem that it throws. */
export function verdictOf<Arguments extends unknown[]>(
  check: (...attempt: Arguments) => unknown,
): (...attempt: Arguments) => string {
  return (...attempt) => codeOf(() => check(...attempt)) ?? 'accepted';
}

function requireProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  throw error;
}
