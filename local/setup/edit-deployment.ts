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

function readMap(text: string, path: readonly string[]): Record<string, unknown> | undefined {
  let value: unknown = parse(text, { merge: true });
  for (const key of path) value = isRecord(value) ? value[key] : undefined;
  return isRecord(value) ? value : undefined;
}
