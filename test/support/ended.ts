import { openTaskQueue } from '../../functions/platform/open-task-queue.ts';
import {
  releaseClaimIdFor,
  releaseReportIdFor,
  releaseTaskIdFor,
  type ReleaseRollbackDue,
  type RollbackClaimed,
  type RollbackTask,
} from '../../functions/task.ts';
import type { ChangeOrderPlan } from '../../local/stand-ins/edas/change-orders.ts';
import {
  change,
  openTaskFunction,
  taskApp,
  taskDue,
  taskOrder,
  type TaskFunction,
  type TaskFunctionOptions,
} from './task.ts';
import { fakeAccountId, fakeContext, followFunction, openWebhook, type Webhook } from './webhook.ts';

const minute = 60_000;

/** The ids of the tasks of the release. */
export const endedIds = {
  task: releaseTaskIdFor(taskOrder),
  call: releaseClaimIdFor(taskOrder),
  report: releaseReportIdFor(taskOrder),
};

/** What a webhook hands over. */
export const releaseDue: ReleaseRollbackDue = {
  ...taskDue,
  rollback: 'ended',
  app: taskApp,
  ended: {
    policy: {
      withinMs: 30 * minute,
      everyMs: 60 * minute,
      group: 'all',
      batches: 2,
      batchWaitMinutes: 0,
    },
  },
};

export const releaseVersions = {
  fromVersion: '1.8.2',
  toVersion: '1.8.1',
  groups: ['8123db90-880f-486f-0000-000000000000'],
};

const sources = `
sources:
  pipeline: { preset: generic, secrets: [SECRET], app: app, apps: [${taskApp}], ended: { within: 30m }, follow: true }
  patient: { preset: generic, secrets: [SECRET], app: app, apps: [${taskApp}], ended: { within: 24h, every: 0m }, follow: true }
  orders: { preset: generic, secrets: [SECRET], apps: [${taskApp}], ended: { within: 30m }, follow: true }
  deferred: { preset: generic, secrets: [SECRET], app: app, apps: [${taskApp}], ended: { within: 30m }, mode: deferred }
`;

/** Both functions, and an application whose release 1.8.2 has ended. */
export interface EndedWorld {
  task: TaskFunction;
  webhook: Webhook;
  /** The claim on the one call, of a run that could send it until half a minute from now. */
  claim: () => RollbackClaimed;
  /** Hands a task over, as another run of the function would. */
  handOver: (id: string, task: RollbackTask) => Promise<void>;
  /** How often the one call was made. */
  calls: () => number;
  /** The versions to which the calls that took effect went back. */
  effects: () => string[];
  /** Resolves when no task is left. */
  settled: () => Promise<void>;
}

/** Version 1.8.1 ten hours ago, and 1.8.2 ten minutes ago. */
export async function openEndedWorld(
  options: TaskFunctionOptions,
  cleanUp: (work: () => Promise<void>) => void,
  {
    before = {},
    release = {},
  }: { before?: Partial<ChangeOrderPlan>; release?: Partial<ChangeOrderPlan> } = {},
): Promise<EndedWorld> {
  const task = await openTaskFunction({ queue: true, ...options }, cleanUp);
  const { edas, fc, clock } = task;
  if (!fc) throw new Error('a world without a queue');
  const now = clock.now();
  const plan = { appId: taskApp, appName: change.appName, readyMs: 0, batchMs: 1_000 };
  edas.orders.add({ ...plan, version: '1.8.1', createdAt: now - 600 * minute, ...before });
  edas.orders.add({ ...plan, id: taskOrder, version: '1.8.2', createdAt: now - 10 * minute, ...release });
  const webhook = openWebhook(edas, { sources, fc, clock });
  const fromVersionId = edas.orders.historyOf(taskApp).at(-1)?.id ?? '';
  return {
    task,
    webhook,
    claim: () => ({
      ...taskDue,
      rollback: 'claimed',
      claim: 1,
      holder: 'another/0.5',
      sendsUntil: clock.now() + 30_000,
      release: { ...releaseVersions, fromVersionId, seenUntil: now - 10 * minute },
    }),
    handOver: async (id, payload) => {
      const env = { FUNCTION_ENDPOINT: fc.url };
      const queue = await openTaskQueue({ ...fakeContext, accountId: fakeAccountId }, env, followFunction);
      await queue.submit(id, JSON.stringify(payload), 5_000);
    },
    calls: () => edas.calls.filter(({ operation }) => operation === 'RollbackApplication').length,
    effects: () => edas.orders.releaseRollbacksOf(taskApp).map(({ version }) => version),
    settled: () => fc.settled(),
  };
}
