import { describe, expect, test } from 'vitest';
import { rollBackOnce, type ClaimableRollback } from '../../../functions/claim/roll-back-once.ts';
import type { ChangeOrderInfo } from '../../../functions/edas/change-order.ts';
import type { RollbackReceipt } from '../../../functions/edas/client.ts';
import { Problem } from '../../../functions/errors.ts';
import type { RollbackRequest } from '../../../functions/rollback/request.ts';
import { readTask, type RollbackReport, type RollbackTask } from '../../../functions/task.ts';
import { failed } from '../../support/edas-failure.ts';
import {
  beganAt,
  changeOrderId,
  claimOf,
  doubt,
  facts,
  namesOf,
  recordOf,
  refusal,
  reportOf,
  simulateQueue,
  type SimulatedQueue,
} from '../../support/simulated-queue.ts';

type Reading = ChangeOrderInfo | Error;

interface Scenario extends Partial<Omit<ClaimableRollback, 'request'>> {
  /** What the reads find, one after the other; the last one again and again. */
  reads?: [Reading, ...Reading[]];
  put?: RollbackReceipt | Error;
  request?: Partial<RollbackRequest>;
  queue?: SimulatedQueue;
}

const found = (status: number | undefined): ChangeOrderInfo => ({
  status,
  supportRollback: true,
  startedAt: beganAt - 60_000,
});
const rollbackChangeOrderId = '5ba3b2f4-1c7e-4a6d-8f00-000000000001';
const accepted: RollbackReceipt = { rollbackChangeOrderId, requestId: 'FAKE-ID', traceId: 'fake-trace' };

/** Rolls back against a made-up EDAS, each of whose calls takes 10 ms. */
async function run({
  reads = [found(1)],
  put = accepted,
  request,
  queue = simulateQueue(),
  ...given
}: Scenario) {
  const { access, now, warnings } = queue;
  let readsSoFar = 0;
  const edasCalls: string[] = [];
  const call = async <T>(name: string, result: T | Error): Promise<T> => {
    edasCalls.push(name);
    await access.clock.sleep(10);
    if (result instanceof Error) throw result;
    return result;
  };
  const rollback: ClaimableRollback = {
    request: { changeOrderId, deadlineAt: 7_000, ...request },
    task: facts,
    firstClaim: 1,
    mayGoUnclaimed: true,
    claimTimeoutMs: 2_000,
    reportTimeoutMs: 3_000,
    answersSender: true,
    ...given,
  };
  const end = rollBackOnce(rollback, {
    changeOrders: {
      read: () => call('read', reads[Math.min(readsSoFar++, reads.length - 1)] ?? reads[0]),
      list: () => Promise.reject(new Error('nothing is listed')),
      rollBack: () => call('put', put),
    },
    clock: access.clock,
    now: () => beganAt + now(),
    random: () => 0.5,
    warn: (message, more) => void warnings.push({ message, ...more }),
    queue: access,
  });
  return { end: await end.catch((error: unknown) => ({ thrown: error })), queue, edasCalls };
}

const putsOf = ({ edasCalls }: { edasCalls: string[] }) => edasCalls.filter((name) => name === 'put').length;

function taskOf({ tasks }: SimulatedQueue, id: string): RollbackTask | undefined {
  const record = tasks.get(id);
  return record && readTask(record.payload);
}

const done: RollbackReport = { ...facts, rollback: 'done', rollbackChangeOrderId, isKnownToSender: true };
const refused: RollbackReport = { ...facts, rollback: 'refused' };
const claimed: RollbackTask = {
  ...facts,
  rollback: 'claimed',
  claim: 1,
  holder: 'another',
  sendsUntil: beganAt + 9_000,
};

describe('a claim is taken right before the rollback is sent, and', () => {
  test('says who has it, and until when on the time of day', async () => {
    const { queue } = await run({ request: { deadlineAt: 7_000.4, problemStartedAt: beganAt } });
    expect(taskOf(queue, claimOf(1))).toEqual({
      ...claimed,
      holder: 'fake-request-id/0.5',
      sendsUntil: beganAt + 7_000,
      problemStartedAt: beganAt,
    });
    expect(namesOf(queue)).toEqual(['submit claim 1', 'submit report 1']);
  });

  test('has a holder also where the request has no id', async () => {
    const { queue } = await run({ task: { ...facts, requestId: undefined } });
    expect(taskOf(queue, claimOf(1))).toMatchObject({ holder: '/0.5' });
  });

  test.each([
    ['no more than its share', 2_000, 2_000 / 2],
    ['no more than half of what is left', 20_000, (7_000 - 10) / 2 / 2],
  ])('takes %s', async (_what, claimTimeoutMs, timeoutMs) => {
    const { queue } = await run({ claimTimeoutMs });
    expect(queue.calls[0]).toEqual(['submit claim 1', timeoutMs]);
  });

  test.each([
    ['its own time', 3_000, 1_500],
    ['no more than is left', 60_000, (8_500 - 20) / 2],
  ])('the report has %s', async (_what, reportTimeoutMs, timeoutMs) => {
    const { queue } = await run({ reportTimeoutMs });
    expect(queue.calls[1]).toEqual(['submit report 1', timeoutMs]);
  });

  test('nothing is claimed or reported where nothing has to be sent', async () => {
    const nothing: Scenario[] = [
      { reads: [found(6)] },
      { reads: [{ ...found(2), supportRollback: false }] },
      { reads: [failed('not_found')] },
      { request: { hold: 'suspended' } },
      { request: { deadlineAt: 0 } },
    ];
    for (const scenario of nothing) {
      const course = await run(scenario);
      expect(course.queue.calls).toEqual([]);
      expect(putsOf(course)).toBe(0);
      expect(course.end).not.toHaveProperty('claim');
      expect(course.end).not.toHaveProperty('report');
    }
  });

  test('nothing is sent where another has it', async () => {
    const queue = simulateQueue({ tasks: { [claimOf(1)]: recordOf(claimed) } });
    const course = await run({ queue });
    expect(course.end).toEqual({ result: 'taken', claim: 1, state: 'Running', task: claimed });
    expect(putsOf(course)).toBe(0);
    expect([...queue.tasks.keys()]).toEqual([claimOf(1)]);
  });

  test('the report has the number of the claim that was given', async () => {
    const tasks = { [claimOf(1)]: recordOf(claimed), [reportOf(1)]: recordOf(refused) };
    const { end, queue } = await run({ queue: simulateQueue({ tasks }) });
    expect(end).toMatchObject({ claim: { result: 'held', claim: 2 }, report: { status: 'dispatched' } });
    expect(taskOf(queue, reportOf(2))).toEqual(done);
  });
});

describe('without a claim', () => {
  test('the rollback is sent all the same, and reported under the number that was asked for', async () => {
    for (const firstClaim of [1, 2]) {
      const course = await run({ firstClaim, queue: simulateQueue({ submits: [refusal] }) });
      expect(course.end).toMatchObject({
        outcome: { outcome: 'rolling_back' },
        claim: { result: 'no_queue', mayExist: false },
        report: { status: 'dispatched' },
      });
      expect(putsOf(course)).toBe(1);
      expect([...course.queue.tasks.keys()]).toEqual([reportOf(firstClaim)]);
    }
  });

  test('nobody is asked for one where the queue was found not to work', async () => {
    const { end, queue } = await run({ firstClaim: undefined });
    expect(end).toMatchObject({ claim: { result: 'no_queue', mayExist: false } });
    expect(namesOf(queue)).toEqual(['submit report 1']);
  });

  test.each([
    [false, [refusal], ['submit claim 1']],
    [true, ['lost', doubt], ['submit claim 1', 'submit claim 1', 'submit report 1']],
  ] as const)(
    'a refusal is reported only where the claim may exist all the same: %s',
    async (mayExist, submits, calls) => {
      const queue = simulateQueue({ submits: [...submits] });
      const { end } = await run({ queue, put: failed('denied') });
      expect(end).toMatchObject({
        problem: { code: 'edas_denied' },
        claim: { result: 'no_queue', mayExist },
      });
      expect(namesOf(queue)).toEqual(calls);
      expect('report' in end).toBe(mayExist);
    },
  );

  test('a doubt is reported', async () => {
    const { queue } = await run({ queue: simulateQueue({ submits: [refusal] }), put: failed('doubt') });
    expect(taskOf(queue, reportOf(1))).toMatchObject({ rollback: 'unknown' });
  });

  test('nothing is sent where an earlier attempt may have sent it', async () => {
    const course = await run({ mayGoUnclaimed: false, queue: simulateQueue({ submits: [refusal] }) });
    expect(course.end).toMatchObject({
      problem: {
        code: 'edas_outcome_unknown',
        message:
          'An earlier attempt of this task may have sent the rollback. Function Compute could not be asked for the claim, which would tell, so this attempt sent nothing. Look at the change order in the EDAS console.',
        facts: { changeOrderId },
      },
    });
    expect(putsOf(course)).toBe(0);
    expect(course.queue.tasks.size).toBe(0);
  });

  test('but with one, that attempt sends it', async () => {
    expect(putsOf(await run({ mayGoUnclaimed: false }))).toBe(1);
  });
});

describe('what is reported', () => {
  const unknown = { rollback: 'unknown', wasInFlight: true };
  test.each<[string, Scenario, string, object]>([
    ['that EDAS accepted it', {}, 'rolling_back', done],
    [
      'that EDAS accepted it, and named no order',
      { put: { ...accepted, rollbackChangeOrderId: undefined } },
      'rolling_back',
      { ...done, rollbackChangeOrderId: undefined },
    ],
    [
      'that the order shows it',
      { put: failed('doubt'), reads: [found(1), found(6)] },
      'rolling_back',
      { ...done, rollbackChangeOrderId: undefined },
    ],
    [
      'that the sender will not read of it',
      { answersSender: false },
      'rolling_back',
      { ...done, isKnownToSender: false },
    ],
    [
      'that another was faster',
      { put: failed('rejected'), reads: [found(1), found(6)] },
      'already_terminated',
      refused,
    ],
    ['a refusal', { put: failed('rejected') }, 'edas_rejected', refused],
    ['a missing right', { put: failed('denied') }, 'edas_denied', refused],
    ['an order that is gone', { put: failed('not_found') }, 'change_order_not_found', refused],
    ['that it never left', { put: failed('not_sent') }, 'edas_unavailable', refused],
    [
      'missing credentials',
      { put: new Problem('credentials_missing', 'fake-reason') },
      'credentials_missing',
      refused,
    ],
    ['a lost answer', { put: failed('doubt') }, 'edas_outcome_unknown', unknown],
    ['throttling', { put: failed('throttled') }, 'edas_outcome_unknown', unknown],
  ])('%s', async (_what, scenario, answer, report) => {
    const { end, queue } = await run(scenario);
    expect(end).toMatchObject(
      'outcome' in end ? { outcome: { outcome: answer } } : { problem: { code: answer } },
    );
    expect(end).toMatchObject({ claim: { result: 'held', claim: 1 }, report: { status: 'dispatched' } });
    expect(taskOf(queue, reportOf(1))).toMatchObject(JSON.parse(JSON.stringify(report)) as object);
    expect(end).toMatchObject({ report: { task: report } });
  });

  test('of a doubt is what EDAS said, without the advice to the sender, and a time before which it was sent', async () => {
    const { queue } = await run({ put: failed('doubt') });
    const report = taskOf(queue, reportOf(1));
    expect(report).toMatchObject({
      reason: 'A fake failure: doubt.',
      sentBefore: beganAt + queue.now(),
    });
  });

  test('of an outcome that nobody knows for another reason are the words of the problem', async () => {
    const put = new Problem('edas_outcome_unknown', 'fake-words');
    const { queue } = await run({ put });
    expect(taskOf(queue, reportOf(1))).toMatchObject({ rollback: 'unknown', reason: 'fake-words' });
  });

  test.each<[string, [Reading, ...Reading[]], boolean]>([
    ...[0, 1, 8, 9].map((status): [string, [Reading], boolean] => [
      `of status ${status}`,
      [found(status)],
      true,
    ]),
    ...[2, 3, 5, undefined].map((status): [string, [Reading], boolean] => [
      `of status ${status}`,
      [found(status)],
      false,
    ]),
    ['that could not be read', [failed('denied')], false],
    ['that was in flight when it was read again', [failed('rejected'), found(1)], true],
    ['that was in flight before it ended', [found(1), found(2)], true],
  ])('of a doubt about an order %s is whether it was seen in flight', async (_what, reads, wasInFlight) => {
    const { queue } = await run({ put: failed('doubt'), reads });
    expect(taskOf(queue, reportOf(1))).toMatchObject({ rollback: 'unknown', wasInFlight });
  });

  test('is nothing where something broke: the task of the claim finds out', async () => {
    const bug = new TypeError('fake-bug');
    for (const scenario of [
      { put: bug },
      { put: failed('not_sent'), reads: [found(1), bug] },
    ] as Scenario[]) {
      const { end, queue } = await run(scenario);
      expect(end).toEqual({ thrown: bug });
      expect([...queue.tasks.keys()]).toEqual([claimOf(1)]);
    }
  });
});

describe('a report is', () => {
  const exists = { [reportOf(1)]: recordOf(refused) };
  test.each<[string, string, Parameters<typeof simulateQueue>[0]]>([
    ['dispatched', 'accepted', {}],
    ['dispatched', 'accepted the second time', { submits: [undefined, doubt] }],
    ['dispatched', 'there after a lost answer', { submits: [undefined, 'lost'] }],
    ['dispatched', 'found after two lost answers', { submits: [undefined, 'lost', doubt] }],
    ['exists', 'not taken, for there is one', { tasks: exists }],
    ['failed', 'refused', { submits: [undefined, refusal] }],
    ['failed', 'not shown after two lost answers', { submits: [undefined, doubt, doubt] }],
    [
      'failed',
      'unreadable after two lost answers',
      { submits: [undefined, 'lost', doubt], reads: { [reportOf(1)]: refusal } },
    ],
    [
      'failed',
      'dead after two lost answers',
      { submits: [undefined, doubt, doubt], tasks: { [reportOf(1)]: recordOf(done, 'Failed') } },
    ],
  ])('%s where it is %s', async (status, _how, given) => {
    const isRead = given?.submits?.length === 3;
    const { end, queue } = await run({ queue: simulateQueue(given) });
    expect(end).toMatchObject({ outcome: { outcome: 'rolling_back' }, report: { status } });
    expect(namesOf(queue).includes('read report 1')).toBe(isRead);
  });
});
