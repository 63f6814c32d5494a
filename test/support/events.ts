import { Problem } from '../../functions/errors.ts';
import { createEventHandler, type EventHandler, type EventResult } from '../../functions/events/handler.ts';
import type { Clock } from '../../functions/lib/time.ts';
import type { Environment } from '../../functions/platform/settings.ts';
import { compileConfiguration } from '../../local/build/compile-sources.ts';
import type { EdasStandIn } from '../../local/stand-ins/edas/stand-in.ts';
import type { FcStandIn } from '../../local/stand-ins/fc/stand-in.ts';
import { fakeAccountId, fakeContext, followFunction } from './webhook.ts';

export interface EventsOptions {
  /** The text of a sources.yaml. */
  sources: string;
  env?: Environment;
  /** Where tasks are handed over. Default nowhere: no follow function is named. */
  fc?: FcStandIn;
  /** Default: {@link fakeContext} with the account. */
  context?: unknown;
  clock: Clock;
  /** The time of day. Default: that of the clock. */
  now?: () => number;
}

/** What EventBridge sees of an invocation. */
export type Delivery = { result: EventResult } | { thrown: Problem };

/** One instance of the events function, and what it has logged. */
export interface Events {
  handler: EventHandler;
  lines: string[];
  decisions: () => Record<string, unknown>[];
  /** Delivers an event as EventBridge does. Bytes and texts are sent as they are, anything else as JSON. */
  deliver: (event: unknown) => Promise<Delivery>;
}

/** Starts an instance of the events function over an EDAS stand-in. */
export function openEvents(edas: EdasStandIn, options: EventsOptions): Events {
  const { events } = compileConfiguration(options.sources);
  const { clock, now = clock.now, fc } = options;
  const lines: string[] = [];
  const env = {
    EDAS_ENDPOINT: edas.url,
    FC_FUNCTION_NAME: 'sls-ops-edas-rollback-events',
    ...(fc && { FOLLOW_FUNCTION: followFunction, FUNCTION_ENDPOINT: fc.url }),
    ...options.env,
  };
  const context = 'context' in options ? options.context : { ...fakeContext, accountId: fakeAccountId };
  const handler = createEventHandler(
    { version: '1.2.3', sources: events },
    { env, now, clock, random: () => 1, write: (line) => void lines.push(line) },
  );
  const deliver = async (event: unknown): Promise<Delivery> => {
    try {
      return { result: await handler(bytesOf(event), context) };
    } catch (error) {
      if (error instanceof Problem) return { thrown: error };
      throw error;
    }
  };
  const decisions = () =>
    lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === 'decision');
  return { handler, lines, decisions, deliver };
}

function bytesOf(event: unknown): Buffer {
  if (Buffer.isBuffer(event)) return event;
  return Buffer.from(typeof event === 'string' ? event : JSON.stringify(event));
}

/** A CloudEvent of this account, of a moment, with what a test changes. */
export function cloudEvent(now: number, changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    specversion: '1.0',
    id: 'fake-event-id',
    source: 'acs.sls.alert',
    type: 'sls:AlertEvent:Firing',
    time: new Date(now).toISOString(),
    datacontenttype: 'application/json',
    aliyunaccountid: fakeAccountId,
    aliyuneventbusname: 'sls',
    data: {},
    ...changes,
  };
}

/** What the recipe's alert template makes of an alert of Simple Log Service that has just begun to fire. */
export function alertData(now: number, app: string): Record<string, unknown> {
  return {
    alert_name: 'shop: 5xx',
    status: 'firing',
    fire_time: Math.floor(now / 1000),
    labels: { edas_app_id: app },
    annotations: { title: 'Too many errors' },
  };
}
