import type { QueueAccess } from '../../functions/claim/task-calls.ts';
import {
  TaskQueueFailure,
  type TaskQueue,
  type TaskRecord,
  type TaskState,
} from '../../functions/platform/task-queue.ts';
import { claimIdFor, reportIdFor, type RollbackTask, type TaskFacts } from '../../functions/task.ts';

export const changeOrderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
export const facts: TaskFacts = {
  version: 1,
  source: 'pipeline',
  requestId: 'fake-request-id',
  requestedAt: 0,
  changeOrderId,
  operation: 'RollbackChangeOrder',
};

/** The time of day when the simulation begins, epoch milliseconds. Its monotonic clock begins at 0. */
export const beganAt = Date.parse('2026-01-02T03:04:05Z');

export const refusal = new TaskQueueFailure('fake-refusal', false);
export const doubt = new TaskQueueFailure('fake-doubt', true);

/** What one call meets. `lost`: it does what it is asked for, and the answer gets lost. Undefined: nothing. */
export type Fault = 'lost' | Error | undefined;

export interface SimulatedQueue {
  access: QueueAccess;
  tasks: Map<string, TaskRecord>;
  /** Each call as its words and the milliseconds that it was given. */
  calls: [string, number][];
  warnings: unknown[];
  /** Milliseconds that have passed. */
  now: () => number;
}

interface Given {
  tasks?: Record<string, TaskRecord>;
  /** What the submissions meet, one after the other. */
  submits?: Fault[];
  /** What the reads of a task meet. `hidden`: it is not shown yet. */
  reads?: Record<string, Fault | 'hidden'>;
  deadlineAt?: number;
}

/** The task with this id as Function Compute shows it. */
export function recordOf(task: RollbackTask | string | undefined, state: TaskState = 'Running'): TaskRecord {
  return { state, payload: typeof task === 'object' ? JSON.stringify(task) : task };
}

/** A queue in memory that takes a task of each id once. A lost answer takes all the time that the call was given. */
export function simulateQueue({
  tasks: before = {},
  submits = [],
  reads = {},
  deadlineAt = 8_500,
}: Given = {}) {
  let now = 0;
  const tasks = new Map(Object.entries(before));
  const calls: [string, number][] = [];
  const warnings: unknown[] = [];

  function meet<T>(fault: Fault, timeoutMs: number, work: () => T): Promise<T> {
    if (fault === undefined) return Promise.resolve(work());
    if (fault === 'lost') work();
    const failure = fault === 'lost' ? doubt : fault;
    if (failure === doubt) now += timeoutMs;
    return Promise.reject(failure);
  }

  const queue: TaskQueue = {
    submit: (id, payload, timeoutMs) => {
      calls.push([`submit ${shortOf(id)}`, timeoutMs]);
      return meet(submits.shift(), timeoutMs, () => {
        if (tasks.has(id)) return 'exists';
        tasks.set(id, { state: 'Enqueued', payload });
        return 'accepted';
      });
    },
    read: (id, timeoutMs) => {
      calls.push([`read ${shortOf(id)}`, timeoutMs]);
      const fault = reads[id];
      if (fault === 'hidden') return Promise.resolve('absent');
      return meet(fault, timeoutMs, () => tasks.get(id) ?? 'absent');
    },
  };
  const simulated: SimulatedQueue = {
    access: {
      openQueue: () => Promise.resolve(queue),
      deadlineAt,
      clock: { now: () => now, sleep: (ms) => Promise.resolve(void (now += ms)) },
      warn: (message, more) => void warnings.push({ message, ...more }),
    },
    tasks,
    calls,
    warnings,
    now: () => now,
  };
  return simulated;
}

export const claimOf = (claim: number) => claimIdFor(changeOrderId, claim);
export const reportOf = (claim: number) => reportIdFor(changeOrderId, claim);

/** `claim 2` for the id of the second claim. */
function shortOf(id: string): string {
  const [, kind, number = '1'] = new RegExp(`^(\\w+)-${changeOrderId}(?:-(\\d))?$`).exec(id) ?? [];
  return `${kind === 'rollback' ? 'claim' : 'report'} ${number}`;
}

export const namesOf = ({ calls }: SimulatedQueue) => calls.map(([name]) => name);
