import { errorCatalogue, type Problem } from '../../errors.ts';
import type { FunctionResponse } from '../../platform/function-compute.ts';
import type { RollbackOutcome } from '../../rollback/rollback.ts';

/** What became of a request that was let in. */
export type Outcome = RollbackOutcome | { outcome: 'ignored'; message: string };

/** What every answer says besides its content. Left out where it is not known yet. */
export interface ReplyContext {
  source?: string | undefined;
  requestId?: string | undefined;
}

const outcomeStatus: Record<Outcome['outcome'], number> = {
  rolling_back: 202,
  already_terminated: 200,
  ignored: 200,
  dry_run: 200,
  suspended: 200,
};

export function replyWithOutcome(outcome: Outcome, context: ReplyContext): FunctionResponse {
  return reply(outcomeStatus[outcome.outcome], 'application/json', { ...outcome, ...context });
}

/**
 * A failure as RFC 9457 problem details.
 *
 * @param refusalStatus replaces 409, for senders that disable a hook on any 4xx
 */
export function replyWithProblem(
  problem: Problem,
  context: ReplyContext,
  refusalStatus = 409,
): FunctionResponse {
  const { code, message, facts } = problem;
  const { title, status: usualStatus, retry } = errorCatalogue[code];
  const { allow, retryAfterSeconds, ...rest } = facts;
  const status = usualStatus === 409 ? refusalStatus : usualStatus;
  const body = {
    type: `docs/errors.md#${code}`,
    title,
    status,
    code,
    detail: message,
    retry,
    ...rest,
    ...context,
  };
  return reply(status, 'application/problem+json', body, {
    ...(allow !== undefined && { Allow: allow }),
    ...(retryAfterSeconds !== undefined && { 'Retry-After': String(retryAfterSeconds) }),
    // RFC 9110 wants a challenge with every 401.
    ...(status === 401 && { 'WWW-Authenticate': 'Webhook-Signature' }),
  });
}

export function replyWithHealth(health: {
  version: string;
  sources: number;
  ready: number;
}): FunctionResponse {
  return reply(200, 'application/json', { name: 'edas-rollback-webhook', ...health });
}

function reply(
  statusCode: number,
  contentType: string,
  body: object,
  headers: Record<string, string> = {},
): FunctionResponse {
  return {
    statusCode,
    headers: { 'Content-Type': contentType, 'Cache-Control': 'no-store', ...headers },
    isBase64Encoded: false,
    body: `${JSON.stringify(body)}\n`,
  };
}
