import http from 'node:http';
import https from 'node:https';
import { isRecord } from '../lib/json.ts';
import { openConnection } from './connection.ts';

export interface ExchangeRequest {
  method: 'GET' | 'POST';
  headers: Record<string, string>;
  body?: string | Buffer | undefined;
}

/** What was answered, whatever the status. */
export interface Answer {
  status: number;
  /** The header `Retry-After`. */
  retryAfter: string | undefined;
  text: string;
}

/** There was no complete answer. The message holds no address, so it may be logged. */
export class ExchangeFailure extends Error {
  override readonly name = 'ExchangeFailure';
  /** Whether the request may have arrived. */
  readonly mayHaveArrived: boolean;
  /** Whether the answer was larger than the limit. */
  readonly isTooLarge: boolean;

  constructor(
    message: string,
    { mayHaveArrived, isTooLarge }: Pick<ExchangeFailure, 'mayHaveArrived' | 'isTooLarge'>,
  ) {
    super(message);
    this.mayHaveArrived = mayHaveArrived;
    this.isTooLarge = isTooLarge;
  }
}

/** {@link exchange}, or what stands in for it. */
export type Exchange = typeof exchange;

/** The servers that are called here answer with some hundred bytes. */
const largestAnswerBytes = 64 * 1024;

/**
 * One HTTP request and its answer, over a connection of its own that ends with it. No redirect is followed.
 *
 * @param timeoutMs from now until the answer is whole
 * @throws ExchangeFailure
 */
export async function exchange(url: string, request: ExchangeRequest, timeoutMs: number): Promise<Answer> {
  const connection = openConnection(url, timeoutMs, largestAnswerBytes);
  try {
    return await send(url, request, connection.agent);
  } catch (error) {
    throw new ExchangeFailure(connection.abortReason() ?? codeOf(error), {
      mayHaveArrived: connection.wasEstablished(),
      isTooLarge: connection.wasTooLarge(),
    });
  } finally {
    connection.close();
  }
}

function send(url: string, { method, headers, body }: ExchangeRequest, agent: http.Agent): Promise<Answer> {
  const { request: open } = url.startsWith('https:') ? https : http;
  return new Promise((resolve, reject) => {
    const request = open(url, { method, headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode: status = 0, headers: answered } = response;
        resolve({
          status,
          retryAfter: answered['retry-after'],
          text: Buffer.concat(chunks).toString('utf8'),
        });
      });
    });
    request.on('error', reject);
    // The end of the connection always ends the wait: after an answer that changes the protocol (101) there is neither
    // an error nor an end. An answer that was cut short fails a moment after its connection has closed, with a better
    // reason.
    request.on('close', () => {
      setImmediate(reject, new Error('closed'));
    });
    request.end(body);
  });
}

/** The system's code; the rest of its message is the address. */
function codeOf(error: unknown): string {
  const code = isRecord(error) ? error['code'] : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code)
    ? code
    : 'the connection ended without an answer';
}
