import type { Clock } from '../../functions/lib/time.ts';

/**
 * Real time, for faults that are those of a real connection. But nobody waits: a pause moves it ahead.
 *
 * @param onPause what happens at each pause
 */
export function realClockThatLeaps(onPause?: () => unknown): Clock {
  let slept = 0;
  const sleep = async (ms: number) => {
    slept += ms;
    await onPause?.();
  };
  return { now: () => Date.now() + slept, sleep };
}
