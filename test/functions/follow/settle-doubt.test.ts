import { describe, expect, test } from 'vitest';
import { claimIdFor, reportIdFor, type RollbackUnknown } from '../../../functions/task.ts';
import { openFollow, type Attempt, type AttemptOptions, type Fate } from '../../support/follow.ts';
import { taskDue, taskOrder } from '../../support/task.ts';

const startedAt = 1_000_000;
const unknown: RollbackUnknown = {
  ...taskDue,
  app: undefined,
  rollback: 'unknown',
  requestedAt: startedAt - 3_000,
  reason: 'EDAS gave no answer.',
  sentBefore: startedAt,
  wasInFlight: true,
};

const eventsOf = ({ told }: Attempt) => told.map(({ event }) => event);
const whysOf = ({ told }: Attempt) => told.map(({ problem }) => problem?.message);

const looking =
  'The rollback was sent, and it is not known whether it began. EDAS gave no answer. This task looks at the change order for two minutes, and until then nothing sends the rollback again.';
const noEffect =
  "The rollback was sent, and the change order's status is still 1 (running), so most probably the rollback had no effect. Look at it in the EDAS console. To send the rollback once more, ask for it again.";
const unseen = /^The rollback was sent, and the change order cannot be read, so it is still not known/;

describe('an order that', () => {
  test('is terminated at once has begun', async () => {
    const { attempt, account, clock } = openFollow();
    account.abort();
    const end = await attempt(unknown);
    expect(eventsOf(end)).toEqual(['outcome_unknown', 'started', 'terminated']);
    expect(whysOf(end)[0]).toBe(looking);
    expect(account.puts).toEqual([]);
    expect(clock.seconds()).toBeLessThan(10);
  });

  test.each([1, 60, 119])('shows so after %d s has begun, and is followed', async (seconds) => {
    const { attempt, account, clock } = openFollow();
    clock.at(seconds, () => {
      account.abort();
    });
    expect(eventsOf(await attempt(unknown))).toEqual(['outcome_unknown', 'started', 'terminated']);
    expect(account.puts).toEqual([]);
  });

  test('shows so too late is in doubt, and that frees the claim: the task fails', async () => {
    const { attempt, account, clock } = openFollow();
    clock.at(121, () => {
      account.abort();
    });
    const end = await attempt(unknown);
    expect(eventsOf(end)).toEqual(['outcome_unknown', 'outcome_unknown']);
    expect(whysOf(end)).toEqual([looking, noEffect]);
    expect(end.error).toMatchObject({ code: 'edas_outcome_unknown', facts: { changeOrderId: taskOrder } });
    expect(clock.seconds()).toBe(120);
    expect(account.puts).toEqual([]);
  });

  test('cannot be read is in doubt, and people are warned of sending it again', async () => {
    const blind = Array.from({ length: 30 }, (): Fate => 'denied');
    const { attempt } = openFollow({ fates: blind });
    const end = await attempt(unknown);
    expect(eventsOf(end)).toEqual(['outcome_unknown', 'outcome_unknown']);
    expect(whysOf(end)[1]).toMatch(unseen);
    expect(end.error).toMatchObject({ code: 'edas_outcome_unknown' });
  });

  test('cannot be read for a while, and shows then that it is terminated, has begun', async () => {
    const { attempt, account } = openFollow({ fates: ['doubt', 'not_sent', 'rejected'] });
    account.abort();
    expect(eventsOf(await attempt(unknown))).toEqual(['outcome_unknown', 'started', 'terminated']);
  });

  test('was never seen in flight proves nothing when it is terminated: a person may have stopped it', async () => {
    const { attempt, account } = openFollow();
    account.abort();
    const end = await attempt({ ...unknown, wasInFlight: false });
    expect(eventsOf(end)).toEqual(['outcome_unknown', 'terminated']);
    expect(end.last).toMatchObject({ event: 'terminated', status: 6 });
  });
});

describe('people are told', () => {
  const attempts = async (options: AttemptOptions[], aheadMs?: number) => {
    const { attempt } = openFollow(aheadMs === undefined ? {} : { aheadMs });
    const told: (string | undefined)[][] = [];
    for (const each of options) told.push(whysOf(await attempt(unknown, each)));
    return told;
  };
  const [first, second, third] = [{}, { retryCount: 1 }, { retryCount: 2 }];

  test('of the doubt once, and once that it stays: not by retries, which come when all was told', async () => {
    expect(await attempts([first, second, third])).toEqual([[looking, noEffect], [], []]);
  });

  test('that it stays by a retry, where the attempt before it died meanwhile', async () => {
    expect(await attempts([second, third])).toEqual([[noEffect], []]);
  });

  test('of both by every attempt, where Function Compute does not say which one it is', async () => {
    const notSaid = { isRetry: false, mayBeRetry: true };
    expect(await attempts([notSaid, notSaid])).toEqual([
      [looking, noEffect],
      [looking, noEffect],
    ]);
  });

  test('that it stays although the task comes when the two minutes are over', async () => {
    expect(await attempts([first], 600_000)).toEqual([[looking, noEffect]]);
  });

  test('of a fault of ours, which fails the task', async () => {
    const { attempt, client } = openFollow();
    client.getChangeOrderInfo = () => Promise.reject(new TypeError('made up'));
    expect(eventsOf(await attempt(unknown))).toEqual(['outcome_unknown', 'unreadable']);
  });
});

test.each([
  [-3_600_000, 120],
  [0, 120],
  [60_000, 60],
  [3_600_000, 0],
])('with a clock that is %d ms ahead, the order is looked at for %d s', async (aheadMs, seconds) => {
  const { attempt, clock } = openFollow({ aheadMs });
  expect((await attempt(unknown)).error).toMatchObject({ code: 'edas_outcome_unknown' });
  expect(clock.seconds()).toBe(seconds);
});

test('a task whose time is up before ends by itself', async () => {
  const { attempt, clock } = openFollow();
  const end = await attempt(unknown, { deadlineAt: startedAt + 30_000 });
  expect(end.error).toMatchObject({ code: 'edas_outcome_unknown' });
  expect(clock.seconds()).toBe(30);
});

test('a doubt that stays frees the claim: after the task has failed, the next one can be claimed, and its rollback is followed', async () => {
  const { queue, runQueue, attempt, account } = openFollow();
  const claim = { ...unknown, rollback: 'claimed', claim: 2, holder: 'x', sendsUntil: startedAt };
  queue.put(claimIdFor(taskOrder, 2), claim, 'Succeeded');
  queue.put(reportIdFor(taskOrder, 2), unknown);
  const refused = await attempt(taskDue);
  expect(refused.last).toEqual({ event: 'handed_over' });
  expect(account.puts).toEqual([]);

  await runQueue();
  expect(queue.get(reportIdFor(taskOrder, 2))?.state).toBe('Failed');
  expect((await attempt(taskDue)).last).toMatchObject({ event: 'handed_over' });
  expect(account.puts).toEqual(['fine']);
  const followed = await runQueue();
  expect(followed.map(({ attempt: end }) => end.last?.event)).toEqual(['watched', 'succeeded']);
});
