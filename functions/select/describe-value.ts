import { isRecord } from '../lib/json.ts';
import { excerpt } from '../lib/text.ts';
import type { JSONValue } from './expression.ts';

/** A JSON value in a sentence: what is short as it is, what has parts by its kind. */
export function describeValue(value: JSONValue): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return JSON.stringify(typeof value === 'string' ? excerpt(value) : value);
}

/** Names of fields that are shown at most. */
const mostFields = 12;

/** What is no object is not shown: nothing is known of it, so it could be a secret. */
const kinds: Record<string, string> = { string: 'text', number: 'a number', boolean: 'true or false' };

/** What a payload is, for those who know what it should be: its kind and its fields, without what they hold. */
export function describePayload(payload: JSONValue): string {
  if (Array.isArray(payload)) {
    const [first] = payload;
    return first === undefined
      ? 'an empty JSON array'
      : `a JSON array, whose first item is ${describePayload(first)}`;
  }
  if (!isRecord(payload)) return kinds[typeof payload] ?? 'null';
  const names = Object.keys(payload);
  if (names.length === 0) return 'an object without fields';
  const more = names.length > mostFields ? ', …' : '';
  return `an object with ${names
    .slice(0, mostFields)
    .map((name) => excerpt(name, 40))
    .join(', ')}${more}`;
}
