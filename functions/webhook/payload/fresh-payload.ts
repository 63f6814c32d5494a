import { Problem } from '../../errors.ts';
import { isRecord } from '../../lib/json.ts';
import type { JSONValue } from '../../select/expression.ts';
import type { CompiledSource } from '../source/compiled-source.ts';
import { requireFresh } from '../verify/timestamp.ts';

/**
 * Refuses a payload whose own time, which its signature covers, is not now.
 *
 * @param now epoch milliseconds
 * @throws Problem `timestamp_missing`, `timestamp_malformed`, `timestamp_out_of_window`
 */
export function requireFreshPayload(source: CompiledSource, payload: JSONValue, now: number): void {
  if (!source.payloadTimestamp) return;
  const { field, ...parameters } = source.payloadTimestamp;
  const value = isRecord(payload) && Object.hasOwn(payload, field) ? payload[field] : undefined;
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw new Problem('timestamp_missing', `The payload has no ${field}, the time at which it was signed.`);
  }
  requireFresh(String(value), `The payload's ${field}`, parameters, now);
}
