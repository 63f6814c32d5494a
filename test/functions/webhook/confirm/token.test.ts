import { createHmac } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Problem } from '../../../../functions/errors.ts';
import { makeToken, type LinkFields } from '../../../../functions/execute/confirm-link.ts';
import { readToken, watchTimeMs } from '../../../../functions/webhook/confirm/token.ts';
import { runs } from '../../../support/runs.ts';

const key = Buffer.from('fake-secret-of-the-links');
const otherKey = Buffer.from('fake-secret-of-links-before');

const fields: LinkFields = {
  source: 'alertmanager',
  changeOrderId: 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a',
  app: '3616cdca-4f92-4413-0000-000000000000',
  ask: 1,
  requestId: 'fake-request-id',
  expiresAt: 1_767_323_045_000,
  problemStartedAt: undefined,
};

// What OpenSSL makes of it:
// printf 'confirm\n%s' "$FIELDS" | openssl dgst -sha256 -hmac fake-secret-of-the-links -binary | basenc --base64url
const vectors: [what: string, fields: LinkFields, token: string][] = [
  [
    'all but the beginning of the problem',
    fields,
    'WyJhbGVydG1hbmFnZXIiLCJkYzUxMzNkNy03NzNmLTRjODEtOWM1YS1lMjEwM2RjZTBmNmEiLCIzNjE2Y2RjYS00ZjkyLTQ0MTMtMDAwMC0wMDAwMDAwMDAwMDAiLDEsImZha2UtcmVxdWVzdC1pZCIsMTc2NzMyMzA0NTAwMCxudWxsXQ.AbWGdU0i9a5FX-guFCFym6NZ1863O0eohqmYJ8zv5_g',
  ],
  [
    'only what must be there, and the beginning of the problem',
    { ...fields, app: undefined, requestId: undefined, ask: 5, problemStartedAt: 1_767_322_000_000 },
    'WyJhbGVydG1hbmFnZXIiLCJkYzUxMzNkNy03NzNmLTRjODEtOWM1YS1lMjEwM2RjZTBmNmEiLG51bGwsNSxudWxsLDE3NjczMjMwNDUwMDAsMTc2NzMyMjAwMDAwMF0.3h4091sfQi2UFpA70wWvotDYX-ZuQuicty-aWN5_1Bk',
  ],
];

/** What a token opens; the code of the problem where it opens nothing. */
function opened(token: string, now = fields.expiresAt, keys: readonly Buffer[] = [key]): LinkFields | string {
  try {
    return readToken(token, keys, now);
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
}

describe('a token', () => {
  test.each(vectors)(
    'is, byte for byte, what an earlier version of this function made: %s',
    (_what, made, token) => {
      expect(makeToken(made, key)).toBe(token);
      expect(opened(token)).toEqual(made);
    },
  );

  test.each([
    ['when the time to decide is over', 0, fields],
    ['for a day more', watchTimeMs, fields],
    ['and then not', watchTimeMs + 1, 'link_expired'],
  ])('opens %s', (_when, sinceMs, what) => {
    expect(opened(makeToken(fields, key), fields.expiresAt + sinceMs)).toEqual(what);
  });

  test('opens with each of the keys, and is made with the first', () => {
    expect(opened(makeToken(fields, otherKey), fields.expiresAt, [key, otherKey])).toEqual(fields);
    expect(opened(makeToken(fields, otherKey))).toBe('signature_mismatch');
    expect(opened(makeToken(fields, key), fields.expiresAt, [])).toBe('signature_mismatch');
  });

  test('opens whatever the fields hold, and holds nothing that a chat or an address would change', () => {
    const time = fc.integer({ min: 0, max: 4_000_000_000_000 });
    const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
    const arbitrary = fc.record({
      source: fc.string({ unit: 'binary' }),
      changeOrderId: fc.uuid(),
      app: optional(fc.string({ unit: 'binary' })),
      ask: fc.integer({ min: 1, max: 5 }),
      requestId: optional(fc.string()),
      expiresAt: time,
      problemStartedAt: optional(time),
    });
    const property = fc.property(arbitrary, (made) => {
      const token = makeToken(made, key);
      return (
        /^[\w-]+\.[\w-]{43}$/.test(token) && isDeepStrictEqual(opened(token, made.expiresAt), { ...made })
      );
    });
    fc.assert(property, { numRuns: runs(200), seed: 1 });
  });

  test('opens nothing once any one character of it is another, is missing, or is one too many', () => {
    const token = makeToken({ ...fields, problemStartedAt: 1_767_322_000_000 }, key);
    const characters = Array.from('Aa0Zz9-_.=+/% \u0000é');
    for (let at = 0; at <= token.length; at += 1) {
      const [before, own, after] = [token.slice(0, at), token.charAt(at), token.slice(at + 1)];
      const altered = characters.flatMap((each) => [before + each + own + after, before + each + after]);
      for (const each of [...altered, before + after]) {
        const what = each === token ? 'signature_mismatch' : opened(each);
        if (what !== 'link_malformed' && what !== 'signature_mismatch') expect.fail(each);
      }
    }
  });

  test.each([
    ['no JSON', 'x'],
    ['no list', '{}'],
    ['fewer fields', '["a"]'],
    ['a change order that is no id', JSON.stringify(['s', '../x', null, 1, null, 1, null])],
    ['a time that is none', '["s","dc5133d7-773f-4c81-9c5a-e2103dce0f6a",null,1,null,1e999,null]'],
    ['no source', JSON.stringify([null, fields.changeOrderId, null, 1, null, 1, null])],
  ])('with %s in it is refused although its signature is right', (_what, text) => {
    const encoded = Buffer.from(text).toString('base64url');
    const signature = createHmac('sha256', key).update(`confirm\n${encoded}`).digest('base64url');
    expect(opened(`${encoded}.${signature}`, 0)).toBe('link_malformed');
  });
});
