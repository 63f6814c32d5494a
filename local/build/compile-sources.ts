import { compile, getRegisteredFunctions, TreeInterpreter } from '@jmespath-community/jmespath';
import { closest, distance } from 'fastest-levenshtein';
import { isMap, isNode, isScalar, LineCounter, parseDocument, visit, type Document } from 'yaml';
import type { z } from 'zod';
import { presets, type Preset } from '../../functions/webhook/source/presets.ts';
import type { ExpressionNode } from '../../functions/webhook/payload/expression.ts';
import type { CompiledSource, Expression } from '../../functions/webhook/source/source.ts';
import type { HmacParameters } from '../../functions/webhook/verify/hmac.ts';
import {
  keysOfLaterVersions,
  sourcesSchema,
  type SourceSettings,
  type VerifySettings,
} from './sources-schema.ts';

/** A place in sources.yaml, and what is wrong there. Lines and columns count from 1. */
export interface SourcesFault {
  line: number;
  column: number;
  message: string;
}

/** sources.yaml cannot work. Carries every fault that was found, in the order of the file. */
export class SourcesError extends Error {
  override readonly name = 'SourcesError';
  readonly faults: readonly SourcesFault[];

  constructor(faults: readonly SourcesFault[]) {
    super(`sources.yaml has ${faults.length} fault(s)`);
    this.faults = faults.toSorted((a, b) => a.line - b.line || a.column - b.column);
  }
}

type Path = readonly PropertyKey[];
type Report = (path: Path, message: string) => void;

/**
 * Checks the text of a sources.yaml and compiles it to what the function reads: presets resolved, JMESPath parsed.
 *
 * @throws SourcesError
 */
export function compileSources(text: string): CompiledSource[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const faults: SourcesFault[] = document.errors.map(({ pos, code, message }) => ({
    ...toPosition(lines, pos[0]),
    message: code === 'DUPLICATE_KEY' ? 'this name is there twice' : message,
  }));
  const report: Report = (path, message) => {
    faults.push({ ...toPosition(lines, offsetOf(document, path)), message });
  };
  const fail = () => new SourcesError(faults);
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document)) return;
      const message = `*${alias.source} stands for nothing: there is no &${alias.source} before it`;
      faults.push({ ...toPosition(lines, alias.range?.[0] ?? 0), message });
    },
  });
  if (faults.length > 0) throw fail();

  const parsed = sourcesSchema.safeParse(toPlainValue(document, report), { reportInput: true });
  if (faults.length > 0) throw fail();
  if (!parsed.success) {
    for (const issue of parsed.error.issues) reportIssue(issue, report);
    throw fail();
  }
  const compiled = Object.entries(parsed.data.sources).map(([name, settings]) =>
    compileSource(name, settings, (path, message) => {
      report(['sources', name, ...path], message);
    }),
  );
  if (faults.length > 0) throw fail();
  return compiled;
}

/** The YAML library gives up on aliases that multiply to more than it takes. */
function toPlainValue(document: Document, report: Report): unknown {
  try {
    return document.toJS();
  } catch (error) {
    report([], `this cannot be read: ${reasonOf(error)}`);
    return undefined;
  }
}

function compileSource(name: string, settings: SourceSettings, report: Report): CompiledSource {
  const { preset: presetName, verify, secrets, when, allow, changeOrderId, deadlineMs, ...rest } = settings;
  if ((presetName === undefined) === (verify === undefined)) {
    report([], 'a source needs either a preset or verify, and not both');
  }
  if (new Set(secrets).size < secrets.length) report(['secrets'], 'a variable is named twice');
  const preset: Preset = presets[presetName ?? 'generic'];
  const expressions = Object.entries({ when, allow, changeOrderId }).flatMap(([key, text]) =>
    text === undefined ? [] : [[key, compileExpression(text, [key], report)] as const],
  );
  return {
    name,
    verify: verify ? toParameters(verify, report) : preset.verify,
    secrets,
    ...(preset.deliveryHeader !== undefined && { deliveryHeader: preset.deliveryHeader }),
    ...(preset.ping && { ping: preset.ping }),
    ...(preset.actor !== undefined && { actor: compileExpression(preset.actor, [], report) }),
    ...Object.fromEntries(expressions),
    ...rest,
    deadlineMs: deadlineMs ?? preset.deadlineMs,
  };
}

function toParameters(verify: VerifySettings, report: Report): HmacParameters {
  const { header, separator, signed, timestamp, idHeader, ...rest } = verify;
  checkList(verify, report);
  const parts = signed.split(/(\{[^}]*\})/).filter((part) => part !== '');
  checkTemplate(parts, verify, report);
  return {
    ...rest,
    header: header.toLowerCase(),
    ...(separator && { separator: separator === 'comma' ? ',' : ' ' }),
    signed: parts,
    ...(timestamp && { timestamp: { ...timestamp, header: timestamp.header.toLowerCase() } }),
    ...(idHeader !== undefined && { idHeader: idHeader.toLowerCase() }),
  };
}

/** The list is split before a prefix is looked for, and white space around its parts does not count. */
function checkList({ separator, prefix }: VerifySettings, report: Report): void {
  if (separator === undefined) return;
  if (prefix.includes(separator === 'comma' ? ',' : ' ') || prefix.trim() !== prefix) {
    report(['verify', 'prefix'], `no part of a list separated by ${separator} can begin with "${prefix}"`);
  }
}

/** A signature that leaves the body out protects nothing, and a time or an id that it leaves out proves nothing. */
function checkTemplate(parts: readonly string[], verify: VerifySettings, report: Report): void {
  const path = ['verify', 'signed'];
  const has = (placeholder: string) => parts.includes(placeholder);
  for (const part of parts) {
    if (/^\{.*\}$/.test(part) && !['{body}', '{timestamp}', '{id}'].includes(part)) {
      report(path, `${part} is not known; there are {body}, {timestamp} and {id}`);
    }
  }
  if (!has('{body}')) report(path, 'the signed text must contain {body}');
  if (has('{timestamp}') !== (verify.timestamp !== undefined)) {
    report(path, '{timestamp} in signed and the key timestamp belong together: only a signed time counts');
  }
  if (has('{id}') !== (verify.idHeader !== undefined)) {
    report(path, '{id} in signed and the key idHeader belong together');
  }
}

function compileExpression(text: string, path: Path, report: Report): Expression {
  for (const word of namesInQuotes(text)) {
    report(
      path,
      `JMESPath reads "${word}" as the name of a field; text stands in single quotes: '${word}' (a field, spelt clearly: @."${word}")`,
    );
  }
  try {
    const tree = compile(text);
    for (const call of functionCalls(tree)) checkCall(call, path, report);
    return { text, tree };
  } catch (error) {
    report(path, `this is not JMESPath: ${reasonOf(error)}`);
    return { text, tree: { type: 'Identity' } };
  }
}

/**
 * The names in double quotes that nobody needs to quote at the beginning of a path: who writes them means text. As a
 * field that is not there such a name is null, and null equals every other field that is not there.
 */
function namesInQuotes(text: string): string[] {
  const withoutTexts = text.replaceAll(/'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`/g, (quoted) =>
    ' '.repeat(quoted.length),
  );
  // After a dot it is a part of a path, before a dot or bracket the beginning of one, before a colon a key.
  const names = withoutTexts.matchAll(/(\.\s*)?"((?:[^"\\]|\\.)*)"(?!\s*[.[:])/g);
  return Array.from(names).flatMap(([, dot, name = '']) => (dot === undefined ? [name] : []));
}

type Call = ExpressionNode & { type: 'Function' };

function checkCall(call: Call, path: Path, report: Report): void {
  const known = getRegisteredFunctions();
  if (!known.includes(call.name)) {
    report(path, `JMESPath has no function ${call.name}()${didYouMean(call.name, known)}`);
    return;
  }
  try {
    const nothing = call.children.map(() => ({ type: 'Literal', value: null }) as const);
    TreeInterpreter.search({ ...call, children: nothing }, null);
  } catch (error) {
    // What the arguments are is not known yet, only how many.
    const [, arity] = /^Invalid arity: (.*)/.exec(reasonOf(error)) ?? [];
    if (arity !== undefined) report(path, arity);
  }
}

/** The calls of functions in an expression, wherever in the tree. */
function functionCalls(node: unknown): Call[] {
  if (typeof node !== 'object' || node === null) return [];
  const type = 'type' in node ? node.type : undefined;
  // A literal may look like anything.
  if (type === 'Literal') return [];
  return [...(type === 'Function' ? [node as Call] : []), ...Object.values(node).flatMap(functionCalls)];
}

function reportIssue(issue: z.core.$ZodIssue, report: Report): void {
  switch (issue.code) {
    case 'unrecognized_keys':
      for (const key of issue.keys) report([...issue.path, key], describeUnknownKey(key, issue.path));
      return;
    case 'invalid_key':
      report(issue.path, issue.issues.map(({ message }) => message).join('; '));
      return;
    case 'invalid_value':
      report(issue.path, `must be one of ${issue.values.map(String).join(', ')}`);
      return;
    case 'invalid_type':
      report(issue.path, describeWrongType(issue));
      return;
    case 'too_small':
    case 'too_big':
      report(issue.path, describeLimit(issue));
      return;
    default:
      report(issue.path, issue.message);
  }
}

function describeUnknownKey(key: string, path: Path): string {
  if (keysOfLaterVersions.includes(key)) return `"${key}" does not exist in this version yet`;
  return `"${key}" is not a key here${didYouMean(key, keysAt(path))}`;
}

function describeWrongType({ path, expected, input }: z.core.$ZodIssueInvalidType): string {
  const key = typeof path.at(-1) === 'number' ? path.at(-2) : path.at(-1);
  const subject = key === undefined ? 'the file' : `"${String(key)}"`;
  if (input === undefined) return `${subject} is missing`;
  if (input === null) return `${subject} is empty`;
  return `${subject} must be ${typesInWords[expected] ?? `a ${expected}`}`;
}

const typesInWords: Record<string, string> = {
  record: 'a map',
  object: 'a map',
  array: 'a list',
  int: 'a whole number',
  boolean: 'true or false',
};

function describeLimit(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  if (issue.origin === 'array' || issue.origin === 'string') return issue.message;
  return issue.code === 'too_small'
    ? `must be at least ${issue.minimum}`
    : `must be at most ${issue.maximum}`;
}

function didYouMean(word: string, candidates: readonly string[]): string {
  if (candidates.length === 0) return '';
  const nearest = closest(word, candidates);
  if (distance(word.toLowerCase(), nearest.toLowerCase()) <= 3) return `; did you mean "${nearest}"?`;
  return `; there are ${candidates.join(', ')}`;
}

/** The keys that the schema has at a path, for a suggestion. */
function keysAt(path: Path): string[] {
  const { sources } = sourcesSchema.shape;
  const source = sources.def.valueType;
  const [, , key, nested] = path;
  if (path.length === 0) return Object.keys(sourcesSchema.shape);
  if (key === undefined) return Object.keys(source.shape);
  const verify = source.shape.verify.unwrap();
  return Object.keys(nested === undefined ? verify.shape : verify.shape.timestamp.unwrap().shape);
}

/** Where the key at the path stands, or the nearest one above it that is there. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
      if (pair && isNode(pair.key) && pair.key.range) return pair.key.range[0];
    }
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function toPosition(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
