import { evaluate, evaluateText } from '../select/evaluate.ts';
import type { JSONValue } from '../select/expression.ts';
import { idsIn } from '../select/identifier.ts';
import { problemOfAge } from './check-event.ts';
import type { CloudEvent } from './cloud-event.ts';
import type { CompiledEventSource, EndExpressions } from './event-source.ts';

/** The end of a change order. */
export interface End {
  app: string;
  changeOrderId: string;
}

/**
 * The end that an event tells of. Undefined where it tells of none, is too old for the source, or is of an application that the source may not
 * touch: such events are usual, for EDAS tells of all changes of an account.
 *
 * @param now epoch milliseconds
 */
export async function selectEnd(
  event: CloudEvent,
  source: CompiledEventSource,
  now: number,
): Promise<End | undefined> {
  const { tellsEnds, apps } = source;
  if (!tellsEnds || problemOfAge(event, source, now)) return undefined;
  const tells = await evaluate(tellsEnds.is, event.payload, 'preset').catch(() => null);
  const app = await appIn(event.payload, tellsEnds);
  const changeOrderId = onlyId(await evaluateText(tellsEnds.changeOrderId, event.payload, 'preset'));
  if (tells !== true || app === undefined || changeOrderId === undefined) return undefined;
  return apps.includes(app) ? { app, changeOrderId } : undefined;
}

/**
 * Why a source whose events tell how change orders end does not act on one; undefined where it may, and for all other sources.
 */
export async function reasonNotToAct(
  { tellsEnds, actsOnlyOn, when, apps }: CompiledEventSource,
  payload: JSONValue,
): Promise<string | undefined> {
  if (!tellsEnds) return undefined;
  if (!when) return 'This source has no when, so it rolls nothing back.';
  const app = await appIn(payload, tellsEnds);
  if (app === undefined || !apps.includes(app)) {
    return 'The event is of no application that this source may touch.';
  }
  if (!actsOnlyOn || (await evaluate(actsOnlyOn.is, payload, 'preset')) === true) return undefined;
  return `This is not ${actsOnlyOn.what}, and this source acts on no other.`;
}

async function appIn(payload: JSONValue, { app }: EndExpressions): Promise<string | undefined> {
  return onlyId(await evaluateText(app, payload, 'preset'));
}

function onlyId(text: string | undefined): string | undefined {
  const [id, ...others] = idsIn(text);
  return others.length === 0 ? id : undefined;
}
