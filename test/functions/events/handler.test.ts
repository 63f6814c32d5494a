import { expect, onTestFinished, test } from 'vitest';
import { alertData, cloudEvent, openEvents, type Events, type EventsOptions } from '../../support/events.ts';
import { fakeCredentials } from '../../support/webhook.ts';
import { setStage, type Stage, type StageOptions } from '../webhook/stage.ts';

const app = '3616cdca-4f92-4413-0000-000000000000';
const changeOrderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const slo = `events: { slo: { preset: sls-event, apps: [${app}] } }`;

interface EventStage extends Stage {
  events: Events;
  anotherInstance: (changes?: Partial<EventsOptions>) => Events;
  alert: (changes?: Record<string, unknown>) => Record<string, unknown>;
}

async function setEventStage(
  sources = slo,
  options: Partial<StageOptions> = {},
  changes: Partial<EventsOptions> = {},
): Promise<EventStage> {
  const webhooks = 'sources: { pipeline: { preset: generic, secrets: [SECRET_PIPELINE] } }';
  const stage = await setStage({ sources: webhooks, ...options }, onTestFinished);
  const { edas, fc, clock } = stage;
  const anotherInstance = (more: Partial<EventsOptions> = {}) =>
    openEvents(edas, { sources, fc, clock, ...changes, ...more });
  const alert = (more: Record<string, unknown> = {}) =>
    cloudEvent(clock.now(), { data: alertData(clock.now(), app), ...more });
  return { ...stage, events: anotherInstance(), anotherInstance, alert };
}

test('an alert of Simple Log Service rolls the deployment in flight back, once, however often it is delivered', async () => {
  const { events, alert, puts, anotherInstance } = await setEventStage();
  const event = alert();
  const first = await events.deliver(event);
  expect(first).toMatchObject({ result: { outcome: 'rolling_back', changeOrderId, claimed: true } });
  for (const instance of [events, anotherInstance()]) {
    expect(await instance.deliver(event)).toHaveProperty('result');
  }
  expect(puts()).toBe(1);
  expect(events.decisions()[0]).toMatchObject({
    source: 'slo',
    delivery: 'fake-event-id',
    eventSource: 'acs.sls.alert',
    eventType: 'sls:AlertEvent:Firing',
    outcome: 'rolling_back',
    app,
    changeOrderId,
  });
  expect(fakeCredentials.accessKeyId).toBeDefined();
});
