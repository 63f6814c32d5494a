import { onTestFinished } from 'vitest';
import {
  cloudEvent,
  openEvents,
  type Delivery,
  type Events,
  type EventsOptions,
} from '../../support/events.ts';
import { setStage, type CleanUp, type Stage, type StageOptions } from '../webhook/stage.ts';

export const app = '3616cdca-4f92-4413-0000-000000000000';
export const otherApp = '5ba3b2f4-1c7e-4a6d-8f00-000000000001';
export const changeOrderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';

/** Alerts of Simple Log Service, with an expression for each field that is read, whatever the preset says. */
export const slo = `
events:
  slo:
    preset: cloudevent
    source: acs.sls.alert
    type: ['sls:AlertEvent:Firing', 'sls:AlertEvent:Resolved']
    when: "type == 'sls:AlertEvent:Firing'"
    app: data.labels.edas_app_id
    problemStartedAt: time
    apps: [${app}]
`;

/** The same source with more keys, or others. */
export function sloWith(...lines: string[]): string {
  return slo + lines.map((line) => `    ${line}\n`).join('');
}

/** An instance of the events function over all stand-ins, and a release that it may roll back. */
export interface EventStage extends Stage {
  events: Events;
  anotherInstance: (changes?: Partial<EventsOptions>) => Events;
  /** An alert about the application, now, with what a test changes. */
  alert: (changes?: Record<string, unknown>) => Record<string, unknown>;
}

const webhooks = 'sources: { pipeline: { preset: generic, secrets: [SECRET_PIPELINE] } }';

export async function setEventStage(
  sources = slo,
  options: Partial<StageOptions> = {},
  changes: Partial<EventsOptions> = {},
  cleanUp: CleanUp = onTestFinished,
): Promise<EventStage> {
  const stage = await setStage({ sources: webhooks, ...options }, cleanUp);
  const { edas, fc, clock } = stage;
  const anotherInstance = (more: Partial<EventsOptions> = {}) =>
    openEvents(edas, { sources, fc, clock, ...changes, ...more });
  const alert = (more: Record<string, unknown> = {}) =>
    cloudEvent(clock.now(), { data: { labels: { edas_app_id: app } }, ...more });
  return { ...stage, events: anotherInstance(), anotherInstance, alert };
}

/** What came of a delivery, in one word, and a `!` where it is to come again. */
export function toldBy(delivery: Delivery): string {
  if ('thrown' in delivery) return `${delivery.thrown.code}!`;
  const { result } = delivery;
  return 'code' in result ? result.code : result.outcome;
}
