import type { ChangeOrderProgress } from '../../../../functions/edas/change-order.ts';
import type { EdasClient, RollbackReceipt } from '../../../../functions/edas/client.ts';
import { EdasFailure } from '../../../../functions/edas/failure.ts';
import { changeOrderStatus } from '../../../../functions/edas/status.ts';
import { Problem } from '../../../../functions/errors.ts';
import { executeRollback } from '../../../../functions/execute/execute-rollback.ts';
import type { RollbackEvent } from '../../../../functions/follow/rollback-event.ts';
import { runTask } from '../../../../functions/follow/run-task.ts';
import {
  TaskQueueFailure,
  type TaskQueue,
  type TaskRecord,
  type TaskState,
} from '../../../../functions/platform/task-queue.ts';
import { changeOrdersOf } from '../../../../functions/rollback/change-orders.ts';
import { readTask } from '../../../../functions/task.ts';
import type { CompiledSource } from '../../../../functions/webhook/source/compiled-source.ts';
import { everyone } from '../../../support/follow.ts';
import { noReleases } from '../../../support/no-releases.ts';

export const orderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';

/** What is the same in every course of events that is tried. */
export interface Scenario {
  mode: 'now' | 'deferred';
  /** When each delivery comes, in milliseconds. */
  deliveries: readonly number[];
  /** What EDAS does with a rollback of an order that it is rolling back. */
  secondRollback: 'accepted' | 'refused';
  /** Milliseconds until EDAS shows a rollback. */
  lagMs: number;
  /** Until when, in milliseconds, the function's role lacks the right to roll back. */
  deniedUntilMs: number;
  /** How many invocations are killed at most. */
  kills: number;
  /** How many answers get lost at most, after or before the call took effect. */
  losses: number;
  /** How many tasks are delivered twice at once at most. */
  doubles: number;
  /** How often time passes at most, up to the next one who wakes, while a call is under way. */
  delays: number;
}

/** What can happen next: a call takes effect and is answered, or something goes wrong. */
interface Action {
  name: string;
  happen: () => void;
}

/** A call that was made, and has not taken effect yet. */
interface Call {
  invocation: Invocation;
  name: string;
  /** When its caller gives up, in milliseconds. */
  until: number;
  /** Takes effect, and gives the answer. */
  perform: () => unknown;
  /** What the caller meets where the answer gets lost; undefined for a read, which can simply be repeated. */
  lost: Error | undefined;
  resolve: (answer: unknown) => void;
  reject: (failure: Error) => void;
}

/** A run of a function, with all that it has learnt: that decides what it does next. */
interface Invocation {
  name: string;
  isAlive: boolean;
  learnt: unknown[];
  task?: Task;
}

interface Task {
  id: string;
  payload: string;
  state: TaskState;
  attempts: number;
  /** How many runs of it are under way. */
  runs: number;
  isDoubled: boolean;
}

/** What became of a delivery: its outcome or its code, and what it says. */
export interface Told {
  answer: string;
  isDuplicate: boolean;
  claimed: boolean | undefined;
  message: string;
}

const maxRetries = 2;

/**
 * Deliveries of one webhook, the tasks that come of them, Function Compute's queue and EDAS, all in one thread: only one
 * thing happens at a time, and someone else chooses which.
 */
export class Simulation {
  readonly scenario: Scenario;
  now = 0;
  /** When each rollback took effect. */
  readonly effects: number[] = [];
  puts = 0;
  readonly told = new Map<string, Told>();
  readonly news: RollbackEvent['event'][] = [];
  readonly trace: string[] = [];
  readonly tasks = new Map<string, Task>();
  kills = 0;
  losses = 0;
  doubles = 0;
  delays = 0;
  readonly #invocations: Invocation[] = [];
  #calls: Call[] = [];
  #sleepers: { invocation: Invocation; at: number; wake: () => void }[] = [];

  constructor(scenario: Scenario) {
    this.scenario = scenario;
    scenario.deliveries.forEach((at, index) => {
      this.#start(`delivery ${index + 1}`, at, (invocation) => this.#deliver(invocation));
    });
  }

  /** What may happen now; nothing when all is over. */
  actions(): Action[] {
    if (this.#calls.length === 0) this.#wakeNext();
    return [
      ...this.#calls.flatMap((call) => this.#actionsOn(call)),
      ...[...this.tasks.values()].flatMap((task) => this.#doubling(task)),
      ...this.#delaying(),
    ];
  }

  /** The same for courses of events after which the same can happen. */
  key(): string {
    const { now, effects, puts, kills, losses, doubles, delays } = this;
    return JSON.stringify([
      [now, effects, puts, kills, losses, doubles, delays, this.news],
      [...this.tasks.values()],
      this.#invocations.map(({ name, isAlive, learnt }) => [name, isAlive, learnt]),
      this.#calls.map(({ invocation, name }) => [invocation.name, name]),
      this.#sleepers.map(({ invocation, at }) => [invocation.name, at]),
    ]);
  }

  #wakeNext(): void {
    const living = this.#sleepers.filter(({ invocation }) => invocation.isAlive);
    const at = Math.min(...living.map((sleeper) => sleeper.at));
    this.#sleepers = living.filter((sleeper) => sleeper.at !== at);
    this.now = Math.max(this.now, at);
    for (const sleeper of living) if (sleeper.at === at) sleeper.wake();
  }

  #delaying(): Action[] {
    const next = Math.min(
      ...this.#sleepers.filter(({ invocation }) => invocation.isAlive).map(({ at }) => at),
    );
    const mayPass = this.#calls.length > 0 && this.#calls.every(({ until }) => next < until);
    if (!mayPass || this.delays >= this.scenario.delays) return [];
    const happen = () => {
      this.delays += 1;
      this.#wakeNext();
    };
    return [{ name: 'time passes while calls are under way', happen }];
  }

  /** Whether a call is under way, or an invocation sleeps. */
  get isWaiting(): boolean {
    return this.#calls.length > 0 || this.#sleepers.some(({ invocation }) => invocation.isAlive);
  }

  #actionsOn(call: Call): Action[] {
    const { invocation, name, perform, lost, resolve, reject } = call;
    const happen = (what: string, work: () => void): Action => ({
      name: `${invocation.name}: ${name}${what}`,
      happen: () => {
        this.#calls = this.#calls.filter((each) => each !== call);
        work();
      },
    });
    const answer = () => {
      const result = perform();
      invocation.learnt.push(result instanceof Error ? result.message : result);
      if (result instanceof Error) reject(result);
      else resolve(result);
    };
    const lose = (failure: Error) => {
      this.losses += 1;
      invocation.learnt.push(failure.message);
      reject(failure);
    };
    const actions = [happen('', answer)];
    if (lost && this.losses < this.scenario.losses) {
      actions.push(
        happen(', and the answer is lost', () => {
          perform();
          lose(lost);
        }),
        happen(', lost on its way', () => {
          lose(lost);
        }),
      );
    }
    if (this.kills < this.scenario.kills) {
      actions.push(
        happen(', killed before', () => {
          this.#kill(invocation);
        }),
        happen(', killed after', () => {
          perform();
          this.#kill(invocation);
        }),
      );
    }
    return actions;
  }

  #doubling(task: Task): Action[] {
    const isFresh = task.state === 'Running' && task.attempts === 1 && task.runs === 1 && !task.isDoubled;
    if (!isFresh || this.doubles >= this.scenario.doubles) return [];
    const happen = () => {
      this.doubles += 1;
      task.isDoubled = true;
      this.#run(task, `${task.id} (double)`);
    };
    return [{ name: `${task.id} is delivered twice`, happen }];
  }

  #kill(invocation: Invocation): void {
    this.kills += 1;
    invocation.isAlive = false;
    // Nothing of it happens any more.
    this.#calls = this.#calls.filter((call) => call.invocation !== invocation);
    if (invocation.task) this.#attemptFailed(invocation.task);
  }

  #start(name: string, at: number, work: (invocation: Invocation) => Promise<void>): Invocation {
    const invocation: Invocation = { name, isAlive: true, learnt: [] };
    this.#invocations.push(invocation);
    const wake = () => void work(invocation).finally(() => (invocation.isAlive = false));
    this.#sleepers.push({ invocation, at, wake });
    return invocation;
  }

  #call<T>(
    invocation: Invocation,
    name: string,
    timeoutMs: number,
    perform: () => T | Error,
    lost?: Error,
  ): Promise<T> {
    const until = this.now + timeoutMs;
    return new Promise<T>((resolve, reject) => {
      const settle = { resolve: resolve as Call['resolve'], reject };
      this.#calls.push({ invocation, name, until, perform, lost, ...settle });
    });
  }

  #clockOf(invocation: Invocation) {
    return {
      now: () => this.now,
      sleep: (ms: number) =>
        new Promise<void>((wake) => void this.#sleepers.push({ invocation, at: this.now + ms, wake })),
    };
  }

  #dependenciesOf(invocation: Invocation) {
    return {
      openQueue: () => Promise.resolve(this.#queueOf(invocation)),
      now: () => this.now,
      clock: this.#clockOf(invocation),
      random: () => this.#invocations.indexOf(invocation) / 100,
      warn: () => undefined,
    };
  }

  async #deliver(invocation: Invocation): Promise<void> {
    const { mode } = this.scenario;
    const edas = this.#edasOf(invocation);
    const execution = {
      source: { ...source, mode },
      intent,
      found: { changeOrderId: orderId },
      deadlineAt: this.now + 8_500,
      receivedAt: this.now,
      facts: { ...noFacts, requestId: invocation.name },
    };
    const dependencies = this.#dependenciesOf(invocation);
    const open = () => Promise.resolve(edas);
    const changeOrders = changeOrdersOf(open, 'RollbackChangeOrder');
    this.told.set(
      invocation.name,
      await toldOf(executeRollback(execution, { ...dependencies, edas: open, changeOrders, env: {} })),
    );
  }

  #run(task: Task, name: string): void {
    task.runs += 1;
    task.state = 'Running';
    const isRetry = task.attempts > 1;
    const invocation = this.#start(name, this.now, async (self) => {
      const edas = this.#edasOf(self);
      const dependencies = {
        ...this.#dependenciesOf(self),
        edas: () => Promise.resolve(edas),
        hearsEnds: false,
        isSuspended: false,
        rollbackDeadlineAt: this.now + 3_500_000,
        deadlineAt: this.now + 3_500_000,
        isRetry,
        mayBeRetry: isRetry,
        waitedMs: 0,
        notify: (event: RollbackEvent) => {
          this.news.push(event.event);
          return Promise.resolve(everyone);
        },
      };
      const hasFailed = await runTask(readTask(task.payload), dependencies).then(
        () => false,
        (error: unknown) => {
          if (error instanceof Problem) return true;
          throw error;
        },
      );
      if (hasFailed) {
        this.#attemptFailed(task);
      } else {
        task.runs -= 1;
        task.state = 'Succeeded';
      }
    });
    invocation.task = task;
  }

  #attemptFailed(task: Task): void {
    task.runs -= 1;
    if (task.runs > 0 || task.state === 'Succeeded') return;
    if (task.attempts > maxRetries) {
      task.state = 'Failed';
      return;
    }
    task.state = 'Retrying';
    task.attempts += 1;
    this.#start(`retry of ${task.id}`, this.now + 1_000, () => {
      this.#run(task, `${task.id} (attempt ${task.attempts})`);
      return Promise.resolve();
    });
  }

  #queueOf(invocation: Invocation): TaskQueue {
    const lost = new TaskQueueFailure('lost', true);
    return {
      submit: (id, payload, timeoutMs) =>
        this.#call(invocation, `submits ${id}`, timeoutMs, () => this.#submit(id, payload), lost),
      read: (id, timeoutMs) =>
        this.#call(invocation, `reads ${id}`, timeoutMs, (): TaskRecord | 'absent' => {
          const task = this.tasks.get(id);
          return task ? { state: task.state, payload: task.payload } : 'absent';
        }),
    };
  }

  #submit(id: string, payload: string): 'accepted' | 'exists' {
    if (this.tasks.has(id)) return 'exists';
    const task: Task = { id, payload, state: 'Enqueued', attempts: 1, runs: 0, isDoubled: false };
    this.tasks.set(id, task);
    this.#run(task, id);
    return 'accepted';
  }

  #edasOf(invocation: Invocation): EdasClient {
    return {
      getChangeOrderInfo: (id, timeoutMs) =>
        this.#call(invocation, 'reads the order', timeoutMs, () => this.#show(id)),
      getApplicationName: () => Promise.resolve(undefined),
      listRecentChangeOrders: () => Promise.resolve([]),
      rollBack: (_operation, _id, timeoutMs) => {
        const lost = new EdasFailure('doubt', 'The answer got lost.');
        return this.#call<RollbackReceipt>(invocation, 'PUT', timeoutMs, () => this.#put(), lost);
      },
      ...noReleases,
    };
  }

  #show(id: string): ChangeOrderProgress {
    const [first = Infinity] = this.effects;
    const inFlight = this.now < first + this.scenario.lagMs;
    const ofChange = inFlight ? changeOrderStatus.running : changeOrderStatus.terminated;
    return {
      status: id === orderId ? ofChange : changeOrderStatus.succeeded,
      supportRollback: true,
      startedAt: 0,
      description: undefined,
      batches: { done: 1, total: 2 },
      failures: [],
    };
  }

  #put(): RollbackReceipt | EdasFailure {
    this.puts += 1;
    if (this.now < this.scenario.deniedUntilMs) return new EdasFailure('denied', 'EDAS answered 403.');
    if (this.effects.length > 0 && this.scenario.secondRollback === 'refused') {
      return new EdasFailure('rejected', 'EDAS answered Not.Running.', { code: 'Not.Running' });
    }
    this.effects.push(this.now);
    const rollbackChangeOrderId = `5ba3b2f4-1c7e-4a6d-8f00-00000000000${this.effects.length}`;
    return { rollbackChangeOrderId, requestId: undefined, traceId: undefined };
  }
}

const noFacts = {
  requestId: undefined,
  source: undefined,
  delivery: undefined,
  app: undefined,
  changeOrderId: undefined,
  actor: undefined,
};

const intent = {
  target: { changeOrderId: orderId },
  app: undefined,
  apps: undefined,
  problemStartedAt: undefined,
  answerAt: undefined,
};

const source: CompiledSource = {
  name: 'pipeline',
  verify: { scheme: 'token', header: 'x-token', format: 'plain' },
  secrets: [],
  contentTypes: ['json'],
  cluster: 'ecs',
  mode: 'now',
  follow: true,
  dryRun: false,
  reply: 'json',
  deadlineMs: 9_000,
};

async function toldOf(execution: ReturnType<typeof executeRollback>): Promise<Told> {
  try {
    const outcome = await execution;
    return {
      answer: outcome.outcome,
      isDuplicate: 'duplicate' in outcome,
      claimed: 'claimed' in outcome ? outcome.claimed : undefined,
      message: outcome.message,
    };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { answer: error.code, isDuplicate: false, claimed: undefined, message: error.message };
  }
}
