import { Problem } from '../errors.ts';
import { toText } from '../lib/json.ts';
import { reasonOf } from '../lib/text.ts';
import type { Expression, JSONValue } from './expression.ts';

/**
 * What the expression finds in the payload; null where there is nothing.
 *
 * @param role the key in sources.yaml, for the message
 * @throws Problem `payload_malformed` where the payload makes the expression fail, such as `contains` on nothing
 */
export async function evaluate(expression: Expression, payload: JSONValue, role: string): Promise<JSONValue> {
  const { TreeInterpreter } = await import('@jmespath-community/jmespath');
  try {
    return TreeInterpreter.search(expression.tree, payload);
  } catch (error) {
    throw new Problem(
      'payload_malformed',
      `The expression \`${role}: ${expression.text}\` does not work on this payload: ${reasonOf(error)}.`,
    );
  }
}

/** The text that the expression finds, for what a rollback does not depend on: where it fails, undefined. */
export async function evaluateText(
  expression: Expression,
  payload: JSONValue,
  role: string,
): Promise<string | undefined> {
  return toText(await evaluate(expression, payload, role).catch(() => null));
}
