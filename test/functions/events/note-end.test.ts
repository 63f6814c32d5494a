import { describe, expect, onTestFinished, test } from 'vitest';
import { readTask } from '../../../functions/task.ts';
import * as fcFaults from '../../../local/stand-ins/fc/faults.ts';
import { edasEvent } from '../../../presets/events/edas-event.ts';
import { changeOrderEvent, type Told } from '../../support/edas-event.ts';
import { openEvents, type Delivery, type Events, type EventsOptions } from '../../support/events.ts';
import { setStage, type Stage, type StageOptions } from '../webhook/stage.ts';

const app = '3616cdca-4f92-4413-0000-000000000000';
const changeOrderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const otherApp = '3616cdca-4f92-4413-0000-00000000beef';
const changes = `events: { changes: { preset: edas-event, apps: [${app}] } }`;

interface EndStage extends Stage {
  events: Events;
  tell: (told?: Partial<Told>, changes?: Record<string, unknown>) => Promise<Delivery>;
  /** The ids of the tasks that were taken. */
  taken: () => string[];
}

async function setEndStage(
  options: Partial<StageOptions> = {},
  more: Partial<EventsOptions> = {},
): Promise<EndStage> {
  const webhooks = 'sources: { pipeline: { preset: generic, secrets: [SECRET_PIPELINE] } }';
  const stage = await setStage({ sources: webhooks, ...options }, onTestFinished);
  const { edas, fc, clock } = stage;
  const events = openEvents(edas, { sources: changes, fc, clock, ...more });
  const tell: EndStage['tell'] = (told, other) =>
    events.deliver(changeOrderEvent(clock.now(), { app, changeOrderId, ...told }, other));
  return { ...stage, events, tell, taken: () => fc.tasks.map(({ taskId }) => taskId) };
}

const ignored = (part: string) => ({
  result: { outcome: 'ignored', message: expect.stringContaining(part) as string },
});

describe('an event by which EDAS tells that a change order has ended', () => {
  test('leaves a note for the task that follows it, once, and rolls nothing back', async () => {
    const { tell, fc, edas, events } = await setEndStage();
    expect(await tell()).toEqual(ignored(`${changeOrderId} has ended, as EDAS says: a task`));
    expect(await tell()).toEqual(ignored('and an event before this one told it'));
    expect(fc.tasks.map(({ taskId }) => taskId)).toEqual([`seen-${changeOrderId}`]);
    const [task] = fc.tasks.map(({ payload }) => readTask(payload));
    expect(task).toMatchObject({ rollback: 'seen', changeOrderId, app, source: 'changes' });
    expect(edas.calls).toEqual([]);
    expect(events.decisions()).toHaveLength(2);
    expect(events.decisions()[0]).toMatchObject({ source: 'changes', outcome: 'ignored', level: 'info' });
  });

  test('leaves a note where its eventType begins with onFail, which no page documents', async () => {
    const { tell, taken } = await setEndStage();
    await tell({ eventType: 'onFailure', reason: 'APPLICATION_CODEPLOY_FAILURE' });
    expect(taken()).toEqual([`seen-${changeOrderId}`]);
  });

  test('leaves a note whatever changed: the order that is followed is a rollback', async () => {
    const { tell, taken } = await setEndStage();
    await tell({ reason: 'APPLICATION_ROLLBACK_SUCCESS' });
    expect(taken()).toEqual([`seen-${changeOrderId}`]);
  });

  test.each<[string, Partial<Told>, Record<string, unknown>?]>([
    ['tells of a beginning', { eventType: 'onStart' }],
    ['tells of something that no page documents', { eventType: 'onBatchSuccess' }],
    ['has no eventType', { eventType: null }],
    ['has an eventType that is no text', { eventType: { onSuccess: true } }],
    ['is of another application', { app: otherApp }],
    ['is of no application', { app: '' }],
    ['names no change order', { changeOrderId: 'none' }],
    ['names two change orders', { changeOrderId: `${changeOrderId} ${app}` }],
    ['names a change order in a number', { changeOrderId: 7 }],
    ['names a path', { changeOrderId: '../rollback-1' }],
    ['has no data', {}, { data: null }],
    ['has data of another shape', {}, { data: { event: ['onSuccess'] } }],
  ])('leaves no word where it %s', async (_what, told, other) => {
    const { tell, taken, edas } = await setEndStage();
    expect(await tell(told, other)).toEqual(ignored('does not tell that a change order of these'));
    expect(taken()).toEqual([]);
    expect(edas.calls).toEqual([]);
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['is of another account', { aliyunaccountid: '999' }, 'event_account_mismatch'],
    ['is of another type', { type: 'edas:Other' }, 'event_unexpected'],
    ['is too old', { time: '2020-11-19T21:04:41+08:00' }, 'event_out_of_window'],
    ['is of a time to come', { time: '2099-11-19T21:04:41+08:00' }, 'event_out_of_window'],
    ['has a time that cannot be read', { time: '2020-11-19T21:04:42.179PRC' }, 'event_malformed'],
  ])('is refused and leaves no word where it %s', async (_what, other, code) => {
    const { tell, taken } = await setEndStage();
    expect(await tell({}, other)).toMatchObject({ result: { code } });
    expect(taken()).toEqual([]);
  });

  test.each([
    ['is down', () => fcFaults.reset()],
    ['takes too long', () => fcFaults.silent()],
    ['is denied', () => fcFaults.denied()],
  ])('is decided, and does not come again, where Function Compute %s', async (_what, fcFault) => {
    const { tell, events } = await setEndStage({ fcFault });
    expect(await tell()).toEqual(ignored('which looks as often as without'));
    expect(events.lines.some((line) => line.includes('"level":"warn"'))).toBe(true);
  });

  test('says that nothing follows where there is no follow function', async () => {
    const { edas, clock } = await setEndStage();
    const events = openEvents(edas, { sources: changes, clock });
    const delivery = await events.deliver(changeOrderEvent(clock.now(), { app, changeOrderId }));
    expect(delivery).toEqual(ignored('FOLLOW_FUNCTION is not set'));
  });

  test('and the one that EDAS documents is understood as it stands', async () => {
    const { appId } = edasEvent.sample.data;
    const sources = `events: { changes: { preset: edas-event, apps: [${appId}] } }`;
    const { events, taken, clock } = await setEndStage({}, { sources });
    const time = new Date(clock.now()).toISOString();
    await events.deliver({ ...edasEvent.sample, time, aliyunaccountid: '1234567890123456' });
    expect(taken()).toEqual(['seen-28ab8de8-0000-4000-8000-000000000003']);
  });

  test('is taken beside a source that acts on the same events', async () => {
    const sources = `events: { changes: { preset: edas-event, apps: [${app}] }, mine: { preset: cloudevent, source: acs.edas, type: 'edas:*', when: data.appId == 'x', apps: [${app}] } }`;
    const { tell, taken } = await setEndStage({}, { sources });
    expect(await tell()).toEqual(ignored('mine: `when'));
    expect(taken()).toEqual([`seen-${changeOrderId}`]);
  });
});
