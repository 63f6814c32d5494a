import type { z } from 'zod';
import { isRecord, toRecord } from '../../functions/lib/json.ts';
import { excerpt } from '../../functions/lib/text.ts';
import { didYouMean, sameByAnotherName } from './did-you-mean.ts';
import type { Path } from './position.ts';
import { eventPresetMeant, webhookPresetMeant } from './preset-meant.ts';
import {
  keysOfChannel,
  keysOfConfirm,
  keysOfEnded,
  keysOfEventSource,
  keysOfSource,
  keysOfTimestamp,
  keysOfVerify,
  sourcesSchema,
  verifySchemes,
} from './sources-schema.ts';

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
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: describeUnknownKey([...path, key], toRecord(issue.input)['scheme']),
      }));
    case 'invalid_type':
      return [{ path, message: describeWrongType(issue) }];
    case 'invalid_union':
      if (isConfirm(path)) return describeConfirm(issue);
      if (isNameOfEvents(path)) return describeNames(issue);
      return [{ path, message: `${nameOf(path)} ${describeRule(issue)}` }];
    default:
      return [{ path, message: `${nameOf(path)} ${describeRule(issue)}` }];
  }
}

/** A text or a map: what is wrong with the one that it is. */
function describeConfirm({ path, input, errors }: z.core.$ZodIssueInvalidUnion) {
  if (isRecord(input)) {
    const ofMap = errors.find((issues) => issues.every((issue) => issue.path.length > 0 || 'keys' in issue));
    return (ofMap ?? []).flatMap((issue) => describeIssue({ ...issue, path: [...path, ...issue.path] }));
  }
  const message = input === null ? 'is empty' : 'must be all, ended, or { of: all, people: 2 }';
  return [{ path, message: `${nameOf(path)} ${message}` }];
}

/** A text or a list of texts. */
function describeNames({ path, input, errors: [ofText, ofList] }: z.core.$ZodIssueInvalidUnion) {
  const found = typeof input === 'string' ? ofText : Array.isArray(input) ? ofList : undefined;
  if (found) return found.flatMap((issue) => describeIssue({ ...issue, path: [...path, ...issue.path] }));
  const message = input === null ? 'is empty' : 'must be a text, or a list of texts';
  return [{ path, message: `${nameOf(path)} ${message}` }];
}

const notifyBelongs = 'notify stands at the top level, beside sources: move it there';

const noSecret =
  'an event has neither a secret nor a signature: RAM says who may call the function. Take this out';
const noAnswer = 'EventBridge reads no answer, and looks only whether the function failed: take this out';
const noPeople =
  'people write no events: take this out, and say with app or changeOrderId where an id stands';

/** Keys of a source of webhooks that mean nothing for events, and what to do instead. */
const notForEvents: Record<string, string> = {
  secrets: noSecret,
  verify: noSecret,
  allow: 'an event has no sender to allow: RAM says who may call the function. Put the condition into when',
  command: noPeople,
  language: noPeople,
  refusalStatus: noAnswer,
  successStatus: noAnswer,
  deadlineMs: 'no sender waits for an answer to an event: take this out',
};

/** Keys of a source of events that mean nothing for webhooks. */
const notForWebhooks: Record<string, string> = {
  source:
    'only events have a source and a type: move this source under events, or put the condition into when',
  type: 'only events have a source and a type: move this source under events, or put the condition into when',
  maxAge:
    'only events have an age: move this source under events; a webhook that signs its time is limited by verify.timestamp',
};

/** Why a key stands in the wrong section, if it does. */
function describeOtherSection([section, , key, nested]: Path): string | undefined {
  if (nested !== undefined || typeof key !== 'string') return undefined;
  const known = section === 'events' ? notForEvents : section === 'sources' ? notForWebhooks : {};
  return Object.hasOwn(known, key) ? known[key] : undefined;
}

function describeUnknownKey(path: Path, scheme: unknown): string {
  const key = String(path.at(-1));
  if (key === 'notify') return notifyBelongs;
  const other = describeOtherSection(path);
  if (other !== undefined) return `"${key}" is not a key here: ${other}`;
  return `"${key}" is not a key here${didYouMean(key, keysAt(path.slice(0, -1), scheme))}`;
}

/** What the value at the place breaks, to follow its name. */
function describeRule(issue: z.core.$ZodIssue): string {
  const { path } = issue;
  const isNumber = 'origin' in issue && ['int', 'number'].includes(issue.origin);
  switch (issue.code) {
    case 'invalid_union':
      // Only the scheme of `verify` decides between shapes.
      return `must be one of ${verifySchemes.join(', ')}`;
    case 'invalid_key':
      return issue.issues.map(({ message }) => message).join('; ');
    case 'invalid_value':
      return path.at(-1) === 'preset' && typeof issue.input === 'string'
        ? `does not know "${excerpt(issue.input)}"${describePresetMeant(path, issue.input)}`
        : describeChoice(issue.values.map(String), issue.input);
    case 'too_small':
      return isNumber ? `must be at least ${issue.minimum}` : issue.message;
    case 'too_big':
      return isNumber ? `must be at most ${issue.maximum}` : issue.message;
    default:
      return issue.message;
  }
}

function describePresetMeant([section]: Path, word: string): string {
  return section === 'events' ? eventPresetMeant(word) : webhookPresetMeant(word);
}

/** Many are not worth reading where one of them was nearly written. */
function describeChoice(values: readonly string[], input: unknown): string {
  const all = `must be one of ${values.join(', ')}`;
  if (typeof input !== 'string') return all;
  if (values.length <= 5) {
    const meant = sameByAnotherName(input, values);
    return meant === undefined ? all : `${all}; did you mean "${meant}"?`;
  }
  return `does not know "${excerpt(input)}"${didYouMean(input, values)}`;
}

function describeWrongType({ path, expected, input }: z.core.$ZodIssueInvalidType): string {
  const [section, name] = path;
  if (section === 'sources' && name === 'notify' && path.length === 2) return notifyBelongs;
  if (input === undefined) return `${nameOf(path)} is missing`;
  if (input === null) return `${nameOf(path)} is empty`;
  if (section === 'notify' && Array.isArray(input) && path.length === 3) {
    const what = path.at(-1) === 'url' ? 'address' : 'key';
    return `${nameOf(path)} must be the name of one environment variable: a channel has one ${what}`;
  }
  if (path.at(-2) === 'secrets' && 'kms' in toRecord(input)) {
    return `${nameOf(path)} must have kms:NAME in one word: take out the space after the colon`;
  }
  if (isDuration(path) && typeof input === 'number') {
    return `${nameOf(path)} must have its unit, s, m, h or d: write ${input}m for minutes`;
  }
  if (typeof path.at(-1) === 'number') return `each item of ${nameOf(path)} must be ${inWords(expected)}`;
  const advice = expected === 'array' ? describeList(input) : isEnded(path) ? ': write { within: 30m }' : '';
  return `${nameOf(path)} must be ${inWords(expected)}${advice}`;
}

/** Where sources stand. */
function isSection(key: Path[number] | undefined): boolean {
  return key === 'sources' || key === 'events';
}

function isEnded([section, , key, nested]: Path): boolean {
  return isSection(section) && key === 'ended' && nested === undefined;
}

function isConfirm([section, , key, nested]: Path): boolean {
  return isSection(section) && key === 'confirm' && nested === undefined;
}

function isNameOfEvents([section, , key, nested]: Path): boolean {
  return section === 'events' && (key === 'source' || key === 'type') && nested === undefined;
}

function isDuration([section, , key, nested]: Path): boolean {
  if (!isSection(section)) return false;
  return (
    key === 'confirmWithin' ||
    key === 'maxAge' ||
    (key === 'ended' && (nested === 'within' || nested === 'every'))
  );
}

/** How one item is written as a list. */
function describeList(input: unknown): string {
  if (typeof input === 'string' || typeof input === 'number') return `: write [${excerpt(String(input))}]`;
  return isRecord(input) ? ': put a dash before its first key' : '';
}

function inWords(type: string): string {
  return typesInWords[type] ?? `a ${type}`;
}

/** The key at a place, or the key whose list it stands in. */
function nameOf(path: Path): string {
  const key = path.findLast((part) => typeof part !== 'number');
  return key === undefined ? 'the file' : `"${String(key)}"`;
}

/** The keys that the schema has at a path, for a suggestion. */
function keysAt(path: Path, scheme: unknown): string[] {
  const [section, source, key, nested] = path;
  if (path.length === 0) return Object.keys(sourcesSchema.shape);
  if (section === 'notify') return keysOfChannel;
  if (source === undefined || key === undefined)
    return section === 'events' ? keysOfEventSource : keysOfSource;
  if (key === 'ended') return keysOfEnded;
  if (key === 'confirm') return keysOfConfirm;
  return nested === undefined ? keysOfVerify(scheme) : keysOfTimestamp;
}
