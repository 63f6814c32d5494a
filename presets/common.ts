import type { HmacParameters } from '../functions/webhook/verify/hmac.ts';
import type { TokenParameters } from '../functions/webhook/verify/token.ts';

export const json = ['json'] as const;

/** HMAC-SHA256 over the raw body, in hexadecimal: what most senders do. A preset adds the header and its prefix. */
export const hmacSha256Hex = {
  scheme: 'hmac',
  algorithm: 'sha256',
  encoding: 'hex',
  prefix: '',
  signed: ['{body}'],
  secretEncoding: 'plain',
} as const;

/** The secret as `Authorization: Bearer <token>`, for senders that cannot sign. */
export const bearer: TokenParameters = { scheme: 'token', header: 'authorization', format: 'bearer' };

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export function signedAsStandardWebhooks(headerPrefix: string): HmacParameters {
  return {
    scheme: 'hmac',
    algorithm: 'sha256',
    header: `${headerPrefix}-signature`,
    encoding: 'base64',
    prefix: 'v1,',
    separator: ' ',
    signed: ['{id}', '.', '{timestamp}', '.', '{body}'],
    timestamp: { header: `${headerPrefix}-timestamp`, unit: 's', toleranceSeconds: 300 },
    idHeader: `${headerPrefix}-id`,
    secretEncoding: 'whsec',
  };
}

/**
 * Groups of alerts in the shape of Alertmanager. Alerts are repeated: the time when one began keeps its repetition from
 * rolling back the next deployment, too.
 */
export const alertmanagerAlerts = {
  contentTypes: json,
  when: "status == 'firing'",
  app: 'commonLabels.edas_app_id',
  problemStartedAt: "alerts[?status == 'firing'].startsAt",
} as const;
