import { compile, getRegisteredFunctions, TreeInterpreter } from '@jmespath-community/jmespath';
import { toRecord } from '../../functions/lib/json.ts';
import { reasonOf } from '../../functions/lib/text.ts';
import type { Expression, ExpressionNode } from '../../functions/select/expression.ts';
import { didYouMean } from './did-you-mean.ts';
import { keepNulls } from './keep-nulls.ts';

type Report = (message: string) => void;

/**
 * `truth`: `when` and `allow`. `text`: what an id is found in. `version`: the name of a version. `summary`: what an alert says.
 * `time`: when a problem began, or several did. `value`: whatever it gives.
 */
export type Purpose = 'truth' | 'text' | 'version' | 'summary' | 'time' | 'value';

/** Why an expression must give one text. */
const needsText = {
  text: 'an id stands in text',
  version: 'the name of a version is text',
  summary: 'people are shown text',
};

const lists = ['Projection', 'FilterProjection', 'ValueProjection', 'Flatten', 'Slice'];
const neverTrue = ['Arithmetic', 'MultiSelectList', 'MultiSelectHash', ...lists];
const neverText = ['Comparator', 'NotExpression', 'Arithmetic', 'MultiSelectList', 'MultiSelectHash'];

/** Parses a JMESPath expression, and reports what would make it fail, or never serve, on every payload. */
export function compileExpression(text: string, purpose: Purpose, report: Report): Expression {
  const isOneName = purpose !== 'truth' && /^"[^"]*"$/.test(text.trim());
  const quoted = isOneName ? [] : namesInQuotes(text);
  for (const word of quoted) {
    report(
      `JMESPath reads "${word}" as the name of a field; text stands in single quotes: '${word}' (a field, spelt clearly: @."${word}")`,
    );
  }
  try {
    const tree = compile(text);
    for (const call of functionCalls(tree)) checkCall(call, report);
    checkVariables(tree, report);
    checkComparisons(tree, purpose, quoted, report);
    checkResult(tree, purpose, report);
    return { text, tree: purpose === 'time' ? keepNulls(tree) : tree };
  } catch (error) {
    report(`this is not JMESPath: ${reasonOf(error)}`);
    return { text, tree: { type: 'Identity' } };
  }
}

/**
 * The names in double quotes that neither begin nor continue a path: who writes one of them mostly means text. As a field
 * that is not there such a name is null, and null equals every other field that is not there.
 */
function namesInQuotes(text: string): string[] {
  const withoutTexts = text.replaceAll(/'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`/g, (quoted) =>
    ' '.repeat(quoted.length),
  );
  // After a dot it is a part of a path, before a dot or bracket the beginning of one, before a colon a key.
  const names = withoutTexts.matchAll(/(\.\s*)?"((?:[^"\\]|\\.)*)"(?!\s*[.[:])/g);
  return Array.from(names).flatMap(([, dot, name = '']) => (dot === undefined ? [name] : []));
}

/**
 * Text without its quotes is the name of a field, which is null where it is not there, and null equals null: an `allow` that
 * compares two of them would be true for every payload. And a single `=` is not a comparison.
 */
function checkComparisons(
  tree: ExpressionNode,
  purpose: Purpose,
  quoted: readonly string[],
  report: Report,
): void {
  for (const node of nodesIn(tree)) {
    if (node.type === 'Binding') report('a comparison takes two signs: ==, and not =');
    // Where text is due, a comparison as the whole is wrong for another reason.
    if (node.type !== 'Comparator' || (purpose !== 'truth' && node === tree)) continue;
    if (node.name !== 'EQ' && node.name !== 'NE') continue;
    const { left, right } = node;
    if (left.type === 'Literal' || right.type === 'Literal') continue;
    const [field] = [right, left].filter((side) => side.type === 'Field');
    // What stands in double quotes has been told of.
    if (field && !quoted.includes(field.name)) {
      report(
        `JMESPath reads ${field.name} as the name of a field; text stands in single quotes: '${field.name}' (a field, spelt clearly: @.${field.name})`,
      );
    }
  }
}

/** Some results can be told from the expression alone. */
function checkResult(tree: ExpressionNode, purpose: Purpose, report: Report): void {
  const isText = tree.type === 'Literal' && typeof tree.value === 'string';
  if (purpose === 'value') return;
  if (purpose === 'truth') {
    if (!isText && !neverTrue.includes(tree.type)) return;
    report('this can never be true: it needs a comparison, or a function such as contains()');
    return;
  }
  if (tree.type === 'Literal' && purpose !== 'text') {
    report(
      `a ${purpose} that is written out is the same for every webhook: point to where it stands in the payload`,
    );
    return;
  }
  if (purpose === 'time') {
    if (neverText.includes(tree.type) && tree.type !== 'Arithmetic') report('this can never be a time');
  } else if (neverText.includes(tree.type)) {
    report(`this can never be text, and ${needsText[purpose]}`);
  } else if (lists.includes(tree.type)) {
    report(`this gives a list, and ${needsText[purpose]}: take one of it, such as [0]`);
  }
}

type Call = ExpressionNode & { type: 'Function' };

function checkCall(call: Call, report: Report): void {
  const known = getRegisteredFunctions();
  if (!known.includes(call.name)) {
    report(`JMESPath has no function ${call.name}()${didYouMean(call.name, known)}`);
    return;
  }
  try {
    const nothing = call.children.map(() => ({ type: 'Literal', value: null }) as const);
    TreeInterpreter.search({ ...call, children: nothing }, null);
  } catch (error) {
    // What the arguments are is not known yet, only how many.
    const [, arity] = /^Invalid arity: (.*)/.exec(reasonOf(error)) ?? [];
    if (arity !== undefined) report(arity);
  }
}

/** A variable that no `let` binds fails for every payload; any other failure may be due to the payload. */
function checkVariables(tree: ExpressionNode, report: Report): void {
  try {
    TreeInterpreter.search(tree, {});
  } catch (error) {
    const reason = reasonOf(error);
    if (reason.includes('undefined variable')) report(reason);
  }
}

/** All calls of functions in an expression. */
function functionCalls(tree: ExpressionNode): Call[] {
  return nodesIn(tree).filter((node) => node.type === 'Function');
}

/** All that an expression is made of, but for the insides of literals, which may look like anything, and what `let` binds. */
function nodesIn(value: unknown): ExpressionNode[] {
  if (typeof value !== 'object' || value === null) return [];
  const type = 'type' in value ? value.type : undefined;
  if (type === 'Literal') return [];
  const parts = Object.entries(value).flatMap(([key, part]) =>
    key === 'bindings' && Array.isArray(part) ? part.map(referenceOf) : [part as unknown],
  );
  return [...(typeof type === 'string' ? [value as ExpressionNode] : []), ...parts.flatMap(nodesIn)];
}

/** What a variable of `let` stands for. */
function referenceOf(binding: unknown): unknown {
  return toRecord(binding)['reference'];
}
