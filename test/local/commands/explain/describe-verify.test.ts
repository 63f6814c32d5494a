import { describe, expect, test } from 'vitest';
import { verify, type VerifyParameters } from '../../../../functions/webhook/verify/verify.ts';
import { compileSources } from '../../../../local/build/compile-sources.ts';
import { describeVerify } from '../../../../local/commands/explain/describe-verify.ts';
import { secondsValid } from '../../../../local/signing/sender.ts';
import { signatureHeaders } from '../../../../local/signing/sign.ts';
import { codeOf } from '../../../support/problem.ts';
import { pipelineSource } from '../../../support/source.ts';

test('a signature is described with every parameter that it has', () => {
  const [source] = compileSources(`
sources:
  hook:
    secrets: [HOOK_SECRET]
    verify:
      header: X-Sig
      algorithm: sha512
      encoding: base64
      prefix: v1=
      separator: comma
      signed: '{id}.{timestamp}.{body}'
      idHeader: X-Id
      timestamp: { header: X-Time, unit: ms, toleranceSeconds: 60 }
      secretEncoding: whsec
`);
  expect(source && describeVerify(source.verify)).toEqual([
    'x-sig: v1=<HMAC-SHA512 over {id}.{timestamp}.{body}, in base64>',
    'Several may be listed, with a comma between them.',
    'x-id: <the id of the delivery>, which {id} stands for',
    'x-time: <unix milliseconds>, which {timestamp} stands for',
    'The time may be 60 s from now, in either direction.',
    'The key is the secret, decoded from base64, without the whsec_ before it if there is one.',
  ]);
});

describe('the seconds for which a request stays good are those of its verifier:', () => {
  const now = 1_767_323_045_000;
  test.each<[string, VerifyParameters]>([
    ['dingtalk', { scheme: 'dingtalk' }],
    ['feishu', { scheme: 'feishu' }],
    ['stripe', { scheme: 'stripe', header: 'stripe-signature', toleranceSeconds: 60 }],
  ])('%s', (_scheme, parameters) => {
    const body = Buffer.from('{}');
    const headers = new Map(Object.entries(signatureHeaders(parameters, 'fake-secret', body, { now })));
    const seconds = secondsValid({ ...pipelineSource, verify: parameters }) ?? Number.NaN;
    const codeAfter = (ms: number) =>
      codeOf(() => {
        verify(parameters, [Buffer.from('fake-secret')], { headers, body }, now + ms);
      });
    expect(codeAfter(seconds * 1000)).toBeUndefined();
    expect(codeAfter(seconds * 1000 + 1)).toBe('timestamp_out_of_window');
  });
});
