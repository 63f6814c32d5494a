import { Problem } from '../errors.ts';
import { excerpt } from '../lib/text.ts';
import { parseTime, toIso } from '../lib/time.ts';
import type { CloudEvent } from './cloud-event.ts';
import type { CompiledEventSource } from './event-source.ts';

/** By how much the clock of a service may be ahead, in milliseconds. */
const clockDifferenceMs = 300_000;

/**
 * Refuses an event of another account: a rule can be set up to pass events on from one account to another.
 *
 * @param accountId of the account that the function runs in
 * @throws Problem `event_account_mismatch`
 */
export function requireOwnAccount({ accountId: given }: CloudEvent, accountId: string | undefined): void {
  if (accountId !== undefined && accountId !== '' && given === accountId) return;
  throw new Problem(
    'event_account_mismatch',
    `${describeMismatch(given, accountId)} Nothing was rolled back.`,
  );
}

function describeMismatch(given: string | undefined, own: string | undefined): string {
  if (own === undefined || own === '') {
    return 'Function Compute does not say which account this function runs in, so it cannot be told whether the event is of that account.';
  }
  return given === undefined
    ? 'The event names no account (aliyunaccountid): EventBridge adds it to each event, and an event that reaches the function in another way must have it.'
    : 'The event is of another account than this function.';
}

/**
 * The sources that take events of this `source` and `type`, in the order of sources.yaml.
 *
 * @throws Problem `event_unexpected` where there is none
 */
export function sourcesFor(
  { source, type }: CloudEvent,
  sources: readonly CompiledEventSource[],
): CompiledEventSource[] {
  const found = sources.filter(
    ({ eventSources, eventTypes }) => isAmong(eventSources, source) && isAmong(eventTypes, type),
  );
  if (found.length > 0) return found;
  const which = `source ${JSON.stringify(excerpt(source))} and type ${JSON.stringify(excerpt(type))}`;
  throw new Problem(
    'event_unexpected',
    `No source under events in sources.yaml takes events with ${which}. Nothing was rolled back. Let the rule pass fewer events, or add them to a source.`,
  );
}

/** Whether one of the names is the text. A * at the end of a name stands for every text that begins so. */
export function isAmong(names: readonly string[], text: string): boolean {
  return names.some((name) => (name.endsWith('*') ? text.startsWith(name.slice(0, -1)) : text === name));
}

/**
 * Refuses an event that is too old, for EventBridge delivers for up to a day, or from the future.
 *
 * @param now epoch milliseconds
 * @throws Problem `event_out_of_window`, `event_malformed` where it has no time that can be read
 */
export function requireFresh(event: CloudEvent, source: CompiledEventSource, now: number): void {
  const problem = problemOfAge(event, source, now);
  if (problem) throw problem;
}

/** Why an event does not count for its age; undefined where it does. */
export function problemOfAge(
  { time }: CloudEvent,
  { name, maxAgeMs }: CompiledEventSource,
  now: number,
): Problem | undefined {
  const at = time === undefined ? undefined : parseTime(time, 'iso');
  if (at === undefined) {
    const fault =
      time === undefined
        ? 'The event has no time'
        : `The time of the event is ${JSON.stringify(excerpt(time))}, and not ISO 8601 with a time zone`;
    return new Problem('event_malformed', `${fault}, so its age is not known. Nothing was rolled back.`);
  }
  const ageMs = now - at;
  if (ageMs <= maxAgeMs && ageMs >= -clockDifferenceMs) return undefined;
  const detail =
    ageMs < 0
      ? `The event is of ${toIso(at)}, which is in the future.`
      : `The event is ${Math.floor(ageMs / 1000)} s old, and the source ${name} takes events of up to ${maxAgeMs / 1000} s (maxAge).`;
  return new Problem(
    'event_out_of_window',
    `${detail} This delivery rolled nothing back. If the problem is still there, roll back in the EDAS console.`,
  );
}
