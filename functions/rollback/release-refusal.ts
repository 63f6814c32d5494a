import type { HistoryVersion } from '../edas/release.ts';
import { Problem, type ErrorCode } from '../errors.ts';
import { excerpt } from '../lib/text.ts';
import type { ReleaseRequest } from './release.ts';
import { newestVersionFirst } from './version-history.ts';

export const decideInConsole = 'Decide in the EDAS console, and roll back there.';

/** It is not certain which version runs, or ran before. */
export function uncertain(
  request: ReleaseRequest,
  history: readonly HistoryVersion[],
  fault: string,
): Problem {
  const names = history.toSorted(newestVersionFirst).map(({ version }) => quoted(version));
  const seen = `${fault} Versions, the newest first: ${excerpt(names.join(', '), 300) || 'none'}.`;
  return refused('previous_version_uncertain', seen, 'Choose one in the EDAS console.', request);
}

/** @param seen what was seen, as sentences; advice: what to do */
export function refused(
  code: ErrorCode,
  seen: string,
  advice: string,
  { app, changeOrderId }: ReleaseRequest,
): Problem {
  return new Problem(code, `${seen} This request rolled nothing back. ${advice}`, { app, changeOrderId });
}

/** A text of EDAS inside a sentence. */
export function quoted(text: string): string {
  return `“${excerpt(text, 80)}”`;
}

export function minutes(ms: number): string {
  const whole = Math.round(ms / 60_000);
  return whole < 120 ? `${whole} min` : `${Math.round(whole / 60)} h`;
}
