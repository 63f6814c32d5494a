import { isDeepStrictEqual } from 'node:util';
import { TreeInterpreter } from '@jmespath-community/jmespath';
import { Problem } from '../../functions/errors.ts';
import { selectEnd } from '../../functions/events/change-order-end.ts';
import { isAmong, sourcesFor } from '../../functions/events/check-event.ts';
import { chooseSource } from '../../functions/events/choose-source.ts';
import { readCloudEvent } from '../../functions/events/cloud-event.ts';
import type { CompiledEventSource } from '../../functions/events/event-source.ts';
import { AuditRecord } from '../../functions/execute/audit-record.ts';
import type { Target } from '../../functions/rollback/find-change-order.ts';
import type { JSONValue } from '../../functions/select/expression.ts';
import { selectIntent } from '../../functions/select/intent.ts';
import type { EventPreset } from '../../presets/events/event-preset.ts';
import { makeTrue, put, type Place } from './put-through-expression.ts';

/** An event, as a service would publish it. */
export type SampleEvent = Record<string, JSONValue>;

/**
 * An event of now that the source would act on, as far as its expressions tell what that takes: the sample of its preset, with the
 * target put where the source reads it. What they do not tell is left out: whether the target got in, {@link isEventActedOn} says.
 *
 * @param now epoch milliseconds
 */
export function sampleEvent(
  source: CompiledEventSource,
  { sample }: Pick<EventPreset, 'sample'>,
  target: Target,
  { now, id }: { now: number; id: string },
): SampleEvent {
  const own = Object.entries(sample).filter(([name]) => !isAdded(name));
  const time = new Date(now).toISOString();
  let event = { ...Object.fromEntries(own), id, time } as SampleEvent;
  const root: Place = {
    read: () => event,
    write: (value) => {
      event = value as SampleEvent;
    },
  };
  const { eventSources, eventTypes, expects, when, problemStartedAt, changeOrderId, app, apps, tellsEnds } =
    source;
  event = {
    ...event,
    source: nameIn(eventSources, event['source']),
    type: nameIn(eventTypes, event['type']),
  };
  if (expects) makeTrue(expects.is.tree, root);
  if (when && TreeInterpreter.search(when.tree, event) !== true) makeTrue(when.tree, root);
  if (problemStartedAt) {
    const given = TreeInterpreter.search(problemStartedAt.tree, event);
    put(problemStartedAt.tree, timeLike(given, now), root);
  }
  const [first] = apps;
  if (tellsEnds && first !== undefined) put(tellsEnds.app.tree, first, root);
  if ('app' in target && app) put(app.tree, target.app, root);
  if ('changeOrderId' in target && changeOrderId) put(changeOrderId.tree, target.changeOrderId, root);
  return event;
}

/** Whether EventBridge adds the attribute. */
function isAdded(name: string): boolean {
  return name.startsWith('aliyun');
}

/** A name that the source takes: that of the sample, where it does. */
function nameIn(names: readonly string[], own: JSONValue | undefined): string {
  if (typeof own === 'string' && isAmong(names, own)) return own;
  const [first = ''] = names;
  return first.replace(/\*$/, 'sample');
}

/** Now, written as the time that stands there. */
function timeLike(given: JSONValue, now: number): JSONValue {
  const digits = typeof given === 'number' || typeof given === 'string' ? String(given) : '';
  if (!/^\d+$/.test(digits)) return new Date(now).toISOString();
  const value = digits.length === 10 ? Math.floor(now / 1000) : now;
  return typeof given === 'number' ? value : String(value);
}

/**
 * Whether the function acts on the event for this source, and rolls back this target, or hears that it has ended, where the events of the
 * source tell that. What EDAS says is not asked, and of which account the event is, EventBridge says.
 *
 * @param sources all of them, in their order: an earlier one may take the event
 * @param now epoch milliseconds
 */
export async function isEventActedOn(
  source: CompiledEventSource,
  sources: readonly CompiledEventSource[],
  event: SampleEvent,
  target: Target,
  now: number,
): Promise<boolean> {
  try {
    const read = readCloudEvent(Buffer.from(JSON.stringify(event)));
    const end = await selectEnd(read, source, now);
    if (end && 'changeOrderId' in target && end.changeOrderId === target.changeOrderId) return true;
    const chosen = await chooseSource(sourcesFor(read, sources), read, now, new AuditRecord());
    if ('outcome' in chosen || chosen.source.name !== source.name) return false;
    const intent = await selectIntent(chosen.source, chosen.payload, undefined, now);
    return isDeepStrictEqual(intent.target, target);
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}
