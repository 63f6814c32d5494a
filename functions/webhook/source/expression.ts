import type { compile, JSONValue } from '@jmespath-community/jmespath';

export type ExpressionNode = ReturnType<typeof compile>;
export type { JSONValue };

/** A JMESPath expression: its text for messages, and the tree that the build made of it. */
export interface Expression {
  text: string;
  tree: ExpressionNode;
}
