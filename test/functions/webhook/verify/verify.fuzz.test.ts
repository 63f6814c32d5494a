import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { errorCatalogue } from '../../../../functions/errors.ts';
import { decodeSecret } from '../../../../functions/secrets/decode-secret.ts';
import { secretEncodingOf } from '../../../../functions/secrets/read-key.ts';
import { handshakeReply } from '../../../../functions/webhook/handshake.ts';
import type { Handshake } from '../../../../functions/webhook/source/compiled-source.ts';
import type { Source } from '../../../../functions/webhook/source/load-sources.ts';
import { sha256, type SignedRequest } from '../../../../functions/webhook/verify/match.ts';
import { coversPayload, verify, type VerifyParameters } from '../../../../functions/webhook/verify/verify.ts';
import { codeOf } from '../../../support/problem.ts';
import { runs } from '../../../support/runs.ts';
import { pipelineSource } from '../../../support/source.ts';
import { fakeSecret } from '../../../support/webhook.ts';
import { presetNames, tamper, toRequest, verifyOf, write } from './signing.ts';

// How many cases `npm test` tries; `npm run test:long` tries twenty times as many, 220,000:
//
//   here, bits that flip        28 presets × 150 = 4,200, each with a flip in every part of the request
//   here, rubbish               28 presets ×  50 = 1,400, and 3 handshakes × 200 = 600
//   here, pairs of bodies       19 presets ×  80 = 1,520
//   hmac.fuzz.test.ts            7 tests   × 300 = 2,100
//   ../handler.fuzz.test.ts      3 tests   × 300 =   900, and 28 presets × 10 = 280
//                                                 11,000

// For `npm run test:long`, on machines of every speed.
vi.setConfig({ testTimeout: 60_000 });

const app = '3616cdca-4f92-4413-8a51-000000000001';
const order = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';

const signings = fc.record({
  variable: fc.nat({ max: 1000 }).map((number) => `SECRET_${number}`),
  body: fc.uint8Array({ minLength: 1, maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
  id: fc.string({ minLength: 1, maxLength: 20 }),
  // Times of ten digits in seconds, as Feishu's must be.
  now: fc.integer({ min: 1_000_000_000_000, max: Date.parse('2100-01-01T00:00:00Z') }),
  hasOrder: fc.boolean(),
});
type Signing = typeof signings extends fc.Arbitrary<infer T> ? T : never;

/** Feishu signs nothing but objects in JSON. */
function signingsOf({ scheme }: VerifyParameters): typeof signings {
  if (scheme !== 'feishu') return signings;
  const encrypted = (body: Buffer) => Buffer.from(JSON.stringify({ encrypt: body.toString('base64') }));
  return signings.map((signing) => ({ ...signing, body: encrypted(signing.body) }));
}

function sign(parameters: VerifyParameters, { variable, body, id, now, hasOrder }: Signing) {
  const expiresAtSeconds = Math.floor(now / 1000) + 1000;
  const grant = { app, ...(hasOrder && { changeOrderId: order }), expiresAtSeconds };
  return write(parameters, fakeSecret(variable, parameters), { body, id, now, grant });
}

/** The HTTP status that a request ends with; 200 when it is let in. */
function statusOf(
  parameters: VerifyParameters,
  { variable, now }: Pick<Signing, 'variable' | 'now'>,
  request: SignedRequest,
): number {
  const key = decodeSecret(fakeSecret(variable, parameters), secretEncodingOf(parameters));
  const code = codeOf(() => verify(parameters, key ? [key] : [], request, now));
  return code === undefined ? 200 : errorCatalogue[code].status;
}

describe.each(presetNames)('a request of %s', (preset) => {
  const parameters = verifyOf(preset);

  test('is let in as it was signed, and refused with 401 once a single bit flips, in whatever part', () => {
    fc.assert(
      fc.property(signingsOf(parameters), fc.nat({ max: 100_000 }), (signing, position) => {
        const request = sign(parameters, signing);
        expect(statusOf(parameters, signing, toRequest(request))).toBe(200);
        for (const changed of tamper(parameters, request, position)) {
          expect(statusOf(parameters, signing, toRequest(changed))).toBe(401);
        }
      }),
      { numRuns: runs(150) },
    );
  });
});

/** Of every scheme, and names that every object knows. */
const names = fc.constantFrom(
  ...presetNames.flatMap((preset) => Object.keys(signNames(verifyOf(preset)))),
  'app',
  'order',
  'exp',
  'sig',
  'content-type',
  '__proto__',
  'constructor',
);

function signNames(parameters: VerifyParameters): Record<string, string> {
  return sign(parameters, { variable: 'A', body: Buffer.from('x'), id: 'x', now: 1, hasOrder: true }).headers;
}

const form = 'application/x-www-form-urlencoded';
const values = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.stringMatching(/^(sha256=|v1=|v0=|v1,)?[0-9a-f]{64}$/),
  fc.stringMatching(/^t=1767323045(,v1=([0-9a-f]{2}){1,33}){1,2}$/),
  fc.stringMatching(/^(Bearer|Basic|bearer) [A-Za-z0-9+/]{1,8}={0,2}$/),
  fc.uint8Array({ minLength: 20, maxLength: 64 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  fc.constantFrom('', ',', '=', '0', '1', '1767323045', '1767323045000', '2026-01-02T03:04:05Z', app, form),
);
const rubbish = fc.record({
  headers: fc.dictionary(names, values, { maxKeys: 6 }),
  query: fc.dictionary(names, values, { maxKeys: 5 }),
  body: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  variable: fc.constant('SECRET'),
  // Often the time that some of the values are.
  now: fc.oneof(fc.constant(1_767_323_045_000), fc.integer({ min: 0, max: 2_000_000_000_000 })),
});

describe('Invariant 10: verification throws nothing but a Problem, whatever the headers, the query and the body are', () => {
  test.each(presetNames)('and %s lets nobody in', (preset) => {
    fc.assert(
      fc.property(rubbish, (request) => {
        expect(statusOf(verifyOf(preset), request, toRequest(request))).toBe(401);
      }),
      { numRuns: runs(50) },
    );
  });

  const key = Buffer.from('fake-encrypt-key');
  const encrypted = fc.tuple(fc.json({ maxDepth: 1 }), fc.uint8Array({ minLength: 16, maxLength: 16 }));
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc.json({ maxDepth: 2 }).map((json) => Buffer.from(json)),
    fc.stringMatching(/^(token=x&)?ssl_check=1?(&[a-z]{1,5}=?)?$/).map((text) => Buffer.from(text)),
    fc.base64String().map((text) => Buffer.from(JSON.stringify({ encrypt: text }))),
    encrypted.map(([json, iv]) => Buffer.from(JSON.stringify({ encrypt: encrypt(json, iv) }))),
    fc
      .record({
        type: fc.constant('url_verification'),
        challenge: fc.jsonValue({ maxDepth: 1 }),
        token: fc.string(),
      })
      .map((challenge) => Buffer.from(JSON.stringify(challenge))),
    fc.constantFrom('[', '"', '{"encrypt":', '\ufeff{}', '['.repeat(900)).map((text) => Buffer.from(text)),
  );

  function encrypt(plain: string, iv: Uint8Array): string {
    const cipher = createCipheriv('aes-256-cbc', sha256(key), iv);
    return Buffer.concat([iv, cipher.update(plain), cipher.final()]).toString('base64');
  }

  // Nothing of this is signed, not even with Zendesk's public secret.
  test.each<[Handshake, (string | undefined)[]]>([
    ['slack', [undefined, 'ignored']],
    ['feishu', [undefined, 'ignored']],
    ['zendesk', [undefined]],
  ])('nor does the handshake of %s, which ignores what it answers', (handshake, outcomes) => {
    const source: Source = {
      ...pipelineSource,
      verify: verifyOf(handshake),
      handshake,
      keys: [key],
      secretsInKms: [],
    };
    const seen = new Set<string | undefined>();
    fc.assert(
      fc.property(rubbish, bodies, fc.boolean(), ({ headers, query, now }, body, isForm) => {
        const typed = isForm ? { ...headers, 'content-type': form } : headers;
        seen.add(handshakeReply(source, toRequest({ headers: typed, query, body }), now)?.outcome);
      }),
      { numRuns: runs(2_000) },
    );
    expect(seen).toEqual(new Set(outcomes));
  });
});

describe('two different bodies never share a signature', () => {
  const signers = presetNames.filter((preset) => coversPayload(verifyOf(preset)));
  const other = (body: Buffer) =>
    fc.oneof(
      fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom(
        Buffer.alloc(0),
        Buffer.from('{}'),
        body.subarray(1),
        body.subarray(0, -1),
        Buffer.concat([body, Buffer.alloc(1)]),
        Buffer.concat([body, Buffer.from('\n')]),
        Buffer.concat([Buffer.from('\ufeff'), body]),
        Buffer.concat([body, body]),
        Buffer.from(body.toString('utf8')),
        Buffer.from(body.toString('latin1')),
        Buffer.from(body.toString('base64')),
        Buffer.from(body).reverse(),
      ),
    );
  const pairsOf = (parameters: VerifyParameters) =>
    signingsOf(parameters).chain((signing) => fc.tuple(fc.constant(signing), other(signing.body)));

  test.each(signers)('of %s', (preset) => {
    const parameters = verifyOf(preset);
    fc.assert(
      fc.property(pairsOf(parameters), ([signing, body]) => {
        fc.pre(!body.equals(signing.body));
        const request = { ...sign(parameters, signing), body };
        expect(statusOf(parameters, signing, toRequest(request))).toBe(401);
      }),
      { numRuns: runs(80) },
    );
  });

  test('of any of the 19 senders that sign their body', () => {
    expect(presetNames).toHaveLength(29);
    expect(signers).toHaveLength(19);
  });
});
