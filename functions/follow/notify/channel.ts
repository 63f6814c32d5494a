import type { Answer, ExchangeRequest } from '../../alibaba/exchange.ts';
import { toRecord, toText } from '../../lib/json.ts';
import type { Language } from '../../lib/language.ts';
import type { Notification } from '../rollback-event.ts';

/** A channel that can be used. */
export interface ChannelAddress {
  url: string;
  /** The key of the signature, where the channel signs. */
  key?: Buffer | undefined;
  language: Language;
}

/** A request, and where it goes: a channel may sign in the address. */
export interface ChannelRequest extends ExchangeRequest {
  url: string;
  body: string;
}

/** Whether a message was taken. */
export type Verdict =
  | { accepted: true }
  | {
      accepted: false;
      reason: string;
      /** The channel's own words, which may quote a secret. */
      words?: string | undefined;
      /** Whether the same message may be taken a little later. */
      retryable: boolean;
    };

/** How one kind of channel is spoken to. */
export interface ChannelProtocol {
  /** Makes the key of a secret: undefined where it cannot be one. Absent where the channel does not sign. */
  readKey?: (secret: string) => Buffer | undefined;
  /** @param now epoch milliseconds */
  requestFor: (notification: Notification, address: ChannelAddress, now: number) => ChannelRequest;
  judge: (answer: Answer) => Verdict;
}

/** The bytes of a secret that is used as it stands. */
export function plainKey(secret: string): Buffer {
  return Buffer.from(secret, 'utf8');
}

export function jsonRequest(url: string, body: object): ChannelRequest {
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  return { method: 'POST', url, headers, body: JSON.stringify(body) };
}

/** What the status of an answer alone says, where it is no success. */
export function judgeStatus({ status, text }: Answer): Verdict | undefined {
  if (status >= 200 && status <= 299) return undefined;
  if (status >= 300 && status <= 399) {
    const reason = `it answered HTTP ${status}, and no redirect is followed: configure the address that it leads to`;
    return { accepted: false, reason, retryable: false };
  }
  const retryable = status === 408 || status === 429 || status >= 500;
  return { accepted: false, reason: `it answered HTTP ${status}`, words: text, retryable };
}

/**
 * What chats that answer HTTP 200 to everything say: success is a code 0, and nothing else.
 *
 * @param fields of the code and of the words beside it
 * @param isRetryable whether another attempt may help after such a code
 */
export function judgeCode(
  answer: Answer,
  fields: readonly { code: string; words: string }[],
  isRetryable: (code: unknown, words: string) => boolean,
): Verdict {
  const failure = judgeStatus(answer);
  if (failure) return failure;
  const said = toRecord(parse(answer.text));
  const field = fields.find(({ code }) => said[code] !== undefined);
  if (!field) {
    const reason = `it answered HTTP ${answer.status} without ${fields.map(({ code }) => code).join(' or ')}`;
    return { accepted: false, reason, retryable: false };
  }
  const code = said[field.code];
  if (code === 0) return { accepted: true };
  const words = toText(said[field.words]) ?? '';
  const shown = typeof code === 'number' ? String(code) : 'that is no number';
  const reason = `it answered ${field.code} ${shown}`;
  return { accepted: false, reason, words, retryable: isRetryable(code, words) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
