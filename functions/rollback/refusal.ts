import type { EdasFailure } from '../edas/failure.ts';
import { Problem, type ErrorCode, type ProblemFacts } from '../errors.ts';

/** What EDAS was asked to do when it failed. */
export type EdasAction = 'read' | 'rollback';

// No page documents when a caller may come back; the documented limits count by the minute.
const retryAfterSeconds = 5;

const codes = {
  not_sent: 'edas_unavailable',
  unauthenticated: 'edas_denied',
  denied: 'edas_denied',
  throttled: 'edas_throttled',
  not_found: 'change_order_not_found',
  rejected: 'edas_rejected',
  doubt: 'edas_unavailable',
} as const satisfies Record<EdasFailure['kind'], ErrorCode>;

// https://www.alibabacloud.com/help/en/edas/developer-reference/api-edas-2017-08-01-rollbackchangeorder
const ramActions = { read: 'edas:ReadApplication', rollback: 'edas:ManageApplication' } as const;

// A refused rollback was sent, so "No rollback was sent" would be wrong for it.
const nothingWasDone = {
  read: 'No rollback was sent.',
  rollback: 'This request rolled nothing back.',
} as const;

/** The problem after a required read failed, or after a rollback that was certainly not carried out. */
export function refusal(failure: EdasFailure, action: EdasAction, subject: ProblemFacts): Problem {
  const detail = `${explain(failure, action, subject.app)} ${nothingWasDone[action]}`;
  if (failure.kind !== 'throttled') return problemFromFailure(codes[failure.kind], detail, failure, subject);
  const advice = 'Ask for the rollback again in a few seconds.';
  return problemFromFailure('edas_throttled', `${detail} ${advice}`, failure, {
    ...subject,
    retryAfterSeconds,
  });
}

/** No time is left for a call. */
export function outOfTime(subject: ProblemFacts): Problem {
  const detail =
    'No time was left to ask EDAS. This request rolled nothing back. Ask for the rollback again; if that does not help, raise deadlineMs of a webhook as far as its sender waits.';
  return new Problem('edas_unavailable', detail, subject);
}

/** A problem that carries what EDAS said of the call that failed. */
export function problemFromFailure(
  code: ErrorCode,
  detail: string,
  failure: EdasFailure,
  subject: ProblemFacts,
): Problem {
  const { requestId, traceId } = failure;
  return new Problem(code, detail, { ...subject, edas: { requestId, traceId } }, { cause: failure });
}

/** What EDAS said, and what to do where it is no passing trouble. */
export function explain(failure: EdasFailure, action: EdasAction, app = '<application>'): string {
  switch (failure.kind) {
    case 'denied':
      return `${sentence(failure)} The function's role needs ${ramActions[action]} on acs:edas:<region>:<account>:namespace/<namespace>/application/${app}.`;
    case 'unauthenticated':
      return `${sentence(failure)} EDAS does not accept the credentials of the function's role: look whether the role still exists, and at EDAS_ENDPOINT.`;
    case 'not_found':
      return `${sentence(failure)} Check the id, and that REGION is the region of its application.`;
    default:
      return sentence(failure);
  }
}

/** What EDAS said, as a sentence. */
export function sentence({ message }: EdasFailure): string {
  return /[.\u2026]$/.test(message) ? message : `${message}.`;
}
