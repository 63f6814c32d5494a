import { isLoopback } from '../../../functions/alibaba/origin.ts';
import { reasonOf } from '../../../functions/lib/text.ts';
import { CliError, codeOf } from '../../cli/cli.ts';
import type { SenderRequest } from '../../signing/sender.ts';

export interface Answer {
  status: number;
  text: string;
}

/** Longer than any sender waits, and longer than any source may take. */
const longestWaitMs = 65_000;

/**
 * Posts a request and waits for its answer.
 *
 * @throws CliError that says what to do where none came
 */
export async function post({ address, headers }: SenderRequest, body: string | Buffer): Promise<Answer> {
  try {
    const response = await fetch(address, {
      method: 'POST',
      headers,
      body: typeof body === 'string' ? body : new Uint8Array(body),
      // The signed request is for this address only.
      redirect: 'manual',
      signal: AbortSignal.timeout(longestWaitMs),
    });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    throw new CliError(describeFailure(error, new URL(address)));
  }
}

function describeFailure(error: unknown, url: URL): string {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return `${url.origin} has not answered for ${longestWaitMs / 1000} s. See the log of the function for what became of the request.`;
  }
  const cause = error instanceof Error ? error.cause : undefined;
  // Its message would show the header, and the header may be a token.
  if (cause === undefined)
    return 'The request cannot be sent: the secret, or --content-type, is not a valid header value.';
  switch (codeOf(cause)) {
    case 'ECONNREFUSED':
      return `Nothing listens at ${url.origin}.${isLoopback(url.hostname) ? ' npm start runs the sandbox.' : ''}`;
    case 'ENOTFOUND':
      return `The host ${url.hostname} does not exist. Check --url: npm run deploy has printed it.`;
    default:
      return `${url.origin} could not be reached, or hung up: ${reasonOf(cause)}`;
  }
}
