import { openEdas } from '../../edas/open-edas.ts';
import { errorCatalogue, Problem } from '../../errors.ts';
import type { AuditRecord } from '../../execute/audit-record.ts';
import { type LinkFields } from '../../execute/confirm-link.ts';
import { confirmPath } from '../../execute/confirm-path.ts';
import { readConfirmSettings, readLinkKeys } from '../../execute/confirm-settings.ts';
import { holdOf } from '../../execute/execute-rollback.ts';
import { openKms } from '../../kms/open-kms.ts';
import { lazily } from '../../lib/async.ts';
import type { Language } from '../../lib/language.ts';
import { accessTo } from '../../platform/access.ts';
import { consoleUrlOf } from '../../platform/console-url.ts';
import type { FunctionContext, FunctionResponse } from '../../platform/context.ts';
import type { LogFields, LogLevel } from '../../platform/log.ts';
import { openTaskQueue } from '../../platform/open-task-queue.ts';
import { levelOf, toProblem } from '../../platform/to-problem.ts';
import { createAddKmsKeys } from '../../secrets/kms-keys.ts';
import { createKmsSecrets } from '../../secrets/kms-secrets.ts';
import type { RollbackPolicy } from '../../select/policy.ts';
import type { WebhookRequest } from '../receive.ts';
import { decide, type Decided } from './decide.ts';
import { headersOfPage, renderPage, renderProblem } from './page/render.ts';
import type { Notice, PageView } from './page/view.ts';
import { preferredLanguage } from './preferred-language.ts';
import { readForm } from './read-form.ts';
import { readState, type Reading } from './read-state.ts';
import type { ConfirmDependencies, Scene } from './scene.ts';
import { changeView, stageOf } from './stage.ts';
import { readToken, splitToken } from './token.ts';

/** A request for the page. */
export interface PageRequest {
  request: WebhookRequest;
  context: FunctionContext;
  /** When the request came in: milliseconds on the monotonic clock. */
  startedOnClock: number;
  record: AuditRecord;
}

/** The answer, and its line in the audit trail. */
export interface PageAnswer {
  response: FunctionResponse;
  level: LogLevel;
  decision: LogFields;
}

/** Milliseconds for reading the state: where it is shown, before it is acted on, and after that. */
const [showTimeoutMs, readTimeoutMs, readAgainTimeoutMs] = [5_000, 3_000, 2_500];
/** Milliseconds for the whole of a decision: a browser waits. */
const longestDecisionMs = 12_000;
const answerMarginMs = 500;

/**
 * Makes what answers `/confirm/<token>`: the page on which a person decides. It answers every request, and never throws.
 * Nothing is read before the token is verified; `GET` and `HEAD` change nothing.
 */
export function createConfirm(
  dependencies: ConfirmDependencies,
): (pageRequest: PageRequest) => Promise<PageAnswer> {
  const { env, now, clock, log } = dependencies;
  const addKmsKeys = createAddKmsKeys(createKmsSecrets({ now, clock, log }), log);

  async function authenticate({ request, context }: PageRequest): Promise<LinkFields> {
    const settings = readConfirmSettings(env);
    if (!('publicUrl' in settings)) {
      const { variable, reason } = settings;
      log('error', 'the page is closed', { variable, reason: `${variable} ${reason}` });
      throw new Problem(
        'source_not_configured',
        'A setting of this page is missing or cannot be used. The log names the variable.',
      );
    }
    const token = request.path.slice(confirmPath.length);
    // KMS is not asked for what cannot be a link.
    splitToken(token);
    const openThem = () => openKms(accessTo('KMS_ENDPOINT', context, env));
    const keys = await readLinkKeys(settings, (each) => addKmsKeys(each, openThem));
    return readToken(token, keys, now());
  }

  return async (pageRequest) => {
    const { request } = pageRequest;
    const language = preferredLanguage(request.headers.get('accept-language'));
    try {
      const isPost = request.method === 'POST';
      if (!isPost && request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
      const link = await authenticate(pageRequest);
      if (isPost) return await answerDecision(link, language, pageRequest, dependencies);
      return withoutBodyIfHead(await showPage(link, language, pageRequest, dependencies), request);
    } catch (error) {
      const { requestId } = pageRequest.record.facts;
      const problem = toProblem(error, { requestId }, log);
      return withoutBodyIfHead(problemAnswer(problem, language), request);
    }
  };
}

/** The page as it is now. */
async function showPage(
  link: LinkFields,
  language: Language,
  pageRequest: PageRequest,
  dependencies: ConfirmDependencies,
): Promise<PageAnswer> {
  const scene = openScene(link, showTimeoutMs, pageRequest, dependencies);
  const reading = await readState(scene.subject, scene.dependencies);
  addToRecord(pageRequest.record, link, reading);
  const view = viewOf(scene, reading, language);
  return pageAnswer(200, view, { outcome: 'page', stage: view.stage.stage });
}

/** Does what a person decided, unless the state is not what the page showed. */
async function answerDecision(
  link: LinkFields,
  language: Language,
  pageRequest: PageRequest,
  dependencies: ConfirmDependencies,
): Promise<PageAnswer> {
  const { request, record } = pageRequest;
  const form = readForm(request);
  const scene = openScene(link, readTimeoutMs, pageRequest, dependencies);
  const reading = await readState(scene.subject, scene.dependencies);
  addToRecord(record, link, reading);
  const decidedBy = { name: form.name, isProved: false };
  const facts = { decision: form.decision, decidedBy: form.name, decidedByProved: false };
  const view = viewOf(scene, reading, language);
  const afterFailure = viewOf(withFailure(scene), reading, language);
  const isAsShown = [view, afterFailure].some(
    ({ stage }) => stage.stage === 'open' && stage.shown === form.shown,
  );
  // A second tap: what it says is decided, and there is nothing more to do.
  const isRepeat = reading.decisions.at(-1)?.decision === form.decision;
  const isAtWork = view.stage.stage !== 'open' && !isAsShown;
  if (isRepeat && (isAtWork || form.decision === 'leave')) {
    const decision = { outcome: 'page', stage: view.stage.stage, ...facts };
    return { response: seeOther(request.path), level: 'info', decision };
  }
  if (!isAsShown) {
    const wasChanged = { ...view, notice: { kind: 'changed' } as const };
    return pageAnswer(409, wasChanged, { outcome: 'page', stage: view.stage.stage, ...facts });
  }
  try {
    const decided = await decide(form, decidedBy, reading, scene, record.facts);
    if (decided.result === 'changed') {
      const again = openScene(link, readAgainTimeoutMs, pageRequest, dependencies);
      const now = await readAgain(again, language);
      const decision = { outcome: 'page', stage: now.stage.stage, ...facts };
      return pageAnswer(409, { ...now, notice: { kind: 'changed' } }, decision);
    }
    return {
      response: seeOther(request.path),
      level: 'info',
      decision: { ...decisionOf(decided), ...facts },
    };
  } catch (error) {
    const problem = toProblem(error, { requestId: record.facts.requestId }, dependencies.log);
    const notice: Notice = { kind: 'problem', code: problem.code, message: problem.message };
    const { status } = errorCatalogue[problem.code];
    const failed = { code: problem.code, detail: problem.message, ...problem.facts, ...facts };
    // The decision is written down by now, and the rollback may have been sent: the page is not as it was.
    const again = openScene(link, readAgainTimeoutMs, pageRequest, dependencies);
    const now = await readAgain(withFailure(again), language);
    return { ...pageAnswer(status, { ...now, notice }, failed), level: levelOf(problem) };
  }
}

/** The page as it is after a decision that was not carried out: what was written down or sent has changed it. */
async function readAgain(scene: Scene, language: Language): Promise<PageView> {
  return viewOf(scene, await readState(scene.subject, scene.dependencies), language);
}

/** To a person who has seen that the rollback failed, it is not about to begin. */
function withFailure(scene: Scene): Scene {
  return { ...scene, terms: { ...scene.terms, hasSeenFailure: true } };
}

function decisionOf(decided: Exclude<Decided, { result: 'changed' }>): LogFields {
  if (decided.result === 'left_alone') return { outcome: 'left_alone' };
  const { outcome } = decided;
  const groups = 'groups' in outcome ? outcome.groups.join(', ') : undefined;
  return { ...outcome, groups };
}

function openScene(
  link: LinkFields,
  timeoutMs: number,
  { context, startedOnClock, record }: PageRequest,
  runtime: ConfirmDependencies,
): Scene {
  const { policies, env, now, clock, random, log } = runtime;
  const source = policies.get(link.source);
  if (!source) {
    throw new Problem(
      'source_unknown',
      'The source that asked is not in the configuration of this function: it was taken out of sources.yaml, or this function was not deployed since. Decide in the EDAS console.',
    );
  }
  requireOwnApp(link, source);
  const warn = (message: string, facts: Record<string, unknown>) => {
    log('warn', message, { requestId: record.facts.requestId, source: source.name, ...facts });
  };
  const deadlineAt = clock.now() + timeoutMs;
  const queue = { openQueue: lazily(() => openTaskQueue(context, env)), deadlineAt, clock, warn };
  const edas = lazily(() => openEdas(accessTo('EDAS_ENDPOINT', context, env)));
  // Where it fails, the page is read once more.
  const functionMs = (context.function?.timeout ?? Infinity) * 1000 - readTimeoutMs;
  const longestMs = Math.min(longestDecisionMs, functionMs);
  return {
    subject: { link, source, deadlineAt },
    terms: {
      changeOrderId: link.changeOrderId,
      expiresAt: link.expiresAt,
      hold: holdOf(source, env),
      by: source.confirm?.by ?? 'page',
    },
    dependencies: { edas, queue, now, clock, random, warn },
    context,
    runtime,
    answerAt: startedOnClock + longestMs - answerMarginMs,
  };
}

/** The applications of a source may have become fewer since the link was made. @throws Problem `app_not_allowed` */
function requireOwnApp({ app, changeOrderId }: LinkFields, { apps }: RollbackPolicy): void {
  if (!apps || (app !== undefined && apps.includes(app))) return;
  throw new Problem(
    'app_not_allowed',
    'The source that asked may not touch this application any more. Look in the EDAS console.',
    { ...(app !== undefined && { app }), changeOrderId },
  );
}

function viewOf({ subject, terms, context, runtime }: Scene, reading: Reading, language: Language): PageView {
  const { link } = subject;
  const { app, changeOrderId, source, expiresAt, problemStartedAt } = link;
  const { asked, appName, order } = reading;
  return {
    language,
    app: app === undefined ? undefined : { id: app, name: appName },
    change: changeView(changeOrderId, order),
    asked: {
      source,
      actor: asked?.actor,
      summary: asked?.summary,
      problemStartedAt,
      requestedAt: asked?.requestedAt,
      expiresAt,
    },
    stage: stageOf(reading, terms, runtime.now()),
    seenAt: runtime.now(),
    consoleUrl: consoleUrlOf(context, runtime.env),
  };
}

function addToRecord(
  record: AuditRecord,
  { source, app, changeOrderId }: LinkFields,
  { asked }: Reading,
): void {
  record.add({ source, app, changeOrderId, delivery: asked?.delivery, actor: asked?.actor });
}

function pageAnswer(statusCode: number, view: PageView, decision: LogFields): PageAnswer {
  return { response: html(statusCode, renderPage(view)), level: 'info', decision };
}

function problemAnswer(problem: Problem, language: Language): PageAnswer {
  const { code, message, facts } = problem;
  const { status } = errorCatalogue[code];
  const response = html(status, renderProblem({ language, code, message }));
  const { allow, retryAfterSeconds } = facts;
  const headers = {
    ...response.headers,
    ...(allow !== undefined && { Allow: allow }),
    ...(retryAfterSeconds !== undefined && { 'Retry-After': String(retryAfterSeconds) }),
    // RFC 9110 wants a challenge with every 401.
    ...(status === 401 && { 'WWW-Authenticate': 'Link' }),
  };
  return {
    response: { ...response, headers },
    level: levelOf(problem),
    decision: { code, detail: message, ...facts },
  };
}

function html(statusCode: number, body: string): FunctionResponse {
  return { statusCode, headers: headersOfPage(), isBase64Encoded: false, body };
}

/** So that going back, or loading again, posts nothing. The path is as it came: the token is whole, and its own. */
function seeOther(path: string): FunctionResponse {
  return {
    statusCode: 303,
    headers: { ...headersOfPage(), Location: path },
    isBase64Encoded: false,
    body: '',
  };
}

function withoutBodyIfHead(answer: PageAnswer, { method }: WebhookRequest): PageAnswer {
  return method === 'HEAD' ? { ...answer, response: { ...answer.response, body: '' } } : answer;
}

function methodNotAllowed(): Problem {
  const detail = 'This page is shown with GET, and its form sends POST.';
  return new Problem('method_not_allowed', detail, { allow: 'GET, HEAD, POST' });
}
