import { isDeepStrictEqual } from 'node:util';
import { parse, stringify } from 'yaml';
import { toRecord } from '../../functions/lib/json.ts';
import { compileConfiguration } from '../build/compile-sources.ts';
import { CliError } from '../cli/cli.ts';
import { insertPair } from './insert-pair.ts';

/** What `npm run add` writes of a source. */
export interface NewSource {
  name: string;
  preset: string;
  /** A variable, or kms:NAME. */
  secret: string;
  apps?: readonly string[] | undefined;
  when?: string | undefined;
  allow?: string | undefined;
  follow: boolean;
}

/** The same of a source of events. */
export interface NewEventSource {
  name: string;
  preset: string;
  source?: string | undefined;
  type?: string | undefined;
  apps: readonly string[];
  when?: string | undefined;
  /** Undefined: as it is by default. */
  follow?: false | undefined;
}

/**
 * The text of a sources.yaml with one source more, and all else as it was.
 *
 * @throws SourcesError where what comes out does not work
 * @throws CliError where the source cannot be put in
 */
export function addSource(text: string, source: NewSource): string {
  const { name, preset, secret, apps, when, allow, follow } = source;
  return add(text, 'sources', name, { preset, secrets: [secret], apps, when, allow, follow });
}

/**
 * The same with one source of events more, and with `events` where it is the first.
 *
 * @throws SourcesError where what comes out does not work
 * @throws CliError where the source cannot be put in
 */
export function addEventSource(text: string, { name, ...settings }: NewEventSource): string {
  return add(text, 'events', name, settings);
}

/** @param given in the order of the shipped sources.yaml */
function add(text: string, key: 'sources' | 'events', ownName: string, given: object): string {
  const settings = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const lines = Object.entries(settings).map(([key, value]) => `${key}: ${inLine(value)}`);
  const pairs = Object.entries(settings).map(([key, value]) => `${key}: ${inBraces(value)}`);
  const name = scalar(ownName);
  const pair = {
    block: (step: string) => [`${name}:`, ...lines.map((line) => step + line)],
    flow: `${name}: { ${pairs.join(', ')} }`,
  };
  const first = {
    block: (step: string) => [`${key}:`, ...pair.block(step).map((line) => step + line)],
    flow: `${key}: { ${pair.flow} }`,
  };
  const isFirst = toRecord(parse(text))[key] === undefined;
  const added = isFirst ? insertPair(text, [], first, 'sources') : insertPair(text, [key], pair);
  if (added === undefined || !isOnlyAddition(text, added, key, ownName)) throw byHand(key, name, lines);
  compileConfiguration(added);
  return added;
}

function inLine(value: unknown): string {
  return typeof value === 'string' ? scalar(value) : inBraces(value);
}

function inBraces(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inBraces).join(', ')}]`;
  if (typeof value !== 'string') return String(value);
  const plain = scalar(value);
  return plain === value && /[,[\]{}]/.test(value) ? `'${value.replaceAll("'", "''")}'` : plain;
}

/** In quotes where it would else be no text, or another. */
function scalar(value: string): string {
  return stringify(value, { lineWidth: 0, blockQuote: false, singleQuote: true }).trimEnd();
}

/** What is read of all other sources must be what was read before, whatever the text looked like. */
function isOnlyAddition(before: string, after: string, key: string, name: string): boolean {
  try {
    const whole = toRecord(parse(after));
    const others = Object.entries(toRecord(whole[key])).filter(([each]) => each !== name);
    const rest = Object.fromEntries(others);
    return isDeepStrictEqual({ ...whole, [key]: rest }, { [key]: {}, ...toRecord(parse(before)) });
  } catch {
    return false;
  }
}

function byHand(key: string, name: string, lines: readonly string[]): CliError {
  return new CliError(
    [
      'sources.yaml is written in a way into which nothing can be put without changing the rest. Nothing was written. Add this under ' +
        `${key}:`,
      `  ${name}:`,
      ...lines.map((line) => `    ${line}`),
    ].join('\n'),
  );
}
