import type { EdasStandIn } from '../../local/edas/stand-in.ts';
import { compileSources } from '../../local/build/compile-sources.ts';
import { signatureHeaders } from '../../local/sign.ts';
import type { Environment, FunctionContext } from '../../functions/platform/function-compute.ts';
import { createHandler, type Handler } from '../../functions/webhook/handler.ts';
import { httpEvent, type TestRequest } from './http-event.ts';

/** The key pair that the EDAS stand-in is started with, and that every invocation gets. */
export const fakeCredentials = {
  accessKeyId: 'STS.fake-key-id',
  accessKeySecret: 'fake-key-secret',
  securityToken: 'fake-security-token',
};

export const fakeContext: FunctionContext = {
  requestId: 'fake-request-id',
  region: 'cn-hangzhou',
  credentials: fakeCredentials,
};

/** Where the handler's clock stands. It moves only when the handler sleeps. */
export const startTime = '2026-01-02T03:04:05.000Z';

/** An answer, its body parsed. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Record<string, unknown>;
  /** The body as it was sent. */
  text: string;
}

export interface WebhookOptions {
  /** The text of a sources.yaml. */
  sources: string;
  /** Added to the variables that hold the secrets. */
  env?: Environment;
  /** What every invocation gets. Default {@link fakeContext}. */
  context?: unknown;
}

/** What {@link Webhook.post} may do differently. */
export interface PostOptions extends TestRequest {
  /** Signs with this secret, which need not be the right one. */
  secret?: string;
}

/** One instance of the function, and what it has logged. */
export interface Webhook {
  handler: Handler;
  /** Every line of the log so far. */
  lines: string[];
  /** The lines of the audit trail among them. */
  decisions: () => Record<string, unknown>[];
  /** Sends a request as it is, unsigned. */
  send: (request: TestRequest) => Promise<Answer>;
  /** Sends a payload, signed as the source of this name expects. Text is sent as it is, anything else as JSON. */
  post: (source: string, payload: unknown, options?: PostOptions) => Promise<Answer>;
}

/** The secret in every variable that a source names, unless `env` says otherwise: `fake-value-of-<variable>`. */
export function fakeSecret(variable: string): string {
  return `fake-value-of-${variable}`;
}

/** Starts an instance of the function over an EDAS stand-in. Several over one stand-in share nothing else. */
export function openWebhook(edas: EdasStandIn, options: WebhookOptions): Webhook {
  const sources = compileSources(options.sources);
  const variables = sources.flatMap(({ secrets }) => secrets);
  const env = {
    EDAS_ENDPOINT: edas.url,
    FC_FUNCTION_NAME: 'edas-rollback-webhook',
    ...Object.fromEntries(variables.map((variable) => [variable, fakeSecret(variable)])),
    ...options.env,
  };
  const context = 'context' in options ? options.context : fakeContext;
  const lines: string[] = [];
  let now = Date.parse(startTime);
  const sleep = (ms: number) => {
    now += ms;
    return Promise.resolve();
  };
  const handler = createHandler(
    { version: '1.2.3', sources },
    { env, clock: { now: () => now, sleep }, write: (line) => void lines.push(line) },
  );

  const send = async (request: TestRequest): Promise<Answer> => {
    const { statusCode, headers, body } = await handler(httpEvent(request), context);
    return { status: statusCode, headers, body: toRecord(JSON.parse(body)), text: body };
  };
  const post = (name: string, payload: unknown, { secret, headers, ...rest }: PostOptions = {}) => {
    const source = sources.find((each) => each.name === name);
    if (!source) throw new Error(`No source ${name}`);
    const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
    const key = secret ?? fakeSecret(source.secrets[0] ?? '');
    const signature = signatureHeaders(source.verify, key, body, { now });
    return send({ path: `/${name}`, body, headers: { ...signature, ...headers }, ...rest });
  };
  const decisions = () => lines.map((line) => toRecord(JSON.parse(line))).filter(isDecision);
  return { handler, lines, decisions, send, post };
}

function isDecision({ msg }: Record<string, unknown>): boolean {
  return msg === 'decision';
}

function toRecord(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  throw new TypeError('not an object');
}
