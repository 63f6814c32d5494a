import { Problem } from '../errors.ts';
import { openKms } from '../kms/open-kms.ts';
import { accessTo } from '../platform/access.ts';
import { readContext, type FunctionContext, type FunctionResponse } from '../platform/context.ts';
import { createLog, type Log, type LogLevel } from '../platform/log.ts';
import { levelOf, toProblem } from '../platform/problem.ts';
import type { Runtime } from '../platform/runtime.ts';
import type { RollbackDependencies } from '../rollback/dependencies.ts';
import { executeRollback, type RollbackIntent } from './execute-rollback.ts';
import { challengeReply, handshakeReply, mayBeSealedChallenge } from './handshake.ts';
import type { Ignored, Outcome } from './outcome.ts';
import { readPayload } from './payload/read.ts';
import {
  selectActor,
  reasonToIgnore,
  requireAllowed,
  requireFreshPayload,
  selectAnswerAddress,
  selectProblemStart,
  selectTarget,
} from './payload/select.ts';
import { rawBody, receive, type WebhookRequest } from './receive.ts';
import { replyWithHealth, replyWithOutcome, replyWithProblem } from './reply/reply.ts';
import type { Configuration } from './source/compiled-source.ts';
import { findSource, requireOpen, requirePost } from './source/find-source.ts';
import { createAddKmsKeys, type AddKmsKeys } from './source/kms-keys.ts';
import { createKmsSecrets } from './source/kms-secrets.ts';
import { isClosed, loadSources, type Source } from './source/load-sources.ts';
import type { Trail } from './trail.ts';
import { describeGrant, expiresSoon, type LinkGrant } from './verify/link.ts';
import type { SignedRequest } from './verify/match.ts';
import { verify } from './verify/verify.ts';

export type Handler = (event: unknown, context?: unknown) => Promise<FunctionResponse>;

/** What every request finds when it comes in. */
interface HandlerDependencies extends Runtime {
  version: string;
  digest: string;
  sources: ReadonlyMap<string, Source>;
  addKmsKeys: AddKmsKeys;
  log: Log;
}

/**
 * Makes the handler of the webhook function. It answers every event, whatever it is, and never throws; each request
 * leaves exactly one `decision` line in the log, whatever `LOG_LEVEL` says.
 */
export function createHandler(
  { version, digest, sources: compiled }: Configuration,
  world: Runtime,
): Handler {
  const { env, now, clock, write } = world;
  const log = createLog(env['LOG_LEVEL'], write, now);
  const audit = createLog('debug', write, now);
  const sources = loadSources(compiled, env, log);
  const addKmsKeys = createAddKmsKeys(createKmsSecrets({ now, clock, log }), log);
  const reception: HandlerDependencies = { ...world, version, digest, sources, addKmsKeys, log };

  return async (event, context) => {
    const trail: Trail = { startedAt: clock.now(), isVerified: false };
    const conclude = (level: LogLevel, result: object) => {
      const { startedAt, requestId, source, delivery, app, changeOrderId, actor } = trail;
      const known = { requestId, source: source?.name, delivery, app, changeOrderId, actor };
      const durationMs = Math.round(clock.now() - startedAt);
      audit(level, 'decision', Object.assign(known, result, { durationMs }));
    };
    try {
      const functionContext = readContext(context);
      trail.requestId = functionContext.requestId;
      const request = receive(event);
      trail.requestId ??= request.requestId;
      if (request.path === '/') {
        const response = answerHealth(request, reception);
        conclude('info', { outcome: 'health' });
        return response;
      }
      const outcome = await answerWebhook(request, functionContext, reception, trail);
      conclude('info', { ...outcome, body: undefined });
      return replyWithOutcome(outcome, trail);
    } catch (error) {
      const problem = toProblem(error, { requestId: trail.requestId, source: trail.source?.name }, log);
      conclude(levelOf(problem), { code: problem.code, detail: problem.message, ...problem.facts });
      return replyWithProblem(problem, trail);
    }
  };
}

/**
 * From a request to what became of its change order. Verification comes before anything reads the payload. Notes in the
 * trail what it finds out.
 */
async function answerWebhook(
  request: WebhookRequest,
  context: FunctionContext,
  reception: HandlerDependencies,
  trail: Trail,
): Promise<Outcome> {
  const now = reception.now();
  const found = findSource(reception.sources, request.path);
  trail.source = found;
  trail.delivery = found.deliveryHeader && request.headers.get(found.deliveryHeader);
  requirePost(request.method);
  requireOpen(found);

  const admission = await authenticate(found, request, now, () =>
    reception.addKmsKeys(found, () => openKms(accessTo('KMS_ENDPOINT', context, reception.env))),
  );
  if ('outcome' in admission) return admission;
  trail.isVerified = true;
  const { source, grant } = admission;
  const warn: Warn = (message, facts) => {
    reception.log('warn', message, { requestId: trail.requestId, source: source.name, ...facts });
  };
  // Here, and not where it is used: a link whose webhooks are all ignored so far must not end without a word.
  if (grant && expiresSoon(grant, now)) warn('the link expires soon', describeGrant(grant));
  if (isPing(source, request)) return { outcome: 'ignored', message: 'A ping: the signature is right.' };

  const wish = await readIntent(admission, now, trail);
  if ('outcome' in wish) return wish;
  return executeRollback(wish, source, { ...reception, context, warn }, trail);
}

type Warn = RollbackDependencies['warn'];

/** What came through the gate: a body, whose it is, and what its sender is limited to. */
interface AuthenticatedRequest {
  /** With the keys that opened it. */
  source: Source;
  body: Buffer;
  contentType: string | undefined;
  grant: LinkGrant | undefined;
}

/**
 * Asks KMS for keys only where nothing but another key could let the request in: one that is refused for any other reason
 * costs no call, and neither does one that is signed with the secret in a variable.
 */
async function authenticate(
  source: Source,
  request: WebhookRequest,
  now: number,
  withKmsKeys: () => Promise<Source>,
): Promise<AuthenticatedRequest | Ignored> {
  const { headers, query } = request;
  const signed = { headers, query, body: rawBody(request) };
  try {
    return authenticateWith(source, signed, now);
  } catch (error) {
    if (source.secretsInKms.length === 0 || !lacksKey(error, source, signed)) throw error;
  }
  return authenticateWith(await withKmsKeys(), signed, now);
}

function lacksKey(error: unknown, source: Source, signed: SignedRequest): boolean {
  if (!(error instanceof Problem)) return false;
  const { code } = error;
  if (code === 'signature_missing') return mayBeSealedChallenge(source, signed);
  return code === 'signature_mismatch' || code === 'token_mismatch';
}

function authenticateWith(
  source: Source,
  signed: SignedRequest,
  now: number,
): AuthenticatedRequest | Ignored {
  const greeting = handshakeReply(source, signed, now);
  if (greeting) return greeting;
  const grant = verify(source.verify, source.keys, signed, now);
  return { source, body: signed.body, contentType: signed.headers.get('content-type'), grant };
}

async function readIntent(
  { source, body, contentType, grant }: AuthenticatedRequest,
  now: number,
  trail: Trail,
): Promise<RollbackIntent | Ignored> {
  const payload = readPayload(source, body, contentType);
  requireFreshPayload(source, payload, now);
  const challenge = challengeReply(source, payload);
  if (challenge) return challenge;
  trail.actor = await selectActor(source, payload);
  const reason = await reasonToIgnore(source, payload);
  if (reason !== undefined) return { outcome: 'ignored', message: reason };
  await requireAllowed(source, payload);
  const problemStartedAt = await selectProblemStart(source, payload, now);
  const target = await selectTarget(source, payload, grant);
  trail.app = 'app' in target ? target.app : grant?.app;
  const answerAt = await selectAnswerAddress(source, payload);
  return { target, apps: grant ? [grant.app] : source.apps, problemStartedAt, answerAt };
}

function answerHealth(
  { method }: WebhookRequest,
  { version, digest, sources }: HandlerDependencies,
): FunctionResponse {
  if (method !== 'GET') {
    const detail = 'This path tells the health, with GET. Webhooks go to POST /<source>.';
    throw new Problem('method_not_allowed', detail, { allow: 'GET' });
  }
  const ready = [...sources.values()].filter((source) => !isClosed(source)).length;
  return replyWithHealth({ version, configuration: digest, sources: sources.size, ready });
}

function isPing({ ping }: Source, { headers }: WebhookRequest): boolean {
  return ping !== undefined && headers.get(ping.header) === ping.value;
}
