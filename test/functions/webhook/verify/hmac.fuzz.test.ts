import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { errorCatalogue } from '../../../../functions/errors.ts';
import { decodeSecret, type SecretEncoding } from '../../../../functions/secrets/decode-secret.ts';
import { verifyHmac, type HmacParameters } from '../../../../functions/webhook/verify/hmac.ts';
import { signatureHeaders } from '../../../../local/signing/sign.ts';
import { codeOf } from '../../../support/problem.ts';
import { runs } from '../../../support/runs.ts';
import { flipBit, flipBitOfText } from './signing.ts';

// Thousands of runs, on machines of every speed.
vi.setConfig({ testTimeout: 60_000 });

/** Everything that one correctly signed request is made of. */
interface Signing {
  parameters: HmacParameters;
  /** As it stands in the environment. */
  secret: string;
  body: Uint8Array;
  id: string;
  now: number;
}

const literal = fc.string({ unit: 'binary', maxLength: 10 }).filter((text) => !text.startsWith('{'));

const parameters: fc.Arbitrary<HmacParameters> = fc
  .record({
    algorithm: fc.constantFrom('sha256' as const, 'sha512' as const, 'sha1' as const),
    encoding: fc.constantFrom('hex' as const, 'base64' as const),
    prefix: fc.stringMatching(/^([a-z0-9]{1,8}[=, ]?)?$/),
    separator: fc.constantFrom(undefined, ',' as const, ' ' as const),
    unit: fc.constantFrom(undefined, 's' as const, 'ms' as const, 'iso' as const),
    hasId: fc.boolean(),
    literals: fc.array(literal, { minLength: 4, maxLength: 4 }),
    secretEncoding: fc.constantFrom<SecretEncoding>('plain', 'hex', 'base64', 'whsec'),
  })
  .filter(({ prefix, separator }) => separator === undefined || !prefix.includes(separator))
  .map(({ separator, unit, hasId, literals: [a = '', b = '', c = '', d = ''], ...rest }) => ({
    ...rest,
    scheme: 'hmac' as const,
    header: 'x-signature',
    signed: [a, ...(unit ? ['{timestamp}', b] : []), ...(hasId ? ['{id}', c] : []), '{body}', d],
    ...(separator && { separator }),
    ...(unit && { timestamp: { header: 'x-timestamp', unit, toleranceSeconds: 300 } }),
    ...(hasId && { idHeader: 'x-id' }),
  }));

const key = fc.uint8Array({ minLength: 1, maxLength: 80 }).map((bytes) => Buffer.from(bytes));

const signings: fc.Arbitrary<Signing> = fc
  .record({
    parameters,
    key,
    body: fc.uint8Array({ minLength: 1, maxLength: 200 }),
    id: fc.string({ minLength: 1 }),
    now: fc.integer({ min: 0, max: Date.parse('2100-01-01T00:00:00Z') }),
  })
  .map(({ key, ...rest }) => ({ ...rest, secret: encodeSecret(key, rest.parameters.secretEncoding) }));

function encodeSecret(bytes: Buffer, encoding: SecretEncoding): string {
  switch (encoding) {
    case 'plain':
      return bytes.toString('latin1');
    case 'hex':
    case 'base64':
      return bytes.toString(encoding);
    case 'whsec':
      return `whsec_${bytes.toString('base64')}`;
  }
}

function sign({ parameters, secret, body, now, id }: Signing): Record<string, string> {
  return signatureHeaders(parameters, secret, Buffer.from(body), { now, id });
}

function verify({ parameters, secret, body, now }: Signing, headers: Record<string, string>): void {
  const decoded = decodeSecret(secret, parameters.secretEncoding);
  const request = { headers: new Map(Object.entries(headers)), body: Buffer.from(body) };
  verifyHmac(parameters, decoded ? [decoded] : [], request, now);
}

/** The HTTP status that a request ends with; 200 when its signature is right. */
function statusOf(signing: Signing, headers: Record<string, string>): number {
  const code = codeOf(() => {
    verify(signing, headers);
  });
  return code === undefined ? 200 : errorCatalogue[code].status;
}

const position = fc.nat({ max: 100_000 });
const often = { numRuns: runs(300) };

test('what sign.ts signs, verifyHmac accepts, whatever the parameters, the secret and the bytes', () => {
  fc.assert(
    fc.property(signings, (signing) => {
      verify(signing, sign(signing));
    }),
    often,
  );
});

describe('a single bit that flips is refused with 401', () => {
  test('in the body', () => {
    fc.assert(
      fc.property(signings, position, (signing, bit) => {
        const changed = { ...signing, body: flipBit(signing.body, bit) };
        expect(statusOf(changed, sign(signing))).toBe(401);
      }),
      often,
    );
  });

  test('in the digest', () => {
    fc.assert(
      fc.property(signings, position, (signing, bit) => {
        const { prefix } = signing.parameters;
        const encoding = signing.parameters.encoding === 'base64' ? 'base64' : 'hex';
        const headers = sign(signing);
        const digest = Buffer.from((headers['x-signature'] ?? '').slice(prefix.length), encoding);
        headers['x-signature'] = prefix + flipBit(digest, bit).toString(encoding);
        expect(statusOf(signing, headers)).toBe(401);
      }),
      often,
    );
  });

  test.each(['x-timestamp', 'x-id'])('in the header %s', (name) => {
    const withHeader = signings.filter((signing) => name in sign(signing));
    fc.assert(
      fc.property(withHeader, position, (signing, bit) => {
        const headers = sign(signing);
        headers[name] = flipBitOfText(headers[name] ?? '', bit);
        expect(statusOf(signing, headers)).toBe(401);
      }),
      often,
    );
  });

  test('in the secret', () => {
    fc.assert(
      fc.property(signings, key, position, ({ parameters, ...rest }, bytes, bit) => {
        const signing = { ...rest, parameters: { ...parameters, secretEncoding: 'hex' as const } };
        const headers = sign({ ...signing, secret: bytes.toString('hex') });
        expect(statusOf({ ...signing, secret: flipBit(bytes, bit).toString('hex') }, headers)).toBe(401);
      }),
      often,
    );
  });
});

describe('Invariant 10: verification throws nothing but a Problem', () => {
  const anyText = fc.string({ unit: 'binary' });
  const nearly = fc.oneof(
    anyText,
    fc.stringMatching(/^(sha256=|v1,|v1=)?[0-9a-f]{64}([, ][0-9a-f]{64})?$/),
    fc.uint8Array({ minLength: 20, maxLength: 64 }).map((bytes) => Buffer.from(bytes).toString('base64')),
    fc.constantFrom('', ',', ' ', '=', '0', '1767323045', '1767323045000', '2026-01-02T03:04:05Z'),
  );
  const names = fc.constantFrom('x-signature', 'x-timestamp', 'x-id', '__proto__', 'constructor');
  const headers = fc.dictionary(names, nearly);

  test('whatever the headers and the body are, and none is accepted', () => {
    fc.assert(
      fc.property(signings, headers, (signing, headers) => {
        expect(statusOf(signing, headers)).toBe(401);
      }),
      often,
    );
  });
});
