import type { IncomingMessage } from 'node:http';
import { faultOfJson } from '../lib/json-rules.ts';
import { isRecord, toText } from '../lib/json.ts';
import { EdasFailure, failureOfRefusal, valueOf, type EdasAnswer } from './failure.ts';

/** What HTTP says of an answer besides its body. */
export type AnswerHead = Pick<IncomingMessage, 'statusCode' | 'headers' | 'complete'>;

/**
 * The fields that say whether an answer is a success, and their words for it. `Success` is documented for SAE, which
 * shares the operation.
 * https://www.alibabacloud.com/help/en/edas/developer-reference/api-edas-2017-08-01-rollbackchangeorder
 * https://www.alibabacloud.com/help/en/sae/api-sae-2019-05-06-abortandrollbackchangeorder
 */
const wordsOfSuccess: Record<string, readonly unknown[]> = {
  Code: [200, '200'],
  ErrorCode: ['success'],
  Success: [true, 'true'],
};

/**
 * Recognises a success positively: HTTP 200, a whole body, a `Code`, and every field that can say so says yes. In a
 * refusal none of them does. Whatever is neither is doubt: between EDAS and here are gateways and proxies, and any of
 * them may have answered, or cut an answer short.
 *
 * @param head undefined where none was seen
 * @throws EdasFailure
 */
export function requireSuccess(head: AnswerHead | undefined, body: string): EdasAnswer {
  const answer = readObject(head, body);
  const status = head?.statusCode ?? 0;
  if (status === 200 && valueOf(answer['Code']) === undefined) throw unreadable('it has no Code');
  const given = Object.keys(wordsOfSuccess).filter((field) => isGiven(answer[field]));
  const yes = given.filter((field) => wordsOfSuccess[field]?.includes(answer[field]));
  if (status === 200 && yes.length === given.length) return answer;
  // EDAS puts some of its refusals into HTTP 200.
  if (yes.length === 0 && (status === 200 || status >= 400)) throw failureOfRefusal(answer, status);
  const said = given.map((field) => `, ${field} ${String(answer[field])}`).join('');
  throw new EdasFailure('doubt', `EDAS answered neither a clear yes nor a clear no: HTTP ${status}${said}.`);
}

function readObject(head: AnswerHead | undefined, body: string): EdasAnswer {
  if (!head?.complete) throw unreadable('it was cut short');
  if (body === '') throw unreadable('it is empty');
  if (!head.headers['content-type']?.startsWith('application/json')) {
    throw unreadable(/^\s*</.test(body) ? 'it is a page of HTML or XML, not JSON' : 'it is text, not JSON');
  }
  const answer = parse(body);
  const fault = faultOfJson(body);
  if (fault !== undefined) throw unreadable(`it ${fault}`);
  if (!isRecord(answer)) throw unreadable('it has no Code');
  return answer;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw unreadable('it is not JSON, although it says so');
  }
}

function unreadable(why: string): EdasFailure {
  return new EdasFailure('doubt', `EDAS gave no answer that can be relied on: ${why}.`);
}

/**
 * Whether the words of a success, too, say that it is one. For an answer that holds nothing else to be believed by: the
 * words are for people, and may be in any language. Every documented one is "success".
 */
export function hasWordsOfSuccess({ ErrorCode, Message }: EdasAnswer): boolean {
  if (isGiven(ErrorCode) || !isGiven(Message)) return true;
  // The last is "(the operation has) succeeded" in Chinese.
  return /^(success(ful|fully)?|ok|(\u64cd\u4f5c)?\u6210\u529f)\W?$/i.test(toText(Message) ?? '');
}

/**
 * Refuses an answer about another change order or application than the one that was asked for.
 *
 * @param id as EDAS gives it, which may leave it out
 * @throws EdasFailure
 */
export function requireSameId(id: unknown, asked: string): void {
  if (isSameId(id, asked)) return;
  throw new EdasFailure('doubt', `EDAS was asked about ${asked} and answered about another.`);
}

/** Whether an id is the one that was asked for, or was left out. Upper and lower case are the same. */
export function isSameId(id: unknown, asked: string): boolean {
  return !isGiven(id) || toText(id)?.toLowerCase() === asked.toLowerCase();
}

/** Neither absent, nor null or empty, which are other words for it. */
export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}
