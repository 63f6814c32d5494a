import type { IncomingMessage, ServerResponse } from 'node:http';
import { isRecord } from '../../../functions/lib/json.ts';
import { reasonOf } from '../../../functions/lib/text.ts';
import { CliError } from '../../cli/cli.ts';
import { Refusal } from '../../stand-ins/guard.ts';
import type { Listening } from '../../stand-ins/listen.ts';
import { readBody } from '../../stand-ins/request.ts';
import { serve } from '../../stand-ins/serve.ts';
import type { Feed, FeedEntry } from './feed.ts';

/** A file of the page. */
export interface Asset {
  type: string;
  content: string;
}

/** Does what the page asks for. A {@link Refusal} or a CliError that it throws is told to the person as it is. */
export type Action = (asked: Record<string, unknown>) => unknown;

export interface PageServerOptions {
  /** By path. */
  assets: Readonly<Record<string, Asset>>;
  feed: Feed;
  /** By name: `POST /actions/<name>`. */
  actions: Readonly<Record<string, Action>>;
  port: number;
  /** Called before what is known is told to a page that opens. */
  onOpen?: () => void;
}

/** More than the function takes, so that the page can show how it refuses that. */
const largestBodyBytes = 3 * 1024 * 1024;

/** Pages that may be open at once. A browser opens six connections to a server at most. */
const mostListeners = 20;

/** Bytes that wait for a page which does not read. It is cut off then, connects again, and is told everything anew. */
const mostWaitingBytes = 16 * 1024 * 1024;

/** Nothing is loaded from elsewhere, nothing is put into a frame, and no text becomes markup or script. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const headers = {
  'content-security-policy': policy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};

/**
 * Serves the page of the sandbox, on loopback only. What `serve` refuses, it refuses as well: another Host, another Origin.
 *
 * @throws the system's error where the port is taken
 */
export function startPageServer(options: PageServerOptions): Promise<Listening> {
  return serve((request, response) => answer(request, response, options), { port: options.port });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: PageServerOptions,
): Promise<void> {
  const { method = '', url = '' } = request;
  const [path = ''] = url.split('?');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  const action = path.startsWith('/actions/') ? ownOf(options.actions, path.slice(9)) : undefined;
  const asset = ownOf(options.assets, path);
  if (action) {
    requireMethod(response, method, ['POST']);
    send(response, 200, 'application/json', JSON.stringify(await act(action, request)));
  } else if (asset) {
    requireMethod(response, method, ['GET', 'HEAD']);
    send(response, 200, asset.type, method === 'HEAD' ? '' : asset.content);
  } else if (path === '/events') {
    requireMethod(response, method, ['GET']);
    tellEvents(response, options);
  } else {
    throw new Refusal(404, 'There is nothing here. The page of the sandbox is at /.');
  }
}

function ownOf<Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function requireMethod(response: ServerResponse, method: string, allowed: readonly string[]): void {
  if (allowed.includes(method)) return;
  response.setHeader('allow', allowed.join(', '));
  throw new Refusal(405, `This address takes ${allowed.join(' and ')} only.`);
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': type }).end(text);
}

async function act(action: Action, request: IncomingMessage): Promise<unknown> {
  requireOwnPage(request);
  const asked = await readJson(request);
  try {
    return (await action(asked)) ?? {};
  } catch (error) {
    throw error instanceof CliError ? new Refusal(422, error.message) : error;
  }
}

/** A program that knows what it does can send the header; a browser sends it with every POST, and no page can change it. */
function requireOwnPage({ headers: { host = '', origin } }: IncomingMessage): void {
  if (origin === `http://${host.toLowerCase()}`) return;
  throw new Refusal(
    403,
    'Only the page of the sandbox itself may ask for this: the header Origin must be its own.',
  );
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';');
  if (type.trim().toLowerCase() !== 'application/json') {
    throw new Refusal(415, 'The body must be application/json.');
  }
  const body = await readBody(request, largestBodyBytes);
  let asked: unknown;
  try {
    asked = JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new Refusal(400, `The body is not JSON: ${reasonOf(error)}`);
  }
  if (isRecord(asked)) return asked;
  throw new Refusal(400, 'The body must be a JSON object.');
}

/** https://html.spec.whatwg.org/multipage/server-sent-events.html */
function tellEvents(response: ServerResponse, { feed, onOpen }: PageServerOptions): void {
  if (feed.openPages() >= mostListeners) {
    throw new Refusal(503, `The page is open ${mostListeners} times. Close some of them.`);
  }
  onOpen?.();
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  // The page forgets what it was told by an earlier connection: it is told everything anew.
  response.write('event: begin\ndata: {}\n\n');
  const stop = feed.listen((entry) => {
    response.write(frameOf(entry));
    if (response.writableLength > mostWaitingBytes) response.destroy();
  });
  response.once('close', stop);
}

/** JSON writes the ends of lines as escapes, so a text cannot begin an event of its own. */
function frameOf({ kind, key, value }: FeedEntry): string {
  return `event: ${kind}\ndata: ${JSON.stringify({ key, value })}\n\n`;
}
