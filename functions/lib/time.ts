/** A monotonic clock: a deadline on it stays right although the time of day is set. */
export interface Clock {
  /** Milliseconds since an arbitrary moment. */
  now: () => number;
  sleep: (ms: number) => Promise<void>;
}

/**
 * Milliseconds since an arbitrary moment. Not `performance.now()`: Node.js loads a module for it, which takes 0.8 ms of
 * every cold start.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

const [shortestPauseMs, longestPauseMs] = [300, 2_000];

/**
 * Milliseconds to wait after attempt 0, 1, 2, …: longer each time, and cut at random by up to half, so that callers
 * that were refused at the same time do not come back at the same time.
 *
 * @param random from 0 to 1, as `Math.random`
 */
export function backoffMs(attempt: number, random: () => number): number {
  return Math.min(shortestPauseMs * 2 ** attempt, longestPauseMs) * (0.5 + random() / 2);
}

/** ISO 8601 in UTC. @param epochMs milliseconds since 1970 */
export function toIso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** `s` and `ms`: epoch seconds and milliseconds, in digits only. `iso`: ISO 8601 with a time zone. */
export type TimeUnit = 's' | 'ms' | 'iso';

const isoTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** Milliseconds since 1970; undefined where the text is not a time of this unit. */
export function parseTime(text: string, unit: TimeUnit): number | undefined {
  if (unit === 'iso') {
    const time = isoTime.test(text) && isDay(text.slice(0, 10)) ? Date.parse(text) : Number.NaN;
    return Number.isNaN(time) ? undefined : time;
  }
  // No zeros before it: where nothing parts the time from what is signed before it, they would move into it unnoticed.
  if (!/^(0|[1-9]\d{0,14})$/.test(text)) return undefined;
  return unit === 's' ? Number(text) * 1000 : Number(text);
}

/** V8 takes 30 February for 2 March. */
function isDay(day: string): boolean {
  const time = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day);
}
