import fc from 'fast-check';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openTaskQueue } from '../../../../functions/platform/open-task-queue.ts';
import { decisionIdFor, type Decision, type RollbackDecided } from '../../../../functions/task.ts';
import * as edasFaults from '../../../../local/stand-ins/edas/faults.ts';
import * as fcFaults from '../../../../local/stand-ins/fc/faults.ts';
import { runs } from '../../../support/runs.ts';
import { fakeAccountId, fakeContext, followFunction, type Webhook } from '../../../support/webhook.ts';
import { peopleEnv, peopleNotify } from '../people-cases.ts';
import {
  app,
  changeOrderId,
  order,
  setStage,
  type CleanUp,
  type Stage,
  type StageOptions,
} from '../stage.ts';
import { ask, decisionsIn, get, post, saidBy, shownIn } from './people.ts';

// Clicks and alerts of the same change order, at once and one after the other, on several instances of the function.

const sources = `
sources:
  now: { preset: generic, secrets: [SECRET], apps: [${app}], confirm: all }
  other: { preset: generic, secrets: [SECRET], apps: [${app}], confirm: all }
  deferred: { preset: generic, secrets: [SECRET], apps: [${app}], confirm: all, mode: deferred }
${peopleNotify}`;

function open(options: Partial<StageOptions> = {}, cleanUp: CleanUp = onTestFinished): Promise<Stage> {
  return setStage({ sources, env: peopleEnv, ...options }, cleanUp);
}

/** The first request of all loads both SDKs. */
beforeAll(async () => {
  const work: (() => Promise<void> | void)[] = [];
  const stage = await open({}, (each) => void work.push(each));
  await get(stage, await ask(stage, 'now', order));
  for (const each of work) await each();
}, 60_000);

const sent = ({ tasks }: Stage) =>
  tasks().filter(({ rollback }) => rollback === 'due' || rollback === 'claimed');
const asks = ({ tasks }: Stage) => tasks().filter(({ rollback }) => rollback === 'asked');

async function shownBy(stage: Stage, path: string): Promise<string> {
  return shownIn(await get(stage, path));
}

/** Writes down a decision as a request does that is killed right after it. */
async function decideAndDie({ fc: { url }, clock }: Stage, decision: Decision): Promise<void> {
  const task: RollbackDecided = {
    version: 1,
    source: 'now',
    requestedAt: clock.now(),
    changeOrderId,
    operation: 'RollbackChangeOrder',
    rollback: 'decided',
    decision,
    decidedBy: { name: 'Fake Person', isProved: false },
    decidedAt: clock.now(),
  };
  const env = { FUNCTION_ENDPOINT: url };
  const queue = await openTaskQueue({ ...fakeContext, accountId: fakeAccountId }, env, followFunction);
  await queue.submit(decisionIdFor(changeOrderId), JSON.stringify(task), 5_000);
}

/** Does the same so many times at the same moment, each on the next instance. */
function atOnce<T>(
  times: number,
  instances: readonly Webhook[],
  work: (webhook: Webhook, index: number) => Promise<T>,
): Promise<T[]> {
  const each = Array.from({ length: times }, (_each, index) => {
    const webhook = instances[index % instances.length];
    return webhook ? [work(webhook, index)] : [];
  });
  return Promise.all(each.flat());
}

describe('an alert', () => {
  test('that comes many times at once is one question', async () => {
    const stage = await open();
    const instances = [stage.webhook, stage.another(), stage.another()];
    const answers = await atOnce(9, instances, (webhook, index) =>
      webhook.post(index % 2 === 0 ? 'now' : 'other', order),
    );
    expect(asks(stage)).toHaveLength(1);
    const told = answers.map(({ status, body }) => `${status} ${String(body['outcome'] ?? body['code'])}`);
    expect(told.sort()).toEqual([...Array.from({ length: 8 }, () => '200 asked'), '202 asked']);
    expect(stage.puts()).toBe(0);
  });

  test('is a question once where the first answer of Function Compute gets lost', async () => {
    let invocations = 0;
    const stage = await open({
      fcFault: ({ operation }) =>
        operation === 'InvokeFunction' && ++invocations === 1
          ? fcFaults.closed({ takesEffect: true })
          : undefined,
    });
    expect((await stage.webhook.post('now', order)).status).toBe(202);
    expect((await stage.webhook.post('now', order)).status).toBe(200);
    expect(asks(stage)).toHaveLength(1);
  });

  test('does not say that a change was left alone which was then to be rolled back after all', async () => {
    let isRefusing = false;
    const stage = await open({
      edasFault: ({ method }) => (isRefusing && method === 'PUT' ? edasFaults.deniedByRam() : undefined),
    });
    const path = await ask(stage, 'now', order);
    await post(stage, path, { decision: 'leave', shown: await shownBy(stage, path) });
    isRefusing = true;
    await post(stage, path, { decision: 'roll_back', shown: await shownBy(stage, path) });
    expect(decisionsIn(stage.tasks())).toEqual(['leave', 'roll_back']);
    const repeat = await stage.webhook.post('now', order);
    expect(repeat.body).toMatchObject({ outcome: 'asked', duplicate: true });
  });
});

describe('two people', () => {
  test.each(['now', 'deferred'])(
    'who click many times at once on two instances: one rollback (%s)',
    async (source) => {
      const stage = await open();
      const path = await ask(stage, source, order);
      const shown = await shownBy(stage, path);
      const instances = [stage, { webhook: stage.another() }];
      const clicks = Array.from({ length: 20 }, (_each, index) =>
        post(instances[index % 2] ?? stage, path, { decision: 'roll_back', shown, name: `Person ${index}` }),
      );
      const alerts = Array.from({ length: 5 }, () => stage.webhook.post(source, order));
      const [answers] = await Promise.all([Promise.all(clicks), Promise.all(alerts)]);
      expect(answers.every(({ status }) => status === 303 || status === 409)).toBe(true);
      expect([sent(stage).length, stage.puts()]).toEqual([1, source === 'now' ? 1 : 0]);
      expect(decisionsIn(stage.tasks())).toEqual(['roll_back']);
      expect(asks(stage)).toHaveLength(1);
    },
  );

  test('who leave it at the same moment decided once, and it can still be rolled back', async () => {
    const stage = await open();
    const path = await ask(stage, 'now', order);
    const shown = await shownBy(stage, path);
    await Promise.all([1, 2, 3].map(() => post(stage, path, { decision: 'leave', shown })));
    const left = await shownBy(stage, path);
    // The page offers no such button.
    expect((await post(stage, path, { decision: 'leave', shown: left })).status).toBe(303);
    expect(decisionsIn(stage.tasks())).toEqual(['leave']);
    expect((await post(stage, path, { decision: 'roll_back', shown: left })).status).toBe(303);
    expect(stage.puts()).toBe(1);
  });

  test('of whom one is not told that it was left where the other decision cannot be read', async () => {
    let isHidden = false;
    const stage = await open({
      fcFault: ({ operation }) => (isHidden && operation === 'GetAsyncTask' ? fcFaults.denied() : undefined),
    });
    const path = await ask(stage, 'now', order);
    const shown = await shownBy(stage, path);
    await decideAndDie(stage, 'roll_back');
    isHidden = true;
    const answer = await post(stage, path, { decision: 'leave', shown });
    expect([answer.status, stage.webhook.decisions().at(-1)?.['outcome']]).toEqual([409, 'page']);
  });
});

describe('a decision to roll back', () => {
  test.each(['now', 'deferred'])(
    'whose request was killed before it claimed anything is carried out by a second click (%s)',
    async (source) => {
      const stage = await open();
      const path = await ask(stage, source, order);
      const shown = await shownBy(stage, path);
      await decideAndDie(stage, 'roll_back');
      // A second tap: the first one is believed to be at work.
      expect((await post(stage, path, { decision: 'roll_back', shown })).status).toBe(303);
      expect(saidBy(await get(stage, path))).toBe('moving');
      expect(sent(stage)).toEqual([]);
      await stage.clock.sleep(10_000);
      const tried = await shownBy(stage, path);
      await Promise.all([1, 2, 3].map(() => post(stage, path, { decision: 'roll_back', shown: tried })));
      expect(sent(stage)).toHaveLength(1);
      expect(stage.puts()).toBe(source === 'now' ? 1 : 0);
      expect(decisionsIn(stage.tasks())).toEqual(['roll_back']);
    },
  );

  test('that EDAS refused can be tried again at once, and the page does not say that it is under way', async () => {
    let isRefusing = true;
    const stage = await open({
      edasFault: ({ method }) => (isRefusing && method === 'PUT' ? edasFaults.deniedByRam() : undefined),
    });
    const path = await ask(stage, 'now', order);
    const refused = await post(stage, path, { decision: 'roll_back', shown: await shownBy(stage, path) });
    expect([refused.status, saidBy(refused)]).toEqual([502, 'open']);
    isRefusing = false;
    expect((await post(stage, path, { decision: 'roll_back', shown: shownIn(refused) })).status).toBe(303);
    expect(stage.edas.orders.rollbacksOf(changeOrderId)).toBe(1);
  });

  test('that could not be handed over can be tried again at once', async () => {
    let isDown = false;
    const stage = await open({
      fcFault: ({ taskId = '' }) =>
        isDown && taskId.startsWith('rollback-') ? fcFaults.denied() : undefined,
      edasFault: ({ method }) => (isDown && method === 'PUT' ? edasFaults.deniedByRam() : undefined),
    });
    const path = await ask(stage, 'deferred', order);
    isDown = true;
    const failed = await post(stage, path, { decision: 'roll_back', shown: await shownBy(stage, path) });
    expect([failed.status, saidBy(failed)]).toEqual([502, 'open']);
    isDown = false;
    expect((await post(stage, path, { decision: 'roll_back', shown: shownIn(failed) })).status).toBe(303);
    expect(sent(stage)).toHaveLength(1);
  });

  test('whose outcome is unknown leads to a page that offers no other one', async () => {
    const stage = await open({
      edasFault: ({ method }) => (method === 'PUT' ? edasFaults.emptyBody() : undefined),
    });
    const path = await ask(stage, 'now', order);
    const unknown = await post(stage, path, { decision: 'roll_back', shown: await shownBy(stage, path) });
    expect([unknown.status, saidBy(unknown), shownIn(unknown)]).toEqual([504, 'in doubt', '']);
  });
});

// What may happen to one change order, in any order.
type Step =
  | { step: 'click'; decision: Decision; page: 'first' | 'own'; times: number }
  | { step: 'alert'; times: number }
  | { step: 'load' }
  | { step: 'die'; decision: Decision }
  | { step: 'pause'; ms: number };

const decision = fc.constantFrom<Decision[]>('roll_back', 'leave');
const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        step: fc.constant('click' as const),
        decision,
        page: fc.constantFrom('first' as const, 'own' as const),
        times: fc.integer({ min: 1, max: 3 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ step: fc.constant('alert' as const), times: fc.integer({ min: 1, max: 3 }) }),
    },
    { weight: 2, arbitrary: fc.record({ step: fc.constant('load' as const) }) },
    { weight: 1, arbitrary: fc.record({ step: fc.constant('die' as const), decision }) },
    {
      weight: 1,
      arbitrary: fc.record({
        step: fc.constant('pause' as const),
        ms: fc.constantFrom(1_000, 11_000, 120_000),
      }),
    },
  ),
  { minLength: 2, maxLength: 6 },
);

async function play(
  source: 'now' | 'deferred',
  course: readonly Step[],
  doubt: 'none' | 'put',
  cleanUp: CleanUp,
): Promise<void> {
  const edasFault: StageOptions['edasFault'] = ({ method }) =>
    doubt === 'put' && method === 'PUT' ? edasFaults.emptyBody() : undefined;
  const stage = await open({ edasFault }, cleanUp);
  const instances = [stage.webhook, stage.another()];
  const path = await ask(stage, source, order);
  const first = await shownBy(stage, path);
  let own = first;
  for (const each of course) {
    const before = decisionsIn(stage.tasks());
    if (each.step === 'click') {
      const shown = each.page === 'first' ? first : own;
      const fields = { decision: each.decision, shown };
      await atOnce(each.times, instances, (webhook) => post({ webhook }, path, fields));
    }
    if (each.step === 'alert') await atOnce(each.times, instances, (webhook) => webhook.post(source, order));
    if (each.step === 'load') own = await shownBy(stage, path);
    if (each.step === 'die') await decideAndDie(stage, each.decision);
    if (each.step === 'pause') await stage.clock.sleep(each.ms);
    const decisions = decisionsIn(stage.tasks());
    const hint = JSON.stringify({ each, before, decisions });
    expect(sent(stage).length, `rollbacks ${hint}`).toBeLessThanOrEqual(1);
    expect(stage.puts(), `rollbacks sent ${hint}`).toBeLessThanOrEqual(1);
    expect(asks(stage), hint).toHaveLength(1);
    // Nothing is sent unless the last decision that stands is to roll back, and none stands after that one.
    if (sent(stage).length > 0) expect(decisions.at(-1), hint).toBe('roll_back');
    expect(['', 'leave', 'roll_back', 'leave,roll_back'], hint).toContain(decisions.join());
  }
  // Whatever was, a decision to roll back that stands is carried out by a click on a page that is loaded now.
  await stage.clock.sleep(11_000);
  await post(stage, path, { decision: 'roll_back', shown: await shownBy(stage, path) });
  expect(sent(stage)).toHaveLength(1);
  expect(stage.puts()).toBe(source === 'now' ? 1 : 0);
}

const numRuns = runs(12);
const seed = numRuns === 12 ? { seed: 1 } : {};

test.each([
  ['now', 'none'],
  ['now', 'put'],
  ['deferred', 'none'],
] as const)(
  'whatever people and alerts do, in whichever order and how often: one rollback at most, and only as decided (%s, doubt: %s)',
  { timeout: 20_000 + 5_000 * numRuns },
  async (source, doubt) => {
    const property = fc.asyncProperty(steps, async (course) => {
      const work: (() => Promise<void> | void)[] = [];
      try {
        await play(source, course, doubt, (each) => void work.push(each));
      } finally {
        for (const each of work) await each();
      }
    });
    await fc.assert(property, { numRuns, ...seed });
  },
);
