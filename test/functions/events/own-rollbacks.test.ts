import { describe, expect, onTestFinished, test } from 'vitest';
import { Problem } from '../../../functions/errors.ts';
import { reasonNotToRollBack } from '../../../functions/events/own-rollbacks.ts';
import {
  claimIdFor,
  releaseClaimIdFor,
  releaseReportIdFor,
  reportIdFor,
  type RollbackTask,
} from '../../../functions/task.ts';
import { statuses, type RollbackRules } from '../../../local/stand-ins/edas/change-orders.ts';
import * as fcFaults from '../../../local/stand-ins/fc/faults.ts';
import { changeOrderEvent, type Told } from '../../support/edas-event.ts';
import { openEvents, type Delivery, type Events } from '../../support/events.ts';
import { MemoryQueue } from '../../support/memory-queue.ts';
import { facts } from '../../support/simulated-queue.ts';
import { setStage, type Stage, type StageOptions } from '../webhook/stage.ts';

const app = '3616cdca-4f92-4413-0000-000000000000';
const changeOrderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const kind = 'to_string(data.event.involvedObject.additionalProperties.eventType)';
const sources = `
events:
  failed-releases:
    preset: edas-event
    when: starts_with(${kind}, 'onFail')
    apps: [${app}]
`;

interface FailedStage extends Stage {
  events: Events;
  tell: (told?: Partial<Told>) => Promise<Delivery>;
  /** The orders that EDAS made of itself to carry rollbacks out. */
  rollbackOrders: () => string[];
}

/** A deployment that has failed, of which EDAS is about to tell. */
async function setFailedStage(options: Partial<StageOptions> = {}): Promise<FailedStage> {
  const stage = await setStage(
    {
      sources: 'sources: { pipeline: { preset: generic, secrets: [SECRET_PIPELINE] } }',
      history: (orders, now) => {
        const failed = { outcome: statuses.failed, createdAt: now - 60_000, readyMs: 0, batchMs: 10_000 };
        orders.add({ id: changeOrderId, appId: app, ...failed });
      },
      ...options,
    },
    onTestFinished,
  );
  const { edas, fc, clock } = stage;
  const events = openEvents(edas, { sources, fc, clock });
  const failure = { eventType: 'onFailure', reason: 'APPLICATION_CODEPLOY_FAILURE' };
  return {
    ...stage,
    events,
    tell: (told) =>
      events.deliver(changeOrderEvent(clock.now(), { app, changeOrderId, ...failure, ...told })),
    rollbackOrders: () =>
      edas.orders.ofApplication(app).flatMap(({ id }) => (id === changeOrderId ? [] : [id])),
  };
}

const ignored = (part: string) => ({
  result: { outcome: 'ignored', message: expect.stringContaining(part) as string },
});

/** A rollback that fails within the second, and of which EDAS says no word that tells it from a deployment. */
const failing = {
  description: 'Version: 1.0 | Package Name: demo | Deployment Target: Default Group',
  outcome: statuses.failed,
  batches: 1,
  readyMs: 0,
  batchMs: 1,
  supportRollback: true,
} as const;

describe('with a when, the event of a deployment that failed', () => {
  test('rolls it back, once, however often it comes', async () => {
    const { tell, puts, fc } = await setFailedStage();
    expect(await tell()).toMatchObject({ result: { outcome: 'rolling_back', changeOrderId } });
    expect(await tell()).toHaveProperty('result');
    expect(puts()).toBe(1);
    expect(fc.tasks.map(({ taskId }) => taskId)).toContain(`seen-${changeOrderId}`);
  });

  test.each<[string, Partial<Told>, string]>([
    ['is of a restart', { reason: 'APPLICATION_RESTART_FAILURE' }, 'not the event of a deployment'],
    ['has no reason', { reason: null }, 'not the event of a deployment'],
    ['has another eventType', { eventType: 'onSuccess' }, 'gave false, not true'],
    ['is of another application', { app: '3616cdca-4f92-4413-0000-00000000beef' }, 'no application that'],
  ])('rolls nothing back and asks EDAS nothing where it %s', async (_what, told, part) => {
    const { tell, edas } = await setFailedStage();
    expect(await tell(told)).toEqual(ignored(part));
    expect(edas.calls).toEqual([]);
  });

  test('rolls nothing back where it names a change order of another application', async () => {
    const { tell, puts } = await setFailedStage();
    expect(await tell({ changeOrderId: 'dc5133d7-773f-4c81-9c5a-00000000beef' })).toMatchObject({
      result: { code: 'app_not_allowed' },
    });
    expect(puts()).toBe(0);
  });

  test('comes again where Function Compute cannot say which rollbacks are our own', async () => {
    const { tell, puts } = await setFailedStage({
      fcFault: ({ operation }) => (operation === 'GetAsyncTask' ? fcFaults.denied() : undefined),
      history: (orders, now) => {
        const plan = { appId: app, readyMs: 0, batchMs: 10_000 };
        orders.add({ ...plan, createdAt: now - 3_600_000 });
        orders.add({ ...plan, id: changeOrderId, outcome: statuses.failed, createdAt: now - 60_000 });
      },
    });
    const delivery = await tell();
    expect(delivery).toHaveProperty('thrown.code', 'task_not_taken');
    expect(puts()).toBe(0);
  });
});

describe('the event of a rollback that failed rolls nothing back, where EDAS', () => {
  const ways: Pick<Required<RollbackRules>, 'answersWith' | 'coType'>[] = [
    { answersWith: 'new-order', coType: 'CoRollback' },
    { answersWith: 'same-order', coType: 'CoRollback' },
    { answersWith: 'new-order', coType: 'CoDeploy' },
    { answersWith: 'same-order', coType: 'CoDeploy' },
  ];
  const lags = [0, 45_000];
  test.each(ways.flatMap((way) => lags.map((showsAfterMs) => ({ ...way, showsAfterMs }))))(
    'answers with the $answersWith, lists it as $coType, and shows it after $showsAfterMs ms',
    async (way) => {
      const rules = { ofTerminated: 'accepted', order: failing, ...way } as const;
      const { tell, puts, rollbackOrders, edas } = await setFailedStage({ rules });
      await tell();
      // EDAS tells of every order that fails, and would go on as long as one more is made.
      for (let round = 0; round < 5; round += 1) {
        for (const id of [changeOrderId, ...rollbackOrders()]) {
          const delivery = await tell({ changeOrderId: id });
          if (id !== changeOrderId) expect(delivery).toEqual(ignored('It is not rolled back'));
        }
      }
      expect(puts()).toBe(1);
      expect(edas.orders.ofApplication(app)).toHaveLength(2);
    },
  );
});

describe('a change order that EDAS tells of, as the tasks show it,', () => {
  const order = '5ba3b2f4-1c7e-4a6d-8f00-000000000001';
  const other = '5ba3b2f4-1c7e-4a6d-8f00-000000000002';
  const [first, second, third] = [changeOrderId, other, '5ba3b2f4-1c7e-4a6d-8f00-000000000003'];
  const requestedAt = 1_000_000;
  const madeAt = requestedAt + 1_000;
  const common = { ...facts, requestedAt };
  const done = { ...common, rollback: 'done', isKnownToSender: true } as const;
  const claimed = { ...common, rollback: 'claimed', claim: 1, holder: 'fake-holder' } as const;
  const claimOfCall = { ...claimed, sendsUntil: requestedAt };

  async function look(
    tasks: Record<string, RollbackTask>,
    createdAt = madeAt,
    fault: MemoryQueue['fault'] = () => undefined,
  ): Promise<boolean> {
    const queue = new MemoryQueue();
    for (const [id, task] of Object.entries(tasks)) queue.put(id, task);
    queue.fault = fault;
    const reason = await reasonNotToRollBack(
      { changeOrderId: order, createdAt, deploymentsBefore: [first, second, third] },
      {
        openQueue: () => Promise.resolve(queue),
        deadlineAt: 10_000,
        clock: { now: () => 0, sleep: () => Promise.resolve() },
        warn: () => undefined,
      },
    );
    return reason !== undefined;
  }
  const later = madeAt + 300_000;

  test.each<[string, boolean, Record<string, RollbackTask>, number?]>([
    ['no task knows it', false, {}],
    ['is named in a report', true, { [reportIdFor(first)]: { ...done, rollbackChangeOrderId: order } }],
    ['is named long after', true, { [reportIdFor(first)]: { ...done, rollbackChangeOrderId: order } }, later],
    [
      'is named in the fifth, after claims without a rollback',
      true,
      {
        ...Object.fromEntries([1, 2, 3, 4, 5].map((claim) => [claimIdFor(first, claim), claimOfCall])),
        [reportIdFor(first, 5)]: { ...done, rollbackChangeOrderId: order },
      },
    ],
    ['is named one further back', true, { [reportIdFor(second)]: { ...done, rollbackChangeOrderId: order } }],
    [
      'is not looked for in the third',
      false,
      { [reportIdFor(third)]: { ...done, rollbackChangeOrderId: order } },
    ],
    ['has another order named', false, { [reportIdFor(first)]: { ...done, rollbackChangeOrderId: other } }],
    ['may be the one that EDAS did not name', true, { [reportIdFor(first)]: done }],
    ['was made long after that', false, { [reportIdFor(first)]: done }, later],
    [
      'may be the one of the change that EDAS named itself',
      true,
      { [reportIdFor(first)]: { ...done, rollbackChangeOrderId: facts.changeOrderId } },
    ],
    [
      'may be one that is in doubt',
      true,
      {
        [reportIdFor(first)]: {
          ...common,
          rollback: 'unknown',
          reason: '',
          sentBefore: requestedAt,
          wasInFlight: true,
        },
      },
    ],
    ['comes after a refused one', false, { [reportIdFor(first)]: { ...common, rollback: 'refused' } }],
    ['may be the rollback of a release', true, { [releaseClaimIdFor(first)]: claimOfCall }],
    ['was made long after that call', false, { [releaseClaimIdFor(first)]: claimOfCall }, later],
    [
      'is named as the rollback of a release',
      true,
      {
        [releaseClaimIdFor(first)]: claimOfCall,
        [releaseReportIdFor(first)]: { ...done, rollbackChangeOrderId: order },
      },
      later,
    ],
  ])('%s: %s', async (_what, isSpared, tasks, createdAt) => {
    expect(await look(tasks, createdAt)).toBe(isSpared);
  });

  test.each([reportIdFor(first), claimIdFor(second), releaseClaimIdFor(first), releaseReportIdFor(second)])(
    'is not rolled back where %s cannot be read',
    async (taskId) => {
      const fails: MemoryQueue['fault'] = (_call, id) => (id === taskId ? 'down' : undefined);
      await expect(look({}, madeAt, fails)).rejects.toThrow(Problem);
    },
  );
});
