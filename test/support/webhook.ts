import type { Clock } from '../../functions/lib/time.ts';
import type { FunctionContext } from '../../functions/platform/context.ts';
import type { Environment } from '../../functions/platform/settings.ts';
import { secretEncodingOf } from '../../functions/secrets/read-key.ts';
import { nameInKms } from '../../functions/secrets/secret-name.ts';
import { createHandler, type Handler } from '../../functions/webhook/handler.ts';
import type { LinkGrant } from '../../functions/webhook/verify/link.ts';
import { type VerifyParameters } from '../../functions/webhook/verify/verify.ts';
import { compileConfiguration } from '../../local/build/compile-sources.ts';
import { linkQuery, signatureHeaders } from '../../local/signing/sign.ts';
import type { ChangeOrderPlan } from '../../local/stand-ins/edas/change-orders.ts';
import { startEdasStandIn, type EdasStandIn } from '../../local/stand-ins/edas/stand-in.ts';
import type { FcStandIn } from '../../local/stand-ins/fc/stand-in.ts';
import type { KmsStandIn } from '../../local/stand-ins/kms/stand-in.ts';
import { presets } from '../../presets/index.ts';
import { httpEvent, type TestRequest } from './http-event.ts';

/** Of no sources in particular. */
export const fakeDigest = '0123456789abcdef'.repeat(4);

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

/** The account that an FC stand-in is started with, and the function of it that follows a rollback. */
export const fakeAccountId = '1234567890123456';
export const followFunction = 'edas-rollback-follow';

/** Where the handler's clock stands, unless it is given one. */
export const startTime = '2026-01-02T03:04:05.000Z';

/** An answer, its body parsed. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Record<string, unknown>;
  /** The body as it was sent; of a page, there is nothing else. */
  text: string;
}

export interface WebhookOptions {
  /** The text of a sources.yaml. */
  sources: string;
  /** Added to the variables that hold the secrets. */
  env?: Environment;
  /** Where tasks are handed over. Default nowhere: no follow function is named. */
  fc?: FcStandIn;
  /** Where secrets are read. It is given the fake ones that it has not. Default nowhere. */
  kms?: KmsStandIn;
  /** What every invocation gets. Default {@link fakeContext}, with the account where there is an FC stand-in. */
  context?: unknown;
  /** Default: one that starts at {@link startTime} and moves only when the handler sleeps. */
  clock?: Clock;
  /** The time of day. Default: that of the clock. */
  now?: () => number;
}

/** What {@link Webhook.post} may do differently. */
export interface PostOptions extends TestRequest {
  /** Signs with this secret, which need not be the right one. */
  secret?: string;
  /** What the link authorises, where the source is called by one. */
  grant?: LinkGrant;
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
  /** Sends a payload, signed as the source of this name expects. Text and bytes are sent as they are, anything else as JSON. */
  post: (source: string, payload: unknown, options?: PostOptions) => Promise<Answer>;
}

/**
 * The secret in every variable that a source names, unless `env` says otherwise, and in KMS: `fake-value-of-<secret>`, in
 * the form that the source's scheme needs.
 */
export function fakeSecret(variable: string, verify: VerifyParameters = presets.generic.verify): string {
  const value = `fake-value-of-${variable}`;
  if (verify.scheme === 'token' && verify.format === 'basic') return `fake-user:${value}`;
  switch (secretEncodingOf(verify)) {
    case 'plain':
      return value;
    case 'hex':
    case 'base64':
      return Buffer.from(value).toString('hex');
    case 'whsec':
      return `whsec_${Buffer.from(value).toString('base64')}`;
  }
}

/** Starts an instance of the function over an EDAS stand-in. Several over one stand-in share nothing else. */
export function openWebhook(edas: EdasStandIn, options: WebhookOptions): Webhook {
  const { sources, events } = compileConfiguration(options.sources);
  const asking = events.filter(({ confirm }) => confirm !== undefined);
  const secrets = sources.flatMap((source) =>
    source.secrets.map((secret) => [secret, fakeSecret(secret, source.verify)] as const),
  );
  for (const [secret, value] of secrets) {
    const name = nameInKms(secret);
    if (name !== undefined && options.kms && !options.kms.secrets.get(name)) {
      options.kms.secrets.put(name, value);
    }
  }
  const env = {
    EDAS_ENDPOINT: edas.url,
    FC_FUNCTION_NAME: 'edas-rollback-webhook',
    ...(options.fc && { FOLLOW_FUNCTION: followFunction, FUNCTION_ENDPOINT: options.fc.url }),
    ...(options.kms && { KMS_ENDPOINT: options.kms.url }),
    ...Object.fromEntries(secrets.filter(([secret]) => nameInKms(secret) === undefined)),
    ...options.env,
  };
  const ownContext = options.fc ? { ...fakeContext, accountId: fakeAccountId } : fakeContext;
  const context = 'context' in options ? options.context : ownContext;
  const lines: string[] = [];
  const clock = options.clock ?? virtualClock();
  const now = options.now ?? clock.now;
  const handler = createHandler(
    { version: '1.2.3', digest: fakeDigest, sources, asking },
    { env, now, clock, random: () => 1, write: (line) => void lines.push(line) },
  );

  const send = async (request: TestRequest): Promise<Answer> => {
    const { statusCode, headers, body } = await handler(httpEvent(request), context);
    return { status: statusCode, headers, body: parsedBody(headers, body), text: body };
  };
  const post = (name: string, payload: unknown, options: PostOptions = {}) => {
    const { secret, grant, headers, ...rest } = options;
    const source = sources.find((each) => each.name === name);
    if (!source) throw new Error(`No source ${name}`);
    const { verify } = source;
    const body = typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload);
    const key = secret ?? fakeSecret(source.secrets[0] ?? '', verify);
    const contentType = headers?.['content-type'] ?? headers?.['Content-Type'];
    const signature = signatureHeaders(verify, key, body, { now: now(), contentType });
    const query =
      verify.scheme === 'link' && grant
        ? Object.fromEntries(new URLSearchParams(linkQuery(verify, key, grant)))
        : undefined;
    return send({
      path: `/${name}`,
      body,
      headers: { ...signature, ...headers },
      ...(query && { query }),
      ...rest,
    });
  };
  const decisions = () => lines.map((line) => toRecord(JSON.parse(line))).filter(isDecision);
  return { handler, lines, decisions, send, post };
}

/** An EDAS, a release in flight there, and an instance of the function over it. */
export interface WebhookAndRelease {
  edas: EdasStandIn;
  webhook: Webhook;
  /** The change order of the release. */
  orderId: string;
}

/** Starts EDAS with one release in flight, of ten minutes unless the plan says otherwise, and an instance over it. */
export async function openWithRelease(
  options: WebhookOptions,
  plan: Partial<ChangeOrderPlan>,
  cleanUp: (work: () => Promise<void>) => void,
): Promise<WebhookAndRelease> {
  const edas = await startEdasStandIn({ credentials: fakeCredentials });
  cleanUp(() => edas.close());
  const orderId = edas.orders.add({ appId: 'fake-app', readyMs: 0, batchMs: 600_000, ...plan });
  return { edas, orderId, webhook: openWebhook(edas, options) };
}

function virtualClock(): Clock {
  let now = Date.parse(startTime);
  return { now: () => now, sleep: (ms) => Promise.resolve(void (now += ms)) };
}

function parsedBody(headers: Record<string, string>, body: string): Record<string, unknown> {
  const isPage = headers['Content-Type']?.startsWith('text/html') === true;
  return body === '' || isPage ? {} : toRecord(JSON.parse(body));
}

function isDecision({ msg }: Record<string, unknown>): boolean {
  return msg === 'decision';
}

function toRecord(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  throw new TypeError('not an object');
}
