import { randomUUID } from 'node:crypto';
import type { Target } from '../../../functions/rollback/find-change-order.ts';
import type { CompiledSource } from '../../../functions/webhook/source/compiled-source.ts';
import { CliError } from '../../cli/cli.ts';
import {
  asksFor,
  contentTypeOf,
  isByApplication,
  onlyAppOf,
  sampleWebhook,
  type SampleWebhook,
} from '../../signing/sample-webhook.ts';
import { appOfLink, signedRequest, type SenderRequest } from '../../signing/sender.ts';

/** What to post, as the command line says it. Ids are in lower case. */
export interface Wish {
  payload: Buffer | undefined;
  contentType: string | undefined;
  changeOrderId: string | undefined;
  app: string | undefined;
}

/** A request that is ready to be posted, and as it may be shown. */
export interface OutgoingRequest extends SenderRequest {
  body: string | Buffer;
  shown: SenderRequest;
}

/**
 * The request with which the source's sender would post what is wished for.
 *
 * @param now epoch milliseconds
 * @throws CliError where the source has no use for the wish, or no payload can be made that the function reads as it
 */
export async function makeRequest(
  source: CompiledSource,
  wish: Wish,
  { url, secret, now }: { url: string; secret: string; now: number },
): Promise<OutgoingRequest> {
  const { payload, changeOrderId } = wish;
  const isLink = source.verify.scheme === 'link';
  if (!isLink && payload && (changeOrderId !== undefined || wish.app !== undefined)) {
    throw new CliError('--payload says itself what to roll back: leave --change-order and --app out.');
  }
  const target = isLink ? { app: appOfLink(source, wish.app), changeOrderId } : undefined;
  const sample =
    payload ??
    (await makeSample(source, target ? targetOfLink(source, target) : targetOf(source, wish), now));
  const body = Buffer.isBuffer(sample) ? sample : sample.body;
  const ownType = Buffer.isBuffer(sample) ? contentTypeOf(sample, source) : sample.contentType;
  const contentType = wish.contentType ?? ownType;
  const request = signedRequest(source, secret, { url, body, contentType, target, now, id: randomUUID() });
  return { ...request, body, shown: withoutSecrets(source, request) };
}

/** What the payload cannot say, the function would read otherwise: it could roll back another application. */
async function makeSample(source: CompiledSource, target: Target, now: number): Promise<SampleWebhook> {
  const sample = sampleWebhook(source, target, now);
  if (await asksFor(source, sample, target)) return sample;
  const [key, id] = 'app' in target ? ['app', target.app] : ['changeOrderId', target.changeOrderId];
  const text = source[key as 'app' | 'changeOrderId']?.text;
  const why = text === undefined ? '' : ` for \`${key}: ${text}\``;
  throw new CliError(
    `The source ${source.name}: no payload was found${why} that gives ${id}, so none is sent. Say --payload FILE, with one of its sender's own; npm run explain shows beforehand what the source reads in it.`,
  );
}

function targetOf(source: CompiledSource, { changeOrderId, app }: Wish): Target {
  const { name } = source;
  if (!isByApplication(source)) {
    if (changeOrderId !== undefined && app === undefined) return { changeOrderId };
    throw new CliError(
      `The source ${name} is told a change order: say --change-order ID, or --payload FILE.`,
    );
  }
  const only = onlyAppOf(source);
  if (only !== undefined && app !== undefined && app !== only) {
    throw new CliError(`The source ${name} is for the application ${only}, whatever its payload says.`);
  }
  if (app !== undefined && changeOrderId === undefined) return { app };
  throw new CliError(`The source ${name} is told an application: say --app ID, or --payload FILE.`);
}

/** A link names the application, so only a change order may have to stand in the payload, too. */
function targetOfLink(
  source: CompiledSource,
  { app, changeOrderId }: { app: string; changeOrderId: string | undefined },
): Target {
  if (isByApplication(source)) return { app };
  if (changeOrderId !== undefined) return { changeOrderId };
  throw new CliError(
    `The payload of the source ${source.name} names a change order: say --change-order ID, or --payload FILE.`,
  );
}

/** Whoever has a token, or the signature of a link, can use it. */
function withoutSecrets({ verify }: CompiledSource, { address, headers }: SenderRequest): SenderRequest {
  switch (verify.scheme) {
    case 'token':
      return { address, headers: { ...headers, [verify.header]: '<the token>' } };
    case 'dingtalk':
      // It covers no body, so it would do for any other for an hour.
      return { address, headers: { ...headers, sign: '<the signature>' } };
    case 'link':
      return { address: address.replace(/sig=[0-9a-f]+/, 'sig=<the signature>'), headers };
    default:
      return { address, headers };
  }
}
