import { errorCatalogue, type Problem } from '../../errors.ts';
import type { Outcome } from '../../execute/outcome.ts';
import type { FunctionResponse } from '../../platform/context.ts';
import type { TypedCommand } from '../payload/select-command.ts';
import type { Chat, CompiledSource } from '../source/compiled-source.ts';
import { chatMessage, type Asking } from './chat.ts';

/** What is known of a request when it is answered. */
export interface ReplyContext {
  source?: CompiledSource | undefined;
  requestId?: string | undefined;
  /** Who asked, as the sender says it. */
  actor?: string | undefined;
  /** Whether the request was a person's decision. */
  isDecision?: boolean | undefined;
  /** The https address under which docs/errors.md can be read. */
  docsUrl?: string | undefined;
  /** What a person wrote, once it is read. */
  command?: TypedCommand | undefined;
  /** Whether the sender has proved who it is. Until then the answer is JSON, also for a chat. */
  isVerified: boolean;
}

const outcomeStatus: Record<Outcome['outcome'], number> = {
  rolling_back: 202,
  deferred: 202,
  already_terminated: 200,
  already_rolled_back: 200,
  asked: 202,
  approved: 202,
  left_alone: 200,
  ignored: 200,
  dry_run: 200,
  suspended: 200,
};

/** An outcome in the language of its sender: JSON, or a message of its chat. */
export function replyWithOutcome(outcome: Outcome, context: ReplyContext): FunctionResponse {
  if (outcome.outcome === 'ignored' && outcome.body !== undefined) {
    return response(200, outcome.body === '' ? 'text/plain' : 'application/json', outcome.body);
  }
  const asking = askingOf(context);
  if (asking) return json(200, 'application/json', chatMessage(outcome, asking));
  const { source, requestId } = context;
  return json(source?.successStatus ?? statusOfOutcome(outcome), 'application/json', {
    ...outcome,
    source: source?.name,
    requestId,
  });
}

/**
 * A failure as RFC 9457 problem details, or as a message of a chat, which shows its people nothing of an answer whose
 * status is not 200. A source's `refusalStatus` takes the place of every 4xx that has nothing to do with who the sender
 * is: some senders disable a webhook after a few of these.
 */
export function replyWithProblem(problem: Problem, given: ReplyContext): FunctionResponse {
  // A stale time in the payload is a 401 although the signature was right, so the sender does not count as verified.
  const isVerified = given.isVerified && errorCatalogue[problem.code].status !== 401;
  const context = { ...given, isVerified };
  const asking = askingOf(context);
  if (asking) return json(200, 'application/json', chatMessage(problem, asking));
  const { code, message, facts } = problem;
  const { title, retry } = errorCatalogue[code];
  const { allow, retryAfterSeconds, ...rest } = facts;
  const status = statusOf(problem, context);
  const { source, requestId, docsUrl } = context;
  const body = {
    type: `${docsUrl?.startsWith('https://') ? docsUrl : 'docs/errors.md'}#${code}`,
    title,
    status,
    code,
    detail: message,
    retry,
    ...rest,
    source: source?.name,
    requestId,
  };
  return json(status, 'application/problem+json', body, {
    ...(allow !== undefined && { Allow: allow }),
    ...(retryAfterSeconds !== undefined && { 'Retry-After': String(retryAfterSeconds) }),
    // RFC 9110 wants a challenge with every 401.
    ...(status === 401 && { 'WWW-Authenticate': authenticationChallenge(source) }),
  });
}

export function replyWithHealth(health: {
  version: string;
  configuration: string;
  sources: number;
  ready: number;
}): FunctionResponse {
  return json(200, 'application/json', { name: 'edas-rollback-webhook', ...health });
}

/** Where people of a chat read the answer, what it is made for. */
function askingOf({ source, isVerified, actor, command, isDecision }: ReplyContext): Asking | undefined {
  const chat: Chat | undefined = source && source.reply !== 'json' ? source.reply : undefined;
  return chat && isVerified ? { chat, language: source?.language, actor, command, isDecision } : undefined;
}

function statusOfOutcome(outcome: Outcome): number {
  return 'duplicate' in outcome ? 200 : outcomeStatus[outcome.outcome];
}

function statusOf({ code }: Problem, { source, isVerified }: ReplyContext): number {
  const { status } = errorCatalogue[code];
  const isRefusal = isVerified && status >= 400 && status <= 499;
  return isRefusal ? (source?.refusalStatus ?? status) : status;
}

function authenticationChallenge(source: CompiledSource | undefined): string {
  if (source?.verify.scheme !== 'token') return 'Webhook-Signature';
  const { format } = source.verify;
  if (format === 'plain') return 'Webhook-Token';
  return format === 'basic' ? 'Basic realm="webhook"' : 'Bearer';
}

function json(
  statusCode: number,
  contentType: string,
  body: object,
  headers: Record<string, string> = {},
): FunctionResponse {
  return response(statusCode, contentType, `${JSON.stringify(body)}\n`, headers);
}

function response(
  statusCode: number,
  contentType: string,
  body: string,
  headers: Record<string, string> = {},
): FunctionResponse {
  return {
    statusCode,
    headers: { 'Content-Type': contentType, 'Cache-Control': 'no-store', ...headers },
    isBase64Encoded: false,
    body,
  };
}
