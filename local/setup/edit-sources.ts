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

/**
 * The text of a sources.yaml with one source more, and all else as it was.
 *
 * @throws SourcesError where what comes out does not work
 * @throws CliError where the source cannot be put in
 */
export function addSource(text: string, source: NewSource): string {
  const settings = settingsOf(source);
  const lines = Object.entries(settings).map(([key, value]) => `${key}: ${inLine(value)}`);
  const pairs = Object.entries(settings).map(([key, value]) => `${key}: ${inBraces(value)}`);
  const name = scalar(source.name);
  const added = insertPair(text, ['sources'], {
    block: (step) => [`${name}:`, ...lines.map((line) => step + line)],
    flow: `${name}: { ${pairs.join(', ')} }`,
  });
  if (added === undefined || !isOnlyAddition(text, added, source.name)) throw byHand(name, lines);
  compileConfiguration(added);
  return added;
}

/** In the order of the shipped sources.yaml. */
function settingsOf({ preset, secret, apps, when, allow, follow }: NewSource): Record<string, unknown> {
  const all = { preset, secrets: [secret], apps, when, allow, follow };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
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
function isOnlyAddition(before: string, after: string, name: string): boolean {
  try {
    const whole = toRecord(parse(after));
    const others = Object.entries(toRecord(whole['sources'])).filter(([each]) => each !== name);
    return isDeepStrictEqual({ ...whole, sources: Object.fromEntries(others) }, parse(before));
  } catch {
    return false;
  }
}

function byHand(name: string, lines: readonly string[]): CliError {
  return new CliError(
    [
      'sources.yaml is written in a way into which nothing can be put without changing the rest. Nothing was written. Add this under sources:',
      `  ${name}:`,
      ...lines.map((line) => `    ${line}`),
    ].join('\n'),
  );
}
