import { type ExpressionNode } from '../../functions/webhook/payload/expression.ts';
import type { CompiledSource } from '../../functions/webhook/source/source.ts';
import { signatureHeaders } from '../sign.ts';

/** By name of the environment variable. */
export type Secrets = Record<string, string>;

/**
 * A payload of the shape that the source looks at, as far as its expression is a plain path; where `when` or anything
 * else asks for more, the answer will say so.
 */
export function payloadFor({ changeOrderId }: CompiledSource, id: string): string {
  const keys = changeOrderId ? keysOf(changeOrderId.tree) : ['changeOrderId'];
  return JSON.stringify(keys.reduceRight<unknown>((value, key) => ({ [key]: value }), id));
}

function keysOf(tree: ExpressionNode): string[] {
  if (tree.type === 'Field') return [tree.name];
  return tree.type === 'Subexpression' ? [...keysOf(tree.left), ...keysOf(tree.right)] : [];
}

/** The headers with which the source's sender would post this body. */
export function headersFor(source: CompiledSource, secrets: Secrets, body: string): Record<string, string> {
  const [variable = ''] = source.secrets;
  return {
    'Content-Type': 'application/json',
    ...signatureHeaders(source.verify, secrets[variable] ?? '', body),
  };
}
