import { ExchangeFailure, type Answer, type Exchange } from '../../alibaba/exchange.ts';
import { type Clock, pauseAfter } from '../../lib/time.ts';
import type { Notification } from '../rollback-event.ts';
import type { ChannelAddress, ChannelProtocol, Verdict } from './channel.ts';
import { withoutQuotation } from './without-quotation.ts';

/** What a delivery needs of the world. */
export interface DeliveryRuntime {
  /** The time of day, epoch milliseconds: for signatures. */
  now: () => number;
  /** For how long things take: nobody sets it. */
  clock: Clock;
  /** From 0 to 1, as `Math.random`. */
  random: () => number;
  exchange: Exchange;
}

/** How patient one channel is met. */
export interface RetryLimits {
  attempts: number;
  /** Milliseconds for one attempt. */
  attemptMs: number;
  /** Milliseconds for all of them, pauses included. */
  totalMs: number;
}

export interface Delivery {
  verdict: Verdict;
  attempts: number;
}

/** Sends news to one channel, more than once where that may help. Never throws. */
export async function deliver(
  news: Notification,
  address: ChannelAddress,
  protocol: ChannelProtocol,
  patience: RetryLimits,
  world: DeliveryRuntime,
): Promise<Delivery> {
  const { clock, random } = world;
  const deadlineAt = clock.now() + patience.totalMs;
  for (let attempts = 1; ; attempts += 1) {
    const timeoutMs = Math.max(1, Math.min(patience.attemptMs, deadlineAt - clock.now()));
    const { verdict, retryAfterMs = 0 } = await attempt(news, address, protocol, timeoutMs, world);
    if (verdict.accepted || !verdict.retryable || attempts >= patience.attempts) return { verdict, attempts };
    const pauseMs = Math.max(pauseAfter(attempts - 1, random), retryAfterMs);
    if (clock.now() + pauseMs + leastAttemptMs > deadlineAt) return { verdict, attempts };
    await clock.sleep(pauseMs);
  }
}

/** Milliseconds. In less than this nobody is told anything. */
const leastAttemptMs = 100;

async function attempt(
  news: Notification,
  address: ChannelAddress,
  { requestFor, judge }: ChannelProtocol,
  timeoutMs: number,
  { now, exchange }: DeliveryRuntime,
): Promise<{ verdict: Verdict; retryAfterMs?: number | undefined }> {
  try {
    const { url, ...request } = requestFor(news, address, now());
    const answer = await exchange(url, request, timeoutMs);
    return { verdict: withoutQuotation(judge(answer), address), retryAfterMs: retryAfterMs(answer) };
  } catch (error) {
    return { verdict: judgeFailure(error) };
  }
}

/** Of `Retry-After` in seconds; a date in it is left alone. */
function retryAfterMs({ retryAfter = '' }: Answer): number | undefined {
  return /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) * 1000 : undefined;
}

function judgeFailure(error: unknown): Verdict {
  if (error instanceof ExchangeFailure) {
    // Whoever answered too much may have taken the message: another attempt would tell it twice.
    return { accepted: false, reason: error.message, retryable: !error.isTooLarge };
  }
  // A fault of our own. Its words may hold the address.
  const name = error instanceof Error ? error.name : typeof error;
  return { accepted: false, reason: `the request could not be made (${name})`, retryable: false };
}
