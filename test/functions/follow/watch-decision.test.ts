import { describe, expect, test } from 'vitest';
import {
  claimIdFor,
  releaseClaimIdFor,
  releaseReportIdFor,
  releaseTaskIdFor,
  reportIdFor,
  type RollbackDecided,
} from '../../../functions/task.ts';
import { failed } from '../../support/edas-failure.ts';
import { openFollow, type Follow } from '../../support/follow.ts';
import { taskDue, taskOrder } from '../../support/task.ts';

const decidedBy = { name: 'Li Ming', isProved: false };
const rolledBack: RollbackDecided = {
  ...taskDue,
  rollback: 'decided',
  decision: 'roll_back',
  decidedBy,
  decidedAt: 1_000_000,
};

const claimed = { ...taskDue, rollback: 'claimed', claim: 1, holder: 'h', sendsUntil: 1_000_000 } as const;
const refused = { ...taskDue, rollback: 'refused', reason: 'EDAS refused it.' } as const;
const ended = {
  ...taskDue,
  rollback: 'ended',
  ended: { policy: { withinMs: 1, everyMs: 1, group: 'g', batches: 1, batchWaitMinutes: 1 } },
} as const;

const run = (follow: Follow) => follow.attempt(rolledBack);

describe('a person decided to roll back', () => {
  test.each<[string, (follow: Follow) => void]>([
    [
      'the rollback is claimed',
      ({ queue }) => {
        queue.put(claimIdFor(taskOrder), claimed, 'Running');
      },
    ],
    [
      'the rollback is claimed, and its report says that it has begun',
      ({ queue }) => {
        queue.put(claimIdFor(taskOrder), claimed, 'Succeeded');
        queue.put(reportIdFor(taskOrder), { ...taskDue, rollback: 'done', isKnownToSender: true }, 'Running');
      },
    ],
    [
      'the first claim was refused, and there is a second one',
      ({ queue }) => {
        queue.put(claimIdFor(taskOrder), claimed, 'Succeeded');
        queue.put(reportIdFor(taskOrder), refused, 'Succeeded');
        queue.put(claimIdFor(taskOrder, 2), { ...claimed, claim: 2 }, 'Running');
      },
    ],
    [
      'a task has to do it (mode: deferred)',
      ({ queue }) => {
        queue.put(claimIdFor(taskOrder), taskDue);
      },
    ],
    [
      'a task has to roll the release back',
      ({ queue }) => {
        queue.put(releaseTaskIdFor(taskOrder), ended);
      },
    ],
    [
      'the first task for the release is dead, and there is a second one',
      ({ queue }) => {
        queue.put(releaseTaskIdFor(taskOrder), ended, 'Failed');
        queue.put(releaseTaskIdFor(taskOrder, 2), ended, 'Running');
      },
    ],
    [
      'the one call for the release was claimed',
      ({ queue }) => {
        queue.put(releaseTaskIdFor(taskOrder), ended, 'Failed');
        queue.put(releaseClaimIdFor(taskOrder), claimed, 'Succeeded');
        queue.put(releaseReportIdFor(taskOrder), refused, 'Succeeded');
      },
    ],
    [
      'the order shows it, and no task',
      ({ account }) => {
        account.abort();
      },
    ],
    [
      'the order shows it, and Function Compute cannot be asked',
      ({ account, queue }) => {
        account.abort();
        queue.fault = () => 'down';
      },
    ],
  ])('and after a minute %s: people are told nothing', async (_what, happen) => {
    const follow = openFollow();
    follow.clock.at(59, () => {
      happen(follow);
    });
    expect(await run(follow)).toEqual({ told: [], last: { event: 'watched' } });
    expect(follow.clock.seconds()).toBe(60);
  });

  test.each<[string, (follow: Follow) => void]>([
    ['nothing shows that it has begun', () => undefined],
    [
      'every claim was refused',
      ({ queue }) => {
        queue.put(claimIdFor(taskOrder), claimed, 'Succeeded');
        queue.put(reportIdFor(taskOrder), refused, 'Succeeded');
      },
    ],
    [
      'its task is dead',
      ({ queue }) => {
        queue.put(claimIdFor(taskOrder), taskDue, 'Failed');
      },
    ],
    [
      'the task for the release is dead',
      ({ queue }) => {
        queue.put(releaseTaskIdFor(taskOrder), ended, 'Expired');
      },
    ],
  ])('and %s: people are told that it was not done', async (_what, happen) => {
    const follow = openFollow();
    happen(follow);
    const { told, last } = await run(follow);
    expect(told).toEqual([
      {
        event: 'not_rolled_back',
        problem: {
          code: 'task_not_taken',
          message: 'A person decided to roll back, and nothing shows that the rollback has begun.',
        },
        failures: [],
      },
    ]);
    expect(last).toEqual(told[0]);
  });

  test('and it begins just after the first look: it is looked for twice more', async () => {
    const follow = openFollow();
    follow.clock.at(89, () => {
      follow.queue.put(claimIdFor(taskOrder), claimed, 'Running');
    });
    expect((await run(follow)).last).toEqual({ event: 'watched' });
    expect(follow.clock.seconds()).toBe(90);
  });

  test.each(['read', 'everything'])(
    'and %s of Function Compute fails: nothing certain is said',
    async (what) => {
      const follow = openFollow();
      follow.queue.fault = (call) => (what === 'everything' || call === 'read' ? 'down' : undefined);
      const { told } = await run(follow);
      expect(told).toMatchObject([{ event: 'outcome_unknown' }]);
    },
  );

  test('and EDAS cannot be read: the tasks tell', async () => {
    const follow = openFollow();
    const getChangeOrderInfo = () => Promise.reject(failed('doubt'));
    const { told } = await follow.attempt(rolledBack, {
      edas: () => Promise.resolve({ ...follow.client, getChangeOrderInfo }),
    });
    expect(told).toMatchObject([{ event: 'not_rolled_back' }]);
  });
});

test('a person decided to leave it: people are told at once', async () => {
  const follow = openFollow();
  const { told, last } = await follow.attempt({ ...rolledBack, decision: 'leave' });
  expect(told).toEqual([{ event: 'left_alone', failures: [] }]);
  expect(last).toEqual(told[0]);
  expect(follow.clock.seconds()).toBe(0);
});

test('the first of two people wants it: people are told at once', async () => {
  const { told } = await openFollow().attempt({
    rollback: 'approved',
    ask: 1,
    decidedBy,
    decidedAt: 1_000_000,
  });
  expect(told).toEqual([{ event: 'approved', failures: [] }]);
});
