import { createHash } from 'node:crypto';
import { isRecord } from '../../functions/lib/json.ts';
import type { RollbackPolicy } from '../../functions/select/policy.ts';
import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';

/**
 * SHA-256, in hex, of the compiled sources as JSON with sorted keys: two functions with the same digest read every webhook
 * alike. It covers names of variables and expressions, and no secret.
 *
 * @param asking the sources of events about which people decide by way of the webhook function
 */
export function configurationDigest(
  sources: readonly CompiledSource[],
  asking: readonly RollbackPolicy[] = [],
): string {
  return createHash('sha256')
    .update(JSON.stringify([...sources, ...asking], withSortedKeys))
    .digest('hex');
}

function withSortedKeys(_key: string, value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
