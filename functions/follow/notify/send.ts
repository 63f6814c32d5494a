import { ExchangeFailure, type Answer, type Exchange } from '../../alibaba/exchange.ts';
import { backoffMs, type Clock } from '../../lib/time.ts';
import type { Log } from '../../platform/log.ts';
import type { Notification } from '../rollback-event.ts';
import type { ChannelAddress, ChannelProtocol, Verdict } from './channel.ts';
import { tokenIn } from './page-link.ts';
import { redactVerdict } from './redact-verdict.ts';

/** What a delivery needs of the runtime. */
export interface SendRuntime {
  /** The time of day, epoch milliseconds: for signatures. */
  now: () => number;
  /** For durations. */
  clock: Clock;
  /** From 0 to 1, as `Math.random`. */
  random: () => number;
  exchange: Exchange;
}

/** Where notifications are sent. */
export interface Receiver {
  kind: string;
  /** The environment variable of its address, where it has one. */
  variable?: string | undefined;
  protocol: ChannelProtocol;
  /** Absent where it cannot be used. */
  address?: ChannelAddress | undefined;
  /** Why it cannot be used. */
  fault?: string | undefined;
}

/** How often and for how long one receiver is tried. */
export interface RetryLimits {
  attempts: number;
  /** Milliseconds for one attempt. */
  attemptMs: number;
  /** Milliseconds for all of them, pauses included. */
  totalMs: number;
}

export interface SendResult {
  verdict: Verdict;
  attempts: number;
}

/** Sends a notification to one receiver, more than once where that may help. Logs a failure; never throws. */
export async function send(
  notification: Notification,
  receiver: Receiver,
  limits: RetryLimits,
  runtime: SendRuntime,
  log: Log,
): Promise<SendResult> {
  const { kind, variable, address, fault = '' } = receiver;
  const delivery = address
    ? await sendWithRetries(address, notification, receiver.protocol, limits, runtime)
    : {
        verdict: { accepted: false, reason: `it is closed: ${fault}`, retryable: false } as const,
        attempts: 0,
      };
  const { verdict, attempts } = delivery;
  if (!verdict.accepted) {
    const { event, changeOrderId } = notification;
    const facts = { kind, variable, event, changeOrderId, reason: verdict.reason, attempts };
    log('error', 'a channel could not be told', facts);
  }
  return delivery;
}

/** An attempt that is given less time than this cannot succeed. */
const leastAttemptMs = 100;

async function sendWithRetries(
  address: ChannelAddress,
  notification: Notification,
  protocol: ChannelProtocol,
  limits: RetryLimits,
  runtime: SendRuntime,
): Promise<SendResult> {
  const { clock, random } = runtime;
  const deadlineAt = clock.now() + limits.totalMs;
  for (let attempts = 1; ; attempts += 1) {
    const timeoutMs = Math.max(1, Math.min(limits.attemptMs, deadlineAt - clock.now()));
    const { verdict, retryAfterMs = 0 } = await attempt(address, notification, protocol, timeoutMs, runtime);
    if (verdict.accepted || !verdict.retryable || attempts >= limits.attempts) return { verdict, attempts };
    const pauseMs = Math.max(backoffMs(attempts - 1, random), retryAfterMs);
    if (clock.now() + pauseMs + leastAttemptMs > deadlineAt) return { verdict, attempts };
    await clock.sleep(pauseMs);
  }
}

async function attempt(
  address: ChannelAddress,
  notification: Notification,
  { requestFor, judge }: ChannelProtocol,
  timeoutMs: number,
  { now, exchange }: SendRuntime,
): Promise<{ verdict: Verdict; retryAfterMs?: number | undefined }> {
  try {
    const { url, ...request } = requestFor(notification, address, now());
    const answer = await exchange(url, request, timeoutMs);
    return {
      verdict: redactVerdict(judge(answer), address, tokenIn(notification)),
      retryAfterMs: retryAfterMs(answer),
    };
  } catch (error) {
    return { verdict: judgeFailure(error) };
  }
}

/** Of `Retry-After` in seconds; a date in it is not read. */
function retryAfterMs({ retryAfter = '' }: Answer): number | undefined {
  return /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) * 1000 : undefined;
}

function judgeFailure(error: unknown): Verdict {
  if (error instanceof ExchangeFailure) {
    // A receiver that answered too much may have accepted the message: another attempt would send it twice.
    return { accepted: false, reason: error.message, retryable: !error.isTooLarge };
  }
  // A fault of our own. Its words may hold the address.
  const name = error instanceof Error ? error.name : typeof error;
  return { accepted: false, reason: `the request could not be made (${name})`, retryable: false };
}
