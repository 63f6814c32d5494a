import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { errorCatalogue } from '../../../../functions/errors.ts';
import { feishuBotSignature } from '../../../../functions/follow/notify/feishu.ts';
import { dingTalkSignature } from '../../../../functions/lib/dingtalk-signature.ts';
import { decodeSecret } from '../../../../functions/secrets/decode-secret.ts';
import { secretEncodingOf } from '../../../../functions/secrets/read-key.ts';
import { isClosed, loadSources } from '../../../../functions/webhook/source/load-sources.ts';
import { decryptFeishu, feishuSignature } from '../../../../functions/webhook/verify/feishu.ts';
import type { HmacParameters } from '../../../../functions/webhook/verify/hmac.ts';
import { verify, type VerifyParameters } from '../../../../functions/webhook/verify/verify.ts';
import type { PresetName } from '../../../../presets/index.ts';
import { codeOf } from '../../../support/problem.ts';
import { bodyInHex, pipelineSource } from '../../../support/source.ts';
import { verifyOf } from './signing.ts';

/** One signature that somebody published, or that was computed from somebody's source. */
interface SignatureVector {
  sender: string;
  source: string;
  note?: string;
  expect: 'valid' | 'invalid';
  secret: string;
  headers: Record<string, string>;
  body?: string;
  bodyBase64?: string;
  bodyRepeat?: { text: string; count: number };
  /** When it is checked, epoch milliseconds. */
  now?: number;

  /** The preset whose parameters judge it. */
  preset?: PresetName;
  /** Where no preset signs so, what makes it another way than hexadecimal HMAC-SHA256 over the body. */
  parameters?: Partial<HmacParameters>;
  /** Where it is not a whole request: the part of a scheme that it shows. */
  part?: 'dingTalkSignature' | 'feishuSignature' | 'decryptFeishu' | 'feishuBotSignature';
  /** What `decryptFeishu` must give. */
  plaintext?: string;
}

const vectors = JSON.parse(
  readFileSync(new URL('../../../data/signature-vectors.json', import.meta.url), 'utf8'),
) as SignatureVector[];
const requests = vectors.filter(({ part }) => part === undefined);

function parametersOf({ preset, parameters }: SignatureVector): VerifyParameters {
  return preset ? verifyOf(preset) : { ...bodyInHex, ...parameters };
}

function headersOf({ headers }: SignatureVector): Map<string, string> {
  return new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function bodyOf({ body = '', bodyBase64, bodyRepeat }: SignatureVector): Buffer {
  if (bodyRepeat) return Buffer.from(bodyRepeat.text.repeat(bodyRepeat.count));
  return bodyBase64 === undefined ? Buffer.from(body, 'utf8') : Buffer.from(bodyBase64, 'base64');
}

function vectorOf(part: SignatureVector['part']): SignatureVector {
  const [vector, ...others] = vectors.filter((each) => each.part === part);
  if (!vector || others.length > 0) throw new Error(`There must be one vector for ${part ?? 'nothing'}`);
  return vector;
}

describe('a published signature is judged as its sender judges it', () => {
  test.each(requests.map((vector, index) => ({ index, ...vector, title: vector.note ?? vector.source })))(
    '$index $sender, $expect: $title',
    (vector) => {
      const parameters = parametersOf(vector);
      // A secret that cannot be decoded leaves its source without keys.
      const key = decodeSecret(vector.secret, secretEncodingOf(parameters));
      const request = { headers: headersOf(vector), body: bodyOf(vector) };
      const code = codeOf(() => verify(parameters, key ? [key] : [], request, vector.now ?? 0));
      if (vector.expect === 'valid') expect(code).toBeUndefined();
      else expect(code && errorCatalogue[code].status).toBe(401);
    },
  );

  test('DingTalk: the same function makes the signature of its custom robots', () => {
    const { secret, headers } = vectorOf('dingTalkSignature');
    const { timestamp = '', sign } = headers;
    const signature = dingTalkSignature(Buffer.from(secret), timestamp).toString('base64');
    expect(signature).toBe(sign);
    expect(encodeURIComponent(signature)).toBe('hmPWwU%2B7lVdm3ZZz0r9tSfx0L4Q26jWOZr9%2BGs6EZQM%3D');
  });

  test('Feishu: a signature, the time of which is the word "timestamp"', () => {
    const vector = vectorOf('feishuSignature');
    expect(
      feishuSignature(Buffer.from(vector.secret), 'timestamp', 'nonce', bodyOf(vector)).toString('hex'),
    ).toBe(vector.headers['X-Lark-Signature']);
  });

  test('Feishu: an encrypted challenge', () => {
    const { secret, body = '', plaintext } = vectorOf('decryptFeishu');
    expect(decryptFeishu([Buffer.from(secret)], JSON.parse(body))?.toString()).toBe(plaintext);
  });

  test('Feishu: the signature of what is sent to a custom bot', () => {
    const { secret, body = '' } = vectorOf('feishuBotSignature');
    const { timestamp, sign } = JSON.parse(body) as { timestamp: string; sign: string };
    expect(feishuBotSignature(Buffer.from(secret), timestamp)).toBe(sign);
  });
});

describe('a source stays closed', () => {
  const isClosedWith = (vector: SignatureVector) => {
    const source = { ...pipelineSource, verify: parametersOf(vector), secrets: ['SECRET'] };
    const opened = loadSources([source], { SECRET: vector.secret }, () => undefined).get('pipeline');
    return opened !== undefined && isClosed(opened);
  };

  test.each(['', 'hello\n', 'whsec_test_secret\n', 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=='])(
    'whose secret is that of a vector that no source may have: %j',
    (secret) => {
      const unfit = requests.filter((vector) => vector.secret === secret);
      expect(unfit.map(isClosedWith)).toEqual(unfit.map(() => true));
      expect(unfit).not.toEqual([]);
    },
  );

  test('for no other secret of the vectors', () => {
    expect(requests.filter(isClosedWith)).toHaveLength(10);
  });
});

test('there are 100 vectors, 60 of them valid, and with valid ones 16 presets are tried', () => {
  expect(vectors).toHaveLength(100);
  expect(requests).toHaveLength(96);
  const valid = vectors.filter((vector) => vector.expect === 'valid');
  expect(valid).toHaveLength(60);
  expect(new Set(valid.flatMap(({ preset }) => preset ?? []))).toEqual(
    new Set([
      'bitbucket',
      'circleci',
      'dingtalk',
      'flux',
      'github',
      'gitlab',
      'gitlab-token',
      'grafana',
      'linear',
      'pagerduty',
      'sentry',
      'slack',
      'standard-webhooks',
      'stripe-style',
      'svix',
      'zendesk',
    ]),
  );
});
