/** A clock that nobody sets: the deadline stands although the time of day is put right. */
export interface Clock {
  /** Milliseconds since any moment. */
  now: () => number;
  sleep: (ms: number) => Promise<void>;
}

/**
 * Milliseconds since any moment. Not `performance.now()`: Node.js loads a module of 0.8 ms for it, at every
 * cold start.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
