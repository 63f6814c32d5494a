import { compile } from '@jmespath-community/jmespath';
import type { Expression } from '../../functions/select/expression.ts';
import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';
import { pipelineSource } from './source.ts';

const expressionKeys = [
  'when',
  'allow',
  'changeOrderId',
  'app',
  'command',
  'salutation',
  'problemStartedAt',
  'actor',
  'answerAt',
] as const;
type ExpressionKey = (typeof expressionKeys)[number];

/** A source with these expressions. */
export function sourceWith(expressions: Partial<Record<ExpressionKey, string>>): CompiledSource {
  const compiled: Partial<Record<ExpressionKey, Expression>> = {};
  for (const key of expressionKeys) {
    const text = expressions[key];
    if (text !== undefined) compiled[key] = { text, tree: compile(text) };
  }
  return { ...pipelineSource, ...compiled };
}
