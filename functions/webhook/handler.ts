import { Problem } from '../errors.ts';
import { AuditRecord } from '../execute/audit-record.ts';
import { confirmPath } from '../execute/confirm-path.ts';
import { executeIntent } from '../execute/execute-intent.ts';
import { openExecution } from '../execute/open-execution.ts';
import type { Outcome } from '../execute/outcome.ts';
import { openKms } from '../kms/open-kms.ts';
import { lazily } from '../lib/async.ts';
import { accessTo } from '../platform/access.ts';
import { readContext, type FunctionContext, type FunctionResponse } from '../platform/context.ts';
import { createAuditLog, createLog, type Log, type LogLevel } from '../platform/log.ts';
import type { Runtime } from '../platform/runtime.ts';
import { setting } from '../platform/settings.ts';
import { levelOf, toProblem } from '../platform/to-problem.ts';
import { createAddKmsKeys, type AddKmsKeys } from '../secrets/kms-keys.ts';
import { createKmsSecrets } from '../secrets/kms-secrets.ts';
import { reasonToIgnore, requireAllowed, selectActor } from '../select/conditions.ts';
import { requireExpected } from '../select/expected.ts';
import { selectIntent } from '../select/intent.ts';
import { withoutMonitorAlarms } from '../select/monitor-alarms.ts';
import type { RollbackPolicy } from '../select/policy.ts';
import { selectSummary } from '../select/summary.ts';
import { authenticate, type AuthenticatedRequest } from './authenticate.ts';
import { decideInChat } from './decide-in-chat.ts';
import { challengeReply } from './handshake.ts';
import { selectAnswerAddress, selectPerson } from './payload/chat-fields.ts';
import { reasonNoCommand, targetOfCommand } from './payload/command-target.ts';
import { requireFreshPayload } from './payload/fresh-payload.ts';
import { readPayload } from './payload/read.ts';
import { selectCommand } from './payload/select-command.ts';
import { rawBody, receive, type WebhookRequest } from './receive.ts';
import { replyWithHealth, replyWithOutcome, replyWithProblem, type ReplyContext } from './reply/reply.ts';
import type { Configuration } from './source/compiled-source.ts';
import { findSource, requireOpen, requirePost } from './source/find-source.ts';
import { isClosed, loadSources, type Source } from './source/load-sources.ts';
import { describeGrant, expiresSoon } from './verify/link.ts';

export type Handler = (event: unknown, context?: unknown) => Promise<FunctionResponse>;

/** What an instance of the function has for every request. */
interface HandlerDependencies extends Runtime {
  version: string;
  digest: string;
  sources: ReadonlyMap<string, Source>;
  /** Of all that ask people: its own sources, and those of events. */
  policies: ReadonlyMap<string, RollbackPolicy>;
  addKmsKeys: AddKmsKeys;
  log: Log;
}

/** One request on its way through the handler. */
interface RequestInProgress {
  request: WebhookRequest;
  context: FunctionContext;
  /** When the request came in: milliseconds on the monotonic clock, for the deadline. */
  startedOnClock: number;
  /** The same moment as a time of day, epoch milliseconds. */
  receivedAt: number;
  record: AuditRecord;
  /** What the answer needs beside the record: read out of the payload. */
  replying: Pick<ReplyContext, 'command'>;
}

/**
 * Makes the handler of the webhook function. It answers every event, whatever it is, and never throws; each request
 * leaves exactly one `decision` line in the log, whatever `LOG_LEVEL` says.
 */
export function createHandler(
  { version, digest, sources: compiled, asking = [] }: Configuration,
  runtime: Runtime,
): Handler {
  const { env, now, clock, write } = runtime;
  const log = createLog(env['LOG_LEVEL'], write, now);
  const audit = createAuditLog(write, now);
  const sources = loadSources(compiled, env, log);
  const policies = new Map<string, RollbackPolicy>([
    ...sources,
    ...asking.map((each) => [each.name, each] as const),
  ]);
  const addKmsKeys = createAddKmsKeys(createKmsSecrets({ now, clock, log }), log);
  const dependencies: HandlerDependencies = {
    ...runtime,
    version,
    digest,
    sources,
    policies,
    addKmsKeys,
    log,
  };

  // Where no source asks people, there is no page, and no file of it.
  const asksPeople = [...compiled, ...asking].some(({ confirm }) => confirm?.by === 'page');
  const openPage = lazily(async () => {
    const { createConfirm } = await import('./confirm/index.ts');
    return createConfirm({ ...runtime, policies, log });
  });

  return async (event, rawContext) => {
    const startedOnClock = clock.now();
    const record = new AuditRecord();
    const logDecision = (level: LogLevel, decision: object) => {
      const durationMs = Math.round(clock.now() - startedOnClock);
      audit(level, Object.assign({}, record.facts, decision, { durationMs }));
    };
    // Grows with what is known, so that a failure is answered in the sender's own way as well.
    let replyContext: Pick<ReplyContext, 'source' | 'isVerified'> = { isVerified: false };
    const replying: RequestInProgress['replying'] = {};
    try {
      const context = readContext(rawContext);
      record.add({ requestId: context.requestId });
      const request = receive(event);
      record.add({ requestId: request.requestId });
      if (request.path === '/') {
        const response = answerHealth(request, dependencies);
        logDecision('info', { outcome: 'health' });
        return response;
      }
      if (asksPeople && request.path.startsWith(confirmPath)) {
        const answerPage = await openPage();
        const answer = await answerPage({ request, context, startedOnClock, record });
        logDecision(answer.level, answer.decision);
        return answer.response;
      }
      const inProgress: RequestInProgress = {
        request,
        context,
        startedOnClock,
        receivedAt: now(),
        record,
        replying,
      };
      const source = findSource(sources, request.path);
      replyContext = { source, isVerified: false };
      const authentication = authenticateRequest(inProgress, source, dependencies);
      // Nothing is awaited unless KMS is asked: refusing must be cheap.
      const authenticated = authentication instanceof Promise ? await authentication : authentication;
      replyContext = { source, isVerified: !('outcome' in authenticated) };
      const outcome =
        'outcome' in authenticated
          ? authenticated
          : await processRequest(inProgress, authenticated, dependencies);
      // The body of a handshake is for the sender, not for the log; and the log's index takes no list.
      const groups = 'groups' in outcome ? outcome.groups.join(', ') : undefined;
      logDecision('info', { ...outcome, groups, body: undefined });
      return replyWithOutcome(outcome, { ...replyContext, ...replying, ...repliedFacts(record) });
    } catch (error) {
      const { requestId, source } = record.facts;
      const problem = toProblem(error, { requestId, source }, log);
      logDecision(levelOf(problem), { code: problem.code, detail: problem.message, ...problem.facts });
      const docsUrl = setting(env, 'DOCS_URL');
      return replyWithProblem(problem, { ...replyContext, ...replying, ...repliedFacts(record), docsUrl });
    }
  };
}

function repliedFacts({ facts }: AuditRecord): Pick<ReplyContext, 'requestId' | 'actor' | 'isDecision'> {
  const { requestId, actor, decision } = facts;
  return { requestId, actor, isDecision: decision !== undefined };
}

/** Nothing here reads the payload. Headers are checked before anything is hashed. */
function authenticateRequest(
  { request, context, receivedAt, record }: RequestInProgress,
  source: Source,
  { env, addKmsKeys }: HandlerDependencies,
): ReturnType<typeof authenticate> {
  const { headers, query } = request;
  const delivery = deliveryId(source, headers);
  record.add({ source: source.name, delivery });
  requirePost(request.method);
  requireOpen(source);
  const signed = { headers, query, body: rawBody(request) };
  return authenticate(source, signed, receivedAt, (sourceWithKmsSecrets) =>
    addKmsKeys(sourceWithKmsSecrets, () => openKms(accessTo('KMS_ENDPOINT', context, env))),
  );
}

/** The sender's own id of the delivery, for the log. */
function deliveryId(
  { deliveryHeader, verify }: Source,
  headers: WebhookRequest['headers'],
): string | undefined {
  if (deliveryHeader === undefined) return undefined;
  const other = verify.scheme === 'hmac' ? verify.unbranded?.idHeader : undefined;
  return headers.get(deliveryHeader) ?? (other === undefined ? undefined : headers.get(other));
}

/** Kept free before the deadline, so that the answer arrives in time. */
const answerMarginMs = 500;

/** Until the sender gives up, or Function Compute kills the invocation. */
function patienceMs({ deadlineMs }: Source, { function: own }: FunctionContext): number {
  return Math.min(deadlineMs, (own?.timeout ?? Infinity) * 1000);
}

/** From the payload of a verified request to what became of its change order. */
async function processRequest(
  { request, context, startedOnClock, receivedAt, record, replying }: RequestInProgress,
  { source, body, contentType, grant }: AuthenticatedRequest,
  dependencies: HandlerDependencies,
): Promise<Outcome> {
  const { log, policies } = dependencies;
  const warn = (message: string, facts: Record<string, unknown>) => {
    log('warn', message, { requestId: record.facts.requestId, source: source.name, ...facts });
  };
  // First of all: a link must not expire without a warning, even if none of its webhooks asked for a rollback.
  if (grant && expiresSoon(grant, receivedAt)) warn('the link expires soon', describeGrant(grant));
  if (isPing(source, request)) return { outcome: 'ignored', message: 'A ping: the signature is right.' };

  const whole = readPayload(source, body, contentType);
  requireFreshPayload(source, whole, receivedAt);
  const challenge = challengeReply(source, whole);
  if (challenge) return challenge;
  record.add({ actor: await selectActor(source, whole) });
  await requireExpected(source, whole);
  const counting = await withoutMonitorAlarms(source, whole);
  if ('reason' in counting) return { outcome: 'ignored', message: counting.reason };
  const { payload } = counting;
  const reason = await reasonToIgnore(source, payload);
  if (reason !== undefined) return { outcome: 'ignored', message: reason };
  replying.command = await selectCommand(source, payload);
  const noCommand = reasonNoCommand(replying.command);
  if (noCommand !== undefined) return { outcome: 'ignored', message: noCommand };
  await requireAllowed(source, payload);
  const intent = {
    ...(await selectIntent(source, payload, grant, receivedAt, targetOfCommand(replying.command))),
    answerAt: await selectAnswerAddress(source, payload, replying.command),
  };
  record.add({ app: intent.app });

  const deadlineAt = startedOnClock + patienceMs(source, context) - answerMarginMs;
  const execution = openExecution(source, context, dependencies, warn);
  const actorId = await selectPerson(source, payload);
  const { command } = replying;
  if (source.decides && command && 'changeOrderId' in command) {
    const { verb, changeOrderId } = command;
    const person = { name: record.facts.actor, id: actorId };
    const { answerAt } = intent;
    const decided = await decideInChat(
      { source, verb, changeOrderId, person, answerAt, record, deadlineAt },
      { ...execution, policies },
    );
    if (decided) return decided;
  }
  const summary = source.confirm && (await selectSummary(source, payload));
  return executeIntent({ source, intent, deadlineAt, receivedAt, record, summary, actorId }, execution);
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
