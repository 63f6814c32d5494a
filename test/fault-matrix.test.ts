import { once } from 'node:events';
import net from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RollbackRules } from '../local/stand-ins/edas/change-orders.ts';
import * as faults from '../local/stand-ins/edas/faults.ts';
import type { Fault } from '../local/stand-ins/edas/faults.ts';
import * as rewordings from '../local/stand-ins/edas/rewordings.ts';
import {
  startEdasStandIn,
  type ChooseFault,
  type EdasStandIn,
  type RecordedCall,
} from '../local/stand-ins/edas/stand-in.ts';
import { realClockThatLeaps } from './support/leaping-clock.ts';
import { fakeCredentials, openWebhook, type Answer } from './support/webhook.ts';

const orderId = '4f40e616-cdcd-4250-a018-efd459900000';
const app = '3616cdca-4f92-4413-0000-000000000000';

// `gated` may touch one application, so it must ask EDAS whose the order is.
const sources = (deadlineMs: number) => `
sources:
  pipeline: { preset: generic, secrets: [SECRET_PIPELINE], deadlineMs: ${deadlineMs} }
  gated: { preset: generic, secrets: [GATED_SECRET], deadlineMs: ${deadlineMs}, apps: [${app}] }
`;

/** Called when a test is over. Tests run side by side, so each brings its own. */
type CleanUp = (work: () => Promise<void> | void) => void;

interface Setting {
  rules?: RollbackRules;
  fault?: ChooseFault;
  source?: 'pipeline' | 'gated';
  /**
   * How long the sender waits: so long that a busy machine, for which real time runs out faster, has enough of it. Less
   * where a fault is silence, so that the test does not take so long.
   */
  deadlineMs?: number;
  /** Instead of the stand-in's address. */
  endpoint?: (edas: EdasStandIn, cleanUp: CleanUp) => string | Promise<string>;
  /** Just before EDAS gets a rollback. */
  beforeRollback?: (edas: EdasStandIn) => unknown;
  /** When the function pauses. */
  onPause?: () => unknown;
}

/** What became of one webhook. */
interface Course {
  /** `rolling_back (reply)`, `edas_rejected`, … */
  told: string;
  answer: Answer;
  /** What the stand-in saw, one word a call; a read that was repeated counts once. */
  saw: string;
  /** How many rollbacks of the order took effect. */
  rollbacks: number;
  isTerminated: boolean;
}

/** Sends one webhook, for an order in flight, through the whole function. */
async function deliver(setting: Setting, cleanUp: CleanUp): Promise<Course> {
  const { rules = { ofTerminated: 'accepted' }, source = 'pipeline', deadlineMs = 18_000 } = setting;
  const clock = realClockThatLeaps(setting.onPause);
  const edas = await startEdasStandIn({
    credentials: fakeCredentials,
    now: clock.now,
    rollbackRules: rules,
    fault: (call) => {
      if (call.method === 'PUT') setting.beforeRollback?.(edas);
      return setting.fault?.(call);
    },
  });
  cleanUp(() => edas.close());
  edas.orders.add({ id: orderId, appId: app, readyMs: 0, batchMs: 600_000 });
  const endpoint = (await setting.endpoint?.(edas, cleanUp)) ?? edas.url;
  const env = { EDAS_ENDPOINT: endpoint };
  const webhook = openWebhook(edas, { sources: sources(deadlineMs), env, clock });
  const answer = await webhook.post(source, { changeOrderId: orderId });
  return {
    told: describeAnswer(answer),
    answer,
    saw: describeCalls(edas),
    rollbacks: edas.orders.rollbacksOf(orderId),
    isTerminated: edas.orders.get(orderId)?.status === 6,
  };
}

function describeAnswer({ body }: Answer): string {
  const { outcome, evidence, code } = body;
  return outcome === 'rolling_back' ? `rolling_back (${String(evidence)})` : String(outcome ?? code);
}

function describeCalls({ calls }: EdasStandIn): string {
  const words = calls.map(({ operation }) => wordOf(operation));
  return words.filter((word, index) => word === 'put' || word !== words[index - 1]).join(' ');
}

function wordOf(operation: RecordedCall['operation']): string {
  switch (operation) {
    case 'GetChangeOrderInfo':
      return 'read';
    case 'ListRecentChangeOrder':
      return 'list';
    case 'RollbackChangeOrder':
      return 'put';
    default:
      return `unexpected (${operation ?? 'no operation of EDAS'})`;
  }
}

/** What holds in every cell, whatever the table says. */
function expectTruth({ told, rollbacks, isTerminated }: Course): void {
  expect(rollbacks).toBeLessThanOrEqual(1);
  if (told.startsWith('rolling_back')) expect(rollbacks).toBe(1);
  else if (told === 'already_terminated') expect(isTerminated).toBe(true);
  else if (told !== 'edas_outcome_unknown') expect(rollbacks).toBe(0);
}

/** Where the fault is met. The cells say what the caller is told, and what the stand-in saw. */
interface Row {
  fault: Fault;
  /** By the first rollback. */
  put: string;
  /** By every read of the order; the rollback goes through. */
  reads: string;
  /** By every list, which shows whether the sender may touch the order. */
  lists: string;
  /** By every call. */
  every: string;
}

const goesAhead = 'rolling_back (reply): read put';
const shown = 'rolling_back (order): read put read';
const unknown = 'edas_outcome_unknown: read put read';

const refused = 'edas_rejected: read put read';
const forbidden = 'edas_denied: read put';
const sentAgain = 'rolling_back (reply): read put read put';

/** No answer, or none that can be relied on: nothing was done, it was done, or nobody knows. */
const doubtful = { reads: goesAhead, lists: 'edas_unavailable: list', every: unknown };
const rejected = { reads: goesAhead, lists: 'edas_rejected: list', every: refused };
const denied = { reads: goesAhead, lists: 'edas_denied: list', every: forbidden };
const throttled = { reads: goesAhead, lists: 'edas_throttled: list', every: unknown };
const absent = {
  reads: 'change_order_not_found: read',
  lists: 'change_order_not_found: list',
  every: 'change_order_not_found: read',
};
const fine = { reads: goesAhead, lists: 'rolling_back (reply): list read put', every: goesAhead };
const done = { takesEffect: true };

const matrix: Row[] = [
  { fault: faults.htmlBadGateway(), put: unknown, ...doubtful },
  { fault: faults.htmlBadGateway(done), put: shown, ...doubtful },
  { fault: faults.emptyBody(), put: unknown, ...doubtful },
  { fault: faults.emptyBody(done), put: shown, ...doubtful },
  { fault: faults.jsonNull(), put: unknown, ...doubtful },
  { fault: faults.jsonNull(done), put: shown, ...doubtful },
  { fault: faults.jsonNull({ status: 200 }), put: unknown, ...doubtful },
  { fault: faults.codeMissing(), put: unknown, ...doubtful },
  { fault: faults.codeMissing(done), put: shown, ...doubtful },
  { fault: faults.errorCodeBeside200(), put: unknown, ...doubtful },
  { fault: faults.errorCodeBeside200(done), put: shown, ...doubtful },
  { fault: faults.anyAnswer({ status: 202, body: '{"Code":200}' }), put: unknown, ...doubtful },
  { fault: faults.truncatedJson(), put: shown, ...doubtful },
  { fault: faults.cutInHalf(), put: shown, ...doubtful },
  { fault: faults.slowByteByByte({ everyMs: 100 }), put: shown, ...doubtful },
  { fault: faults.oversized(), put: shown, ...doubtful },
  { fault: faults.wrongContentType({ type: 'text/plain' }), put: shown, ...doubtful },
  { fault: faults.wrongContentType({ type: 'text/html' }), put: shown, ...doubtful },
  { fault: faults.xmlAnswer(), put: unknown, ...doubtful },
  { fault: faults.xmlAnswer(done), put: shown, ...doubtful },
  { fault: faults.xmlError(), put: unknown, ...doubtful },
  { fault: faults.redirect(), put: unknown, ...doubtful },
  { fault: faults.switchingProtocols(), put: unknown, ...doubtful },
  { fault: faults.switchingProtocols(done), put: shown, ...doubtful },
  { fault: faults.silent(), put: unknown, ...doubtful },
  { fault: faults.silent(done), put: shown, ...doubtful },
  { fault: faults.delayed({ byMs: 30_000 }), put: shown, ...doubtful },
  { fault: faults.resetBeforeHandling(), put: unknown, ...doubtful },
  { fault: faults.resetAfterHandling(), put: shown, ...doubtful },
  { fault: faults.serviceUnavailable(), put: unknown, ...doubtful },
  { fault: faults.serviceUnavailable(done), put: shown, ...doubtful },
  { fault: faults.gatewayError('InternalError'), put: unknown, ...doubtful },
  { fault: faults.gatewayError('InternalError', done), put: shown, ...doubtful },

  { fault: faults.businessErrorUnder200(), put: refused, ...rejected },
  { fault: faults.businessErrorUnder200({ code: 404 }), put: refused, ...rejected },
  { fault: faults.edasErrorcodeUnder500(), put: refused, ...rejected },
  { fault: faults.gatewayError('System.Upgrading'), put: refused, ...rejected },
  { fault: faults.gatewayError('Application.ChangerOrder.Not.Running'), put: refused, ...rejected },

  { fault: faults.deniedByRam(), put: forbidden, ...denied },
  { fault: faults.gatewayError('Resouce.no.permission'), put: forbidden, ...denied },
  { fault: faults.businessErrorUnder200({ code: 401 }), put: forbidden, ...denied },
  { fault: faults.businessErrorUnder200({ code: 403 }), put: forbidden, ...denied },
  { fault: faults.signatureMismatch(), put: forbidden, ...denied },
  { fault: faults.gatewayError('InvalidAccessKeyId.NotFound'), put: forbidden, ...denied },
  { fault: faults.gatewayError('InvalidSecurityToken.Expired'), put: forbidden, ...denied },

  { fault: faults.throttled(), put: sentAgain, ...throttled },
  { fault: faults.throttled({ status: 429 }), put: sentAgain, ...throttled },
  { fault: faults.throttled({ status: 504, code: 'Throttling' }), put: unknown, ...doubtful },
  { fault: faults.throttled({ status: 503, code: 'Rejected.Throttling' }), put: sentAgain, ...throttled },
  { fault: faults.throttled({ status: 403, code: 'Throttling' }), put: sentAgain, ...throttled },
  { fault: faults.businessErrorUnder200({ code: 'Throttling' }), put: sentAgain, ...throttled },

  {
    fault: faults.gatewayError('InvalidChangeOrder.NotFound'),
    put: 'change_order_not_found: read put read',
    ...absent,
  },

  // True answers in other words.
  { fault: rewordings.codeAsText(), put: goesAhead, ...fine },
  { fault: rewordings.capitalChangeOrderInfo(), put: goesAhead, ...fine },
  { fault: rewordings.oddStatus(5), put: goesAhead, ...fine },
  { fault: rewordings.numbersAsText(), put: goesAhead, ...fine },
  { fault: rewordings.withoutField('Status'), put: goesAhead, ...fine },
  { fault: rewordings.emptyOrderId(), put: shown, ...fine, every: shown },
  // An application without orders has no list, so that this order is of none that the sender may touch.
  { fault: rewordings.bareSuccess(), put: shown, ...fine, lists: 'app_not_allowed: list', every: unknown },
];

const title = ({ fault }: Row) =>
  `${fault.name}${fault.takesEffect ? ', though EDAS does what it is asked' : ''}`;

/** They take as long as anybody waits for them. */
const slowFaults = ['silent', 'delayed', 'slowByteByByte', 'switchingProtocols'];

describe('whatever EDAS answers, at most one rollback takes effect and the caller is told the truth', () => {
  // The first delivery of all loads the SDK.
  beforeAll(async () => {
    const work: (() => Promise<void> | void)[] = [];
    await deliver({}, (each) => void work.push(each));
    for (const each of work) await each();
  });

  const rows = matrix.map((row) => ({ ...row, title: title(row) }));
  test.concurrent.for(rows)('$title', async ({ fault, put, reads, lists, every }, { onTestFinished }) => {
    const meets = {
      put: firstOf(({ method }) => method === 'PUT'),
      reads: ({ operation }) => operation === 'GetChangeOrderInfo',
      lists: ({ operation }) => operation === 'ListRecentChangeOrder',
      every: () => true,
    } satisfies Record<string, (call: RecordedCall) => boolean>;
    const at = async (place: keyof typeof meets) => {
      const setting: Setting = {
        fault: (call) => (meets[place](call) ? fault : undefined),
        source: place === 'lists' ? 'gated' : 'pipeline',
        ...(slowFaults.includes(fault.name) && { deadlineMs: 8_000 }),
      };
      const course = await deliver(setting, onTestFinished);
      expectTruth(course);
      return `${course.told}: ${course.saw}`;
    };
    const cells = await Promise.all([at('put'), at('reads'), at('lists'), at('every')]);
    expect(cells).toEqual([put, reads, lists, every]);
  });

  test('every fault of the stand-in is in the table', () => {
    const kinds = matrix.map(({ fault }) => fault.name.replace(/ .*/, ''));
    expect(new Set(kinds)).toEqual(new Set([...Object.keys(faults), ...Object.keys(rewordings)]));
  });
});

/** Whether a call is the first of its kind. */
function firstOf(isOne: (call: RecordedCall) => boolean): (call: RecordedCall) => boolean {
  let seen = 0;
  return (call) => isOne(call) && seen++ === 0;
}

/** The calls with these numbers, counted from 1, meet these faults. */
function onCalls(faultsByNumber: Record<number, Fault>): ChooseFault {
  let count = 0;
  return () => faultsByNumber[++count];
}

interface Story {
  what: string;
  setting: () => Setting;
  told: string;
  saw: string;
  rollbacks: 0 | 1;
}

const nothingSent = { told: 'edas_unavailable', saw: '', rollbacks: 0 } as const;
const accepted = { told: 'rolling_back (reply)', saw: 'read put', rollbacks: 1 } as const;
const shownByOrder = { told: 'rolling_back (order)', saw: 'read put read', rollbacks: 1 } as const;

const stories: Story[] = [
  {
    what: 'no server listens at the address of EDAS',
    setting: () => ({ endpoint: (edas) => edas.close().then(() => edas.url) }),
    ...nothingSent,
  },
  {
    what: 'the name of EDAS is not found',
    setting: () => ({ endpoint: () => 'https://edas.nowhere.invalid' }),
    ...nothingSent,
  },
  {
    what: 'the TLS handshake fails',
    setting: () => ({ endpoint: ({ url }) => url.replace('http:', 'https:') }),
    ...nothingSent,
  },
  {
    what: 'the server never finishes the TLS handshake',
    setting: () => ({
      deadlineMs: 5_000,
      endpoint: async (_edas, cleanUp) => (await listen(() => undefined, cleanUp)).replace('http:', 'https:'),
    }),
    ...nothingSent,
  },
  {
    what: 'every connection is reset when its first bytes come, so that it is not known whether a request was read',
    setting: () => ({
      endpoint: (_edas, cleanUp) =>
        listen((socket) => socket.once('data', () => socket.resetAndDestroy()), cleanUp),
    }),
    told: 'edas_outcome_unknown',
    saw: '',
    rollbacks: 0,
  },
  {
    what: 'the door is shut when the rollback comes, and open again a moment later',
    setting: shutAfterFirstConnection,
    ...accepted,
  },
  {
    what: 'the first call times out',
    setting: () => ({ deadlineMs: 5_000, fault: onCalls({ 1: faults.silent() }) }),
    ...accepted,
  },
  {
    what: 'the rollback and the first read after it time out',
    setting: () => ({
      deadlineMs: 5_000,
      fault: onCalls({ 2: faults.silent(done), 3: faults.silent(done) }),
    }),
    ...shownByOrder,
  },
  {
    what: 'the rollback is throttled twice',
    setting: () => ({ fault: onCalls({ 2: faults.throttled(), 4: faults.throttled() }) }),
    told: 'edas_outcome_unknown',
    saw: 'read put read put read',
    rollbacks: 0,
  },
  {
    what: 'the rollback is throttled, and the answer to the second one gets lost',
    setting: () => ({ fault: onCalls({ 2: faults.throttled(), 4: faults.resetAfterHandling() }) }),
    told: 'rolling_back (order)',
    saw: 'read put read put read',
    rollbacks: 1,
  },
  {
    what: 'EDAS shows the rollback a moment late, and its answer got lost',
    setting: () => ({
      rules: { ofTerminated: 'accepted', showsAfterMs: 700 },
      fault: onCalls({ 2: faults.emptyBody(done) }),
    }),
    ...shownByOrder,
  },
  {
    what: 'EDAS shows the rollback too late, and its answer got lost',
    setting: () => ({
      rules: { ofTerminated: 'accepted', showsAfterMs: 60_000 },
      fault: onCalls({ 2: faults.emptyBody(done) }),
    }),
    told: 'edas_outcome_unknown',
    saw: 'read put read',
    rollbacks: 1,
  },
  {
    what: 'EDAS answers with the id that it was sent',
    setting: () => ({ rules: { ofTerminated: 'accepted', answersWith: 'same-order' } }),
    ...accepted,
  },
  {
    what: 'a role without the right to read cannot look what became of a lost answer',
    setting: () => ({
      fault: ({ method }) => (method === 'PUT' ? faults.resetAfterHandling() : faults.deniedByRam()),
    }),
    told: 'edas_outcome_unknown',
    saw: 'read put read',
    rollbacks: 1,
  },
  {
    what: 'EDAS does it and calls it a business error',
    setting: () => ({ fault: onCalls({ 2: faults.edasErrorcodeUnder500(done) }) }),
    told: 'already_terminated',
    saw: 'read put read',
    rollbacks: 1,
  },
];

describe('at most one rollback takes effect and the caller is told the truth when', () => {
  test.concurrent.for(stories)('$what', async ({ setting, told, saw, rollbacks }, { onTestFinished }) => {
    const course = await deliver(setting(), onTestFinished);
    expectTruth(course);
    expect({ told: course.told, saw: course.saw, rollbacks: course.rollbacks }).toEqual({
      told,
      saw,
      rollbacks,
    });
  });

  test.concurrent.for([
    {
      who: 'a person aborts the change',
      interfere: ({ orders }: EdasStandIn) => orders.abort(orderId),
      rollbacks: 0,
    },
    {
      who: 'another webhook rolls it back',
      interfere: ({ orders }: EdasStandIn) => orders.rollback(orderId),
      rollbacks: 1,
    },
  ])('$who between the read and the rollback', async ({ interfere, rollbacks }, { onTestFinished }) => {
    const { told, saw, answer, ...course } = await deliver(
      { rules: { ofTerminated: 'refused' }, beforeRollback: interfere },
      onTestFinished,
    );
    expect(told).toBe('already_terminated');
    expect(String(answer.body['message'])).toContain('Application.ChangerOrder.Not.Running');
    expect(saw).toBe('read put read');
    expect(course.rollbacks).toBe(rollbacks);
  });
});

// Nothing in EDAS tells the two apart. See docs/decisions/0001.
test('a person who aborts the change while the answer gets lost looks like the rollback, and the answer says so', async ({
  onTestFinished,
}) => {
  const { told, answer, rollbacks } = await deliver(
    {
      beforeRollback: ({ orders }) => orders.abort(orderId),
      fault: onCalls({ 2: faults.resetBeforeHandling() }),
    },
    onTestFinished,
  );
  expect({ told, rollbacks }).toEqual({ told: 'rolling_back (order)', rollbacks: 0 });
  expect(String(answer.body['message'])).toContain('unless a person stopped the change meanwhile');
});

describe('the caller of a throttled function', () => {
  test('is told when to come back', async ({ onTestFinished }) => {
    const { answer } = await deliver({ fault: () => faults.throttled(), source: 'gated' }, onTestFinished);
    expect(answer).toMatchObject({ status: 503, headers: { 'Retry-After': '5' }, body: { retry: true } });
  });
});

/** A server that takes connections, does this with them, and says nothing. */
async function listen(handle: (socket: net.Socket) => unknown, cleanUp: CleanUp): Promise<string> {
  const server = net.createServer((socket) => {
    handle(socket.on('error', () => socket.destroy()).resume());
  });
  return `http://127.0.0.1:${await listenOn(server, 0, cleanUp)}`;
}

/**
 * A door to the stand-in that shuts behind the first connection, so that the next one is refused, and opens again as soon
 * as the function pauses.
 */
function shutAfterFirstConnection(): Setting {
  let reopen: () => unknown = () => undefined;
  const endpoint = async (edas: EdasStandIn, cleanUp: CleanUp) => {
    const { port: inner } = new URL(edas.url);
    const pass = (socket: net.Socket) => {
      const onward = net.connect(Number(inner), '127.0.0.1');
      socket.on('error', () => onward.destroy()).pipe(onward);
      onward.on('error', () => socket.destroy()).pipe(socket);
    };
    const first = net.createServer((socket) => {
      first.close();
      pass(socket);
    });
    const port = await listenOn(first, 0, cleanUp);
    reopen = () => {
      reopen = () => undefined;
      return listenOn(net.createServer(pass), port, cleanUp);
    };
    return `http://127.0.0.1:${port}`;
  };
  return { endpoint, onPause: () => reopen() };
}

async function listenOn(server: net.Server, port: number, cleanUp: CleanUp): Promise<number> {
  cleanUp(() => void server.close());
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('no port');
  return address.port;
}
