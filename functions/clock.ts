/** A clock that nobody sets: the deadline stands although the time of day is put right. */
export interface Clock {
  /** Milliseconds since any moment. */
  now: () => number;
  sleep: (ms: number) => Promise<void>;
}
