import type { compile, JSONValue } from '@jmespath-community/jmespath';
import { Problem } from '../../errors.ts';
import { reasonOf } from '../../text.ts';

export type ExpressionNode = ReturnType<typeof compile>;
export type { JSONValue };

/** A JMESPath expression: its text for messages, and the tree that the build made of it. */
export interface Expression {
  text: string;
  tree: ExpressionNode;
}

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
