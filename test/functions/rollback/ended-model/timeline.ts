import { setImmediate } from 'node:timers/promises';

interface Appointment {
  at: number;
  keep: () => void;
}

/** A clock that moves only when it is told to. One thing happens at a time, and all that follows from it at once. */
export class Timeline {
  readonly startsAt: number;
  #now: number;
  #appointments: Appointment[] = [];

  constructor(startsAt: number) {
    this.startsAt = startsAt;
    this.#now = startsAt;
  }

  /** Epoch milliseconds. */
  get now(): number {
    return this.#now;
  }

  /** Resolves once the clock is there. What is due at the same moment happens in the order in which it was asked for. */
  until(at: number): Promise<void> {
    return new Promise((keep) => void this.#appointments.push({ at: Math.max(at, this.#now), keep }));
  }

  /** Lets everything happen that is due by then. */
  async moveTo(end: number): Promise<void> {
    await setImmediate();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#appointments.splice(this.#appointments.indexOf(next), 1);
      this.#now = next.at;
      next.keep();
      await setImmediate();
    }
    this.#now = Math.max(this.#now, end);
  }

  #next(end: number): Appointment | undefined {
    let first: Appointment | undefined;
    for (const each of this.#appointments) if (each.at <= end && (!first || each.at < first.at)) first = each;
    return first;
  }
}
