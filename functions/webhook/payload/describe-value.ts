import { excerpt } from '../../lib/text.ts';
import type { JSONValue } from '../source/expression.ts';

/** A JSON value in a sentence: what is short as it is, what has parts by its kind. */
export function describeValue(value: JSONValue): string {
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return JSON.stringify(typeof value === 'string' ? excerpt(value) : value);
}
