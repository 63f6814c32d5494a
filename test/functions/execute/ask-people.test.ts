import { describe, expect, test } from 'vitest';
import { askPeople, mostAsks, type Question } from '../../../functions/execute/ask-people.ts';
import { TaskQueueFailure, type TaskQueue, type TaskState } from '../../../functions/platform/task-queue.ts';
import type { ConfirmPolicy } from '../../../functions/select/policy.ts';
import { askIdFor, decisionIdFor, type RollbackTask, type TaskFacts } from '../../../functions/task.ts';
import { changeOrderId } from '../webhook/stage.ts';

const start = Date.parse('2026-01-02T03:04:05Z');
const minute = 60_000;

const facts: TaskFacts = {
  version: 1,
  source: 'alertmanager',
  requestId: 'fake-request-id',
  requestedAt: start,
  changeOrderId,
  operation: 'RollbackChangeOrder',
};
const policy: ConfirmPolicy = { of: 'all', withinMs: 15 * minute, by: 'page', people: 1 };

/** What Function Compute answers each time that a task is handed over; at the end, the truth. */
type Reply = 'lost' | 'taken and lost' | 'refused';

interface Held {
  payload: string;
  state: TaskState;
}

interface World {
  tasks: Map<string, Held>;
  ask: (question?: Partial<Question>, now?: number) => Promise<unknown>;
}

function open({
  replies = [],
  isReadable = () => true,
}: { replies?: Reply[]; isReadable?: (taskId: string) => boolean } = {}): World {
  const tasks = new Map<string, Held>();
  const queue: TaskQueue = {
    submit: (taskId, payload) => {
      const reply = replies.shift();
      const exists = tasks.has(taskId);
      if (reply === 'refused') return Promise.reject(new TaskQueueFailure('It is refused.', false));
      if (reply !== 'lost' && !exists) tasks.set(taskId, { payload, state: 'Running' });
      if (reply !== undefined) return Promise.reject(new TaskQueueFailure('The answer got lost.', true));
      return Promise.resolve(exists ? 'exists' : 'accepted');
    },
    read: (taskId) => {
      if (!isReadable(taskId)) return Promise.reject(new TaskQueueFailure('It cannot be read.', false));
      return Promise.resolve(tasks.get(taskId) ?? 'absent');
    },
  };
  const clock = { now: () => 0, sleep: () => Promise.resolve() };
  const access = { openQueue: () => Promise.resolve(queue), deadlineAt: 9_000, clock, warn: () => undefined };
  const ask = (question: Partial<Question> = {}, now = start) =>
    askPeople(
      {
        task: facts,
        policy,
        summary: undefined,
        problemStartedAt: undefined,
        rollsBackEnded: false,
        choice: undefined,
        ...question,
      },
      { queue: access, now: () => now, linkFor: (each, until) => Promise.resolve(`link ${each} ${until}`) },
    ).catch((error: unknown) => error);
  return { tasks, ask };
}

const put = (world: World, taskId: string, task: object, state: TaskState = 'Running') =>
  void world.tasks.set(taskId, { payload: JSON.stringify({ ...facts, ...task }), state });
const decided = (decision: 'leave' | 'roll_back') => ({
  rollback: 'decided',
  decision,
  decidedBy: { name: 'Fake Person', isProved: false },
  decidedAt: start,
});
const asked = (expiresAt: number) => ({ rollback: 'asked', ask: 1, expiresAt, by: 'page', people: 1 });
const taskIn = ({ tasks }: World, id: string) => JSON.parse(tasks.get(id)?.payload ?? '{}') as RollbackTask;

const until = '2026-01-02T03:19:05Z';
const newly = {
  outcome: 'asked',
  changeOrderId,
  expiresAt: expect.stringContaining('2026-01-02T03:19:05') as string,
};
const before = { outcome: 'asked', changeOrderId, duplicate: true };
const notTaken = { code: 'task_not_taken' };

describe('people are asked', () => {
  test('by a task that has the link, the end of the time, and what the alert says', async () => {
    const world = open();
    expect(await world.ask({ summary: 'It burns.', problemStartedAt: start - minute })).toEqual({
      ...newly,
      message: expect.stringMatching(/^Nothing was sent\. A person must decide with the link/) as string,
    });
    expect(taskIn(world, askIdFor(changeOrderId))).toEqual({
      ...facts,
      rollback: 'asked',
      ask: 1,
      expiresAt: start + 15 * minute,
      by: 'page',
      people: 1,
      link: `link 1 ${start + 15 * minute}`,
      summary: 'It burns.',
      problemStartedAt: start - minute,
      rollsBackEnded: false,
    });
  });

  test('without a link where they decide in a chat', async () => {
    const world = open();
    const { message } = (await world.ask({ policy: { ...policy, by: 'chat', people: 2 } })) as {
      message: string;
    };
    expect(message).toContain('Two people must decide with a command in the chat');
    expect(taskIn(world, askIdFor(changeOrderId))).not.toHaveProperty('link');
  });
});

test.each<[what: string, replies: Reply[], told: object, tasks: number]>([
  ['the first answer got lost, and the task was taken', ['taken and lost'], newly, 1],
  ['the first answer got lost, and the task was not taken', ['lost'], newly, 1],
  ['both answers got lost, and the task was taken', ['taken and lost', 'taken and lost'], notTaken, 1],
  ['both answers got lost, and the task was not taken', ['lost', 'lost'], notTaken, 0],
  ['Function Compute refuses', ['refused'], notTaken, 0],
])('where %s, the answer is true', async (_what, replies, told, count) => {
  const world = open({ replies });
  expect(await world.ask()).toMatchObject(told);
  expect(world.tasks.size).toBe(count);
  // The sender repeats it, and people are asked once.
  await world.ask({ task: { ...facts, requestId: 'another-request-id' } });
  expect([...world.tasks.keys()]).toEqual([askIdFor(changeOrderId)]);
});

describe('a repeat', () => {
  test('finds the question, and says until when people have to decide', async () => {
    const world = open();
    await world.ask();
    const repeat = await world.ask({}, start + 15 * minute);
    expect(repeat).toMatchObject({ ...before, expiresAt: newly.expiresAt });
    expect(until).toContain('03:19:05');
    expect(world.tasks.size).toBe(1);
  });

  test('asks again once the time is over, or where the task that asked is dead', async () => {
    const world = open();
    await world.ask();
    expect(await world.ask({}, start + 15 * minute + 1)).toMatchObject({ outcome: 'asked' });
    expect(taskIn(world, askIdFor(changeOrderId, 2))).toMatchObject({
      ask: 2,
      link: expect.stringMatching(/^link 2 /) as string,
    });
    put(
      world,
      askIdFor(changeOrderId, 2),
      { ...asked(Infinity), expiresAt: start + 99 * minute, ask: 2 },
      'Failed',
    );
    expect(await world.ask({}, start + 16 * minute)).not.toHaveProperty('duplicate');
    expect(world.tasks.has(askIdFor(changeOrderId, 3))).toBe(true);
  });

  test(`asks ${mostAsks} times, and no more`, async () => {
    const world = open();
    for (let ask = 1; ask <= mostAsks; ask += 1) put(world, askIdFor(changeOrderId, ask), asked(start - 1));
    expect(await world.ask()).toMatchObject({ code: 'decision_not_open' });
    expect(world.tasks.size).toBe(mostAsks);
  });

  test('asks no second time where the question cannot be read, or is of another version', async () => {
    const hidden = open({ isReadable: () => false });
    put(hidden, askIdFor(changeOrderId), asked(start - 1));
    expect(await hidden.ask()).toMatchObject(before);
    const newer = open();
    put(newer, askIdFor(changeOrderId), { ...asked(start - 1), version: 2 });
    expect(await newer.ask()).toMatchObject(before);
  });
});

describe('what people decided before counts', () => {
  test.each([
    ['to leave it', ['leave'], 'left_alone'],
    ['to leave it, and then to roll back after all', ['leave', 'roll_back'], 'asked'],
    ['to roll back', ['roll_back'], 'asked'],
  ] as const)('%s', async (_what, decisions, outcome) => {
    const world = open();
    for (const [index, decision] of decisions.entries()) {
      put(world, decisionIdFor(changeOrderId, index === 0 ? 1 : 2), decided(decision));
    }
    expect(await world.ask()).toMatchObject({ outcome });
  });

  test('so people are not asked again where it cannot be read whether they decided', async () => {
    const world = open({ isReadable: (taskId) => !taskId.startsWith('decide-') });
    put(world, askIdFor(changeOrderId), asked(start - 1));
    expect(await world.ask()).toMatchObject(notTaken);
    expect(world.tasks.size).toBe(1);
  });
});
