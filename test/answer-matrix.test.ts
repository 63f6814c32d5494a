import { beforeAll, describe, expect, test } from 'vitest';
import { anyAnswer, type Fault } from '../local/stand-ins/edas/faults.ts';
import { startEdasStandIn, type EdasStandIn, type RecordedCall } from '../local/stand-ins/edas/stand-in.ts';
import { realClockThatLeaps } from './support/leaping-clock.ts';
import { runs } from './support/runs.ts';
import { fakeCredentials, openWebhook, type Answer } from './support/webhook.ts';

/**
 * Every answer to a rollback that can be put together from these parts, but for those of which three parts are wrong: a
 * status, a content type, an end and an id, each with each body. EDAS may have done what it was asked or not, it may show
 * it at once or never, and it may answer the reads about another order. test/fault-matrix.test.ts has the faults by name.
 */

const orderId = '4f40e616-cdcd-4250-a018-efd459900000';
const anotherOrderId = '4f40e616-cdcd-4250-a018-efd459900009';
const app = '3616cdca-4f92-4413-0000-000000000000';
const sources = 'sources: { pipeline: { preset: generic, secrets: [SECRET_PIPELINE], deadlineMs: 5000 } }';

/** Each list begins with the part of a true answer. */
const statuses = [200, 201, 202, 204, 302, 400, 403, 404, 409, 429, 500, 502, 503] as const;
const types = ['application/json', 'application/json;charset=utf-8', 'text/html', undefined] as const;
const ids = { new: '8123db90-880f-486f-b5d6-0fd6a5a21d0f', same: orderId, malformed: 'null' } as const;
const ends = [
  'whole',
  'whole, in chunks',
  'half of its length',
  'short of its length by a blank',
  'half of its chunks',
  'without the last chunk',
  'empty',
] as const;

interface Body {
  /** What it says, whole and under a status that agrees. */
  says: 'yes' | 'no' | 'throttled' | 'nothing clear';
  /** Where it says no: the statuses that agree, besides 200 and those of 4xx that are no proxy's. */
  also?: readonly number[];
  text: (id: string) => string;
}

const json = (answer: unknown) => () => JSON.stringify(answer);
const success = (id: string) => ({
  Code: 200,
  Message: 'success',
  RequestId: 'FAKE-REQUEST-ID',
  TraceId: 'fake-trace',
  ErrorCode: 'success',
  Data: { ChangeOrderId: id },
});
const reworded = (words: object) => (id: string) => JSON.stringify({ ...success(id), ...words });

const bodies = {
  'a success': { says: 'yes', text: reworded({}) },
  'a success, Code as text': { says: 'yes', text: reworded({ Code: '200' }) },
  'a success, and Success true': { says: 'yes', text: reworded({ Success: true }) },
  'a success in other words': { says: 'yes', text: reworded({ Message: 'accepted' }) },
  'Success false as text': { says: 'nothing clear', text: reworded({ Success: 'false' }) },
  'Success false': { says: 'nothing clear', text: reworded({ Success: false }) },
  'Code 500': { says: 'nothing clear', text: reworded({ Code: 500 }) },
  'another ErrorCode': { says: 'nothing clear', text: reworded({ ErrorCode: 'Edas.errorcode.fake' }) },
  'a refusal in words': {
    says: 'nothing clear',
    text: reworded({ ErrorCode: undefined, Message: 'operation not allowed' }),
  },
  'no Code': { says: 'nothing clear', text: reworded({ Code: undefined }) },
  'Data null': { says: 'nothing clear', text: reworded({ Data: null, Message: 'operation not allowed' }) },
  'no Data': { says: 'nothing clear', text: reworded({ Data: undefined }) },
  'Code twice': {
    says: 'nothing clear',
    text: (id) => JSON.stringify(success(id)).replace('{', '{"Code":500,'),
  },
  'a list': { says: 'nothing clear', text: (id) => JSON.stringify([success(id)]) },
  null: { says: 'nothing clear', text: json(null) },
  'an empty object': { says: 'nothing clear', text: json({}) },
  HTML: { says: 'nothing clear', text: () => '<html><body><h1>It works!</h1></body></html>' },
  'a business error': { says: 'no', text: json({ Code: 601, Message: 'no' }) },
  'an error code of EDAS': {
    says: 'no',
    also: [500],
    text: json({ Code: 'Edas.errorcode.fake', Message: 'no' }),
  },
  'a change that has ended': { says: 'no', text: json({ Code: 'Application.ChangerOrder.Not.Running' }) },
  'no such order': { says: 'no', text: json({ Code: 'InvalidChangeOrder.NotFound', Message: 'no' }) },
  'no permission': { says: 'no', text: json({ Code: 'Forbidden.RAM', Message: 'no' }) },
  throttling: { says: 'throttled', also: [429, 503], text: json({ Code: 'Throttling.User', Message: 'no' }) },
} as const satisfies Record<string, Body>;

interface Reply {
  status: (typeof statuses)[number];
  type: (typeof types)[number];
  end: (typeof ends)[number];
  id: keyof typeof ids;
}

const trueReply: Reply = { status: 200, type: 'application/json', end: 'whole', id: 'new' };

/** All replies that differ from the true one in one part. */
const replies: Reply[] = [
  trueReply,
  ...statuses.slice(1).map((status) => ({ ...trueReply, status })),
  ...types.slice(1).map((type) => ({ ...trueReply, type })),
  ...ends.slice(1).map((end) => ({ ...trueReply, end })),
  ...(['same', 'malformed'] as const).map((id) => ({ ...trueReply, id })),
];

/** How EDAS shows the order: at once or never, and whether it answers about another one, which is terminated. */
interface World {
  isShown: boolean;
  /** About which order a read is answered. */
  readsAreOf: 'it' | 'another' | 'another from the rollback on';
}

const trueWorld: World = { isShown: true, readsAreOf: 'it' };
const worlds: World[] = [
  trueWorld,
  { isShown: false, readsAreOf: 'it' },
  { isShown: true, readsAreOf: 'another' },
  { isShown: true, readsAreOf: 'another from the rollback on' },
];

interface Case extends Reply, World {
  body: Body;
  isDone: boolean;
  isClear: boolean;
}

/**
 * Whether EDAS did it, and the rest of the world, are dealt out in turn, so that each status, end, type and id meets each of
 * them with one body or another. In the long run of the tests, it did and did not do it in each case.
 */
function casesOf(body: Body): Case[] {
  const offset = Object.values<Body>(bodies).indexOf(body);
  return replies.flatMap((reply, index) => {
    const turn = offset + index;
    const world = worlds[turn % worlds.length] ?? trueWorld;
    const isClear = body.says !== 'nothing clear' && isConsistent(reply, body);
    // Who says yes, or no, with one voice and does the other is a liar that nobody can see through.
    const isSettled = isClear && body.says !== 'throttled';
    const doings = isSettled ? [body.says === 'yes'] : inTurn(turn);
    return doings.map((isDone) => ({ ...reply, ...world, body, isDone, isClear }));
  });
}

function inTurn(turn: number): boolean[] {
  return runs(1) > 1 ? [true, false] : [Math.floor(turn / worlds.length) % 2 === 0];
}

function isConsistent({ status, type, end, id }: Reply, { says, also = [] }: Body): boolean {
  if (type?.startsWith('application/json') !== true || !end.startsWith('whole')) return false;
  if (says === 'yes') return status === 200 && id !== 'malformed';
  return [200, 400, 403, 404, 409, ...also].includes(status);
}

function faultOf({ status, type, end, id, body, isDone }: Case): Fault {
  const text = end === 'empty' ? '' : body.text(ids[id]);
  const isChunked = end.includes('chunk');
  const padded = end === 'short of its length by a blank' ? `${text} ` : text;
  const cuts: Partial<Record<Case['end'], number>> = {
    'half of its length': text.length / 2,
    'half of its chunks': text.length / 2,
    'short of its length by a blank': text.length,
    'without the last chunk': text.length,
  };
  const headers = {
    ...(type !== undefined && { 'content-type': type }),
    ...(!isChunked && { 'content-length': padded.length }),
  };
  return anyAnswer({ status, headers, body: padded, cutAt: cuts[end], takesEffect: isDone });
}

/** As GetChangeOrderInfo shows an order that was rolled back. */
const anotherOrder = anyAnswer({
  body: JSON.stringify({
    Code: 200,
    Message: 'success',
    changeOrderInfo: { ChangeOrderId: anotherOrderId, Status: 6, SupportRollback: false },
  }),
});

interface Course {
  answer: Answer;
  /** How many rollbacks of the order took effect. */
  effects: number;
}

async function deliver(each: Case): Promise<Course> {
  const clock = realClockThatLeaps();
  const edas: EdasStandIn = await startEdasStandIn({
    credentials: fakeCredentials,
    now: clock.now,
    rollbackRules: { ofTerminated: 'accepted', showsAfterMs: each.isShown ? 0 : 86_400_000 },
    fault: ({ method, operation }: RecordedCall) => {
      if (method === 'PUT') return faultOf(each);
      const isOfAnother = {
        it: false,
        another: true,
        'another from the rollback on': edas.calls.some((call) => call.method === 'PUT'),
      };
      return operation === 'GetChangeOrderInfo' && isOfAnother[each.readsAreOf] ? anotherOrder : undefined;
    },
  });
  try {
    edas.orders.add({ id: orderId, appId: app, readyMs: 0, batchMs: 600_000 });
    const webhook = openWebhook(edas, { sources, clock });
    const answer = await webhook.post('pipeline', { changeOrderId: orderId });
    return { answer, effects: edas.orders.rollbacksOf(orderId) };
  } finally {
    await edas.close();
  }
}

/** What is wrong with what the caller was told. */
function untruthOf(
  { body: { says }, isClear, readsAreOf }: Case,
  { answer, effects }: Course,
): string | undefined {
  const { outcome, code } = answer.body;
  const told = String(outcome ?? code);
  const isUnknown = told === 'edas_outcome_unknown';
  const isClaim = told === 'rolling_back' || told === 'already_terminated';
  const isDenial = answer.text.includes('Nothing was') || !(isClaim || isUnknown);
  if (effects > (says === 'throttled' ? 2 : 1)) return `${told} after ${effects} rollbacks`;
  if (effects === 0 && isClaim) return `${told}, and nothing was rolled back`;
  if (effects > 0 && isDenial) return `${told}, and it was rolled back`;
  // Not to know is always true, and no help where EDAS spoke clearly.
  if (isClear && says === 'yes' && told !== 'rolling_back') return `${told} after a clear yes`;
  if (isClear && says === 'no' && readsAreOf === 'it' && isUnknown) return `${told} after a clear no`;
  return undefined;
}

describe('whatever EDAS answers to a rollback, the caller is told no untruth:', () => {
  // The first delivery of all loads the SDK.
  beforeAll(async () => {
    const [first] = casesOf(bodies['a success']);
    if (first) await deliver(first);
  });

  // Each takes a second; the time is for a machine that has much else to do.
  const timeout = 20_000 * runs(3);
  test.concurrent.for(Object.entries<Body>(bodies))(
    '%s, in every wrapping',
    { timeout },
    async ([, body]) => {
      const untruths: unknown[] = [];
      for (const each of casesOf(body)) {
        const untruth = untruthOf(each, await deliver(each));
        if (untruth !== undefined) untruths.push({ untruth, ...each, body: undefined });
      }
      expect(untruths).toEqual([]);
    },
  );

  test('in hundreds of cases, among them each status with each body', () => {
    const all = Object.values<Body>(bodies).flatMap(casesOf);
    expect(all.length).toBeGreaterThan(500);
    const pairs = new Set(all.map(({ status, body }) => `${status} ${body.text('')}`));
    expect(pairs.size).toBe(statuses.length * Object.keys(bodies).length);
  });
});
