import type { EdasFailure } from '../edas/failure.ts';
import { Problem, type ErrorCode, type ProblemFacts } from '../errors.ts';

/** What EDAS was asked to do when it failed. */
export type Request = 'read' | 'rollback';

/** A failure of a read that counts, or of a rollback that leaves no doubt: nothing was rolled back. */
export function refusal(failure: EdasFailure, request: Request, subject: ProblemFacts): Problem {
  const detail = `${explain(failure, request, subject.app)} ${nothingWasDone(failure, request)}`;
  const facts = failure.kind === 'throttled' ? { ...subject, retryAfterSeconds: 5 } : subject;
  return problemOfFailure(codes[failure.kind], detail, failure, facts);
}

const codes = {
  not_sent: 'edas_unavailable',
  unauthenticated: 'edas_denied',
  denied: 'edas_denied',
  throttled: 'edas_throttled',
  not_found: 'change_order_not_found',
  rejected: 'edas_rejected',
  doubt: 'edas_unavailable',
} as const satisfies Record<EdasFailure['kind'], ErrorCode>;

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

/** No time is left for a call. */
export function outOfTime(subject: ProblemFacts): Problem {
  return new Problem('edas_unavailable', 'No time was left to ask EDAS. No rollback was sent.', subject);
}

/** What EDAS said, and what to do where it is no passing trouble. */
export function explain(failure: EdasFailure, request: Request, app = '<application>'): string {
  switch (failure.kind) {
    case 'denied':
      // https://www.alibabacloud.com/help/en/edas/developer-reference/api-edas-2017-08-01-rollbackchangeorder
      return `${sentence(failure)} The function's role needs ${actions[request]} on acs:edas:<region>:<account>:namespace/<namespace>/application/${app}.`;
    case 'unauthenticated':
      return `${sentence(failure)} EDAS does not accept the credentials of the function's role: look whether the role still exists, and at EDAS_ENDPOINT.`;
    case 'not_found':
      return `${sentence(failure)} Check the id, and that REGION is the region of its application.`;
    default:
      return sentence(failure);
  }
}

const actions = { read: 'edas:ReadApplication', rollback: 'edas:ManageApplication' } as const;

export function sentence({ message }: EdasFailure): string {
  return /[.\u2026]$/.test(message) ? message : `${message}.`;
}

/** A rollback that EDAS refused was sent, after all. */
function nothingWasDone({ kind }: EdasFailure, request: Request): string {
  return request === 'read' || kind === 'not_sent' ? 'No rollback was sent.' : 'Nothing was rolled back.';
}
