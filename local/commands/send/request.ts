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

/** What to post, from the command line. Ids are in lower case. */
export interface SendOptions {
  payload: Buffer | undefined;
  contentType: string | undefined;
  changeOrderId: string | undefined;
  app: string | undefined;
}

/** A request that is ready to be posted. */
export interface OutgoingRequest extends SenderRequest {
  body: string | Buffer;
  /** The same without its secrets, to be printed. */
  shown: SenderRequest;
}

/**
 * Makes the request that the source's sender would post.
 *
 * @param now epoch milliseconds
 * @throws CliError where the options do not fit the source, or no payload can be made from which the function reads them
 */
export async function makeRequest(
  source: CompiledSource,
  options: SendOptions,
  { url, secret, now }: { url: string; secret: string; now: number },
): Promise<OutgoingRequest> {
  const { payload, changeOrderId } = options;
  const isLink = source.verify.scheme === 'link';
  if (!isLink && payload && (changeOrderId !== undefined || options.app !== undefined)) {
    throw new CliError('The payload says what to roll back: leave --change-order and --app out.');
  }
  const target = isLink ? { app: appOfLink(source, options.app), changeOrderId } : undefined;
  const sample =
    payload ??
    (await makeSample(source, target ? readTargetOfLink(source, target) : readTarget(source, options), now));
  const body = Buffer.isBuffer(sample) ? sample : sample.body;
  const ownType = Buffer.isBuffer(sample) ? contentTypeOf(sample, source) : sample.contentType;
  const contentType = options.contentType ?? ownType;
  const request = signedRequest(source, secret, { url, body, contentType, target, now, id: randomUUID() });
  return { ...request, body, shown: withoutSecrets(source, request) };
}

/** @throws CliError where the function would read another target from the sample, and could roll back that one */
async function makeSample(source: CompiledSource, target: Target, now: number): Promise<SampleWebhook> {
  const sample = sampleWebhook(source, target, now);
  if (await asksFor(source, sample, target)) return sample;
  const [key, id] = 'app' in target ? ['app', target.app] : ['changeOrderId', target.changeOrderId];
  const text = source[key as 'app' | 'changeOrderId']?.text;
  const why = text === undefined ? '' : ` for \`${key}: ${text}\``;
  throw new CliError(
    `The source ${source.name}: no payload was found${why} that gives ${id}, so none is sent. Use --payload FILE with a payload of its sender; npm run explain shows what the source reads from it.`,
  );
}

function readTarget(source: CompiledSource, { changeOrderId, app }: SendOptions): Target {
  const { name } = source;
  if (!isByApplication(source)) {
    if (changeOrderId !== undefined && app === undefined) return { changeOrderId };
    throw new CliError(`The source ${name} needs a change order: use --change-order ID, or --payload FILE.`);
  }
  const only = onlyAppOf(source);
  if (only !== undefined && app !== undefined && app !== only) {
    throw new CliError(`The source ${name} is for the application ${only} only.`);
  }
  if (app !== undefined && changeOrderId === undefined) return { app };
  throw new CliError(`The source ${name} needs an application: use --app ID, or --payload FILE.`);
}

/** A link names the application, so only a change order may have to stand in the payload, too. */
function readTargetOfLink(
  source: CompiledSource,
  { app, changeOrderId }: { app: string; changeOrderId: string | undefined },
): Target {
  if (isByApplication(source)) return { app };
  if (changeOrderId !== undefined) return { changeOrderId };
  throw new CliError(
    `The payload of the source ${source.name} names a change order: use --change-order ID, or --payload FILE.`,
  );
}

/** A token, and the signature of a link, can be used again by everyone who sees it. */
function withoutSecrets({ verify }: CompiledSource, { address, headers }: SenderRequest): SenderRequest {
  switch (verify.scheme) {
    case 'token':
      return { address, headers: { ...headers, [verify.header]: '<the token>' } };
    case 'dingtalk':
      // It covers no body, so it would be valid for any other body, for an hour.
      return { address, headers: { ...headers, sign: '<the signature>' } };
    case 'link':
      return { address: address.replace(/sig=[0-9a-f]+/, 'sig=<the signature>'), headers };
    default:
      return { address, headers };
  }
}
