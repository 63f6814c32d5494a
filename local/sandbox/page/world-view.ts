import { describeStatus } from '../../../functions/edas/status.ts';
import type { TaskState } from '../../../functions/platform/task-queue.ts';
import { showLines } from '../../cli/terminal.ts';
import { statuses, type Batch, type ChangeOrder, type Status } from '../../stand-ins/edas/change-orders.ts';
import type { EdasStandIn } from '../../stand-ins/edas/stand-in.ts';
import type { FcStandIn } from '../../stand-ins/fc/stand-in.ts';
import type { ApplicationView, BatchState, OrderView, TaskView, Tone } from './view.ts';

/** Orders of an application that are shown. */
const mostOrders = 4;
const mostTasks = 50;

/** The applications of the stand-in: the one to which something happened last comes first. */
export function viewApplications({ orders }: Pick<EdasStandIn, 'orders'>): ApplicationView[] {
  const applications = orders.applications.map((appId) => ({
    appId,
    orders: orders.ofApplication(appId).toSorted((a, b) => b.createdAt - a.createdAt),
  }));
  const newest = (all: readonly ChangeOrder[]) => all[0]?.createdAt ?? 0;
  return applications
    .filter((application) => application.orders.length > 0)
    .toSorted((a, b) => newest(b.orders) - newest(a.orders))
    .map((application) => ({
      appId: application.appId,
      orders: application.orders.slice(0, mostOrders).map(viewOrder),
    }));
}

function viewOrder(order: ChangeOrder): OrderView {
  const { id, description, status, batches, rollbackOf, source } = order;
  // The package and the groups are left out, as in the terminal.
  const [name = ''] = description.split(' | Package Name:');
  return {
    id,
    description: showLines(name),
    status: describeStatus(status),
    tone: toneOf(status),
    batches: batches.map(stateOf),
    isRollback: source === 'pop',
    rollbackOf,
    isWaitingForPerson: status === statuses.waitingForPerson,
  };
}

function toneOf(status: Status): Tone {
  switch (status) {
    case statuses.succeeded:
      return 'good';
    case statuses.terminated:
      return 'quiet';
    case statuses.failed:
    case statuses.partlySucceeded:
    case statuses.systemException:
      return 'bad';
    default:
      return 'busy';
  }
}

function stateOf({ status }: Batch): BatchState {
  switch (status) {
    case statuses.succeeded:
      return 'done';
    case statuses.running:
      return 'running';
    case statuses.terminated:
      return 'stopped';
    case statuses.failed:
      return 'failed';
    default:
      return 'waiting';
  }
}

/** The tasks of the follow function, the newest first. */
export function viewTasks({ tasks }: Pick<FcStandIn, 'tasks'>): TaskView[] {
  return tasks
    .slice(-mostTasks)
    .toReversed()
    .map(({ taskId, status, alreadyRetriedTimes, startedAt, endedAt, errorMessage }) => ({
      taskId,
      status,
      tone: toneOfTask(status),
      retries: alreadyRetriedTimes,
      startedAt,
      endedAt,
      errorMessage: errorMessage === undefined ? undefined : showLines(errorMessage),
    }));
}

function toneOfTask(status: TaskState): Tone {
  if (status === 'Succeeded') return 'good';
  return ['Failed', 'Stopped', 'Expired', 'Invalid'].includes(status) ? 'bad' : 'busy';
}
