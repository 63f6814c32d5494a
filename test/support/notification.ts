import type { Notification, Question } from '../../functions/follow/rollback-event.ts';

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

/** A link that works nowhere, with a token like a real one. */
export const fakeLink =
  'https://rollback.example.com/confirm/eyJvIjoiZmFrZSJ9_fake-fields.c2lnbmF0dXJlLXRoYXQtaXMtZmFrZQ';

/** A release that has ended, and what it could be rolled back to. */
export const choice = { fromVersion: '1.8.2', toVersion: '1.8.1', candidates: ['1.8.1', '1.8.0'] };

/** People are asked, on the page, about a change of which two of five batches are done; or what differs from that. */
export function askedOf(
  question: Partial<Question> = {},
  differences: Partial<Notification> = {},
): Notification {
  return notificationOf({
    event: 'asked',
    rollbackChangeOrderId: undefined,
    changeStatus: undefined,
    status: 1,
    operation: question.choice ? 'RollbackApplication' : 'RollbackChangeOrder',
    batches: question.choice ? undefined : { done: 2, total: 5 },
    ask: 1,
    question: {
      by: 'page',
      link: fakeLink,
      people: 1,
      expiresAt: Date.UTC(2026, 0, 2, 3, 19),
      leftMs: 15 * 60_000,
      summary: 'Error rate of checkout is 12 %',
      problemStartedAt: Date.UTC(2026, 0, 2, 3, 1),
      ...question,
    },
    ...differences,
  });
}

/** The same, decided by a command in a chat. */
export function askedInChat(question: Partial<Question> = {}): Notification {
  return askedOf({ by: 'chat', link: undefined, ...question });
}
