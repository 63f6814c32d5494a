import type { ChangeOrderProgress } from '../../../../functions/edas/change-order.ts';
import type { EdasClient, ListedChangeOrder, RollbackReceipt } from '../../../../functions/edas/client.ts';
import { EdasFailure, type EdasFailureKind } from '../../../../functions/edas/failure.ts';
import { phaseOf } from '../../../../functions/edas/status.ts';
import { Problem } from '../../../../functions/errors.ts';
import type { RollbackEvent } from '../../../../functions/follow/rollback-event.ts';
import { runTask } from '../../../../functions/follow/run-task.ts';
import {
  TaskQueueFailure,
  type TaskQueue,
  type TaskState,
} from '../../../../functions/platform/task-queue.ts';
import { readTask, type ReleaseRollbackDue } from '../../../../functions/task.ts';
import type { Ruling } from '../../../../local/stand-ins/edas/change-orders.ts';
import { everyone } from '../../../support/follow.ts';
import type { Account, Running } from './account.ts';
import type { Timeline } from './timeline.ts';

/** What the functions call. `call` is RollbackApplication, `put` RollbackChangeOrder. */
export type Operation = 'list' | 'order' | 'history' | 'state' | 'call' | 'put' | 'submit' | 'read task';

/** What becomes of a call. */
export type Fate =
  /** It fails; `takesEffect`: although it was carried out. `down`: of the queue, nothing listens there. */
  | { failure: EdasFailureKind | 'down'; takesEffect: boolean; afterMs?: number }
  /** The function that makes it is killed; `takesEffect`: after it was carried out. */
  | { killed: true; takesEffect: boolean };

/** A call of RollbackApplication that left. */
export interface ReleaseCall {
  /** The release that it rolls back. */
  release: string;
  group: string;
  version: string;
  at: number;
  /** When its caller last looked at the change orders, and those that EDAS did not show it then. */
  lookedAt: number;
  hidden: readonly string[];
  /** The orders that it saw in flight. */
  inFlight: readonly string[];
  /** What its task says. */
  due: ReleaseRollbackDue | undefined;
  ruling: Ruling | undefined;
  /** What ran when it came. */
  running: ReadonlyMap<string, Running>;
  /** What EDAS would deploy for the name. */
  package: string | undefined;
}

/** A call of RollbackChangeOrder that left. */
export interface ChangeCall {
  changeOrderId: string;
  caller: string;
  byApplication: boolean;
}

/** Something that people were told by a task. */
export interface News extends RollbackEvent {
  /** The change order that the task is for. */
  subject: string;
  kind: string;
  at: number;
  /** The releases that ran nowhere then. */
  nowhere: readonly string[];
}

/** A run of a function. */
export interface Invocation {
  name: string;
  number: number;
  isAlive: boolean;
  /** The change order that it is for; of a webhook undefined. */
  subject?: string | undefined;
  byApplication: boolean;
  /** Milliseconds that its time of day is ahead of EDAS's. */
  aheadMs: number;
  lookedAt: number;
  hidden: readonly string[];
  inFlight: readonly string[];
  due?: ReleaseRollbackDue | undefined;
  onKill: () => void;
}

interface Task {
  id: string;
  payload: string;
  state: TaskState;
  attempts: number;
  /** How many runs of it are under way. */
  runs: number;
}

export interface PlatformOptions {
  /** How long each way takes, over and over. */
  legsMs: readonly number[];
  /** Milliseconds that the time of day of the follow function is ahead of EDAS's. */
  aheadMs: number;
  /** Whether Function Compute takes a second task of this id: it must not. */
  takesTwice?: ((taskId: string) => boolean) | undefined;
}

const maxAttempts = 3;
const retryPauseMs = 1_000;
/** Of the follow function, less what its handler keeps free. */
const [runMs, marginMs] = [600_000, 75_000];

/** Function Compute with its queue of tasks, and the network between it and EDAS. */
export class Platform {
  readonly calls: ReleaseCall[] = [];
  readonly puts: ChangeCall[] = [];
  readonly news: News[] = [];
  readonly tasks = new Map<string, Task>();
  readonly trace: string[] = [];
  /** Anything that was thrown and is no Problem. */
  readonly crashes: unknown[] = [];
  kills = 0;
  doubles = 0;
  isSuspended = false;
  readonly #timeline: Timeline;
  readonly #account: Account;
  readonly #options: PlatformOptions;
  #fates: { operation: Operation; fate: Fate }[] = [];
  #legs = 0;
  #invocations = 0;

  constructor(timeline: Timeline, account: Account, options: PlatformOptions) {
    this.#timeline = timeline;
    this.#account = account;
    this.#options = options;
  }

  /** Prepares a fate for the next calls of an operation. */
  disturb(operation: Operation, fate: Fate, calls: number): void {
    this.#fates.push(...Array.from({ length: calls }, () => ({ operation, fate })));
  }

  recover(): void {
    this.#fates = [];
  }

  begin(name: string, more: Partial<Invocation> = {}): Invocation {
    this.#invocations += 1;
    const { aheadMs } = this.#options;
    const number = this.#invocations;
    const usual = {
      byApplication: false,
      aheadMs,
      lookedAt: 0,
      hidden: [],
      inFlight: [],
      onKill: () => undefined,
    };
    return { ...usual, name, number, isAlive: true, ...more };
  }

  /** What any function is given. */
  meansOf(invocation: Invocation) {
    return {
      edas: () => Promise.resolve(this.#edasOf(invocation)),
      openQueue: () => Promise.resolve(this.#queueOf(invocation)),
      now: () => this.#timeline.now + invocation.aheadMs,
      clock: {
        now: () => this.#timeline.now,
        sleep: (ms: number) => this.#until(this.#timeline.now + ms, invocation),
      },
      // Holders of claims are told apart by it.
      random: () => (invocation.number % 1_000) / 1_000,
      warn: () => undefined,
    };
  }

  tell(what: string): void {
    this.trace.push(`${Math.round((this.#timeline.now - this.#timeline.startsAt) / 100) / 10} s ${what}`);
  }

  /** Time goes on only for those who live. */
  async #until(at: number, invocation: Invocation): Promise<void> {
    await this.#timeline.until(at);
    if (!invocation.isAlive) await new Promise(() => undefined);
  }

  #edasOf(invocation: Invocation): EdasClient {
    const ask = <T>(
      operation: Operation,
      timeoutMs: number,
      perform: (takesEffect: boolean) => T | EdasFailure,
    ) => this.#call(invocation, operation, timeoutMs, perform, toEdasFailure);
    return {
      getChangeOrderInfo: (id, timeoutMs) =>
        ask<ChangeOrderProgress>(
          'order',
          timeoutMs,
          () => this.#account.order(id) ?? new EdasFailure('not_found', 'No such order.'),
        ),
      getApplicationName: () => Promise.resolve(undefined),
      listRecentChangeOrders: (_app, timeoutMs) =>
        ask('list', timeoutMs, () => {
          const shown = this.#account.list();
          const isShown = (id: string) => shown.some(({ changeOrderId }) => changeOrderId === id);
          invocation.lookedAt = this.#timeline.now;
          invocation.hidden = [...this.#account.known.keys()].filter((id) => !isShown(id));
          const isMoving = ({ status }: ListedChangeOrder) => phaseOf(status) === 'in_flight';
          invocation.inFlight = shown.filter(isMoving).map(({ changeOrderId }) => changeOrderId);
          return shown;
        }),
      listHistoryVersions: (_app, timeoutMs) => ask('history', timeoutMs, () => this.#account.history()),
      getApplicationState: (_app, timeoutMs) => ask('state', timeoutMs, () => this.#account.state()),
      rollBackApplication: (order, timeoutMs) => {
        const { subject: release = 'a webhook' } = invocation;
        const noteCall = (ruling: Ruling | undefined, running: ReadonlyMap<string, Running>) => {
          const { groupId: group, version } = order;
          const { lookedAt, hidden, inFlight, due } = invocation;
          const at = this.#timeline.now;
          const packageName = this.#account.packageOf(version);
          this.calls.push({
            release,
            group,
            version,
            at,
            lookedAt,
            hidden,
            inFlight,
            due,
            ruling,
            running,
            package: packageName,
          });
        };
        const perform = (takesEffect: boolean) => {
          const running = this.#account.running();
          const ruling = takesEffect ? this.#account.goBack(order, 'us') : undefined;
          noteCall(ruling, running);
          return toReceipt(ruling);
        };
        return ask<RollbackReceipt>('call', timeoutMs, perform);
      },
      rollBack: (_operation, id, timeoutMs) => {
        const { name: caller, byApplication } = invocation;
        const perform = (takesEffect: boolean) => {
          this.puts.push({ changeOrderId: id, caller, byApplication });
          return toReceipt(takesEffect ? this.#account.rollBack(id, 'us') : undefined);
        };
        return ask<RollbackReceipt>('put', timeoutMs, perform);
      },
    };
  }

  #queueOf(invocation: Invocation): TaskQueue {
    const ask = <T>(operation: Operation, timeoutMs: number, perform: (takesEffect: boolean) => T) =>
      this.#call(invocation, operation, timeoutMs, perform, toQueueFailure);
    return {
      submit: (id, payload, timeoutMs) =>
        ask('submit', timeoutMs, (takesEffect) =>
          takesEffect ? this.#submit(id, payload, invocation) : 'exists',
        ),
      read: (id, timeoutMs) =>
        ask('read task', timeoutMs, () => {
          const task = this.tasks.get(id);
          return task ? { state: task.state, payload: task.payload } : 'absent';
        }),
    };
  }

  async #call<T>(
    invocation: Invocation,
    operation: Operation,
    timeoutMs: number,
    perform: (takesEffect: boolean) => T | EdasFailure,
    toFailure: (kind: EdasFailureKind | 'down') => Error,
  ): Promise<T> {
    const sentAt = this.#timeline.now;
    const fate = this.#nextFate(operation);
    if (fate) this.tell(`${invocation.name}: ${operation} ${JSON.stringify(fate)}`);
    const [thereMs, backMs] = [this.#nextLegMs(), this.#nextLegMs()];
    if (fate && 'failure' in fate && neverLeft.includes(fate.failure)) {
      await this.#until(sentAt + thereMs, invocation);
      throw toFailure(fate.failure);
    }
    if (fate && 'killed' in fate) {
      await this.#until(sentAt + thereMs, invocation);
      if (fate.takesEffect) perform(true);
      this.#kill(invocation);
      return new Promise<T>(() => undefined);
    }
    await this.#until(sentAt + thereMs, invocation);
    const answer = perform(fate?.takesEffect ?? true);
    const answeredAt = this.#timeline.now + backMs + (fate?.afterMs ?? 0);
    await this.#until(Math.min(answeredAt, sentAt + timeoutMs), invocation);
    if (answeredAt > sentAt + timeoutMs) throw toFailure('doubt');
    if (fate) throw toFailure(fate.failure);
    if (answer instanceof EdasFailure) throw answer;
    return answer;
  }

  #nextFate(operation: Operation): Fate | undefined {
    const index = this.#fates.findIndex((each) => each.operation === operation);
    return index < 0 ? undefined : this.#fates.splice(index, 1)[0]?.fate;
  }

  #nextLegMs(): number {
    const { legsMs } = this.#options;
    this.#legs += 1;
    return legsMs[this.#legs % legsMs.length] ?? 0;
  }

  #kill(invocation: Invocation): void {
    this.kills += 1;
    this.tell(`${invocation.name} is killed`);
    invocation.isAlive = false;
    invocation.onKill();
  }

  #submit(id: string, payload: string, by: Invocation): 'accepted' | 'exists' {
    const known = this.tasks.get(id);
    if (known && this.#options.takesTwice?.(id) !== true) return 'exists';
    this.tell(`${by.name} hands over ${this.#shortOf(id)}`);
    const task: Task = { id, payload, state: 'Enqueued', attempts: 1, runs: 0 };
    this.tasks.set(id, task);
    this.#run(task);
    if (this.doubles > 0) {
      this.doubles -= 1;
      this.tell(`${this.#shortOf(id)} is delivered twice`);
      this.#run(task);
    }
    return 'accepted';
  }

  #run(task: Task): void {
    const given = readTask(task.payload);
    const { changeOrderId: subject, rollback: kind } = given;
    const due = given.rollback === 'ended' ? given : undefined;
    const name = `${this.#shortOf(task.id)} (attempt ${task.attempts})`;
    const invocation = this.begin(name, { subject, due });
    task.runs += 1;
    task.state = 'Running';
    const isRetry = task.attempts > 1;
    const end = (state: 'Succeeded' | 'Failed') => {
      task.runs -= 1;
      if (state === 'Succeeded') task.state = state;
      else this.#retry(task);
    };
    invocation.onKill = () => {
      end('Failed');
    };
    void this.#until(this.#timeline.now + this.#nextLegMs(), invocation)
      .then(() => {
        const { now: startsAt } = this.#timeline;
        const { requestedAt } = readTask(task.payload);
        return runTask(readTask(task.payload), {
          ...this.meansOf(invocation),
          hearsEnds: false,
          isSuspended: this.isSuspended,
          rollbackDeadlineAt: startsAt + runMs - 10_000,
          deadlineAt: startsAt + runMs - marginMs,
          isRetry,
          mayBeRetry: isRetry,
          waitedMs: Math.max(0, startsAt + invocation.aheadMs - requestedAt),
          notify: (event) => {
            this.tell(`${name} tells ${event.event}: ${event.problem?.message ?? ''}`);
            const at = this.#timeline.now;
            const nowhere = this.#account.nowhere();
            this.news.push({ ...event, subject, kind, at, nowhere });
            return Promise.resolve(everyone);
          },
        });
      })
      .then(
        () => {
          end('Succeeded');
        },
        (error: unknown) => {
          if (!(error instanceof Problem)) this.crashes.push(error);
          end('Failed');
        },
      );
  }

  #retry(task: Task): void {
    if (task.runs > 0 || task.state === 'Succeeded') return;
    if (task.attempts === maxAttempts) {
      task.state = 'Failed';
      return;
    }
    task.state = 'Retrying';
    task.attempts += 1;
    void this.#timeline.until(this.#timeline.now + retryPauseMs).then(() => {
      this.#run(task);
    });
  }

  /** `ended-call of order 2`. */
  #shortOf(taskId: string): string {
    const [, kind = taskId, id = '', more = ''] = /^([a-z-]+?)-([0-9a-f]{8}-.{27})(.*)$/.exec(taskId) ?? [];
    return `${kind}${more} of ${this.#account.nameOf(id)}`;
  }
}

/** With these a call does not arrive. */
const neverLeft: readonly string[] = ['not_sent', 'down'];

function toEdasFailure(kind: EdasFailureKind | 'down'): EdasFailure {
  return new EdasFailure(kind === 'down' ? 'not_sent' : kind, `A fake failure: ${kind}.`);
}

function toQueueFailure(kind: EdasFailureKind | 'down'): TaskQueueFailure {
  return new TaskQueueFailure(`A fake failure: ${kind}.`, kind === 'doubt');
}

function toReceipt(ruling: Ruling | undefined): RollbackReceipt | EdasFailure {
  if (ruling?.accepted === false)
    return new EdasFailure('rejected', `EDAS answered ${ruling.code}: ${ruling.message}`);
  const id = ruling?.changeOrderId;
  const rollbackChangeOrderId = id === '' ? undefined : id;
  return { rollbackChangeOrderId, requestId: undefined, traceId: undefined };
}
