/**
 * What becomes of an asynchronous task.
 * https://help.aliyun.com/zh/functioncompute/fc/developer-reference/api-fc-2023-03-30-getasynctask
 */
export const taskStates = [
  'Enqueued',
  'Dequeued',
  'Running',
  'Retrying',
  'Succeeded',
  'Failed',
  'Stopping',
  'Stopped',
  'Expired',
  'Invalid',
] as const;
export type TaskState = (typeof taskStates)[number];

/** Function Compute's queue of asynchronous tasks. All throw {@link TaskQueueFailure}. */
export interface TaskQueue {
  /** Hands a task over. `exists`: a task of this id was handed over before, and this one is not taken. */
  submit: (taskId: string, payload: string, timeoutMs: number) => Promise<'accepted' | 'exists'>;
  /** A task as it is now. `absent`: no task of this id is shown; one that is new may not be shown yet. */
  read: (taskId: string, timeoutMs: number) => Promise<TaskRecord | 'absent'>;
}

/** A task that was handed over. */
export interface TaskRecord {
  state: TaskState;
  /** As it was handed over. */
  payload: string | undefined;
}

/** These will not do anything any more, and did not do their work. */
const deadStates: readonly TaskState[] = ['Failed', 'Stopped', 'Expired', 'Invalid'];

export function isDead(state: TaskState): boolean {
  return deadStates.includes(state);
}

/** The queue could not be used. The message is a sentence for the log, and holds no credentials. */
export class TaskQueueFailure extends Error {
  override readonly name = 'TaskQueueFailure';
  /** Whether it may have done what it was asked for. */
  readonly isInDoubt: boolean;
  /** What Function Compute answered: its HTTP status, and its code, such as `FunctionNotFound`. */
  readonly answer: { status: number; code: string | undefined } | undefined;

  constructor(message: string, isInDoubt: boolean, answer?: TaskQueueFailure['answer']) {
    super(message);
    this.isInDoubt = isInDoubt;
    this.answer = answer;
  }
}
