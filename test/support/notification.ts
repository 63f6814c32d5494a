import type { Notification } from '../../functions/follow/rollback-event.ts';

export const changeOrderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
export const rollbackChangeOrderId = '8f5e0a52-0000-4000-8000-000000000002';

/** A rollback that succeeded, or what differs from one. */
export function notificationOf(differences: Partial<Notification> = {}): Notification {
  return {
    event: 'succeeded',
    changeOrderId,
    rollbackChangeOrderId,
    app: { id: '3616cdca-0000-4000-8000-000000000001', name: 'checkout' },
    description: 'checkout 2.4.0',
    status: 2,
    changeStatus: 6,
    batches: { done: 3, total: 3 },
    tookMs: 252_000,
    failures: [],
    source: 'pipeline',
    actor: 'alice',
    delivery: 'delivery-1',
    consoleUrl: 'https://edas.console.aliyun.com/#/change',
    ...differences,
  };
}

export const group = '8123db90-0000-4000-8000-000000000003';

/** The rollback of a release that had ended, after which all is well; or what differs from one. */
export function releaseNotificationOf(differences: Partial<Notification> = {}): Notification {
  return notificationOf({
    operation: 'RollbackApplication',
    description: 'Version: 1.8.2 | Package Name: checkout.jar',
    changeStatus: undefined,
    release: { fromVersion: '1.8.2', toVersion: '1.8.1', groups: [group] },
    instances: { total: 4, healthy: 4, onVersion: 4 },
    ...differences,
  });
}
