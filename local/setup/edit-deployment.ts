import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { isRecord } from '../../functions/lib/json.ts';
import { insertPair } from './insert-pair.ts';

/**
 * The text of an s.yaml with one variable more for a function, and all else as it was. A variable that it has stays.
 *
 * @param resource the function's key under resources
 * @param after the variables that it should follow, where they are there: the last of them counts
 * @returns undefined where it cannot be put in without changing the rest
 */
export function addVariable(
  text: string,
  resource: string,
  name: string,
  after: readonly string[],
): string | undefined {
  const path = ['resources', resource, 'props', 'environmentVariables'];
  const value = `\${env('${name}', '')}`;
  const before = readMap(text, path);
  if (before === undefined || Object.hasOwn(before, name)) return before && text;
  const neighbour = Object.keys(before).findLast((each) => after.includes(each));
  const pair = { block: () => [`${name}: ${value}`], flow: `${name}: "${value}"` };
  const added = insertPair(text, path, pair, neighbour);
  if (added === undefined) return undefined;
  return isDeepStrictEqual(readMap(added, path), { ...before, [name]: value }) ? added : undefined;
}

/**
 * The text of an s.yaml in which a resource that stands there as comments is one, by taking away the # before each of its lines,
 * and with all else as it was.
 *
 * @param resource its key under resources
 * @param before a key of its props: from there on, it stays as comments
 * @returns undefined where no such comments are there, or what comes out is not the text with this resource more
 */
export function uncommentResource(text: string, resource: string, before?: string): string | undefined {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.trimEnd() === `  # ${resource}:`);
  if (start === -1) return undefined;
  const isEnd = (line: string) =>
    !isCommentedOut(line) || (before !== undefined && line.trimEnd() === `  #     ${before}:`);
  const length = lines.slice(start).findIndex(isEnd);
  const end = length === -1 ? lines.length : start + length;
  const block = lines
    .slice(start, end)
    .map((line) => line.replace(/^ {2}# ?/, '  ').replace(/^ +(?=\r?$)/, ''));
  const added = [...lines.slice(0, start), ...block, ...lines.slice(end)].join('\n');
  return isOnlyAddition(text, added, resource) ? added : undefined;
}

function isCommentedOut(line: string): boolean {
  return /^ {2}#( |\r?$)/.test(line);
}

function isOnlyAddition(before: string, after: string, resource: string): boolean {
  try {
    const whole: unknown = parse(after, { merge: true });
    const resources = readMap(after, ['resources']) ?? {};
    const others = Object.entries(resources).filter(([name]) => name !== resource);
    return (
      isRecord(resources[resource]) &&
      isRecord(whole) &&
      isDeepStrictEqual({ ...whole, resources: Object.fromEntries(others) }, parse(before, { merge: true }))
    );
  } catch {
    return false;
  }
}

function readMap(text: string, path: readonly string[]): Record<string, unknown> | undefined {
  let value: unknown = parse(text, { merge: true });
  for (const key of path) value = isRecord(value) ? value[key] : undefined;
  return isRecord(value) ? value : undefined;
}
