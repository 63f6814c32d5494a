import { openTaskQueue } from '../../functions/platform/open-task-queue.ts';
import {
  releaseClaimIdFor,
  releaseReportIdFor,
  releaseTaskIdFor,
  type RollbackClaimed,
  type RollbackTask,
} from '../../functions/task.ts';
import type { ChangeOrderPlan } from '../../local/stand-ins/edas/change-orders.ts';
import {
  openTaskFunction,
  taskApp,
  taskDue,
  taskOrder,
  type TaskFunction,
  type TaskFunctionOptions,
} from './task.ts';
import { addReleases } from './releases.ts';
import { fakeAccountId, fakeContext, followFunction, openWebhook, type Webhook } from './webhook.ts';

/** The ids of the tasks of the release. */
export const endedIds = {
  task: releaseTaskIdFor(taskOrder),
  call: releaseClaimIdFor(taskOrder),
  report: releaseReportIdFor(taskOrder),
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
  const seenUntil = clock.now() - 10 * 60_000;
  addReleases(task, before, release);
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
      release: { ...releaseVersions, fromVersionId, seenUntil },
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
