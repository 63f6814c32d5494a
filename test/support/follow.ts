import type { ChangeOrderProgress } from '../../functions/edas/change-order.ts';
import type { EdasClient } from '../../functions/edas/client.ts';
import type { EdasFailureKind } from '../../functions/edas/failure.ts';
import type { TaskDependencies } from '../../functions/follow/dependencies.ts';
import type { Reach } from '../../functions/follow/notify/notifier.ts';
import type { RollbackEvent } from '../../functions/follow/rollback-event.ts';
import { runTask } from '../../functions/follow/run-task.ts';
import type { QuietEnd } from '../../functions/follow/task-end.ts';
import { readTask, type RollbackTask } from '../../functions/task.ts';
import { failed } from './edas-failure.ts';
import { MemoryQueue } from './memory-queue.ts';
import { noReleases } from './no-releases.ts';
import { leapingClock, taskDue, taskOrder, type LeapingClock } from './task.ts';

/**
 * What becomes of a call: a failure before EDAS does what it is asked, the answer lost after it, or all is well; or the
 * caller is killed, before or after EDAS does it.
 */
export type Fate = EdasFailureKind | 'lost' | 'fine' | 'killed' | 'killed_after';

export interface AccountOptions {
  /** Of the calls, one after the other; then all is well. */
  fates?: readonly Fate[];
  /** Whether EDAS names the order that carries a rollback out. Default true. */
  namesOrder?: boolean;
  /** How long after a rollback the change still looks as before. Default 0. */
  showsAfterMs?: number;
}

/** An EDAS that takes every rollback, and carries it out within a minute under another id, or does not say which. */
export class Account {
  /** When rollbacks took effect. */
  readonly effects: number[] = [];
  readonly puts: Fate[] = [];
  /** Called when a caller is killed. */
  onKill: () => void = () => undefined;
  readonly #now: () => number;
  readonly #fates: Fate[];
  readonly #namesOrder: boolean;
  readonly #showsAfterMs: number;
  #abortedAt = Infinity;

  constructor(now: () => number, { fates = [], namesOrder = true, showsAfterMs = 0 }: AccountOptions) {
    this.#now = now;
    this.#fates = [...fates];
    this.#namesOrder = namesOrder;
    this.#showsAfterMs = showsAfterMs;
  }

  abort(): void {
    this.#abortedAt = this.#now();
  }

  client(): EdasClient {
    return {
      getChangeOrderInfo: (id) => this.#meet(this.#nextFate(), () => this.#show(id)),
      getApplicationName: () => this.#meet(this.#nextFate(), () => 'checkout'),
      listRecentChangeOrders: () => this.#meet(this.#nextFate(), () => []),
      rollBack: () => {
        const fate = this.#nextFate();
        this.puts.push(fate);
        return this.#meet(fate, () => {
          this.effects.push(this.#now());
          const rollbackChangeOrderId = this.#namesOrder ? rollbackOrder : undefined;
          return { rollbackChangeOrderId, requestId: undefined, traceId: undefined };
        });
      },
      ...noReleases,
    };
  }

  #nextFate(): Fate {
    return this.#fates.shift() ?? 'fine';
  }

  #show(id: string): ChangeOrderProgress {
    const [begun = Infinity] = this.effects;
    const isOver = this.#now() >= begun + 60_000;
    const ofChange = this.#now() >= Math.min(begun + this.#showsAfterMs, this.#abortedAt) ? 6 : 1;
    const ofRollback = isOver ? 2 : 1;
    return {
      status: id === taskOrder ? ofChange : ofRollback,
      supportRollback: true,
      startedAt: 0,
      description: undefined,
      batches: { done: 0, total: 1 },
      failures: [],
    };
  }

  #meet<T>(fate: Fate, work: () => T): Promise<T> {
    switch (fate) {
      case 'fine':
        return Promise.resolve(work());
      case 'lost':
        work();
        return Promise.reject(failed('doubt'));
      case 'killed':
      case 'killed_after':
        if (fate === 'killed_after') work();
        this.onKill();
        return new Promise(() => undefined);
      default:
        return Promise.reject(failed(fate));
    }
  }
}

export const rollbackOrder = '5ba3b2f4-1c7e-4a6d-8f00-000000000001';

/** A notification that its one channel accepted. */
export const everyone: Reach = { reached: 1, tried: 1 };

/** What became of one run of a task. */
export interface Attempt {
  told: RollbackEvent[];
  last?: RollbackEvent | QuietEnd;
  error?: unknown;
  wasKilled?: boolean;
}

export interface FollowOptions extends AccountOptions {
  /** Whether the queue works. Default true. */
  queue?: boolean;
  /** What is different in all tasks. The application is not known, unless it is given here. */
  task?: Partial<RollbackTask>;
  /** Milliseconds that the time of day is ahead of the clock. */
  aheadMs?: number;
}

/** What an attempt may be given. */
export interface AttemptOptions extends Partial<TaskDependencies> {
  /** Both `isRetry` and `mayBeRetry`. */
  retryCount?: number;
}

export interface Follow {
  account: Account;
  client: EdasClient;
  clock: LeapingClock;
  queue: MemoryQueue;
  /** What a run of a task is given. */
  means: (told: RollbackEvent[], options?: AttemptOptions) => TaskDependencies;
  attempt: (task?: Partial<RollbackTask>, options?: AttemptOptions) => Promise<Attempt>;
  /** Runs what was handed over, one after the other, with up to two retries each, until nothing is left. */
  runQueue: (onEnd?: (attempt: Attempt) => void) => Promise<{ task: RollbackTask; attempt: Attempt }[]>;
}

/** Everything that a task needs, in memory, on a clock that leaps. */
export function openFollow(options: FollowOptions = {}): Follow {
  const clock = leapingClock(1_000_000);
  const account = new Account(clock.now, options);
  const client = account.client();
  const queue = new MemoryQueue();
  if (options.queue === false) queue.fault = () => 'down';
  let drawn = 0;

  const means: Follow['means'] = (told, { retryCount = 0, ...more } = {}) => ({
    edas: () => Promise.resolve(client),
    openQueue: () => Promise.resolve(queue),
    now: () => clock.now() + (options.aheadMs ?? 0),
    clock,
    // Holders of claims are told apart by it, and pauses are at least half of what they can be.
    random: () => (drawn += 1) / 1e6,
    warn: () => undefined,
    hearsEnds: false,
    isSuspended: false,
    rollbackDeadlineAt: clock.now() + 3_000_000,
    deadlineAt: clock.now() + 3_000_000,
    isRetry: retryCount > 0,
    mayBeRetry: retryCount > 0,
    waitedMs: 0,
    notify: (event) => {
      told.push(event);
      return Promise.resolve(everyone);
    },
    ...more,
  });

  const attempt: Follow['attempt'] = async (task, attemptOptions) => {
    const told: RollbackEvent[] = [];
    const killed = new Promise<'killed'>((resolve) => {
      account.onKill = () => {
        resolve('killed');
      };
    });
    const whole = { ...taskDue, app: undefined, requestedAt: clock.now(), ...options.task, ...task };
    try {
      const end = await Promise.race([runTask(whole as RollbackTask, means(told, attemptOptions)), killed]);
      return end === 'killed' ? { told, wasKilled: true } : { told, last: end };
    } catch (error) {
      return { told, error };
    }
  };

  const runQueue: Follow['runQueue'] = async (onEnd) => {
    const ends: Awaited<ReturnType<Follow['runQueue']>> = [];
    for (;;) {
      const next = queue.tasks.find(({ state }) => state === 'Enqueued');
      if (!next) return ends;
      next.state = 'Running';
      for (const retryCount of [0, 1, 2]) {
        const task = readTask(next.payload);
        const end = await attempt(task, { retryCount });
        ends.push({ task, attempt: end });
        onEnd?.(end);
        next.state = end.last ? 'Succeeded' : 'Failed';
        if (end.last) break;
      }
    }
  };
  return { account, client, clock, queue, means, attempt, runQueue };
}
