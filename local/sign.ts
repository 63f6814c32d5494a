import { createHmac } from 'node:crypto';
import type { HmacParameters } from '../functions/webhook/verify/hmac.ts';
import { decodeSecret } from '../functions/webhook/verify/secret.ts';
import { CliError } from './cli.ts';

/**
 * The headers with which a sender would sign this body: what `verifyHmac` checks, the other way round.
 *
 * @param secret as it stands in the environment, still encoded
 * @param now epoch milliseconds
 * @param id stands for `{id}`
 * @throws CliError where the secret cannot be decoded
 */
export function signatureHeaders(
  parameters: HmacParameters,
  secret: string,
  body: string | Buffer,
  { now = Date.now(), id = 'delivery-1' } = {},
): Record<string, string> {
  const key = decodeSecret(secret, parameters.secretEncoding);
  if (!key) throw new CliError(`The secret cannot be decoded: its encoding is ${parameters.secretEncoding}.`);
  const { timestamp, idHeader } = parameters;
  const time = { s: String(Math.floor(now / 1000)), ms: String(now), iso: new Date(now).toISOString() };
  const timeText = timestamp ? time[timestamp.unit] : '';
  const placeholders = new Map<string, string | Buffer>([
    ['{body}', body],
    ['{timestamp}', timeText],
    ['{id}', id],
  ]);

  const hmac = createHmac(parameters.algorithm, key);
  for (const part of parameters.signed) hmac.update(placeholders.get(part) ?? part);
  return {
    [parameters.header]: parameters.prefix + hmac.digest(parameters.encoding),
    ...(timestamp && { [timestamp.header]: timeText }),
    ...(idHeader !== undefined && { [idHeader]: id }),
  };
}
