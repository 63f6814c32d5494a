import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { jsonAnswer, sendAnswer } from '../answers.ts';
import { Refusal } from '../guard.ts';
import type { Listening } from '../listen.ts';
import { readBody } from '../request.ts';
import { serve } from '../serve.ts';
import { createDeliveries, type Deliveries, type Delivery, type DeliveryOptions } from './deliveries.ts';
import { asyncRetry } from './retry-rules.ts';
import { takeEvent, type BusOptions, type TakenEvent } from './take-event.ts';

/** How {@link startEventBridgeStandIn} starts. */
export interface EventBridgeOptions
  extends BusOptions, Pick<DeliveryOptions, 'invoke'>, Partial<Omit<DeliveryOptions, 'invoke'>> {
  /** Told of each event that was published, before it is delivered. */
  readonly onEvent?: (event: TakenEvent) => void;
  /** Default 0: any free port. */
  readonly port?: number;
}

/** A running stand-in. */
export interface EventBridgeStandIn extends Listening, Pick<Deliveries, 'deadLetters' | 'settled'> {
  /** Every invocation of the function so far, in the order in which they began. */
  readonly deliveries: readonly Delivery[];
  /** Publishes an event, as `POST /events` does. @throws Refusal */
  publish: (event: Buffer | object) => TakenEvent;
}

/** What became of the event that was published last under an id, as `GET /events/<id>` tells it. */
export interface EventReport {
  id: string;
  /** Whether a delivery is under way, or still to come. */
  isOpen: boolean;
  deliveries: Pick<Delivery, 'copy' | 'retryCount' | 'startedAt' | 'end'>[];
  deadLetters: { copy: number; deliveries: number; reason: string }[];
}

/** Milliseconds within which the copies of an event, and events that were published at once, change places. */
const usualDelayMs = 1000;

/**
 * Starts a local HTTP server in the place of an event bus and the rule that invokes a function asynchronously: `POST /events` takes one
 * CloudEvent, `GET /events/<id>` tells what became of it. The function is invoked with each event at least once, by default
 * twice, in any order, and again after a failure. No signature is checked: who may publish is a matter of RAM.
 */
export async function startEventBridgeStandIn(options: EventBridgeOptions): Promise<EventBridgeStandIn> {
  const { now = Date.now, random = Math.random } = options;
  const deliveries = createDeliveries({
    ...options,
    retry: options.retry ?? asyncRetry(),
    copies: options.copies ?? 2,
    delayMs: options.delayMs ?? (() => random() * usualDelayMs),
    now,
    random,
    sleep: options.sleep ?? ((ms, signal) => sleep(ms, undefined, { signal })),
  });
  const published: TakenEvent[] = [];
  const publish = (given: Buffer | object) => {
    const body = Buffer.isBuffer(given) ? given : Buffer.from(JSON.stringify(given));
    const event = takeEvent(body, options, now());
    published.push(event);
    options.onEvent?.(event);
    deliveries.add(event);
    return event;
  };

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { method, url: path = '' } = request;
    if (method === 'POST' && path === '/events') {
      const { id } = publish(await readBody(request));
      sendAnswer(response, jsonAnswer(200, { eventId: id }));
    } else if (method === 'GET' && path.startsWith('/events/')) {
      sendAnswer(response, jsonAnswer(200, reportOf(idIn(path), published, deliveries)));
    } else {
      throw new Refusal(404, 'Publish an event with POST /events; GET /events/<id> tells what became of it.');
    }
  };

  const server = await serve(answer, { port: options.port });
  return {
    url: server.url,
    deliveries: deliveries.all,
    deadLetters: deliveries.deadLetters,
    publish,
    settled: deliveries.settled,
    close: () => {
      deliveries.stop();
      return server.close();
    },
  };
}

function idIn(path: string): string {
  try {
    return decodeURIComponent(path.slice('/events/'.length));
  } catch {
    throw new Refusal(400, 'The id of the event is not percent-encoded UTF-8.');
  }
}

/** Of what was published last under the id: a person who sends an event again asks what became of it this time. */
function reportOf(
  id: string,
  published: readonly TakenEvent[],
  { all, deadLetters, isOpen }: Deliveries,
): EventReport {
  const last = published.findLast((event) => event.id === id);
  if (!last) throw new Refusal(404, 'No event of this id was published.');
  return {
    id,
    isOpen: isOpen(last),
    deliveries: all
      .filter(({ event }) => event === last)
      .map(({ copy, retryCount, startedAt, end }) => ({ copy, retryCount, startedAt, end })),
    deadLetters: deadLetters
      .filter(({ event }) => event === last)
      .map(({ copy, deliveries, reason }) => ({ copy, deliveries, reason })),
  };
}
