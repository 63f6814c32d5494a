import type { EdasFailure } from '../edas/failure.ts';
import { Problem, type ErrorCode, type ProblemFacts } from '../errors.ts';

/** A failure of a read that counts, or of a rollback that leaves no doubt: nothing was rolled back. */
export function refusal(failure: EdasFailure, subject: ProblemFacts): Problem {
  switch (failure.kind) {
    case 'throttled':
      return problemOfFailure('edas_throttled', sentence(failure), failure, {
        ...subject,
        retryAfterSeconds: 5,
      });
    case 'denied':
      return problemOfFailure('edas_denied', deniedDetail(failure), failure, subject);
    case 'not_found':
      return problemOfFailure('change_order_not_found', sentence(failure), failure, subject);
    case 'rejected':
      return problemOfFailure('edas_rejected', notSent(failure), failure, subject);
    case 'not_sent':
    case 'doubt':
      return problemOfFailure('edas_unavailable', notSent(failure), failure, subject);
  }
}

/** A problem that carries what EDAS said of the call that failed. */
export function problemOfFailure(
  code: ErrorCode,
  detail: string,
  failure: EdasFailure,
  subject: ProblemFacts,
): Problem {
  const { requestId, traceId } = failure;
  return new Problem(code, detail, { ...subject, edas: { requestId, traceId } }, { cause: failure });
}

export function sentence({ message }: EdasFailure): string {
  return /[.\u2026]$/.test(message) ? message : `${message}.`;
}

function notSent(failure: EdasFailure): string {
  return `${sentence(failure)} No rollback was sent.`;
}

function deniedDetail(failure: EdasFailure): string {
  return `${sentence(failure)} The function's role needs edas:ManageApplication and edas:ReadApplication on acs:edas:<region>:<account>:namespace/<namespace>/application/<application>.`;
}
