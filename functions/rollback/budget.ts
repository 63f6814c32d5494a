import type { Clock } from '../lib/time.ts';

/** Milliseconds. Less is no time to ask EDAS anything. */
export const leastCallMs = 100;

/** How much of the time that is left a step may use, its repeats included. The rest is for the steps after it. */
export const shares = {
  /** Half stays for reading the order and rolling it back. */
  list: 0.5,
  /** An order that is not read may be rolled back twice, so this read gets much of the time. */
  readBefore: 0.4,
  /** If this read fails, nothing is sent. So it may use time that the rollback would need. */
  requiredRead: 0.6,
  /** Two fifths stay for reading the order again, should the answer get lost. */
  rollback: 0.6,
} as const;

interface Deadline {
  /** Milliseconds, on the clock. */
  deadlineAt: number;
}

/** Milliseconds until the deadline. */
export function timeLeft({ deadlineAt }: Deadline, clock: Clock): number {
  return deadlineAt - clock.now();
}

/** Milliseconds that a step may take: its share of what is left, and never too little for a call. */
export function shareOf(step: keyof typeof shares, deadline: Deadline, clock: Clock): number {
  return Math.max(leastCallMs, timeLeft(deadline, clock) * shares[step]);
}
