import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { isRecord, toRecord, toText } from '../../../functions/lib/json.ts';
import { receiveRequest, splitTarget } from '../request.ts';
import { serve, type Served } from '../serve.ts';
import {
  readActionCard,
  readFeishuCard,
  readSlackBlocks,
  readWeComMarkdown,
  type CardFault,
  type SeenCard,
} from './cards.ts';

/** The five channels, and the two addresses at which a chat is answered. */
export const receiverKinds = [
  'dingtalk',
  'feishu',
  'wecom',
  'slack',
  'webhook',
  'slack-answer',
  'dingtalk-answer',
] as const;
export type ReceiverKind = (typeof receiverKinds)[number];

/** A message that was accepted. */
export interface ReceivedMessage {
  kind: ReceiverKind;
  /** What people would read. */
  text: string;
  /** Where its button leads, or its link. */
  link?: string | undefined;
  headers: IncomingHttpHeaders;
  body: unknown;
}

/**
 * Sent instead of the true answer.
 *
 * - `hang`: takes the request and never answers.
 * - `redirect`: 302 to the channel itself.
 * - `error-code`: HTTP 200 around an error code (from Slack's webhook, a text other than `ok`).
 * - `huge`: 10 MB.
 * - `too-many-once`: 429 once, then the true answers.
 * - `rate-limit-once`: once, the channel's own answer to too many requests.
 * - `server-error`: 500. `html`: 200 around a page. `reset`: the connection is reset.
 * - `switching`: 101, and then nothing. `switching-to-nothing`: 101 that names no protocol.
 */
export type ReceiverFault =
  | 'hang'
  | 'redirect'
  | 'error-code'
  | 'huge'
  | 'too-many-once'
  | 'rate-limit-once'
  | 'server-error'
  | 'html'
  | 'reset'
  | 'switching'
  | 'switching-to-nothing';

export interface ReceiverOptions {
  /** The secrets of the channels that check signatures; a channel without one accepts unsigned messages. */
  secrets?: Partial<Record<'dingtalk' | 'feishu' | 'webhook', string>>;
  onMessage?: (message: ReceivedMessage) => void;
  /** Epoch milliseconds. */
  now?: () => number;
}

/** A stand-in for all channels, on this machine. */
export interface MessageReceiver extends Served {
  /** The address of a channel, with a fake key. */
  urlOf: (kind: ReceiverKind) => string;
  messages: readonly ReceivedMessage[];
  /** How many requests came, faults included. */
  requestsOf: (kind: ReceiverKind) => number;
  /** Undefined ends the fault. */
  setFault: (kind: ReceiverKind, fault: ReceiverFault | undefined) => void;
}

interface Incoming {
  kind: ReceiverKind;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  raw: string;
  body: Record<string, unknown>;
}

interface Reply {
  status: number;
  body: string;
}

/** The paths of the real channels, with fake keys. */
const paths: Record<ReceiverKind, string> = {
  dingtalk: '/robot/send?access_token=fake-dingtalk-access-token',
  feishu: '/open-apis/bot/v2/hook/fake-feishu-hook-token',
  wecom: '/cgi-bin/webhook/send?key=fake-wecom-robot-key',
  slack: '/services/T00000000/B00000000/fakeSlackHookToken',
  webhook: '/hook/fake-receiver-path',
  'slack-answer': '/commands/T00000000/0/fakeSlackResponseToken',
  'dingtalk-answer': '/robot/sendBySession?session=fake-dingtalk-session',
};

/** Slack takes so many answers at one `response_url`. */
const answersOfSlack = 5;

/** Starts the stand-in on a free port. */
export async function startReceiver({
  secrets = {},
  onMessage,
  now = Date.now,
}: ReceiverOptions = {}): Promise<MessageReceiver> {
  const messages: ReceivedMessage[] = [];
  const faults = new Map<ReceiverKind, ReceiverFault>();
  const requests = new Map<ReceiverKind, number>();
  const requestsOf = (kind: ReceiverKind) => requests.get(kind) ?? 0;

  const take = (incoming: Incoming, response: ServerResponse) => {
    const { kind, headers, body } = incoming;
    requests.set(kind, requestsOf(kind) + 1);
    const fault = faults.get(kind);
    if (fault?.endsWith('-once')) faults.delete(kind);
    if (fault) {
      fail(fault, kind, response);
      return;
    }
    const used = messages.filter((message) => message.kind === kind).length;
    const refusal = refuse(incoming, secrets, now()) ?? refuseUsed(kind, used);
    if (!refusal) {
      const message = { kind, ...seenOf(kind, body), headers, body };
      messages.push(message);
      onMessage?.(message);
    }
    send(response, refusal ?? accepted[kind]);
  };

  const served = await serve(async (message, response) => {
    const { method, target, headers, body } = await receiveRequest(message);
    const { path, query } = splitTarget(target);
    const kind = receiverKinds.find((each) => splitTarget(paths[each]).path === path);
    const raw = body.toString('utf8');
    if (kind === undefined || method !== 'POST') send(response, { status: 404, body: 'not found' });
    else take({ kind, query, headers, raw, body: parse(raw) }, response);
  }, {});
  return {
    ...served,
    urlOf: (kind) => served.url + paths[kind],
    messages,
    requestsOf,
    setFault: (kind, fault) => {
      if (fault) faults.set(kind, fault);
      else faults.delete(kind);
    },
  };
}

const accepted: Record<ReceiverKind, Reply> = {
  dingtalk: json({ errcode: 0, errmsg: 'ok' }),
  feishu: json({ StatusCode: 0, StatusMessage: 'success', code: 0, data: {}, msg: 'success' }),
  wecom: json({ errcode: 0, errmsg: 'ok' }),
  slack: { status: 200, body: 'ok' },
  webhook: { status: 204, body: '' },
  'slack-answer': { status: 200, body: 'ok' },
  'dingtalk-answer': json({ errcode: 0, errmsg: 'ok' }),
};

/** The channel's own answer where it refuses a request. */
function refuse(incoming: Incoming, secrets: ReceiverOptions['secrets'], now: number): Reply | undefined {
  const { kind, query, body, headers, raw } = incoming;
  const token = splitTarget(paths[kind]).query;
  switch (kind) {
    case 'dingtalk':
      if (query.get('access_token') !== token.get('access_token')) {
        return json({ errcode: 300005, errmsg: 'token is not exist' });
      }
      if (secrets?.dingtalk !== undefined && !isSignedForDingTalk(query, secrets.dingtalk, now)) {
        return json({ errcode: 310000, errmsg: 'sign not match' });
      }
      return refuseShape(kind, incoming, 20_000);
    case 'feishu':
      if (secrets?.feishu !== undefined && !isSignedForFeishu(body, secrets.feishu, now)) {
        const msg = 'sign match fail or timestamp is not within one hour from current time';
        return json({ code: 19021, msg });
      }
      return refuseShapeForFeishu(incoming);
    case 'wecom':
      if (query.get('key') !== token.get('key'))
        return json({ errcode: 93000, errmsg: 'invalid webhook url' });
      return refuseShape(kind, incoming, 2048);
    case 'dingtalk-answer':
      return refuseShapeOfText(body, 20_000);
    case 'slack':
    case 'slack-answer': {
      const card = cardIn(kind, body);
      if (card && 'fault' in card) return { status: 400, body: card.fault };
      return isGiven(body['text']) ? undefined : { status: 400, body: 'no_text' };
    }
    case 'webhook':
      if (secrets?.webhook === undefined || isSignedAsStandardWebhook(headers, raw, secrets.webhook, now)) {
        return undefined;
      }
      return { status: 401, body: 'invalid signature' };
  }
}

function refuseUsed(kind: ReceiverKind, used: number): Reply | undefined {
  const isUsedUp = kind === 'slack-answer' && used >= answersOfSlack;
  return isUsedUp ? { status: 404, body: JSON.stringify({ ok: false, error: 'used_url' }) } : undefined;
}

/** DingTalk's and WeCom's messages, and their limits in bytes. */
function refuseShape(kind: ReceiverKind, { body, raw }: Incoming, longestBytes: number): Reply | undefined {
  const card = cardIn(kind, body);
  if (!card) return refuseShapeOfText(body, longestBytes);
  if ('fault' in card) {
    return json({ errcode: card.fault.includes('exceed') ? 40058 : 40035, errmsg: card.fault });
  }
  const isTooLong = kind === 'dingtalk' && Buffer.byteLength(raw) > longestBytes;
  return isTooLong ? json({ errcode: 40058, errmsg: `exceed max length ${longestBytes}` }) : undefined;
}

/** https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot */
function refuseShapeForFeishu({ body, raw }: Incoming): Reply | undefined {
  const badRequest = json({ code: 9499, msg: 'Bad Request' });
  if (Buffer.byteLength(raw) > 20_480) return badRequest;
  const card = cardIn('feishu', body);
  if (card) return 'fault' in card ? json({ code: 19002, msg: card.fault }) : undefined;
  const isText = body['msg_type'] === 'text' && isGiven(toRecord(body['content'])['text']);
  return isText ? undefined : badRequest;
}

/** The card in a message; undefined where it is none. */
function cardIn(kind: ReceiverKind, body: Record<string, unknown>): SeenCard | CardFault | undefined {
  switch (kind) {
    case 'dingtalk':
      return body['msgtype'] === 'actionCard' ? readActionCard(body) : undefined;
    case 'feishu':
      return body['msg_type'] === 'interactive' ? readFeishuCard(body) : undefined;
    case 'wecom':
      return body['msgtype'] === 'markdown' ? readWeComMarkdown(body) : undefined;
    case 'slack':
      return body['blocks'] === undefined ? undefined : readSlackBlocks(body);
    default:
      return undefined;
  }
}

function isGiven(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/** DingTalk's and WeCom's text message, and their limits in bytes. */
function refuseShapeOfText(body: Record<string, unknown>, longestBytes: number): Reply | undefined {
  const { content } = toRecord(body['text']);
  if (body['msgtype'] !== 'text' || typeof content !== 'string' || content === '') {
    return json({ errcode: 40035, errmsg: 'invalid parameter' });
  }
  if (Buffer.byteLength(content) <= longestBytes) return undefined;
  return json({ errcode: 40058, errmsg: `content exceed max length ${longestBytes}` });
}

/** https://open.dingtalk.com/document/robots/customize-robot-security-settings */
function isSignedForDingTalk(query: URLSearchParams, secret: string, now: number): boolean {
  const timestamp = query.get('timestamp') ?? '';
  const sign = createHmac('sha256', secret).update(`${timestamp}\n${secret}`).digest('base64');
  return (
    /^\d{13}$/.test(timestamp) && Math.abs(now - Number(timestamp)) <= 3_600_000 && query.get('sign') === sign
  );
}

/** https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot */
function isSignedForFeishu(
  { timestamp, sign }: Record<string, unknown>,
  secret: string,
  now: number,
): boolean {
  if (typeof timestamp !== 'string' || !/^\d{10}$/.test(timestamp)) return false;
  const expected = createHmac('sha256', `${timestamp}\n${secret}`).update('').digest('base64');
  return Math.abs(now / 1000 - Number(timestamp)) <= 3600 && sign === expected;
}

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
function isSignedAsStandardWebhook(
  headers: IncomingHttpHeaders,
  raw: string,
  secret: string,
  now: number,
): boolean {
  const [id, timestamp, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    String(headers[name]),
  );
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const expected = createHmac('sha256', key)
    .update(`${id ?? ''}.${timestamp ?? ''}.${raw}`)
    .digest('base64');
  return Math.abs(now / 1000 - Number(timestamp)) <= 300 && signature === `v1,${expected}`;
}

/** What people would see of a message that is taken. */
function seenOf(kind: ReceiverKind, body: Record<string, unknown>): Pick<ReceivedMessage, 'text' | 'link'> {
  const card = cardIn(kind, body);
  if (card && !('fault' in card)) return card;
  const link = kind === 'webhook' ? toText(toRecord(body['data'])['link']) : undefined;
  return { text: textOf(kind, body), ...(link !== undefined && { link }) };
}

/** What people would read of a message that is text. */
function textOf(kind: ReceiverKind, body: Record<string, unknown>): string {
  switch (kind) {
    case 'dingtalk':
    case 'wecom':
    case 'dingtalk-answer':
      return toText(toRecord(body['text'])['content']) ?? '';
    case 'feishu':
      return toText(toRecord(body['content'])['text']) ?? '';
    case 'slack':
    case 'slack-answer':
      return unescapeSlack(toText(body['text']) ?? '');
    case 'webhook':
      return toText(toRecord(body['data'])['text']) ?? '';
  }
}

function unescapeSlack(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

const tooMuch: Record<ReceiverKind, Reply> = {
  dingtalk: json({ errcode: 130101, errmsg: 'send too fast, exceed 20 times per minute' }),
  feishu: json({ code: 11232, msg: 'frequency limited' }),
  wecom: json({ errcode: 45009, errmsg: 'api freq out of limit' }),
  slack: { status: 429, body: 'rate_limited' },
  webhook: { status: 429, body: '' },
  'slack-answer': { status: 429, body: 'rate_limited' },
  'dingtalk-answer': json({ errcode: 130101, errmsg: 'send too fast, exceed 20 times per minute' }),
};

/** The answers that mean a fault of the configuration. */
const notDone: Record<ReceiverKind, Reply> = {
  dingtalk: json({ errcode: 310000, errmsg: 'keywords not in content' }),
  feishu: json({ code: 19024, msg: 'Key Words Not Found' }),
  wecom: json({ errcode: 93000, errmsg: 'invalid webhook url' }),
  slack: { status: 200, body: 'invalid_token' },
  webhook: { status: 410, body: '' },
  'slack-answer': json({ ok: false, error: 'expired_url' }),
  'dingtalk-answer': json({ errcode: 300001, errmsg: 'session is expired' }),
};

const switching = 'HTTP/1.1 101 Switching Protocols\r\n';

function fail(fault: ReceiverFault, kind: ReceiverKind, response: ServerResponse): void {
  switch (fault) {
    case 'hang':
      return;
    case 'redirect':
      response.writeHead(302, { location: paths[kind] }).end();
      return;
    case 'error-code':
      send(response, notDone[kind]);
      return;
    case 'huge':
      response.writeHead(200, { 'content-type': 'application/json' }).end(' '.repeat(10_000_000));
      return;
    case 'too-many-once':
      response.writeHead(429, { 'retry-after': '1' }).end('too many requests');
      return;
    case 'rate-limit-once':
      send(response, tooMuch[kind]);
      return;
    case 'server-error':
      send(response, { status: 500, body: 'internal error' });
      return;
    case 'html':
      send(response, { status: 200, body: '<html><body>Please sign in</body></html>' });
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'switching':
      response.socket?.write(`${switching}connection: Upgrade\r\nupgrade: websocket\r\n\r\n`);
      return;
    case 'switching-to-nothing':
      response.socket?.write(`${switching}\r\n`);
      return;
  }
}

function send(response: ServerResponse, { status, body }: Reply): void {
  response
    .writeHead(status, { 'content-type': body.startsWith('{') ? 'application/json' : 'text/html' })
    .end(body);
}

function json(body: object): Reply {
  return { status: 200, body: JSON.stringify(body) };
}

function parse(raw: string): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(raw);
    return isRecord(body) ? body : {};
  } catch {
    return {};
  }
}
