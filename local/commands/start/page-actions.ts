import { randomUUID } from 'node:crypto';
import { isId } from '../../../functions/lib/text.ts';
import type { Target } from '../../../functions/rollback/find-change-order.ts';
import type { RollbackPolicy } from '../../../functions/select/policy.ts';
import { rawBody, receive } from '../../../functions/webhook/receive.ts';
import type { CompiledSource } from '../../../functions/webhook/source/compiled-source.ts';
import type { Source } from '../../../functions/webhook/source/load-sources.ts';
import type { Action } from '../../sandbox/page/server.ts';
import type { FaultSwitch } from '../../sandbox/page/switch-faults.ts';
import {
  faultScopes,
  sendingWays,
  serviceNames,
  type ExplanationView,
  type SampleView,
  type SentView,
} from '../../sandbox/page/view.ts';
import { applicationFor } from '../../sandbox/releases.ts';
import { secretOf, type Secrets } from '../../sandbox/secrets.ts';
import {
  contentTypeOf,
  isActedOn,
  isByApplication,
  onlyAppOf,
  sampleWebhook,
  withTime,
} from '../../signing/sample-webhook.ts';
import { secondsValid, signedRequest } from '../../signing/sender.ts';
import { inFlight } from '../../stand-ins/edas/change-order.ts';
import type { ChangeOrder } from '../../stand-ins/edas/change-orders.ts';
import { Refusal } from '../../stand-ins/guard.ts';
import { explainWebhook, type Explanation } from '../explain/explain-webhook.ts';
import { post } from '../send/post.ts';
import { explanationFacts } from './describe-stages.ts';
import { createEventActions, textIn, type Asked, type EventWorld } from './event-actions.ts';
import { fitForPage } from './fit-for-page.ts';
import type { RequestLog } from './request-log.ts';

export interface PageWorld extends EventWorld {
  /** Where the function listens. */
  url: string;
  /** With their keys. */
  sources: ReadonlyMap<string, Source>;
  secrets: Secrets;
  /** Wrong secrets, with which a webhook is refused. */
  forged: Secrets;
  faults: FaultSwitch;
  requests: RequestLog;
}

/** What a person can do on the page. */
export function createPageActions(world: PageWorld): Record<string, Action> {
  const events = createEventActions(world);
  return {
    release: (asked) => beginRelease(asked, world),
    'next-batch': (asked) => {
      const id = textIn(asked, 'changeOrderId');
      if (!world.edas.orders.confirm(id))
        throw new Refusal(409, 'This change order waits for no confirmation.');
    },
    sample: (asked) =>
      events.has(asked)
        ? events.sample(asked, findOrder(events.sourceIn(asked), world))
        : makeSample(sourceIn(asked, world), world),
    send: (asked) =>
      events.has(asked) ? events.send(asked, oneOf(sendingWays, asked, 'way')) : send(asked, world),
    again: (asked) => sendAgain({ key: textIn(asked, 'key') }, world),
    explain: async (asked) =>
      viewOf(await (events.has(asked) ? events.explain(asked) : explain(asked, world))),
    fault: (asked) => {
      const service = oneOf(serviceNames, asked, 'service');
      const scope = oneOf(faultScopes, asked, 'scope');
      const id = asked['id'] === null ? undefined : textIn(asked, 'id');
      if (!world.faults.set(service, id, scope)) throw new Refusal(400, `There is no fault ${String(id)}.`);
    },
    'all-well': () => {
      world.faults.allWell();
    },
  };
}

function oneOf<const Word extends string>(words: readonly Word[], asked: Asked, name: string): Word {
  const word = words.find((each) => each === asked[name]);
  if (word !== undefined) return word;
  throw new Refusal(400, `The field ${name} must be one of ${words.join(', ')}.`);
}

function sourceIn(asked: Asked, { sources }: PageWorld): Source {
  const name = textIn(asked, 'source');
  const source = sources.get(name);
  if (source) return source;
  throw new Refusal(404, `There is no source ${JSON.stringify(name)}.`);
}

/** As fast as a person watches. */
const pace = { readyMs: 500, batchMs: 2500, pauseMs: 5000 };

function beginRelease(asked: Asked, { edas: { orders } }: PageWorld): { changeOrderId: string } {
  const { batches, goesOn, app } = asked;
  if (typeof batches !== 'number' || !Number.isInteger(batches) || batches < 1 || batches > 5) {
    throw new Refusal(400, 'A release has 1 to 5 batches.');
  }
  if (app !== null && (typeof app !== 'string' || !isId(app))) {
    throw new Refusal(400, 'The application must be an id, or null for a new one.');
  }
  const appId = app ?? randomUUID();
  const before = orders.ofApplication(appId);
  if (before.some(({ status }) => inFlight(status))) {
    throw new Refusal(409, 'A change of this application is in flight: roll it back, or let it end first.');
  }
  const changeOrderId = orders.add({
    ...pace,
    appId,
    batches,
    description: `checkout 3.${orders.applications.length}.${before.length}`,
    waitsForPerson: goesOn !== true,
  });
  return { changeOrderId };
}

/** A payload for what is in flight and the source may touch. */
async function makeSample(source: Source, world: PageWorld): Promise<SampleView> {
  const order = findOrder(source, world);
  const app = order?.appId ?? applicationFor(source);
  const target: Target = isByApplication(source) ? { app } : { changeOrderId: order?.id ?? randomUUID() };
  const now = Date.now();
  const sample = sampleWebhook(source, target, now);
  return {
    ...sample,
    app,
    target: nameOf(target),
    caution: await cautionOf(source, sample, target, order, now),
  };
}

function nameOf(target: Target): string {
  return 'app' in target ? `the application ${target.app}` : `the change order ${target.changeOrderId}`;
}

/** The newest deployment in flight; else the newest, about which the function has something to say as well. */
function findOrder(source: RollbackPolicy, { edas: { orders } }: PageWorld): ChangeOrder | undefined {
  const only = onlyAppOf(source);
  const apps = only === undefined ? source.apps : [only];
  const deployments = orders.applications
    .filter((app) => apps === undefined || apps.includes(app))
    .flatMap((app) => orders.ofApplication(app))
    .filter(({ source: origin }) => origin === 'console')
    .toSorted((a, b) => a.createdAt - b.createdAt);
  return deployments.findLast(({ status }) => inFlight(status)) ?? deployments.at(-1);
}

async function cautionOf(
  source: Source,
  sample: { contentType: string; body: string },
  target: Target,
  order: ChangeOrder | undefined,
  now: number,
): Promise<string | undefined> {
  if (!(await isActedOn(source, sample, target, now))) {
    return `The expressions of ${source.name} do not tell how a payload has to look. Paste one of its sender.`;
  }
  if (!order || !inFlight(order.status)) return 'No release that it may touch is in flight. Start one first.';
  return undefined;
}

async function send(asked: Asked, world: PageWorld): Promise<SentView> {
  const source = sourceIn(asked, world);
  const way = oneOf(sendingWays, asked, 'way');
  if (way === 'repeated') return sendAgain({ source: source.name }, world);
  const sentAt = Date.now() - (way === 'stale' ? staleBy(source) : 0);
  const given = textIn(asked, 'body');
  const body = way === 'stale' ? (withTime(source, given, sentAt) ?? given) : given;
  const contentType = asked['contentType'] === '' ? '' : textIn(asked, 'contentType');
  const secret = secretOf(source, way === 'forged' ? world.forged : world.secrets);
  const app = typeof asked['app'] === 'string' && asked['app'] !== '' ? asked['app'] : applicationFor(source);
  const request = signedRequest(source, secret, {
    url: world.url,
    body,
    contentType: contentType || contentTypeOf(Buffer.from(body), source),
    target: { app },
    now: sentAt,
    id: randomUUID(),
  });
  const { status } = await post(request, body);
  return { status, key: world.requests.find({ source: source.name })?.id };
}

/** Milliseconds: a minute more than the function allows. */
function staleBy(source: CompiledSource): number {
  const seconds = secondsValid(source);
  if (seconds === undefined) {
    throw new Refusal(
      422,
      `A request of ${source.name} never expires: what it is proved with holds no time.`,
    );
  }
  return (seconds + 60) * 1000;
}

/** What Node.js itself writes into a request. */
const ownHeaders = ['host', 'connection', 'content-length', 'transfer-encoding', 'accept-encoding'];

/** The same bytes once more, under the same headers: as a sender that repeats itself, and as an attacker who has seen one. */
async function sendAgain(what: { source: string } | { key: string }, world: PageWorld): Promise<SentView> {
  const received = world.requests.find(what);
  if (received?.method !== 'POST') {
    throw new Refusal(
      409,
      'source' in what ? `Nothing has come from ${what.source} yet.` : 'It is forgotten.',
    );
  }
  const request = receive(received.event);
  const query = new URLSearchParams([...request.query]).toString();
  const address = `${world.url}${request.path}${query === '' ? '' : `?${query}`}`;
  const headers = Object.fromEntries([...request.headers].filter(([name]) => !ownHeaders.includes(name)));
  const { status } = await post({ address, headers }, rawBody(request));
  return { status, key: world.requests.find({ source: request.path.slice(1) })?.id };
}

async function explain(asked: Asked, world: PageWorld): Promise<Explanation> {
  const source = sourceIn(asked, world);
  const body = Buffer.from(textIn(asked, 'body'));
  const isLink = source.verify.scheme === 'link';
  return explainWebhook(source, world.notify, {
    body,
    contentType: contentTypeOf(body, source),
    grant: isLink ? { app: applicationFor(source), expiresAtSeconds: 0 } : undefined,
    now: Date.now(),
    isSuspended: world.isSuspended,
  });
}

function viewOf(explanation: Explanation): ExplanationView {
  const { verdict, decision } = explanation;
  const tone = explanation.isRefused ? 'bad' : decision.end === 'acted on' ? 'good' : 'quiet';
  return { facts: explanationFacts(explanation), verdict: fitForPage(verdict), tone };
}
