import { randomUUID } from 'node:crypto';
import type { CompiledEventSource } from '../../../functions/events/event-source.ts';
import type { CompiledChannel } from '../../../functions/follow/configuration.ts';
import { isRecord } from '../../../functions/lib/json.ts';
import type { Target } from '../../../functions/rollback/find-change-order.ts';
import type { EventPreset } from '../../../presets/events/event-preset.ts';
import type { SampleView, SendingWay, SentView } from '../../sandbox/page/view.ts';
import { applicationFor } from '../../sandbox/releases.ts';
import { isEventActedOn, sampleEvent } from '../../signing/sample-event.ts';
import { inFlight } from '../../stand-ins/edas/change-order.ts';
import type { ChangeOrder } from '../../stand-ins/edas/change-orders.ts';
import type { EdasStandIn } from '../../stand-ins/edas/stand-in.ts';
import { takeEvent } from '../../stand-ins/eventbridge/take-event.ts';
import { Refusal } from '../../stand-ins/guard.ts';
import { explainEvent } from '../explain/explain-event.ts';
import type { Explanation } from '../explain/explain-webhook.ts';

/** The sources of events, and what is known of them and of where the events function runs. */
export interface SourcesOfEvents {
  sources: readonly CompiledEventSource[];
  /** By the names of the sources. */
  presets: ReadonlyMap<string, EventPreset>;
  accountId: string;
  region: string;
}

export interface EventWorld {
  notify: readonly CompiledChannel[];
  isSuspended: boolean;
  edas: Pick<EdasStandIn, 'orders'>;
  /** Undefined where sources.yaml has no events. */
  ofEvents?: SourcesOfEvents | undefined;
  publish?: ((event: Buffer) => unknown) | undefined;
}

export type Asked = Record<string, unknown>;

export function textIn(asked: Asked, name: string): string {
  const value = asked[name];
  if (typeof value === 'string') return value;
  throw new Refusal(400, `The field ${name} must be a text.`);
}

const anotherAccount = '9999999999999999';

/** What a person can do on the page as a source of events. */
export function createEventActions({ notify, isSuspended, ofEvents, publish }: EventWorld) {
  const published = new Map<string, Buffer>();
  const find = (asked: Asked) => ofEvents?.sources.find(({ name }) => name === asked['source']);
  const sourceIn = (asked: Asked): CompiledEventSource => {
    const source = find(asked);
    if (source) return source;
    throw new Refusal(404, `There is no source of events ${JSON.stringify(asked['source'])}.`);
  };
  return {
    /** Whether the source that is asked for takes events. */
    has: (asked: Asked) => find(asked) !== undefined,
    sourceIn,
    sample: (asked: Asked, order: ChangeOrder | undefined): Promise<SampleView> =>
      makeSample(sourceIn(asked), order, ofEvents),
    send: (asked: Asked, way: SendingWay): SentView => {
      const source = sourceIn(asked);
      const { name } = source;
      const event = way === 'repeated' ? published.get(name) : changed(textIn(asked, 'body'), way, source);
      if (!event) throw new Refusal(409, `No event was sent as ${name} yet.`);
      publish?.(event);
      published.set(name, event);
      // Its deliveries come in a moment, each as a request of its own.
      return { status: 200, key: undefined };
    },
    explain: (asked: Asked): Promise<Explanation> => {
      const { sources, accountId, region } = ofEvents ?? { sources: [], accountId: '', region: '' };
      const now = Date.now();
      const { payload } = takeEvent(Buffer.from(textIn(asked, 'body')), { accountId, region }, now);
      return explainEvent(sources, notify, { payload, accountId, now, isSuspended });
    },
  };
}

/** An event for what is in flight and the source may touch. */
async function makeSample(
  source: CompiledEventSource,
  order: ChangeOrder | undefined,
  { sources, presets }: Pick<SourcesOfEvents, 'sources' | 'presets'> = { sources: [], presets: new Map() },
): Promise<SampleView> {
  const app = order?.appId ?? applicationFor(source);
  const target: Target = source.changeOrderId ? { changeOrderId: order?.id ?? randomUUID() } : { app };
  const now = Date.now();
  const event = sampleEvent(source, presets.get(source.name) ?? { sample: {} }, target, {
    now,
    id: randomUUID(),
  });
  return {
    app,
    contentType: 'application/cloudevents+json',
    body: JSON.stringify(event),
    target: 'app' in target ? `the application ${target.app}` : `the change order ${target.changeOrderId}`,
    caution: (await isEventActedOn(source, sources, event, target, now))
      ? cautionOf(order)
      : `The expressions of ${source.name} do not tell how an event has to look. Paste one of its service.`,
  };
}

function cautionOf(order: ChangeOrder | undefined): string | undefined {
  if (order && inFlight(order.status)) return undefined;
  return 'No release that it may touch is in flight. Start one first.';
}

/** The event as it is, of another account, or too old. What is no JSON object is published as it is. */
function changed(body: string, way: SendingWay, { maxAgeMs }: CompiledEventSource): Buffer {
  const event = parse(body);
  if (!isRecord(event) || way === 'right') return Buffer.from(body);
  const change =
    way === 'forged'
      ? { aliyunaccountid: anotherAccount }
      : { time: new Date(Date.now() - maxAgeMs - 60_000).toISOString() };
  return Buffer.from(JSON.stringify({ ...event, ...change }));
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
