import { anyAnswer, type Fault } from '../../local/stand-ins/edas/faults.ts';

// The parts of which every answer to a rollback can be put together.

/** Each list begins with the part of a true answer. */
export const statuses = [200, 201, 202, 204, 302, 400, 403, 404, 409, 429, 500, 502, 503] as const;
const types = ['application/json', 'application/json;charset=utf-8', 'text/html', undefined] as const;
const ends = [
  'whole',
  'whole, in chunks',
  'half of its length',
  'short of its length by a blank',
  'half of its chunks',
  'without the last chunk',
  'empty',
] as const;
const kindsOfId = ['new', 'same', 'malformed'] as const;

/** An order that carries a rollback out. */
export const newOrderId = '8123db90-880f-486f-b5d6-0fd6a5a21d0f';

export interface Body {
  /** What it says, whole and under a status that agrees. */
  says: 'yes' | 'no' | 'throttled' | 'nothing clear';
  /** Where it says no: the statuses that agree, besides 200 and those of 4xx that are no proxy's. */
  also?: readonly number[];
  text: (id: string) => string;
}

const json = (answer: unknown) => () => JSON.stringify(answer);

/**
 * What an answer can say.
 *
 * @param named the fields in which a success names the order that carries the rollback out
 */
export function bodiesWith(named: (id: unknown) => object) {
  const success = (id: unknown) => ({
    Code: 200,
    Message: 'success',
    RequestId: 'FAKE-REQUEST-ID',
    TraceId: 'fake-trace',
    ErrorCode: 'success',
    ...named(id),
  });
  const reworded = (words: object) => (id: string) => JSON.stringify({ ...success(id), ...words });
  return {
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
    'Code twice': {
      says: 'nothing clear',
      text: (id) => JSON.stringify(success(id)).replace('{', '{"Code":500,'),
    },
    'a list': { says: 'nothing clear', text: (id) => JSON.stringify([success(id)]) },
    null: { says: 'nothing clear', text: json(null) },
    'an empty object': { says: 'nothing clear', text: json({}) },
    HTML: { says: 'nothing clear', text: () => '<html><body><h1>It works!</h1></body></html>' },
    'no order, and words that are no success': {
      says: 'nothing clear',
      text: json({ ...success(null), Message: 'operation not allowed' }),
    },
    'a business error': { says: 'no', text: json({ Code: 601, Message: 'no' }) },
    'an error code of EDAS': {
      says: 'no',
      also: [500],
      text: json({ Code: 'Edas.errorcode.fake', Message: 'no' }),
    },
    'a change that has ended': { says: 'no', text: json({ Code: 'Application.ChangerOrder.Not.Running' }) },
    'no such order': { says: 'no', text: json({ Code: 'InvalidChangeOrder.NotFound', Message: 'no' }) },
    'no permission': { says: 'no', text: json({ Code: 'Forbidden.RAM', Message: 'no' }) },
    throttling: {
      says: 'throttled',
      also: [429, 503],
      text: json({ Code: 'Throttling.User', Message: 'no' }),
    },
  } as const satisfies Record<string, Body>;
}

/** What is around a body, and which id it names. */
export interface Wrapping {
  status: (typeof statuses)[number];
  type: (typeof types)[number];
  end: (typeof ends)[number];
  id: (typeof kindsOfId)[number];
}

const trueWrapping: Wrapping = { status: 200, type: 'application/json', end: 'whole', id: 'new' };

/** All that differ from the true one in one part. */
export const wrappings: readonly Wrapping[] = [
  trueWrapping,
  ...statuses.slice(1).map((status) => ({ ...trueWrapping, status })),
  ...types.slice(1).map((type) => ({ ...trueWrapping, type })),
  ...ends.slice(1).map((end) => ({ ...trueWrapping, end })),
  ...kindsOfId.slice(1).map((id) => ({ ...trueWrapping, id })),
];

/** Whether what is around a body agrees with what it says. */
export function isConsistent({ status, type, end, id }: Wrapping, { says, also = [] }: Body): boolean {
  if (type?.startsWith('application/json') !== true || !end.startsWith('whole')) return false;
  if (says === 'yes') return status === 200 && id !== 'malformed';
  return [200, 400, 403, 404, 409, ...also].includes(status);
}

/**
 * @param sentId the order that was to be rolled back
 * @param takesEffect whether EDAS did what it was asked
 */
export function answerOf(
  { status, type, end, id }: Wrapping,
  body: Body,
  sentId: string,
  takesEffect: boolean,
): Fault {
  const text = end === 'empty' ? '' : body.text({ new: newOrderId, same: sentId, malformed: 'null' }[id]);
  const isChunked = end.includes('chunk');
  const padded = end === 'short of its length by a blank' ? `${text} ` : text;
  const cuts: Partial<Record<Wrapping['end'], number>> = {
    'half of its length': text.length / 2,
    'half of its chunks': text.length / 2,
    'short of its length by a blank': text.length,
    'without the last chunk': text.length,
  };
  const headers = {
    ...(type !== undefined && { 'content-type': type }),
    ...(!isChunked && { 'content-length': padded.length }),
  };
  return anyAnswer({ status, headers, body: padded, cutAt: cuts[end], takesEffect });
}
