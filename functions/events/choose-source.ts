import { Problem } from '../errors.ts';
import type { AuditRecord } from '../execute/audit-record.ts';
import type { Ignored } from '../execute/outcome.ts';
import { reasonToIgnore } from '../select/conditions.ts';
import { requireExpected } from '../select/expected.ts';
import type { JSONValue } from '../select/expression.ts';
import { withoutMonitorAlarms } from '../select/monitor-alarms.ts';
import { requireFresh } from './check-event.ts';
import type { CloudEvent } from './cloud-event.ts';
import type { CompiledEventSource } from './event-source.ts';
import { reasonOfTeller } from './told-end.ts';

/** The source that acts on an event, and what of the event it acts on. */
export interface ChosenSource {
  source: CompiledEventSource;
  payload: JSONValue;
}

/**
 * The first source for which the event counts: it is not too old, and `when` is true for it. An event has no path that
 * names a source, as a webhook has.
 *
 * @param candidates at least one
 * @param now epoch milliseconds
 * @param record gets the name of the source
 * @returns that the event is ignored, where it counts for none
 * @throws Problem why a source could not tell, where no other one acts
 */
export async function chooseSource(
  candidates: readonly CompiledEventSource[],
  event: CloudEvent,
  now: number,
  record: AuditRecord,
): Promise<ChosenSource | Ignored> {
  const [only, ...others] = candidates;
  if (only && others.length === 0) record.add({ source: only.name });
  const reasons: string[] = [];
  let refusal: Problem | undefined;
  for (const source of candidates) {
    try {
      const counting = await countFor(source, event, now);
      if ('payload' in counting) {
        record.add({ source: source.name });
        return { source, payload: counting.payload };
      }
      reasons.push(others.length === 0 ? counting.reason : `${source.name}: ${counting.reason}`);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      refusal ??= error;
    }
  }
  if (refusal) throw refusal;
  return { outcome: 'ignored', message: reasons.join(' ') };
}

/** What of the event the source acts on, or why on nothing. @throws Problem */
async function countFor(
  source: CompiledEventSource,
  event: CloudEvent,
  now: number,
): Promise<{ payload: JSONValue } | { reason: string }> {
  requireFresh(event, source, now);
  const left = await reasonOfTeller(source, event.payload);
  if (left !== undefined) return { reason: left };
  await requireExpected(source, event.payload);
  const counting = await withoutMonitorAlarms(source, event.payload);
  if ('reason' in counting) return counting;
  const reason = await reasonToIgnore(source, counting.payload);
  return reason === undefined ? counting : { reason };
}
