import type { z } from 'zod';
import { didYouMean } from './did-you-mean.ts';
import type { Path } from './position.ts';
import { keysOfLaterVersions, sourcesSchema } from './sources-schema.ts';

const typesInWords: Record<string, string> = {
  record: 'a map',
  object: 'a map',
  array: 'a list',
  int: 'a whole number',
  boolean: 'true or false',
};

/** What the schema found, in words: each place that is wrong, and why. */
export function describeIssue(issue: z.core.$ZodIssue): { path: Path; message: string }[] {
  const { path } = issue;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...path, key], message: describeUnknownKey(key, path) }));
    case 'invalid_type':
      return [{ path, message: describeWrongType(issue) }];
    default:
      return [{ path, message: `${nameOf(path)} ${describeRule(issue)}` }];
  }
}

/** What the value at the place breaks, to follow its name. */
function describeRule(issue: z.core.$ZodIssue): string {
  const isNumber = 'origin' in issue && ['int', 'number'].includes(issue.origin);
  switch (issue.code) {
    case 'invalid_key':
      return issue.issues.map(({ message }) => message).join('; ');
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return isNumber ? `must be at least ${issue.minimum}` : issue.message;
    case 'too_big':
      return isNumber ? `must be at most ${issue.maximum}` : issue.message;
    default:
      return issue.message;
  }
}

function describeUnknownKey(key: string, path: Path): string {
  if (keysOfLaterVersions.includes(key)) return `"${key}" does not exist in this version yet`;
  return `"${key}" is not a key here${didYouMean(key, keysAt(path))}`;
}

function describeWrongType({ path, expected, input }: z.core.$ZodIssueInvalidType): string {
  if (input === undefined) return `${nameOf(path)} is missing`;
  if (input === null) return `${nameOf(path)} is empty`;
  return `${nameOf(path)} must be ${typesInWords[expected] ?? `a ${expected}`}`;
}

/** The key at a place, or the key whose list it stands in. */
function nameOf(path: Path): string {
  const key = path.findLast((part) => typeof part !== 'number');
  return key === undefined ? 'the file' : `"${String(key)}"`;
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
