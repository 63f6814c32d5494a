import type { Scheduler } from 'fast-check';

interface Appointment {
  at: number;
  keep: () => void;
}

/**
 * A clock that moves only when it is told to. What is due at the same moment happens in an order that fast-check
 * chooses; its report of that is the story of a run.
 */
export class Timeline {
  readonly #startsAt: number;
  readonly #scheduler: Scheduler;
  #now: number;
  #appointments: Appointment[] = [];

  constructor(scheduler: Scheduler, startsAt: number) {
    this.#scheduler = scheduler;
    this.#startsAt = startsAt;
    this.#now = startsAt;
  }

  /** Epoch milliseconds. */
  get now(): number {
    return this.#now;
  }

  /** Resolves once the clock is there, and it is this one's turn. `what` happens then, for the story. */
  until(at: number, what: string): Promise<void> {
    const happens = () => this.#scheduler.schedule(Promise.resolve(), `${this.describe(at)}: ${what}`);
    if (at <= this.#now) return happens();
    return new Promise((resolve) => {
      this.#appointments.push({
        at,
        keep: () => {
          resolve(happens());
        },
      });
    });
  }

  /** Lets everything happen that is due by then. */
  async moveTo(end: number): Promise<void> {
    await this.#scheduler.waitIdle();
    for (let at = this.#next(); at <= end; at = this.#next()) {
      this.#now = at;
      const due = this.#appointments.filter((each) => each.at === at);
      this.#appointments = this.#appointments.filter((each) => each.at > at);
      for (const { keep } of due) keep();
      await this.#scheduler.waitIdle();
    }
    this.#now = end;
  }

  /** Lets everything happen that is due at all. */
  async moveToTheEnd(): Promise<void> {
    await this.#scheduler.waitIdle();
    while (this.#appointments.length > 0) await this.moveTo(this.#next());
  }

  /** A time, for the story. */
  describe(at: number): string {
    return `${Math.round(at - this.#startsAt)} ms`;
  }

  #next(): number {
    return Math.min(...this.#appointments.map(({ at }) => at));
  }
}
