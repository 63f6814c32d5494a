/**
 * The states of a change order.
 *
 * - `in_flight`: it moves by itself, or waits for a person.
 * - `finished`: it will not move again.
 * - `terminated`: it was ended from outside. That is what a rollback leaves, but so does `AbortChangeOrder`, after
 *   which the instances already updated stay updated.
 */
export type ChangeOrderPhase = 'in_flight' | 'finished' | 'terminated';

/** How a change order that is at rest has ended. */
export type ChangeOrderEnd = 'succeeded' | 'partly_succeeded' | 'failed' | 'terminated';

interface ChangeOrderState {
  meaning: string;
  phase: ChangeOrderPhase;
  end?: ChangeOrderEnd;
}

// 0 to 10: https://www.alibabacloud.com/help/en/edas/developer-reference/api-edas-2017-08-01-getchangeorderinfo
// 4 and 5 are documented nowhere.
const states: Record<number, ChangeOrderState> = {
  0: { meaning: 'ready', phase: 'in_flight' },
  1: { meaning: 'running', phase: 'in_flight' },
  2: { meaning: 'succeeded', phase: 'finished', end: 'succeeded' },
  3: { meaning: 'failed', phase: 'finished', end: 'failed' },
  6: { meaning: 'terminated', phase: 'terminated', end: 'terminated' },
  7: { meaning: 'partly succeeded', phase: 'finished', end: 'partly_succeeded' },
  8: { meaning: 'waiting for a person to confirm the next batch', phase: 'in_flight' },
  9: { meaning: 'waiting for the next batch', phase: 'in_flight' },
  10: { meaning: 'failed with a system exception', phase: 'finished', end: 'failed' },
};

/** The phase of a status number, or undefined where nobody documents it. */
export function phaseOf(status: number | undefined): ChangeOrderPhase | undefined {
  return status === undefined ? undefined : states[status]?.phase;
}

/** How an order of this status has ended, or undefined where it has not, or nobody documents it. */
export function endOf(status: number | undefined): ChangeOrderEnd | undefined {
  return status === undefined ? undefined : states[status]?.end;
}

/** A status for a person to read, e.g. `1 (running)`. */
export function describeStatus(status: number | undefined): string {
  if (status === undefined) return 'not given';
  return `${status} (${states[status]?.meaning ?? 'a status that EDAS does not document'})`;
}
