/**
 * - `right`: it is as it should be.
 * - `warning`: it works, and should be looked at.
 * - `wrong`: it must be changed.
 * - `unknown`: it could not be checked, although it was to be.
 * - `skipped`: it was not to be checked, or there is nothing to check.
 */
export type Verdict = 'right' | 'warning' | 'wrong' | 'unknown' | 'skipped';

/** What one check found. Never holds a secret. */
export interface Finding {
  verdict: Verdict;
  /** A sentence without its full stop. */
  what: string;
  /** What to do about it, or how to find out more: sentences. */
  advice?: string;
  /** Each place to change, a line each, below the advice. They are many, so the summary does not repeat them. */
  places?: readonly string[];
}

/** What an examination says, in its order: headings, whom it asks and waits for, and findings. */
export type Remark = { heading: string } | { asking: string } | Finding;

export const right = (what: string): Finding => ({ verdict: 'right', what });
export const skipped = (what: string): Finding => ({ verdict: 'skipped', what });
export const warning = (what: string, advice: string): Finding => ({ verdict: 'warning', what, advice });
export const wrong = (what: string, advice: string): Finding => ({ verdict: 'wrong', what, advice });
export const unknown = (what: string, advice: string): Finding => ({ verdict: 'unknown', what, advice });
