import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { verifyHmac, type HmacParameters } from '../../../../functions/webhook/verify/hmac.ts';
import { problemOf, verdictOf } from '../../../support/problem.ts';
import { bodyInHex } from '../../../support/source.ts';

// printf '{"a":1}' | openssl dgst -sha256 -hmac fake-secret
const body = '{"a":1}';
const key = Buffer.from('fake-secret');
const hex = 'dd847c2c53233a8a7fec124075533d689cca47361c43723fd0bf915fe33b9f59';
const base64 = '3YR8LFMjOop/7BJAdVM9aJzKRzYcQ3I/0L+RX+M7n1k=';
const otherHex = '16a4d3281da5cfa6d04b820c5840dff5d77b8a5eadb17a26b35673457c11af42';

interface Attempt {
  signature?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  keys?: Buffer[];
  now?: number;
}

function verify(changes: Partial<HmacParameters>, attempt: Attempt): void {
  const { signature, headers = {}, keys = [key], now = 0 } = attempt;
  const all = { ...headers, ...(signature !== undefined && { 'x-signature': signature }) };
  verifyHmac(
    { ...bodyInHex, ...changes },
    keys,
    { headers: new Map(Object.entries(all)), body: Buffer.from(attempt.body ?? body) },
    now,
  );
}

const verdict = verdictOf(verify);

describe('one signature', () => {
  test.each<[string, Partial<HmacParameters>, string]>([
    ['in hex', {}, hex],
    ['in upper-case hex', {}, hex.toUpperCase()],
    ['in hex after a prefix', { prefix: 'sha256=' }, `sha256=${hex}`],
    ['in base64', { encoding: 'base64' }, base64],
    ['in base64 after a prefix', { encoding: 'base64', prefix: 'v1,' }, `v1,${base64}`],
    ['in base64 of hex', { encoding: 'base64-of-hex' }, Buffer.from(hex).toString('base64')],
    [
      'of SHA-512',
      { algorithm: 'sha512' },
      '4fcd66b6f83bf3ebecd8bc2d5161de13f14e487b7c7c11474b0da509c0dc6381b9dd05d616442eeeecc99d7f104040f4d1687ea296c9c8eb0f470d54cd3775c1',
    ],
    [
      'of SHA-1, where the parameters say so',
      { algorithm: 'sha1' },
      '8d6b1b3b7c99aa220b3333689c8c4f5ea7e1c7ad',
    ],
  ])('%s is accepted', (_, parameters, signature) => {
    expect(verdict(parameters, { signature })).toBe('accepted');
  });

  test.each<[string, Partial<HmacParameters>, string]>([
    ['with nothing in it', {}, ' '],
    ['of an odd number of hex digits', {}, hex.slice(1)],
    ['of half the length', {}, hex.slice(32)],
    ['of one byte too much', {}, `${hex}00`],
    ['of twice the length', {}, hex + hex],
    ['that is no hex', {}, `g${hex.slice(1)}`],
    ['in base64 where hex is due', {}, base64],
    ['in hex where base64 is due', { encoding: 'base64' }, hex],
    ['in base64 where base64 of hex is due', { encoding: 'base64-of-hex' }, base64],
    ['in base64 of hex where base64 is due', { encoding: 'base64' }, Buffer.from(hex).toString('base64')],
    ['in URL-safe base64', { encoding: 'base64' }, '3YR8LFMjOop_7BJAdVM9aJzKRzYcQ3I_0L-RX-M7n1k='],
    ['in base64 without its padding', { encoding: 'base64' }, base64.slice(0, -1)],
    ['without its prefix', { prefix: 'sha256=' }, hex],
    ['with its prefix in another case', { prefix: 'sha256=' }, `SHA256=${hex}`],
    ['with its prefix alone', { prefix: 'sha256=' }, 'sha256='],
    ['with a prefix where none is due', {}, `sha256=${hex}`],
    ['with white space around it', {}, ` ${hex} `],
    ['of another algorithm than the configured one', {}, '8d6b1b3b7c99aa220b3333689c8c4f5ea7e1c7ad'],
    [
      'of another algorithm, whatever its prefix says',
      { prefix: 'sha256=' },
      'sha1=8d6b1b3b7c99aa220b3333689c8c4f5ea7e1c7ad',
    ],
  ])('%s is malformed', (_, parameters, signature) => {
    expect(verdict(parameters, { signature })).toBe('signature_malformed');
  });

  test.each([
    ['without the header', {}],
    ['with an empty header', { signature: '' }],
  ])('is missing %s', (_, request) => {
    expect(verdict({}, request)).toBe('signature_missing');
  });

  test('does not fit with another secret, another body, or no secret at all', () => {
    expect(verdict({}, { signature: otherHex })).toBe('signature_mismatch');
    expect(verdict({}, { signature: hex, body: '{"a":2}' })).toBe('signature_mismatch');
    expect(verdict({}, { signature: hex, keys: [] })).toBe('signature_mismatch');
  });

  test.each<[string, Partial<HmacParameters>, Attempt]>([
    ['The header x-signature is missing or empty.', {}, {}],
    [
      'The header x-signature must hold exactly one v1=<32 bytes in hex>.',
      { prefix: 'v1=' },
      { signature: 'fake' },
    ],
    [
      'The header x-signature must hold at least one v1,<64 bytes in base64>.',
      { prefix: 'v1,', separator: ' ', algorithm: 'sha512', encoding: 'base64' },
      { signature: 'fake' },
    ],
    [
      'The header x-id, a part of the signature, is missing.',
      { signed: ['{id}', '{body}'], idHeader: 'x-id' },
      { signature: hex },
    ],
    [
      "The signature in x-signature was not made with this source's secret over the body that arrived. Check that both sides have the same secret and that nothing changes the body on its way.",
      {},
      { signature: otherHex },
    ],
    [
      'The signed field payload of the form is not there, or not once.',
      { signed: ['{payload}'] },
      { signature: hex, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'x=1' },
    ],
  ])(
    'is refused with where to look, and with nothing that was sent or is expected: %s',
    (message, parameters, attempt) => {
      expect(
        problemOf(() => {
          verify(parameters, attempt);
        })?.message,
      ).toBe(message);
    },
  );
});

describe('Invariant 1: the bytes received are the bytes hashed', () => {
  test.each([
    [
      'invalid UTF-8',
      Buffer.from('7bff7d', 'hex'),
      'b5e4a0c5cd0e4b99164cc9f43bef8f80931248b334a0169a228a24833bbd2273',
    ],
    [
      'a byte order mark',
      Buffer.from('efbbbf7b7d', 'hex'),
      'ffd4e57feb74b492d0d974b55111f9edf28fef0ba67612995a79eca61f92e6cd',
    ],
    [
      '39df5fd6afd99435edc61380ff24a182aca43265ff318f400551cfedfe052e25',
      Buffer.from('{}\r\n'),
      '39df5fd6afd99435edc61380ff24a182aca43265ff318f400551cfedfe052e25',
    ],
  ])('%s is hashed as it arrived', (_, bytes, signature) => {
    expect(verdict({}, { signature, body: bytes })).toBe('accepted');
  });

  test('two bodies that read the same in lenient UTF-8 do not share a signature', () => {
    const replaced = Buffer.from(Buffer.from('7bff7d', 'hex').toString('utf8'));
    expect(
      verdict(
        {},
        { signature: 'b5e4a0c5cd0e4b99164cc9f43bef8f80931248b334a0169a228a24833bbd2273', body: replaced },
      ),
    ).toBe('signature_mismatch');
  });

  test('no header chooses the algorithm or switches it off', () => {
    const headers = {
      'x-signature-algorithm': 'none',
      'x-hub-signature': 'sha1=8d6b1b3b7c99aa220b3333689c8c4f5ea7e1c7ad',
      algorithm: 'sha1',
    };
    expect(verdict({}, { headers })).toBe('signature_missing');
    expect(verdict({}, { headers, signature: 'none' })).toBe('signature_malformed');
  });
});

describe('while a secret rotates', () => {
  const oldKey = Buffer.from('fake-old-secret');

  test.each([
    ['the old and the new', [oldKey, key]],
    ['the new and the old', [key, oldKey]],
  ])('either of the secrets opens: %s', (_, keys) => {
    expect(verdict({}, { signature: hex, keys })).toBe('accepted');
    expect(verdict({}, { signature: otherHex, keys })).toBe('accepted');
  });

  test('no third one does', () => {
    const keys = [oldKey, Buffer.from('fake-third-secret')];
    expect(verdict({}, { signature: hex, keys })).toBe('signature_mismatch');
  });

  const zeros = '0'.repeat(64);
  const list = { prefix: 'v1=', separator: ',' } as const;
  test.each<[string, Partial<HmacParameters>, string]>([
    ['first', list, `v1=${hex},v1=${zeros}`],
    ['last', list, `v1=${zeros},v1=${hex}`],
    ['after a space', list, `v1=${zeros}, v1=${hex}`],
    ['among other versions', list, `v0=${zeros},v1=${hex},v2=${zeros}`],
    ['among rubbish', list, `,,v1=,v1=zz,${hex},v1=${hex},`],
    ['alone', list, `v1=${hex}`],
    ['after a space that separates', { prefix: 'v1=', separator: ' ' }, `v1=${zeros}  v1=${hex}`],
    ['without a prefix', { separator: ',' }, `${zeros},${hex}`],
    [
      'where the prefix holds a comma',
      { encoding: 'base64', prefix: 'v1,', separator: ' ' },
      `v1,${Buffer.alloc(32).toString('base64')} v1,${base64}`,
    ],
  ])('a list with the right signature %s is accepted', (_, parameters, signature) => {
    expect(verdict(parameters, { signature })).toBe('accepted');
  });

  test('a list without it is refused, as is one without any signature', () => {
    expect(verdict(list, { signature: `v1=${zeros},v1=${zeros}` })).toBe('signature_mismatch');
    expect(verdict(list, { signature: `v1=,${hex},v0=${hex}` })).toBe('signature_malformed');
    expect(verdict(list, { signature: ',' })).toBe('signature_malformed');
  });

  test('a header sent twice, which arrives joined, is refused where the scheme knows no list', () => {
    expect(verdict({ prefix: 'sha256=' }, { signature: `sha256=${zeros},sha256=${hex}` })).toBe(
      'signature_malformed',
    );
    expect(verdict({ prefix: 'sha256=' }, { signature: `sha256=${hex},sha256=${hex}` })).toBe(
      'signature_malformed',
    );
  });

  test('a list with another separator is refused', () => {
    expect(verdict(list, { signature: `v1=${hex} v1=${hex}` })).toBe('signature_malformed');
    expect(verdict({ ...list, separator: ' ' }, { signature: `v1=${hex},v1=${hex}` })).toBe(
      'signature_malformed',
    );
  });
});

describe('a template', () => {
  const now = Date.parse('2026-01-02T03:04:05Z');
  const timed: Partial<HmacParameters> = {
    signed: ['{id}', '.', '{timestamp}', '.', '{body}'],
    timestamp: { header: 'x-timestamp', unit: 's', toleranceSeconds: 300 },
    idHeader: 'x-id',
  };
  // Over msg_1.1767323045.{"a":1}
  const signature = 'f9e94ef94f830498b52a84bb62eb86a9b4c6583b9fce1799fe50b5466c318e77';
  const headers = { 'x-timestamp': '1767323045', 'x-id': 'msg_1' };

  test('of id, time and body is accepted', () => {
    expect(verdict(timed, { signature, headers, now })).toBe('accepted');
  });

  test.each<[string, Record<string, string>, string]>([
    ['another id', { ...headers, 'x-id': 'msg_2' }, 'signature_mismatch'],
    ['an empty id', { ...headers, 'x-id': '' }, 'signature_missing'],
    ['no id', { 'x-timestamp': '1767323045' }, 'signature_missing'],
    ['another time within the window', { ...headers, 'x-timestamp': '1767323046' }, 'signature_mismatch'],
    [
      'the same time written differently',
      { ...headers, 'x-timestamp': '01767323045' },
      'timestamp_malformed',
    ],
    ['no time', { 'x-id': 'msg_1' }, 'timestamp_missing'],
    ['a time that is none', { ...headers, 'x-timestamp': 'hello' }, 'timestamp_malformed'],
  ])('is refused with %s', (_, changed, code) => {
    expect(verdict(timed, { signature, headers: changed, now })).toBe(code);
  });

  test('is refused once its time is over, although the signature fits', () => {
    expect(verdict(timed, { signature, headers, now: now + 300_000 })).toBe('accepted');
    expect(verdict(timed, { signature, headers, now: now + 300_001 })).toBe('timestamp_out_of_window');
    expect(verdict(timed, { signature, headers, now: now - 300_001 })).toBe('timestamp_out_of_window');
  });

  test('may hold any text, also a word that every JavaScript object knows', () => {
    const words = ['constructor', 'toString', '__proto__', 'hasOwnProperty'];
    const signed = words.flatMap((word) => [word, '{body}']);
    const hmac = createHmac('sha256', key).update(words.map((word) => word + body).join(''));
    expect(verdict({ signed }, { signature: hmac.digest('hex') })).toBe('accepted');
  });
});

describe('a header of several names', () => {
  const gitea = { header: 'x-gitea-signature', aliases: ['x-forgejo-signature', 'x-gogs-signature'] };

  test.each(['x-gitea-signature', 'x-forgejo-signature', 'x-gogs-signature'])('may be %s', (name) => {
    expect(verdict(gitea, { headers: { [name]: hex } })).toBe('accepted');
    expect(verdict(gitea, { headers: { [name]: otherHex } })).toBe('signature_mismatch');
  });

  test('may be none other', () => {
    expect(verdict(gitea, { headers: { 'x-signature': hex } })).toBe('signature_missing');
  });

  test('counts once: the first that is there, even if only another one fits', () => {
    const both = { 'x-gogs-signature': hex, 'x-gitea-signature': otherHex };
    expect(verdict(gitea, { headers: both })).toBe('signature_mismatch');
    expect(verdict(gitea, { headers: { ...both, 'x-gitea-signature': '' } })).toBe('signature_missing');
    expect(verdict(gitea, { headers: { ...both, 'x-gitea-signature': hex, 'x-gogs-signature': '' } })).toBe(
      'accepted',
    );
  });
});

describe('what Gitea signs', () => {
  const payload: Partial<HmacParameters> = { signed: ['{payload}'] };
  const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };

  test.each<[string, Record<string, string>, string]>([
    ['a body of JSON', { 'content-type': 'application/json' }, body],
    ['a body without a type', {}, body],
    ['a body of a type that is no form', { 'content-type': 'application/x-ndjson' }, body],
    ['the field payload of a form', form, 'payload=%7B%22a%22%3A1%7D'],
    ['that field among others', form, 'x=1&payload=%7B%22a%22%3a1%7d&y'],
  ])('is %s', (_, headers, sent) => {
    expect(verdict(payload, { signature: hex, headers, body: sent })).toBe('accepted');
  });

  // printf '%s' '{"a":"+ ♥"}' | openssl dgst -sha256 -hmac fake-secret
  test('is that field decoded, blanks and UTF-8 included', () => {
    const signature = '2050c0a551c1bdb967ceab5ee279d20bb38556b5a904b4589f1e8821efc93ecc';
    const sent = 'payload=%7B%22a%22%3A%22%2B+%E2%99%A5%22%7D';
    expect(verdict(payload, { signature, headers: form, body: sent })).toBe('accepted');
  });

  test.each<[string, string, string]>([
    ['signature_mismatch', 'another payload', 'payload=%7B%22a%22%3A2%7D'],
    ['signature_mismatch', 'an empty payload', 'payload='],
    ['signature_malformed', 'no payload', 'other=%7B%22a%22%3A1%7D'],
    ['signature_malformed', 'two payloads', 'payload=%7B%22a%22%3A1%7D&payload=%7B%22a%22%3A1%7D'],
    [
      'signature_malformed',
      'two payloads, one of them spelt in escapes',
      'payload=%7B%22a%22%3A1%7D&p%61yload=',
    ],
    ['signature_malformed', 'another case', 'Payload=%7B%22a%22%3A1%7D'],
    ['signature_malformed', 'a bad escape', 'payload=%7B%22a%22%3A1%7D%'],
    ['signature_malformed', 'an escape that is no UTF-8', 'payload=%7B%22a%22%3A1%7D&x=%ff'],
    ['signature_malformed', 'JSON under the type of a form', body],
    ['signature_malformed', 'nothing', ''],
  ])('makes a form be refused as %s: %s', (code, _, sent) => {
    expect(verdict(payload, { signature: hex, headers: form, body: sent })).toBe(code);
  });

  test('is the raw form for every other sender', () => {
    const sent = 'payload=%7B%22a%22%3A1%7D';
    expect(verdict({}, { signature: hex, headers: form, body: sent })).toBe('signature_mismatch');
    // printf '%s' "$sent" | openssl dgst -sha256 -hmac fake-secret
    const signature = 'bbb7fb100c981c2c6cc72b35418e4ff41ba2e6e8da3f84874001f4c83bffdbbc';
    expect(verdict({}, { signature, headers: form, body: sent })).toBe('accepted');
    expect(verdict({}, { signature, headers: form, body: 'payload=%7b%22a%22%3a1%7d' })).toBe(
      'signature_mismatch',
    );
  });
});
