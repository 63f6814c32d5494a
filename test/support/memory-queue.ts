import { TaskQueueFailure, type TaskQueue, type TaskState } from '../../functions/platform/task-queue.ts';

/** What becomes of a call: it is not taken, or it is and the answer gets lost. */
export type QueueFault = 'down' | 'lost';

export interface MemoryTask {
  taskId: string;
  payload: string;
  state: TaskState;
}

/** Function Compute's queue in memory: takes each id once, and runs nothing by itself. */
export class MemoryQueue implements TaskQueue {
  /** In the order of their arrival. */
  readonly tasks: MemoryTask[] = [];
  /** Every call, as `submit rollback-…`. */
  readonly calls: string[] = [];
  fault: (call: 'submit' | 'read', taskId: string) => QueueFault | undefined = () => undefined;

  get(taskId: string): MemoryTask | undefined {
    return this.tasks.find((task) => task.taskId === taskId);
  }

  /** Takes a task, if there is none of this id. */
  put(taskId: string, task: object, state: TaskState = 'Enqueued'): void {
    if (!this.get(taskId)) this.tasks.push({ taskId, payload: JSON.stringify(task), state });
  }

  readonly submit: TaskQueue['submit'] = (taskId, payload) =>
    this.#meet('submit', taskId, () => {
      if (this.get(taskId)) return 'exists';
      this.tasks.push({ taskId, payload, state: 'Enqueued' });
      return 'accepted';
    });

  readonly read: TaskQueue['read'] = (taskId) =>
    this.#meet('read', taskId, () => {
      const task = this.get(taskId);
      return task ? { state: task.state, payload: task.payload } : 'absent';
    });

  #meet<T>(call: 'submit' | 'read', taskId: string, work: () => T): Promise<T> {
    this.calls.push(`${call} ${taskId}`);
    const fault = this.fault(call, taskId);
    if (fault === 'down') return Promise.reject(new TaskQueueFailure('Nothing listens there.', false));
    const result = work();
    return fault === 'lost'
      ? Promise.reject(new TaskQueueFailure('The answer got lost.', true))
      : Promise.resolve(result);
  }
}
