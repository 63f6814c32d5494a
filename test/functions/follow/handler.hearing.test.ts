import { describe, expect, onTestFinished, test } from 'vitest';
import { seenIdFor } from '../../../functions/task.ts';
import * as fcFaults from '../../../local/stand-ins/fc/faults.ts';
import { changeOrderEvent, type Told } from '../../support/edas-event.ts';
import { openEvents, type Events } from '../../support/events.ts';
import {
  openWithChange,
  taskApp,
  taskOrder,
  type TaskFunction,
  type TaskFunctionOptions,
} from '../../support/task.ts';

interface Story {
  task: TaskFunction;
  events: Events;
  /** The order that carries the rollback out. */
  rollback: () => string;
  /** EDAS tells of a change order, by default of the rollback's end. */
  tell: (told?: Partial<Told>) => Promise<unknown>;
}

/** The follow function with its queue, a rollback that takes a minute, and the events function beside it. */
async function openStory(options: TaskFunctionOptions = {}): Promise<Story> {
  const edas = { rollbackRules: { order: { batches: 1, readyMs: 0, batchMs: 60_000 } } };
  const task = await openWithChange({ queue: true, hearsEnds: true, edas, ...options }, {}, onTestFinished);
  const sources = `events: { changes: { preset: edas-event, apps: [${taskApp}] } }`;
  if (!task.fc) throw new Error('There is no queue.');
  const events = openEvents(task.edas, { sources, fc: task.fc, clock: task.clock });
  const rollback = () => task.edas.orders.ofApplication(taskApp).find(({ id }) => id !== taskOrder)?.id ?? '';
  const tell: Story['tell'] = (told) =>
    events.deliver(
      changeOrderEvent(task.clock.now(), {
        app: taskApp,
        changeOrderId: rollback(),
        reason: 'APPLICATION_ROLLBACK_SUCCESS',
        ...told,
      }),
    );
  return { task, events, rollback, tell };
}

const readsOf = ({ task }: Story) =>
  task.calls().flatMap((call) => (call.endsWith(' read rollback') ? [Number(call.split(' ')[0])] : []));
/** How often Function Compute was called about word of the end; leaving it counts too. */
const questionsOf = ({ task, rollback }: Story) =>
  task.fc?.calls.filter(({ taskId }) => taskId === seenIdFor(rollback())).length;

describe('a follow of a rollback that ends after a minute', () => {
  test('sees the end at its next look, where no event comes', async () => {
    const story = await openStory();
    await story.task.runAll();
    expect(readsOf(story)).toEqual([6, 16, 26, 36, 46, 56, 66]);
    expect(story.task.events()).toEqual(['started', 'succeeded']);
  });

  test('sees it as soon as the event has come, over Function Compute alone', async () => {
    const story = await openStory();
    story.task.clock.at(60.5, () => story.tell());
    await story.task.runAll();
    expect(readsOf(story)).toEqual([6, 16, 26, 36, 46, 56, 62]);
    expect(story.task.events()).toEqual(['started', 'succeeded']);
    expect(story.task.ends()).toContain('seen noted');
    expect(story.task.ends()).toContain('done succeeded');
  });

  test('makes one look more, and no other, whatever events come', async () => {
    const story = await openStory();
    const { clock, fc } = story.task;
    clock.at(30, async () => {
      for (let count = 0; count < 1_000; count += 1) {
        const madeUp = `5ba3b2f4-1c7e-4a6d-8f00-${String(count).padStart(12, '0')}`;
        await story.tell({ changeOrderId: count % 2 === 0 ? story.rollback() : madeUp, app: taskApp });
      }
      await story.tell({ app: '3616cdca-4f92-4413-0000-00000000beef' });
    });
    await story.task.runAll();
    expect(readsOf(story)).toEqual([6, 16, 26, 32, 42, 52, 62]);
    expect(story.task.events()).toEqual(['started', 'succeeded']);
    expect(fc?.tasks.filter(({ taskId }) => taskId === seenIdFor(story.rollback()))).toHaveLength(1);
  }, 120_000);

  test('asks Function Compute nothing about events where no source hears of ends', async () => {
    const story = await openStory({ hearsEnds: false });
    story.task.clock.at(60.5, () => story.tell());
    await story.task.runAll();
    expect(readsOf(story)).toEqual([6, 16, 26, 36, 46, 56, 66]);
    expect(
      story.task.fc?.calls.filter(
        ({ operation, taskId }) => operation === 'GetAsyncTask' && taskId?.startsWith('seen-'),
      ),
    ).toEqual([]);
  });

  test('sees it at its next look where Function Compute does not say what has come, and asks three times', async () => {
    const story = await openStory();
    story.task.fc?.setFault(({ operation, taskId }) =>
      operation === 'GetAsyncTask' && taskId?.startsWith('seen-') ? fcFaults.denied() : undefined,
    );
    story.task.clock.at(60.5, () => story.tell());
    await story.task.runAll();
    expect(readsOf(story)).toEqual([6, 16, 26, 36, 46, 56, 66]);
    expect(questionsOf(story)).toBe(4);
    expect(story.task.events()).toEqual(['started', 'succeeded']);
  });
});

test('a task that only says that EDAS told of an end does nothing and tells nobody', async () => {
  const { task } = await openStory();
  expect(await task.run({ rollback: 'seen' })).toEqual({ event: 'noted' });
  expect(task.calls()).toEqual([]);
  expect(task.notifications()).toEqual([]);
  expect(task.decisions()).toMatchObject([{ rollback: 'seen', outcome: 'noted', level: 'info' }]);
});
