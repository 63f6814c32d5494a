import { setImmediate } from 'node:timers/promises';

/** Time that passes only when all has come to rest. */
export interface VirtualTime {
  now: () => number;
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Lets time pass, from one waiting moment to the next, until nothing waits any more. */
  pass: () => Promise<void>;
}

export function createVirtualTime(start = 0): VirtualTime {
  let at = start;
  let waiting: { until: number; wake: () => void }[] = [];
  return {
    now: () => at,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        waiting.push({ until: at + ms, wake: resolve });
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      }),
    pass: async () => {
      for (;;) {
        await setImmediate();
        const [next] = waiting.toSorted((a, b) => a.until - b.until);
        if (!next) return;
        waiting = waiting.filter((each) => each !== next);
        at = Math.max(at, next.until);
        next.wake();
      }
    },
  };
}
