import { excerpt } from '../lib/text.ts';
import { toIso } from '../lib/time.ts';

const levels = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof levels)[number];
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes one JSON object a line. Text from outside is a JSON string there, never part of the line's structure. */
export type Log = (level: LogLevel, msg: string, fields?: LogFields) => void;

// Function Compute cuts a line at 32 KB, and half a JSON object is none.
const longestText = 2000;

/** The audit trail: one line `"msg":"decision"` for each request, which no `LOG_LEVEL` silences. */
export type AuditLog = (level: LogLevel, decision: LogFields) => void;

/**
 * @param minimum `LOG_LEVEL`; an unknown word counts as `info`
 * @param write takes a line without its newline
 * @param now epoch milliseconds
 */
export function createLog(
  minimum: string | undefined,
  write: (line: string) => void,
  now: () => number,
): Log {
  const lowest = levels.findIndex((level) => level === minimum);
  const threshold = lowest === -1 ? levels.indexOf('info') : lowest;
  return (level, msg, fields = {}) => {
    if (levels.indexOf(level) >= threshold) write(lineFor(now(), level, msg, fields));
  };
}

/** @param write, now as in {@link createLog} */
export function createAuditLog(write: (line: string) => void, now: () => number): AuditLog {
  return (level, decision) => {
    write(lineFor(now(), level, 'decision', decision));
  };
}

function lineFor(nowMs: number, level: LogLevel, msg: string, fields: LogFields): string {
  const time = toIso(nowMs);
  const line = toLine({ time, level, msg }, fields);
  return line ?? JSON.stringify({ time, level, msg, fields: 'cannot be written' });
}

/** Undefined where a field cannot be read or be JSON: a log line must never fail what it tells of. */
function toLine(head: LogFields, fields: LogFields): string | undefined {
  try {
    // Not spread: with a dozen fields that takes V8 longer than the signature does.
    const all = Object.assign({}, head, fields, head);
    const line = JSON.stringify(all);
    // A function that sees each value makes V8 write JSON three times slower, and only a long line has a long text.
    return line.length > longestText ? JSON.stringify(all, shorten) : line;
  } catch {
    return undefined;
  }
}

function shorten(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? excerpt(value, longestText) : value;
}
