import { randomUUID } from 'node:crypto';
import { toRecord, toText } from '../../functions/lib/json.ts';
import { reasonOf } from '../../functions/lib/text.ts';
import type { FunctionContext } from '../../functions/platform/context.ts';
import { codeOf } from '../cli/cli.ts';
import { asyncRetry } from '../stand-ins/eventbridge/retry-rules.ts';
import {
  startEventBridgeStandIn,
  type EventBridgeOptions,
  type EventBridgeStandIn,
} from '../stand-ins/eventbridge/stand-in.ts';
import type { DeliveredEvent, SandboxListener } from './listener.ts';

/** As s.yaml has them. */
const [maxRetries, maxAgeMs] = [8, 3_600_000];

interface EventBusOptions {
  /** Runs the events function. It fails where it rejects. */
  invoke: (payload: Buffer, context: FunctionContext) => Promise<unknown>;
  /** What each invocation gets, besides its request id. */
  context: { accountId: string; region: string } & FunctionContext;
  heard: Pick<SandboxListener, 'published' | 'delivered' | 'ended' | 'givenUp'>;
  port: number;
}

/**
 * EventBridge in the sandbox, in front of the events function: each event is delivered twice, as it may be. On any free port where this
 * one is taken.
 */
export async function startEventBus({
  invoke,
  context,
  heard,
  port,
}: EventBusOptions): Promise<EventBridgeStandIn> {
  const countById = new Map<string, number>();
  const deliver = async (payload: Buffer, retryCount: number) => {
    const delivery = deliveryOf(payload, countById);
    const startedAt = performance.now();
    const took = () => performance.now() - startedAt;
    heard.delivered(delivery);
    try {
      const returned = await invoke(payload, { ...context, requestId: delivery.id, retryCount });
      heard.ended(delivery, { returned }, took());
      return returned;
    } catch (error) {
      heard.ended(delivery, { threw: reasonOf(error) }, took());
      throw error;
    }
  };
  const options: EventBridgeOptions = {
    accountId: context.accountId,
    region: context.region,
    retry: asyncRetry(maxRetries, maxAgeMs),
    invoke: deliver,
    onEvent: heard.published,
    onDeadLetter: heard.givenUp,
  };
  try {
    return await startEventBridgeStandIn({ ...options, port });
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE') throw error;
    return startEventBridgeStandIn(options);
  }
}

function deliveryOf(payload: Buffer, countById: Map<string, number>): DeliveredEvent {
  const event = toRecord(JSON.parse(payload.toString('utf8')));
  const text = (name: string) => toText(event[name]) ?? '';
  const [eventId, source] = [text('id'), text('source')];
  // Events with the same source and id are the same event.
  const key = JSON.stringify([source, eventId]);
  const before = countById.get(key) ?? 0;
  countById.set(key, before + 1);
  return { id: randomUUID(), eventId, source, type: text('type'), payload, before, at: Date.now() };
}
