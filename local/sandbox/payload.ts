import type { CompiledSource } from '../../functions/webhook/source/source.ts';

/**
 * A payload of the shape that the source looks at, as far as its expression is a plain path; where `when` or anything
 * else asks for more, the answer will say so.
 */
export function payloadFor({ changeOrderId }: CompiledSource, id: string): string {
  const keys = (changeOrderId?.text ?? 'changeOrderId').split('.').filter((key) => /^\w+$/.test(key));
  return JSON.stringify(keys.reduceRight<unknown>((value, key) => ({ [key]: value }), id));
}
