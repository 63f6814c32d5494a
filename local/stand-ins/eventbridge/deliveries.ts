import { setMaxListeners } from 'node:events';
import { reasonOf } from '../../../functions/lib/text.ts';
import type { RetryRules } from './retry-rules.ts';
import type { TakenEvent } from './take-event.ts';

/** The function that events are for. It fails where it rejects. */
export type EventFunction = (payload: Buffer, retryCount: number) => Promise<unknown>;

/** One invocation of the function. Times are epoch milliseconds. */
export interface Delivery {
  readonly event: TakenEvent;
  /** Which of the copies of the event: 0, 1, … */
  readonly copy: number;
  /** How often this copy was tried before. */
  readonly retryCount: number;
  readonly startedAt: number;
  /** Undefined while it is under way. */
  readonly end: { readonly returned: unknown } | { readonly threw: string } | undefined;
}

/** A copy of an event that is not delivered any more. */
export interface DeadLetter {
  readonly event: TakenEvent;
  readonly copy: number;
  /** How often it was delivered. */
  readonly deliveries: number;
  readonly reason: string;
}

/** How {@link createDeliveries} delivers. */
export interface DeliveryOptions {
  readonly invoke: EventFunction;
  readonly retry: RetryRules;
  /** How often each event is delivered, for EventBridge promises at least once. */
  readonly copies: number;
  /** Milliseconds between publishing and the first delivery of a copy: with it, copies and events change places. */
  readonly delayMs: (copy: number, event: TakenEvent) => number;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<unknown>;
  readonly random: () => number;
  readonly onDeadLetter?: ((letter: DeadLetter) => void) | undefined;
}

/** What was delivered, and what became of it. */
export interface Deliveries {
  readonly all: readonly Delivery[];
  readonly deadLetters: readonly DeadLetter[];
  /** Delivers an event from now on, until each copy has succeeded or is a dead letter. */
  add: (event: TakenEvent) => void;
  /** Whether a delivery of the event is under way, or still to come. */
  isOpen: (event: TakenEvent) => boolean;
  /** Resolves when nothing is under way and nothing is to come. */
  settled: () => Promise<void>;
  /** Ends every wait. No further delivery begins. */
  stop: () => void;
}

/** What Function Compute takes with an asynchronous invocation: https://www.alibabacloud.com/help/en/functioncompute/fc/advanced-features-of-triggers */
const largestPayloadBytes = 128 * 1024;

/** EventBridge, and Function Compute's asynchronous queue behind it: at least once, in any order, and again after a failure. */
export function createDeliveries(options: DeliveryOptions): Deliveries {
  const { invoke, retry, copies, delayMs, now, sleep, random } = options;
  const all: Delivery[] = [];
  const deadLetters: DeadLetter[] = [];
  const underWay = new Map<Promise<void>, TakenEvent>();
  const end = new AbortController();
  // Each copy that waits hears it.
  setMaxListeners(0, end.signal);

  const giveUp = (letter: DeadLetter) => {
    deadLetters.push(letter);
    options.onDeadLetter?.(letter);
  };

  /** One invocation. @returns why it failed */
  const deliver = async (event: TakenEvent, copy: number, retryCount: number) => {
    const delivery = { event, copy, retryCount, startedAt: now(), end: undefined as Delivery['end'] };
    all.push(delivery);
    try {
      delivery.end = { returned: await invoke(event.payload, retryCount) };
    } catch (error) {
      delivery.end = { threw: reasonOf(error) };
    }
    return 'threw' in delivery.end ? delivery.end.threw : undefined;
  };

  /** One copy, from its first delivery to its last. */
  const deliverCopy = async (event: TakenEvent, copy: number, publishedAt: number) => {
    await sleep(delayMs(copy, event), end.signal);
    for (let retryCount = 0; ; retryCount += 1) {
      end.signal.throwIfAborted();
      const failure = await deliver(event, copy, retryCount);
      if (failure === undefined) return;
      const pauseMs = retry.delayMs(retryCount + 1, random);
      const isTooOld = now() + pauseMs - publishedAt > retry.maxAgeMs;
      if (retryCount >= retry.mostRetries || isTooOld) {
        giveUp({ event, copy, deliveries: retryCount + 1, reason: failure });
        return;
      }
      await sleep(pauseMs, end.signal);
    }
  };

  return {
    all,
    deadLetters,
    add: (event) => {
      if (event.payload.length > largestPayloadBytes) {
        const reason = `Function Compute takes ${largestPayloadBytes / 1024} KB with an asynchronous invocation.`;
        giveUp({ event, copy: 0, deliveries: 0, reason });
        return;
      }
      const publishedAt = now();
      for (let copy = 0; copy < copies; copy += 1) {
        const work = deliverCopy(event, copy, publishedAt).catch((error: unknown) => {
          if (!end.signal.aborted) throw error;
        });
        underWay.set(work, event);
        void work.finally(() => underWay.delete(work));
      }
    },
    isOpen: (event) => [...underWay.values()].includes(event),
    settled: async () => {
      while (underWay.size > 0) await Promise.all(underWay.keys());
    },
    stop: () => {
      end.abort();
    },
  };
}
