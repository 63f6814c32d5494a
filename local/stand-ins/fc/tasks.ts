import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { TaskState } from '../../../functions/platform/task-queue.ts';

/** What one attempt at a task gets. */
export interface Invocation {
  readonly functionName: string;
  readonly taskId: string;
  readonly payload: Buffer;
  /** The same for every attempt. */
  readonly requestId: string;
  /** How often the task was tried before. */
  readonly retryCount: number;
  /** Aborted when the task is stopped: what the attempt has started must end. */
  readonly signal: AbortSignal;
}

/** Makes one attempt at a task. Rejecting fails it; the message is kept with the task. */
export type RunTask = (invocation: Invocation) => Promise<void>;

/** A task as it is now. Times are epoch milliseconds. */
export interface Task {
  readonly functionName: string;
  readonly taskId: string;
  readonly requestId: string;
  readonly payload: Buffer;
  readonly status: TaskState;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  readonly alreadyRetriedTimes: number;
  /** Why the newest failed attempt failed. */
  readonly errorMessage: string | undefined;
}

/** How {@link Tasks} treats what fails, and how often it delivers a task. */
export interface RetryRules {
  /** Default 3, as Function Compute's. */
  readonly maxRetries?: number | undefined;
  /** Milliseconds between an attempt that failed and the next. Default 0. */
  readonly retryDelayMs?: number | undefined;
  /**
   * How often each attempt at a task is made at the same moment, for Function Compute delivers a task at least once.
   * An attempt fails when one of these does. Default 1.
   */
  readonly runsAtOnce?: number | undefined;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

interface Entry {
  readonly task: Writable<Task>;
  readonly stop: AbortController;
}

const endStates: ReadonlySet<TaskState> = new Set(['Succeeded', 'Failed', 'Stopped', 'Expired', 'Invalid']);

/** The asynchronous tasks of some functions: takes each id once for each function, and runs it to its end. */
export class Tasks {
  readonly #functions: ReadonlyMap<string, RunTask>;
  readonly #now: () => number;
  readonly #maxRetries: number;
  readonly #retryDelayMs: number;
  readonly #runsAtOnce: number;
  readonly #entries = new Map<string, Entry>();
  readonly #underWay = new Set<Promise<void>>();
  #isClosed = false;

  constructor(
    functions: Readonly<Record<string, RunTask>>,
    now: () => number,
    { maxRetries = 3, retryDelayMs = 0, runsAtOnce = 1 }: RetryRules = {},
  ) {
    this.#functions = new Map(Object.entries(functions));
    this.#now = now;
    this.#maxRetries = maxRetries;
    this.#retryDelayMs = retryDelayMs;
    this.#runsAtOnce = runsAtOnce;
  }

  /** Whether there is a function of this name. */
  knows(functionName: string): boolean {
    return this.#functions.has(functionName);
  }

  /** Takes a task and starts it soon. `false`: there is one of this id, and this one is not taken. */
  submit(functionName: string, taskId: string, payload: Buffer, requestId: string): boolean {
    if (this.get(functionName, taskId)) return false;
    const run = this.#functions.get(functionName);
    if (!run) throw new Error(`There is no function ${functionName}.`);
    const entry = this.#add({ functionName, taskId, payload, requestId });
    const work = this.#work(entry, run).catch((error: unknown) => {
      if (!entry.stop.signal.aborted) throw error;
    });
    this.#underWay.add(work);
    void work.finally(() => this.#underWay.delete(work));
    return true;
  }

  get(functionName: string, taskId: string): Task | undefined {
    return this.#entries.get(keyOf(functionName, taskId))?.task;
  }

  /** All tasks, in the order of their arrival. */
  get all(): readonly Task[] {
    return [...this.#entries.values()].map(({ task }) => task);
  }

  /**
   * Puts a task into a state, in which it stays: an attempt that is under way is stopped, and none follows. A task that
   * does not exist begins to, and is never run.
   */
  setState(functionName: string, taskId: string, status: TaskState): void {
    const { task, stop } =
      this.#entries.get(keyOf(functionName, taskId)) ??
      this.#add({ functionName, taskId, payload: Buffer.alloc(0), requestId: 'set-by-hand' });
    stop.abort();
    this.#enter(task, status);
  }

  /** Resolves when no attempt is under way and none will follow. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  /** Stops every attempt. Their tasks stay in the states in which they are. */
  close(): void {
    this.#isClosed = true;
    for (const { stop } of this.#entries.values()) stop.abort();
  }

  #add(given: Pick<Task, 'functionName' | 'taskId' | 'payload' | 'requestId'>): Entry {
    const entry: Entry = {
      task: {
        ...given,
        status: 'Enqueued',
        startedAt: undefined,
        endedAt: undefined,
        alreadyRetriedTimes: 0,
        errorMessage: undefined,
      },
      stop: new AbortController(),
    };
    if (this.#isClosed) entry.stop.abort();
    this.#entries.set(keyOf(given.functionName, given.taskId), entry);
    return entry;
  }

  async #work({ task, stop: { signal } }: Entry, run: RunTask): Promise<void> {
    // The one who hands a task over has its answer before the task begins.
    await setImmediate(undefined, { signal });
    for (;;) {
      this.#enter(task, 'Running');
      const { functionName, taskId, payload, requestId, alreadyRetriedTimes: retryCount } = task;
      const invocation = { functionName, taskId, payload, requestId, retryCount, signal };
      const failure = await attempt(() => this.#run(run, invocation), signal);
      signal.throwIfAborted();
      if (failure === undefined) {
        this.#enter(task, 'Succeeded');
        return;
      }
      task.errorMessage = failure;
      if (task.alreadyRetriedTimes >= this.#maxRetries) {
        this.#enter(task, 'Failed');
        return;
      }
      this.#enter(task, 'Retrying');
      task.alreadyRetriedTimes += 1;
      await sleep(this.#retryDelayMs, undefined, { signal });
    }
  }

  async #run(run: RunTask, invocation: Invocation): Promise<void> {
    await Promise.all(Array.from({ length: this.#runsAtOnce }, () => run(invocation)));
  }

  #enter(task: Writable<Task>, status: TaskState): void {
    task.status = status;
    if (status === 'Running') task.startedAt ??= this.#now();
    task.endedAt = endStates.has(status) ? this.#now() : undefined;
  }
}

/** Makes one attempt, and gives the reason of its failure. It also ends as soon as it is stopped. */
async function attempt(run: () => Promise<void>, signal: AbortSignal): Promise<string | undefined> {
  try {
    await Promise.race([run(), untilAborted(signal)]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}

function keyOf(functionName: string, taskId: string): string {
  return `${functionName}/${taskId}`;
}
