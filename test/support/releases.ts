import type { ReleaseRollbackDue } from '../../functions/task.ts';
import type { ChangeOrderPlan } from '../../local/stand-ins/edas/change-orders.ts';
import { change, taskApp, taskDue, taskOrder, type TaskFunction } from './task.ts';

const minuteMs = 60_000;
const policy = {
  withinMs: 30 * minuteMs,
  everyMs: 60 * minuteMs,
  group: 'all',
  batches: 2,
  batchWaitMinutes: 0,
};

/** A release that has ended, and that a task has to roll back. */
export const releaseDue: ReleaseRollbackDue = {
  ...taskDue,
  rollback: 'ended',
  app: taskApp,
  ended: { policy },
};

/** Adds the release, 1.8.2 of ten minutes ago, and the one before it, 1.8.1, as it is or as a test wants it. */
export function addReleases({ edas, clock }: TaskFunction, before: Partial<ChangeOrderPlan> = {}): void {
  const now = clock.now();
  const deployment = { appId: taskApp, appName: change.appName, readyMs: 0, batchMs: 1_000 };
  edas.orders.add({ ...deployment, version: '1.8.1', createdAt: now - 600 * minuteMs, ...before });
  edas.orders.add({ ...deployment, id: taskOrder, version: '1.8.2', createdAt: now - 10 * minuteMs });
}
