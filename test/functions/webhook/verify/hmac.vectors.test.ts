import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { errorCatalogue } from '../../../../functions/errors.ts';
import { presets } from '../../../../functions/webhook/source/presets.ts';
import {
  verifyHmac,
  type HmacAlgorithm,
  type HmacParameters,
} from '../../../../functions/webhook/verify/hmac.ts';
import { decodeSecret } from '../../../../functions/webhook/verify/secret.ts';
import { codeOf } from '../../../support/problem.ts';
import { bodyInHex } from '../../../support/source.ts';

/**
 * One signature that somebody published, or that was computed from somebody's source. Left out of the collection that
 * they come from are those which are no HMAC over the body with these parameters, and which arrive together with their
 * schemes: Stripe (time and signatures in one header), DingTalk (the body is not signed), Feishu (no HMAC), GitLab's
 * plain token, and Jenkins' base64 of hexadecimal text. Of Linear the signature is here, its time inside the body not.
 */
interface SignatureVector {
  scheme: string;
  sender: string;
  source: string;
  note?: string;
  expect: 'valid' | 'invalid';
  secret: string;
  headers: Record<string, string>;
  body?: string;
  bodyBase64?: string;
  bodyRepeat?: { text: string; count: number };
  /** When it is checked, epoch seconds. */
  now?: number;

  // Where the vectors of one scheme differ in their parameters.
  algorithm?: HmacAlgorithm;
  header?: string;
  prefix?: string;
  separator?: ',';
  timestampHeader?: string;
  headerPrefix?: string;
}

const vectors = JSON.parse(
  readFileSync(new URL('../../../data/signature-vectors.json', import.meta.url), 'utf8'),
) as SignatureVector[];

/** What a source of each scheme is configured with. */
const schemes: Record<string, (vector: SignatureVector) => HmacParameters> = {
  'raw-hmac': () => bodyInHex,
  hex: ({ algorithm = 'sha256', header = 'x-signature', prefix = '', separator }) => ({
    ...bodyInHex,
    algorithm,
    header,
    prefix,
    ...(separator && { separator }),
  }),
  github: ({ algorithm = 'sha256', header }) => ({
    ...presets.github.verify,
    ...(header !== undefined && { header, algorithm, prefix: `${algorithm}=` }),
  }),
  standard: ({ headerPrefix = 'webhook-' }) => ({
    algorithm: 'sha256',
    header: `${headerPrefix}signature`,
    encoding: 'base64',
    prefix: 'v1,',
    separator: ' ',
    signed: ['{id}', '.', '{timestamp}', '.', '{body}'],
    timestamp: { header: `${headerPrefix}timestamp`, unit: 's', toleranceSeconds: 300 },
    idHeader: `${headerPrefix}id`,
    secretEncoding: 'whsec',
  }),
  slack: () => ({
    ...bodyInHex,
    header: 'x-slack-signature',
    prefix: 'v0=',
    signed: ['v0:', '{timestamp}', ':', '{body}'],
    timestamp: { header: 'x-slack-request-timestamp', unit: 's', toleranceSeconds: 300 },
  }),
  pagerduty: () => ({ ...bodyInHex, header: 'x-pagerduty-signature', prefix: 'v1=', separator: ',' }),
  circleci: () => ({ ...bodyInHex, header: 'circleci-signature', prefix: 'v1=', separator: ',' }),
  grafana: ({ header = 'x-grafana-alerting-signature', timestampHeader }) => ({
    ...bodyInHex,
    header,
    ...(timestampHeader !== undefined && {
      signed: ['{timestamp}', ':', '{body}'],
      timestamp: { header: timestampHeader, unit: 's', toleranceSeconds: 300 },
    }),
  }),
  zendesk: () => ({
    ...bodyInHex,
    header: 'x-zendesk-webhook-signature',
    encoding: 'base64',
    signed: ['{timestamp}', '{body}'],
    timestamp: { header: 'x-zendesk-webhook-signature-timestamp', unit: 'iso', toleranceSeconds: 300 },
  }),
};

function verify(vector: SignatureVector): void {
  const parameters = schemes[vector.scheme]?.(vector);
  if (!parameters) throw new Error(`No parameters for ${vector.scheme}`);
  // A secret that cannot be decoded leaves its source without keys.
  const key = decodeSecret(vector.secret, parameters.secretEncoding);
  const headers = new Map(Object.entries(vector.headers).map(([name, value]) => [name.toLowerCase(), value]));
  verifyHmac(parameters, key ? [key] : [], { headers, body: bodyOf(vector) }, (vector.now ?? 0) * 1000);
}

function bodyOf({ body = '', bodyBase64, bodyRepeat }: SignatureVector): Buffer {
  if (bodyRepeat) return Buffer.from(bodyRepeat.text.repeat(bodyRepeat.count));
  return bodyBase64 === undefined ? Buffer.from(body, 'utf8') : Buffer.from(bodyBase64, 'base64');
}

describe('a published signature is judged as its sender judges it', () => {
  test.each(vectors.map((vector, index) => ({ index, ...vector, title: vector.note ?? vector.source })))(
    '$index $sender, $expect: $title',
    (vector) => {
      const code = codeOf(() => {
        verify(vector);
      });
      if (vector.expect === 'valid') expect(code).toBeUndefined();
      else expect(code && errorCatalogue[code].status).toBe(401);
    },
  );

  test('every scheme has a valid one among them', () => {
    const valid = vectors.filter((vector) => vector.expect === 'valid').map(({ scheme }) => scheme);
    expect(new Set(valid)).toEqual(new Set(Object.keys(schemes)));
    expect(vectors).toHaveLength(88);
  });
});
