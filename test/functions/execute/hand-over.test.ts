import { describe, expect, test } from 'vitest';
import { lookAtClaim } from '../../../functions/claim/claim.ts';
import { deferRollback, replyToTaken } from '../../../functions/execute/hand-over.ts';
import { taskStates, type TaskState } from '../../../functions/platform/task-queue.ts';
import type { RollbackClaimed, RollbackDue, RollbackReport, RollbackTask } from '../../../functions/task.ts';
import { problemOfAsync } from '../../support/problem.ts';
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

const due: RollbackDue = { ...facts, rollback: 'due' };
const claimed: RollbackClaimed = {
  ...facts,
  rollback: 'claimed',
  claim: 1,
  holder: 'another',
  sendsUntil: beganAt,
};
const rollbackChangeOrderId = '5ba3b2f4-1c7e-4a6d-8f00-000000000001';
const done: RollbackReport = { ...facts, rollback: 'done', rollbackChangeOrderId, isKnownToSender: true };
const unknown: RollbackReport = {
  ...facts,
  rollback: 'unknown',
  reason: 'fake-reason',
  sentBefore: 0,
  wasInFlight: true,
};
const overdue: RollbackTask = { ...facts, rollback: 'overdue', claim: 1 };
const refused: RollbackReport = { ...facts, rollback: 'refused' };

const defer = ({ access }: SimulatedQueue) => deferRollback(due, () => beganAt, access);
const there = (task: RollbackTask, state?: TaskState) => ({ [claimOf(1)]: recordOf(task, state) });

const dead: TaskState[] = ['Failed', 'Stopped', 'Expired', 'Invalid'];
const alive = taskStates.filter((state) => !dead.includes(state));
const reads = ['read claim 1', 'read report 1'];

describe('a rollback is deferred', () => {
  test.each([
    ['by one call, where the task is accepted', []],
    ['by two, where the first one did not arrive', [doubt]],
  ])('%s', async (_what, submits) => {
    const queue = simulateQueue({ submits: [...submits] });
    expect(await defer(queue)).toEqual({
      outcome: 'deferred',
      changeOrderId,
      message:
        'A task rolls the change order back, once, and another one then follows the rollback to its end.',
    });
    expect(namesOf(queue)).toEqual(['submit claim 1', ...submits.map(() => 'submit claim 1')]);
    expect(JSON.parse(queue.tasks.get(claimOf(1))?.payload ?? '')).toEqual(due);
    expect(queue.warnings).toEqual([]);
  });

  test.each(alive)('to the task that is there, which is %s', async (state) => {
    const queue = simulateQueue({ tasks: there(due, state) });
    expect(await defer(queue)).toMatchObject({ outcome: 'deferred', duplicate: true, task: state });
    expect(namesOf(queue)).toEqual(
      state === 'Succeeded'
        ? ['submit claim 1', ...reads, 'read claim 2', 'read report 2']
        : ['submit claim 1', ...reads],
    );
  });

  test('to the task of a lost answer, and the answer does not say whose it is', async () => {
    const lost = [['lost'], ['lost', refusal], ['lost', doubt]] as const;
    for (const submits of lost) {
      const queue = simulateQueue({ submits: [...submits] });
      expect(await defer(queue)).toEqual({
        outcome: 'deferred',
        changeOrderId,
        task: 'Enqueued',
        message: `A task has the change order: this delivery's own, or an earlier one. There is a task for this change order (Enqueued).`,
      });
      expect(namesOf(queue)).toEqual(['submit claim 1', 'submit claim 1', ...reads]);
    }
  });

  test('to a task of which nothing more is known, where one is there and cannot be read', async () => {
    const given = { reads: { [claimOf(1)]: refusal } };
    expect(await defer(simulateQueue({ ...given, tasks: there(due) }))).toMatchObject({
      duplicate: true,
      task: 'unknown',
    });
    const settled = await defer(simulateQueue({ ...given, submits: ['lost'] }));
    expect(settled).toMatchObject({ outcome: 'deferred', task: 'unknown' });
    expect(settled).not.toHaveProperty('duplicate');
  });

  test.each([
    ['is refused', [refusal], {}],
    ['breaks', [new TypeError('fake-bug')], {}],
    ['is in doubt, and no task is shown', [doubt, doubt], {}],
    ['is in doubt, and no task can be read', ['lost', refusal], { [claimOf(1)]: refusal }],
  ] as const)('to nobody where it %s, and no claim is tried', async (_what, submits, faults) => {
    const queue = simulateQueue({ submits: [...submits], reads: faults });
    expect(await defer(queue)).toEqual({ outcome: 'own', firstClaim: undefined });
    expect(queue.warnings.length).toBeGreaterThan(0);
  });

  test.each(dead)(
    'to nobody where the task that is there is %s, and the next claim is tried',
    async (state) => {
      for (const submits of [[], [doubt], [doubt, doubt]]) {
        const queue = simulateQueue({ submits, tasks: there(due, state) });
        expect(await defer(queue)).toEqual({ outcome: 'own', firstClaim: 2 });
        expect(queue.warnings.at(-1)).toEqual({
          message: 'the task of this change order is dead, so this delivery rolls back itself',
          changeOrderId,
          taskId: claimOf(1),
          reason: `The task that had to finish it is ${state}.`,
        });
      }
    },
  );

  test('to nobody where the task has found a refusal, and the claim behind its own is tried', async () => {
    const tasks = {
      ...there(due, 'Succeeded'),
      [claimOf(2)]: recordOf({ ...claimed, claim: 2 }, 'Succeeded'),
      [reportOf(2)]: recordOf(refused, 'Succeeded'),
    };
    expect(await defer(simulateQueue({ tasks }))).toEqual({ outcome: 'own', firstClaim: 3 });
  });
});

describe('a delivery whose rollback another one has is told', () => {
  const ended =
    'There was a task for this change order, and that task has ended: its messages and its log say how. If the change is not rolled back all the same, roll it back in the EDAS console.';
  const accepted = 'EDAS accepted the rollback for an earlier delivery';
  const atWork = 'Another delivery is rolling this change order back.';

  test.each<[string, Parameters<typeof simulateQueue>[0], string]>([
    [
      'that it is done, and as which order',
      { tasks: { ...there(claimed, 'Succeeded'), [reportOf(1)]: recordOf(done) } },
      `${accepted} (rollback order ${rollbackChangeOrderId}), and a task follows it.`,
    ],
    [
      'that it is done, where EDAS named no order',
      {
        tasks: {
          ...there(claimed, 'Succeeded'),
          [reportOf(1)]: recordOf({ ...done, rollbackChangeOrderId: undefined }),
        },
      },
      `${accepted}, and a task follows it.`,
    ],
    [
      'that it is being done, and who finishes it',
      { tasks: there(claimed, 'Running') },
      `${atWork} A task (Running) finishes it if that delivery is cut off.`,
    ],
    [
      'that it is being done, and when to look again where nobody watches',
      { tasks: there(claimed, 'Failed') },
      `${atWork} The task that watches it is Failed: if the order is still in flight a minute from now, ask for the rollback again.`,
    ],
    [
      'that a task finishes what was cut off',
      { tasks: { ...there(claimed, 'Succeeded'), [reportOf(1)]: recordOf(overdue, 'Running') } },
      'There is a task for this change order (Running).',
    ],
    [
      'that a task has it',
      { tasks: there(due, 'Retrying') },
      'There is a task for this change order (Retrying).',
    ],
    ['what to do where the task has ended', { tasks: there(due, 'Succeeded') }, ended],
    [
      'that nothing can be read',
      { tasks: there(due), reads: { [claimOf(1)]: refusal } },
      'There is a task for this change order, and Function Compute does not show what has become of it: the log may say why.',
    ],
  ])('%s', async (_what, given, words) => {
    const queue = simulateQueue(given);
    const taken = await lookAtClaim(changeOrderId, 1, () => beganAt, queue.access);
    expect(replyToTaken(changeOrderId, taken)).toEqual({
      outcome: 'deferred',
      changeOrderId,
      duplicate: true,
      task: taken.state,
      message: `${words} This delivery did nothing.`,
    });
  });

  test('that the outcome is unknown, where it was sent and its answer got lost', async () => {
    const tasks = { ...there(claimed, 'Succeeded'), [reportOf(1)]: recordOf(unknown) };
    const problem = await problemOfAsync(() => defer(simulateQueue({ tasks })));
    expect(problem).toMatchObject({
      code: 'edas_outcome_unknown',
      message:
        'An earlier delivery sent the rollback, and it was not known whether it began. This one sent nothing. A task looks at the change order for two minutes, and tells people. If the order is still in flight then, ask for the rollback again.',
      facts: { changeOrderId },
    });
  });
});

test('handing over never outlasts its time', async () => {
  for (const deadlineAt of [-5_000, 0, 99, 100, 500, 8_500]) {
    for (const submits of [[doubt, doubt], ['lost', doubt], ['lost']] as const) {
      const queue = simulateQueue({ submits: [...submits], reads: { [claimOf(1)]: doubt }, deadlineAt });
      await defer(queue);
      expect(queue.now()).toBeLessThanOrEqual(Math.max(0, deadlineAt));
    }
  }
});
