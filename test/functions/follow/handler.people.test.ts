import { describe, expect, onTestFinished, test } from 'vitest';
import { Problem } from '../../../functions/errors.ts';
import {
  decisionIdFor,
  type RollbackAsked,
  type RollbackDecided,
  type RollbackTask,
} from '../../../functions/task.ts';
import { choice, fakeLink } from '../../support/notification.ts';
import { openWithChange, slackAnswer, taskDue, taskOrder, type TaskFunction } from '../../support/task.ts';
import { startTime } from '../../support/webhook.ts';

const startedAt = Date.parse(startTime);
const channels = ['dingtalk', 'feishu', 'wecom', 'slack', 'webhook'] as const;
const token = fakeLink.split('/').at(-1) ?? '';

const asked: RollbackAsked = {
  ...taskDue,
  rollback: 'asked',
  ask: 1,
  expiresAt: startedAt + 15 * 60_000,
  by: 'page',
  link: fakeLink,
  people: 1,
  summary: 'Error rate of checkout is 12 %',
};
const decided: Partial<RollbackDecided> = {
  rollback: 'decided',
  decision: 'leave',
  decidedBy: { name: 'Li Ming', isProved: false },
  decidedAt: startedAt,
};

/** A change that is in flight for an hour, and the queue in which decisions are written down. */
const open = (options: Parameters<typeof openWithChange>[0] = {}) =>
  openWithChange({ queue: true, channels, ...options }, { batchMs: 3_600_000 }, onTestFinished);

const textsOf = ({ receiver }: TaskFunction, kind: string) =>
  receiver.messages.filter((message) => message.kind === kind).map(({ text }) => text.split('\n')[0]);

test('people are asked in every channel, each with the link, and then told that no one has decided', async () => {
  const task = await open();
  expect(await task.run(asked)).toEqual({ event: 'not_decided' });
  const questions = task.receiver.messages.slice(0, channels.length);
  expect(questions.map(({ kind }) => kind).toSorted()).toEqual([...channels].toSorted());
  expect(questions.map(({ link }) => link)).toEqual(channels.map(() => fakeLink));
  for (const kind of channels) {
    expect(textsOf(task, kind)).toEqual([
      expect.stringMatching(/^Decide: shall the EDAS rollback stop this change/) as string,
      'Not decided: the time to decide about the EDAS rollback is over; nothing was sent.',
    ]);
  }
  expect(task.calls().join()).not.toMatch(/PUT|POST/);
  expect(task.decisions()).toMatchObject([
    { outcome: 'not_decided', rollback: 'asked', status: 1, actor: 'alice', source: 'pipeline' },
  ]);
});

test('a release that has ended is asked about as what it is', async () => {
  const task = await open();
  await task.run({ ...asked, choice });
  expect(task.notifications()[0]).toMatchObject({ event: 'asked', operation: 'RollbackApplication', choice });
});

test('the question does not go to the chat that asked, whose address anyone there can use; its end does', async () => {
  const task = await open();
  await task.run({ ...asked, answerAt: slackAnswer });
  expect(textsOf(task, 'slack-answer')).toEqual([expect.stringMatching(/^Not decided/) as string]);
});

describe('the link', () => {
  const isLogged = (task: TaskFunction) => task.lines.some((line) => line.includes(token.slice(0, 12)));

  test('is in no line of the log', async () => {
    const task = await open({ env: { LOG_LEVEL: 'debug' } });
    await task.run(asked);
    await task.run(asked, 1);
    expect(task.receiver.messages.length).toBeGreaterThan(0);
    expect(isLogged(task)).toBe(false);
  });

  test.each(['error-code', 'server-error', 'html', 'huge', 'reset', 'redirect'] as const)(
    'is in no line of the log after %s of every channel',
    async (fault) => {
      const task = await open();
      for (const kind of channels) task.receiver.setFault(kind, fault);
      await task.run(asked);
      expect(task.log().filter(({ msg }) => msg === 'a channel could not be told').length).toBeGreaterThan(0);
      expect(isLogged(task)).toBe(false);
    },
  );
});

test('a question that no channel takes fails the task, which Function Compute then tries again', async () => {
  const task = await open();
  for (const kind of channels) task.receiver.setFault(kind, 'error-code');
  const { error } = await task.run(asked);
  expect(error).toBeInstanceOf(Problem);
  expect(task.decisions()).toMatchObject([
    {
      level: 'error',
      code: 'notification_failed',
      detail: expect.stringContaining('None of 5 channels could be told the question') as string,
    },
  ]);
  for (const kind of channels) task.receiver.setFault(kind, undefined);
  expect(await task.run(asked, 1)).toEqual({ event: 'not_decided' });
});

test('a decision ends the wait without news, for its own task has them', async () => {
  const task = await open();
  task.clock.at(60, () =>
    task.handOver(decisionIdFor(taskOrder), { ...decided, decidedAt: startedAt + 60_000 }),
  );
  expect(await task.runAll(asked)).toEqual({ event: 'decided' });
  expect(task.ends()).toEqual(['asked decided', 'decided left_alone']);
  expect(task.events()).toEqual(['asked', 'left_alone']);
});

describe('who decided', () => {
  const proved = { name: 'U024BE7LH', isProved: true, source: 'ops-chat' };

  test.each<[string, Partial<RollbackTask>, RollbackDecided['decidedBy'], string]>([
    ['leaves it', decided, { name: 'Li Ming', isProved: false }, 'left_alone'],
    [
      'wants it, of two',
      { rollback: 'approved', ask: 1, decidedBy: proved, decidedAt: 1 },
      proved,
      'approved',
    ],
  ])(
    '%s: that is in the messages, in the JSON and in the log',
    async (_what, differences, decidedBy, event) => {
      const task = await open();
      expect(await task.run({ ...differences, decidedBy })).toEqual({ event });
      expect(task.notifications()).toMatchObject([{ event, decidedBy }]);
      expect(
        task.receiver.messages.every(({ text }) => text.includes(`Decided by: ${decidedBy.name ?? ''}`)),
      ).toBe(true);
      expect(task.decisions()).toMatchObject([
        { outcome: event, decidedBy: decidedBy.name, decidedByProved: decidedBy.isProved },
      ]);
    },
  );

  test('is told with everything that becomes of the rollback', async () => {
    const task = await open({ queue: false });
    task.edas.orders.abort(taskOrder);
    await task.run({ decidedBy: proved });
    expect(task.notifications()).toMatchObject([{ event: 'already_terminated', decidedBy: proved }]);
    expect(task.notifications()[0]?.text).toContain('Decided by: U024BE7LH (source ops-chat)');
    expect(task.decisions()).toMatchObject([{ decidedBy: 'U024BE7LH', decidedByProved: true }]);
  });

  test('is in no line where people were not asked', async () => {
    const task = await open({ queue: false });
    task.edas.orders.abort(taskOrder);
    await task.run();
    expect(task.decisions()[0]).not.toHaveProperty('decidedByProved');
  });
});

test('a decided rollback that has not begun after a minute is told with what to do', async () => {
  const task = await open();
  expect(await task.run({ ...decided, decision: 'roll_back' })).toEqual({
    event: 'not_rolled_back',
  });
  expect(task.clock.seconds()).toBe(90);
  expect(task.notifications()[0]?.text).toMatch(
    /^Trouble: the EDAS rollback that a person decided was not done\.\n[^]*\nWhy: A person decided to roll back, and nothing shows that the rollback has begun\. \(task_not_taken\)\n[^]*\nDecided by: Li Ming \(name typed into the page, not checked\)\nNext: open the link again and press the button once more, or type the command again; or roll back in the EDAS console\.\n/,
  );
  expect(task.decisions()).toMatchObject([{ outcome: 'not_rolled_back', decidedBy: 'Li Ming' }]);
});
