import { Problem } from '../errors.ts';
import type { AuditRecord } from '../execute/audit-record.ts';
import type { Ignored } from '../execute/outcome.ts';
import { toRecord } from '../lib/json.ts';
import type { Target } from '../rollback/find-change-order.ts';
import { reasonToIgnore } from '../select/conditions.ts';
import { describePayload } from '../select/describe-value.ts';
import { requireExpected } from '../select/expected.ts';
import type { JSONValue } from '../select/expression.ts';
import { selectTarget } from '../select/intent.ts';
import { withoutMonitorAlarms } from '../select/monitor-alarms.ts';
import { reasonNotToAct } from './change-order-end.ts';
import { requireFresh } from './check-event.ts';
import type { CloudEvent } from './cloud-event.ts';
import type { CompiledEventSource } from './event-source.ts';

/** The source that acts on an event, and what of the event it acts on. */
export interface ChosenSource {
  source: CompiledEventSource;
  payload: JSONValue;
  /** What it names, and the source may touch. */
  target: Target;
}

/**
 * The first source for which the event counts: it is not too old, `when` is true for it, and it names what the source may touch.
 * An event has no path that names a source, as a webhook has; so several sources may take the events of one service, each with
 * applications of its own.
 *
 * @param candidates at least one
 * @param now epoch milliseconds
 * @param record gets the name of the source that acts, or that refuses
 * @returns that the event is ignored, where it counts for none
 * @throws Problem why a source could not act, where no other one does
 */
export async function chooseSource(
  candidates: readonly CompiledEventSource[],
  event: CloudEvent,
  now: number,
  record: AuditRecord,
): Promise<ChosenSource | Ignored> {
  const isOnly = candidates.length === 1;
  const reasons: string[] = [];
  let refused: { by: string; problem: Problem } | undefined;
  for (const source of candidates) {
    const { name } = source;
    try {
      const counting = await countFor(source, event, now);
      if ('payload' in counting) {
        record.add({ source: name });
        return { source, ...counting };
      }
      reasons.push(isOnly ? counting.reason : `${name}: ${counting.reason}`);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      refused ??= { by: name, problem: error };
    }
  }
  const told = refused?.by ?? (isOnly ? candidates[0]?.name : undefined);
  record.add({ source: told });
  if (refused) throw refused.problem;
  return { outcome: 'ignored', message: reasons.join(' ') };
}

/** What a service says stands under `data`; the rest is alike in all events. */
export function describeData(payload: JSONValue): string {
  const { data } = toRecord(payload);
  return data === undefined
    ? 'an event without data'
    : `an event whose data is ${describePayload(data as JSONValue)}`;
}

/** What of the event the source acts on, or why on nothing. @throws Problem */
async function countFor(
  source: CompiledEventSource,
  event: CloudEvent,
  now: number,
): Promise<Omit<ChosenSource, 'source'> | { reason: string }> {
  requireFresh(event, source, now);
  const left = await reasonNotToAct(source, event.payload);
  if (left !== undefined) return { reason: left };
  await requireExpected(source, event.payload, describeData);
  const counting = await withoutMonitorAlarms(source, event.payload);
  if ('reason' in counting) return counting;
  const reason = await reasonToIgnore(source, counting.payload);
  if (reason !== undefined) return { reason };
  const { payload } = counting;
  return { payload, target: await selectTarget(source, payload) };
}
