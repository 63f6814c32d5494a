/**
 * The status numbers of a change order. EDAS documents no 4 and no 5.
 * https://www.alibabacloud.com/help/en/edas/developer-reference/api-edas-2017-08-01-getchangeorderinfo
 */
export const changeOrderStatus = {
  ready: 0,
  running: 1,
  succeeded: 2,
  failed: 3,
  terminated: 6,
  partlySucceeded: 7,
  awaitingConfirmation: 8,
  awaitingNextBatch: 9,
  systemException: 10,
} as const;

/** A status that EDAS documents. */
export type ChangeOrderStatus = (typeof changeOrderStatus)[keyof typeof changeOrderStatus];

/**
 * What a status means for a rollback.
 *
 * - `in_flight`: it moves by itself, or waits for a person.
 * - `finished`: it will not move again.
 * - `terminated`: it was ended from outside. That is what a rollback leaves, but so does `AbortChangeOrder`, after
 *   which the instances already updated stay updated.
 */
export type ChangeOrderPhase = 'in_flight' | 'finished' | 'terminated';

/** How a change order that is at rest has ended. */
export type ChangeOrderEnd = 'succeeded' | 'partly_succeeded' | 'failed' | 'terminated';

interface StatusMeaning {
  meaning: string;
  phase: ChangeOrderPhase;
  end?: ChangeOrderEnd;
}

const meanings: Record<ChangeOrderStatus, StatusMeaning> = {
  [changeOrderStatus.ready]: { meaning: 'ready', phase: 'in_flight' },
  [changeOrderStatus.running]: { meaning: 'running', phase: 'in_flight' },
  [changeOrderStatus.succeeded]: { meaning: 'succeeded', phase: 'finished', end: 'succeeded' },
  [changeOrderStatus.failed]: { meaning: 'failed', phase: 'finished', end: 'failed' },
  [changeOrderStatus.terminated]: { meaning: 'terminated', phase: 'terminated', end: 'terminated' },
  [changeOrderStatus.partlySucceeded]: {
    meaning: 'partly succeeded',
    phase: 'finished',
    end: 'partly_succeeded',
  },
  [changeOrderStatus.awaitingConfirmation]: {
    meaning: 'waiting for a person to confirm the next batch',
    phase: 'in_flight',
  },
  [changeOrderStatus.awaitingNextBatch]: { meaning: 'waiting for the next batch', phase: 'in_flight' },
  [changeOrderStatus.systemException]: {
    meaning: 'failed with a system exception',
    phase: 'finished',
    end: 'failed',
  },
};

/** Whether EDAS documents this status. */
export function isDocumentedStatus(status: number): status is ChangeOrderStatus {
  return Object.hasOwn(meanings, status);
}

/** The phase of a status, or undefined where EDAS does not document the status. */
export function phaseOf(status: number | undefined): ChangeOrderPhase | undefined {
  return meaningOf(status)?.phase;
}

/** How an order of this status has ended, or undefined where it has not, or EDAS does not document the status. */
export function endOf(status: number | undefined): ChangeOrderEnd | undefined {
  return meaningOf(status)?.end;
}

/** A status for a person to read, e.g. `1 (running)`. */
export function describeStatus(status: number | undefined): string {
  if (status === undefined) return 'not given';
  return `${status} (${meaningOf(status)?.meaning ?? 'a status that EDAS does not document'})`;
}

function meaningOf(status: number | undefined): StatusMeaning | undefined {
  return status !== undefined && isDocumentedStatus(status) ? meanings[status] : undefined;
}
