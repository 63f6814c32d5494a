import type { compile, JSONValue } from '@jmespath-community/jmespath';

export type ExpressionNode = ReturnType<typeof compile>;
export type { JSONValue };

/** Names of fields and indexes, from the top of the payload. */
export type Path = readonly (string | number)[];

/** A JMESPath expression: its text for messages, and the tree that the build made of it. */
export interface Expression {
  text: string;
  tree: ExpressionNode;
  /** What it looks at; of `when` alone. */
  reads?: readonly Path[];
}
