import type { CompiledEventSource } from '../../functions/events/event-source.ts';
import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';
import { dingTalkTimestamp } from '../../functions/webhook/verify/dingtalk.ts';
import { feishuTimestamp } from '../../functions/webhook/verify/feishu.ts';
import type { LinkGrant } from '../../functions/webhook/verify/link.ts';
import type { CompiledConfiguration } from '../build/compile-sources.ts';
import { didYouMean } from '../build/did-you-mean.ts';
import { compileConfigurationFile } from '../build/write-bundle.ts';
import { CliError } from '../cli/cli.ts';
import { linkQuery, signatureHeaders } from './sign.ts';

/** Seconds until a link expires that is made for one request. */
export const shortLinkSeconds = 300;

/** The address and the headers of what a sender posts. */
export interface SenderRequest {
  address: string;
  headers: Record<string, string>;
}

interface Signing {
  /** Where the function listens. */
  url: string;
  body: string | Buffer;
  contentType: string;
  /** What a link authorises: its address is the only place for that. */
  target?: Omit<LinkGrant, 'expiresAtSeconds'> | undefined;
  /** Epoch milliseconds. */
  now: number;
  /** Of the delivery. */
  id?: string;
}

/** The request with which the source's sender would post this body. */
export function signedRequest(
  source: CompiledSource,
  secret: string,
  { url, body, contentType, target, now, id = 'delivery-1' }: Signing,
): SenderRequest {
  const { name, verify, deliveryHeader } = source;
  const address = `${url}/${name}`;
  const headers = {
    'content-type': contentType,
    ...(deliveryHeader !== undefined && { [deliveryHeader]: id }),
    ...signatureHeaders(verify, secret, body, { now, id, contentType }),
  };
  if (verify.scheme !== 'link' || !target) return { address, headers };
  const grant = { ...target, expiresAtSeconds: Math.floor(now / 1000) + shortLinkSeconds };
  return { address: `${address}?${linkQuery(verify, secret, grant)}`, headers };
}

/** Seconds until a signed request expires; undefined where it never does. */
export function secondsValid({ verify, payloadTimestamp }: CompiledSource): number | undefined {
  if (payloadTimestamp) return payloadTimestamp.toleranceSeconds;
  switch (verify.scheme) {
    case 'hmac':
      return verify.timestamp?.toleranceSeconds;
    case 'stripe':
      return verify.toleranceSeconds;
    case 'dingtalk':
      return dingTalkTimestamp.toleranceSeconds;
    case 'feishu':
      return feishuTimestamp.toleranceSeconds;
    case 'link':
      return shortLinkSeconds;
    case 'token':
      return undefined;
  }
}

/**
 * Reads a sources.yaml and finds the source of this name in it.
 *
 * @throws CliError where there is none
 */
export function readSource(file: string, name: string): CompiledConfiguration & { source: CompiledSource } {
  const configuration = compileConfigurationFile(file);
  const { sources, events } = configuration;
  const source = sources.find((each) => each.name === name);
  if (source) return { ...configuration, source };
  if (events.some((each) => each.name === name)) {
    throw new CliError(`The source ${name} takes events, and no webhooks: use --event.`);
  }
  throw noSource(name, sources);
}

/**
 * The same for a source of events.
 *
 * @throws CliError where there is none
 */
export function readEventSource(
  file: string,
  name: string,
): CompiledConfiguration & { source: CompiledEventSource } {
  const configuration = compileConfigurationFile(file);
  const { sources, events } = configuration;
  const source = events.find((each) => each.name === name);
  if (source) return { ...configuration, source };
  if (sources.some((each) => each.name === name)) {
    throw new CliError(`The source ${name} takes webhooks, and no events: leave --event out.`);
  }
  throw noSource(name, events);
}

function noSource(name: string, sources: readonly { name: string }[]): CliError {
  const names = sources.map((each) => each.name);
  return new CliError(`There is no source ${JSON.stringify(name)}${didYouMean(name, names)}`);
}

/**
 * The application that a link is for: the one that is given, or the only one under the source's `apps`.
 *
 * @throws CliError
 */
export function appOfLink({ name, apps = [] }: CompiledSource, given: string | undefined): string {
  const [only, ...others] = apps;
  if (given === undefined && only !== undefined && others.length === 0) return only;
  if (given !== undefined && apps.includes(given)) return given;
  const fault =
    given === undefined
      ? `needs --app ID, the application of the link`
      : `may not touch the application ${given}`;
  throw new CliError(`The source ${name} ${fault}. Its apps are ${apps.join(', ')}.`);
}
