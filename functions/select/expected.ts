import { Problem } from '../errors.ts';
import { excerpt } from '../lib/text.ts';
import { describePayload } from './describe-value.ts';
import { evaluate, evaluateText } from './evaluate.ts';
import type { JSONValue } from './expression.ts';
import type { EventKinds, RollbackPolicy } from './policy.ts';

/**
 * Refuses a payload that is another program's: what cannot be understood is no reason to do nothing in silence.
 *
 * @param describe what the payload is, for those who know what it should be
 * @throws Problem `payload_unexpected`, which says what came, what is expected, and what to do
 */
export async function requireExpected(
  { expects }: RollbackPolicy,
  payload: JSONValue,
  describe: (payload: JSONValue) => string = describePayload,
): Promise<void> {
  if (!expects || (await evaluate(expects.is, payload, 'preset')) === true) return;
  const came = (await kindOf(expects.others, payload)) ?? describe(payload);
  throw new Problem(
    'payload_unexpected',
    `This is ${came}. This source expects ${expects.what}. ${expects.advice}`,
  );
}

async function kindOf(
  kinds: NonNullable<RollbackPolicy['expects']>['others'],
  payload: JSONValue,
): Promise<string | undefined> {
  for (const { is, what } of kinds) {
    if ((await evaluate(is, payload, 'preset').catch(() => null)) === true) return what;
  }
  return undefined;
}

/** Why an event of this kind is no reason to act, or undefined where it can be one. */
export async function reasonOfEvent(
  { event }: RollbackPolicy,
  payload: JSONValue,
): Promise<string | undefined> {
  if (!event?.acts) return undefined;
  const name = await evaluateText(event.name, payload, 'preset');
  if (name !== undefined && event.acts.includes(name)) return undefined;
  return `This is ${describeEvent(event, name, payload)}, and this source acts on ${event.acts.join(' and ')} only.`;
}

function describeEvent({ of }: EventKinds, name: string | undefined, payload: JSONValue): string {
  return name === undefined ? describePayload(payload) : `the event "${excerpt(name)}" of ${of}`;
}
