import { exchange, ExchangeFailure } from '../../exchange.ts';
import type { ChannelAnswer, ChannelRequest } from './channel.ts';

/** Sends a request and reads the answer. Throws {@link PostFailure}. */
export type Post = (request: ChannelRequest, timeoutMs: number) => Promise<ChannelAnswer>;

/** There was no whole answer. The message is fit for a log: it holds no address. */
export class PostFailure extends Error {
  override readonly name = 'PostFailure';
  /** Whether another attempt may help. */
  readonly isPassing: boolean;

  constructor(message: string, isPassing: boolean) {
    super(message);
    this.isPassing = isPassing;
  }
}

/**
 * One POST over a connection of its own, which ends with it. No redirect is followed.
 *
 * @param timeoutMs from now until the answer is whole
 */
export async function post(
  { url, headers, body }: ChannelRequest,
  timeoutMs: number,
): Promise<ChannelAnswer> {
  const bytes = Buffer.from(body);
  const request = {
    method: 'POST',
    headers: { ...headers, 'content-length': String(bytes.length) },
    body: bytes,
  } as const;
  try {
    const { status, retryAfter, text } = await exchange(url, request, timeoutMs);
    return { status, retryAfterMs: toMilliseconds(retryAfter), body: text };
  } catch (error) {
    if (!(error instanceof ExchangeFailure)) throw error;
    // Whoever answered too much may have taken the message: another attempt would tell it twice.
    throw new PostFailure(error.message, !error.isTooLarge);
  }
}

/** Of `Retry-After` in seconds; a date in it is left alone. */
function toMilliseconds(seconds: string | undefined): number | undefined {
  return seconds !== undefined && /^\d{1,6}$/.test(seconds) ? Number(seconds) * 1000 : undefined;
}
