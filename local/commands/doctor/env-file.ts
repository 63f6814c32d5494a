import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import type { Environment } from '../../../functions/platform/settings.ts';

/** The variables that a deployment from a folder gets. */
export interface DeployEnvironment {
  env: Environment;
  /** Whether the folder has an .env. */
  hasFile: boolean;
  /** What the file itself says, whatever the shell has. */
  own: Environment;
  /** Its variables, in order. */
  lines: readonly { line: number; variable: string }[];
  /** Lines of it that Serverless Devs takes for something else than they look like. */
  faults: readonly LineFault[];
}

/** A line of an .env, and why it cannot be relied on. Its value is not in it. */
export interface LineFault {
  line: number;
  /** The variable, where the line has one. */
  variable: string | undefined;
  reason: string;
}

/**
 * Reads `.env` as Serverless Devs does, which hands it to dotenv and dotenv-expand: a variable of the shell wins, even an
 * empty one. `parseEnv` of Node.js reads plain lines and quotes alike; a line that the two read differently is a fault. So
 * is a `$`, which stands for another variable even in quotes or behind a backslash: Serverless Devs expands the file more
 * than once, as the test shows.
 *
 * @param shell the environment of this process
 * @param name of the file, where it is that of a named environment
 */
export function readDeployEnvironment(folder: string, shell: Environment, name = '.env'): DeployEnvironment {
  const file = path.join(folder, name);
  if (!existsSync(file)) return { env: shell, hasFile: false, own: {}, lines: [], faults: [] };
  return { ...readEnvText(readFileSync(file, 'utf8'), shell), hasFile: true };
}

/** What an .env of this text gives, and its faults. */
export function readEnvText(original: string, shell: Environment): Omit<DeployEnvironment, 'hasFile'> {
  const text = withPlainLines(original);
  const own = parseEnv(trimmed(text));
  return { env: { ...own, ...shell }, own, lines: linesIn(text), faults: faultsIn(text, shell) };
}

/** dotenv trims white space of every kind around a value without quotes, `parseEnv` spaces alone. */
function trimmed(text: string): string {
  return text
    .split('\n')
    .map((line) =>
      line
        .replace(/^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*/, '$1=')
        .replace(/^(\w+=(?!["'`])[^#]*?)\s*(#.*)?$/, '$1'),
    )
    .join('\n');
}

/** dotenv drops a byte order mark, carriage returns, and white space at the end of a line. */
function withPlainLines(text: string): string {
  return text
    .replace(/^\uFEFF/, '')
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[^\S\n]+$/gm, '');
}

function linesIn(text: string): { line: number; variable: string }[] {
  return text.split('\n').flatMap((line, index) => {
    const [, variable] = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=/.exec(line) ?? [];
    return variable === undefined ? [] : [{ line: index + 1, variable }];
  });
}

function faultsIn(text: string, shell: Environment): LineFault[] {
  return text.split('\n').flatMap((line, index) => {
    const [, variable] = /^\s*(?:export\s+)?(\w+)\s*[=:]/.exec(line) ?? [];
    const reason = reasonAgainst(line, variable === undefined ? undefined : shell[variable]);
    return reason === undefined ? [] : [{ line: index + 1, variable, reason }];
  });
}

/** @param fromShell what the shell has for the variable of this line */
function reasonAgainst(line: string, fromShell: string | undefined): string | undefined {
  if (/^\s*(#|$)/.test(line)) return undefined;
  const [, value] = /^\s*(?:export\s+)?[A-Za-z_]\w*\s*=\s*(.*)$/.exec(line) ?? [];
  if (value === undefined) return 'it is not NAME=value';
  if (fromShell?.includes('$'))
    return 'the shell wins, and its value holds a $, which stands for another variable';
  if (value.includes('$')) return 'a $ stands for another variable, also in quotes or after a backslash';
  if (/^"[^"\\]*"(\s*#.*)?$|^'[^'\\]*'(\s*#.*)?$/.test(value)) return undefined;
  if (/^["'`]/.test(value)) return 'its quotes do not stand around the whole value, or hold a backslash';
  if (/^[^#]*\S#/.test(value) || value.startsWith('#')) {
    return 'a # begins a comment: put the value into single quotes if it is part of it';
  }
  return undefined;
}
