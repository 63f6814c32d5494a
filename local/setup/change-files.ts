import {
  chmodSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { reasonOf } from '../../functions/lib/text.ts';
import { CliError } from '../cli/cli.ts';

/** What a file holds, and will hold. */
export interface Change {
  file: string;
  /** Undefined where it is not there yet. */
  before: string | undefined;
  after: string;
  /** Whether its values are secrets: then they are not shown, and a new file can be read by its owner alone. */
  isSecret: boolean;
}

/** @returns undefined where there is no such file */
export function readIfThere(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/**
 * Writes all of them, or none: each new text first goes beside its file, and then takes its place.
 *
 * @throws CliError where one of them cannot be written
 */
export function writeChanges(changes: readonly Change[]): void {
  const prepared = changes
    .filter(({ before, after }) => before !== after)
    .map((change) => ({
      ...change,
      target: existsSync(change.file) ? realpathSync(change.file) : change.file,
    }))
    .map((change) => ({ ...change, next: `${change.target}.${process.pid}.tmp` }));
  const done: typeof prepared = [];
  try {
    for (const change of prepared) prepare(change);
    for (const change of prepared) {
      renameSync(change.next, change.target);
      done.push(change);
    }
  } catch (error) {
    for (const { target, before } of done) restore(target, before);
    throw new CliError(`Nothing was written: ${reasonOf(error)}`);
  } finally {
    for (const { next } of prepared) rmSync(next, { force: true });
  }
}

function prepare({ target, next, before, after, isSecret }: Change & { target: string; next: string }): void {
  const kept = before === undefined ? undefined : statSync(target).mode & 0o777;
  writeFileSync(next, after, { mode: isSecret ? 0o600 : 0o666 });
  if (kept !== undefined) chmodSync(next, kept);
}

function restore(file: string, before: string | undefined): void {
  if (before === undefined) rmSync(file, { force: true });
  else writeFileSync(file, before);
}

/** Lines around a change that are shown with it. */
const contextLines = 2;

/** The changes as lines of a diff. Nothing that is secret is in it. */
export function describeChanges(changes: readonly Change[]): string[] {
  return changes
    .filter(({ before, after }) => before !== after)
    .flatMap(({ file, before, after, isSecret }) => {
      if (before === undefined) return [`${path.basename(file)}: a new file, of ${linesIn(after)} lines`];
      const [old, changed] = [before.split(/\r?\n/), after.split(/\r?\n/)];
      const start = sameLines(old, changed);
      const end = sameLines(old.slice(start).toReversed(), changed.slice(start).toReversed());
      const show = (mark: string, lines: readonly string[]) =>
        lines.map((line) => mark + (isSecret ? withoutValue(line) : line));
      return [
        `${path.basename(file)}:${start + 1}`,
        ...show('  ', changed.slice(Math.max(start - contextLines, 0), start)),
        ...show('- ', old.slice(start, old.length - end)),
        ...show('+ ', changed.slice(start, changed.length - end)),
        ...show('  ', end === 0 ? [] : changed.slice(-end).slice(0, contextLines)),
      ];
    });
}

function linesIn(text: string): number {
  return text.trimEnd().split('\n').length;
}

/** How many lines two texts begin with alike. */
function sameLines(one: readonly string[], other: readonly string[]): number {
  const first = one.findIndex((line, index) => line !== other[index]);
  return first === -1 ? Math.min(one.length, other.length) : first;
}

function withoutValue(line: string): string {
  return line.trimStart().startsWith('#') ? line : line.replace(/^([^=]*=).+$/, '$1…');
}
