import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCloudEvent } from '../../../functions/events/cloud-event.ts';
import { describeEvent } from '../../../functions/events/describe-event.ts';
import type { JSONValue } from '../../../functions/select/expression.ts';
import { cloudEvent } from '../../support/events.ts';
import { runs } from '../../support/runs.ts';

const shown = (payload: unknown) => describeEvent({ payload: payload as JSONValue });
const textOf = (payload: unknown) => JSON.stringify(shown(payload));

describe('an event in the log shows its shape', () => {
  test('whole where it is as an alert is', () => {
    const sample = cloudEvent(0, {
      data: {
        alert_name: 'shop: 5xx',
        status: 'firing',
        fire_time: 1_796_871_600,
        labels: { edas_app_id: '3616cdca-4f92-4413-8e80-4de3a52b1c9f' },
        isNew: true,
        owner: null,
      },
    });
    expect(shown(sample)).toEqual(sample);
  });

  test('with what was read of data in a text', () => {
    const bytes = Buffer.from(JSON.stringify(cloudEvent(0, { data: '{"app":"x"}' })));
    expect(describeEvent(readCloudEvent(bytes))).toMatchObject({ data: { app: 'x' } });
  });

  test('and how much is left out', () => {
    expect(shown({ list: [1, 2, 3, 4, 5, 6, 7] })).toEqual({ list: [1, 2, 3, 4, 5, '… 2 more'] });
    const many = Object.fromEntries(Array.from({ length: 45 }, (_each, index) => [`f${index}`, index]));
    expect(shown(many)).toMatchObject({ f0: 0, f39: 39, '…': '5 more' });
    expect(shown({ text: 'lorem '.repeat(100) })).toEqual({ text: `${'lorem '.repeat(34).slice(0, 200)}…` });
    expect(shown({ a: { b: { c: { d: { e: { f: {} } } } } } })).toEqual({
      a: { b: { c: { d: { e: { f: '…' } } } } },
    });
  });

  test('with odd names as they are', () => {
    const odd = JSON.parse('{"__proto__":{"a":1},"constructor":2}') as JSONValue;
    expect(textOf(odd)).toBe('{"__proto__":{"a":1},"constructor":2}');
    expect(({} as { a?: number }).a).toBeUndefined();
  });
});

/** Function Compute cuts a line of the log at 32 KB. */
const mostBytes = 20_000;

describe('an event in the log is bounded', () => {
  const wide = (levels: number): unknown =>
    levels === 0
      ? 'x'.repeat(300)
      : Object.fromEntries(Array.from({ length: 40 }, (_each, index) => [`field${index}`, wide(levels - 1)]));

  test.each<[string, unknown]>([
    ['many fields on many levels', wide(2)],
    ['many lists', Array.from({ length: 5 }, () => Array.from({ length: 5 }, () => wide(1)))],
    ['a long text', { data: 'x y '.repeat(120_000) }],
    [
      'long names',
      Object.fromEntries(Array.from({ length: 100 }, (_each, i) => [`${i} ${'n '.repeat(3000)}`, i])),
    ],
    ['control characters, each of which is six bytes of JSON', wide(1)],
    [
      'control characters everywhere',
      JSON.parse(JSON.stringify(wide(2)).replaceAll('x', String.raw`\u0001`)),
    ],
    ['characters of three bytes', JSON.parse(JSON.stringify(wide(2)).replaceAll('x', '回'))],
  ])('where it has %s', (_what, payload) => {
    expect(Buffer.byteLength(textOf(payload))).toBeLessThan(mostBytes);
  });

  test('whatever it is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        expect(Buffer.byteLength(textOf({ data: value }))).toBeLessThan(mostBytes);
      }),
      { numRuns: runs(300) },
    );
  });

  test.each([
    'token',
    'a://',
    'a://@',
    '-----BEGIN ',
    'token=',
    'token"',
    'token ',
    'eyJ.',
    'Bearer ',
    'A1/',
    'https://a:',
    String.raw`token\\`,
  ])('in little time, also of a text that is made to take long: %j', (piece) => {
    const startedAt = performance.now();
    textOf({ data: piece.repeat(Math.floor(400_000 / piece.length)) });
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });
});

// Obviously fake, and in the shape of real ones.
const secret = 'fakeS3cret0fSomeL3ngth';
const long = 'fake0123456789abcdef0123456789abcdef01';

describe('an event in the log shows no secret', () => {
  test.each<[string, unknown]>([
    ['a token', { token: secret }],
    ['a token that is a number', { token: 123_456_789_012 }],
    ['an object under such a name', { credentials: { id: secret } }],
    ['a list under such a name', { Cookies: [secret] }],
    ['a password', { 'db-Password': secret }],
    ['another password', { db_pwd: secret }],
    ['a header', { headers: { Authorization: `Bearer ${secret}`, 'X-Api-Key': secret } }],
    ['a signature', { sign: secret, 'x-acs-signature': secret }],
    ['an AccessKey', { accessKeyId: secret, AccessKeySecret: secret, ak: secret }],
    ['a session', { sessionId: secret }],
    ['a pair of name and value', { dimensions: [{ name: 'token', value: secret }] }],
    ['a pair of Key and Value', { labels: [{ Key: 'access_key', Value: secret }] }],
    ['the query of an address', { url: `https://example.com/x?access_token=${secret}` }],
    ['the fragment of an address', { url: `https://example.com/x#${secret}` }],
    ['the path of an address', { url: `https://hooks.slack.com/services/T0/B0/${secret}` }],
    ['the user of an address', { url: `https://user:${secret}@example.com/` }],
    ['an address of a database', { text: `see mysql://root:${secret}@10.0.0.1:3306/shop` }],
    ['a bearer token in a text', { text: `curl -H "Authorization: Bearer ${secret}"` }],
    ['basic credentials in a text', { text: `Authorization: Basic ${secret}==` }],
    ['a name and a value in a text', { text: `password=${secret}&x=1` }],
    ['a name and a value with blanks in a text', { text: `password : ${secret}, x` }],
    ['JSON in a text', { text: JSON.stringify({ a: 1, token: secret }) }],
    ['JSON with blanks in a text', { text: JSON.stringify({ password: `two words ${secret}` }) }],
    ['JSON in JSON in a text', { text: JSON.stringify({ body: JSON.stringify({ token: secret }) }) }],
    ['YAML in a text', { text: `a: 1\nclient_secret: ${secret}\n` }],
    ['an AccessKey id in a text', { text: `key LTAI${secret} is used` }],
    ['a security token in a text', { text: `with STS.${secret}` }],
    ['a JWT', { text: `got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.${secret} today` }],
    ['a private key', { text: `-----BEGIN RSA PRIVATE KEY-----\n${secret}\n-----END RSA PRIVATE KEY-----` }],
    ['a long random text', { text: `${secret}${long}` }],
    ['a name that is one', { [`${secret}${long}`]: 1 }],
    ['a text behind which it is cut', { text: `${'lorem '.repeat(31)}token=${secret}` }],
  ])('%s', (_what, part) => {
    for (const event of [part, { data: part }, { data: { list: [part] } }]) {
      const text = textOf(event);
      for (const piece of [secret, secret.slice(0, 8), secret.slice(-8), long.slice(-8), '123456789012']) {
        expect(text).not.toContain(piece);
      }
    }
  });

  test('and ids and words stay', () => {
    const part = {
      app: '3616cdca-4f92-4413-8e80-4de3a52b1c9f',
      alert_instance_id: '84e5ac66c4b3bc34-5d8e2a1',
      text: 'CPU is at 97 % on i-2ze0fakeinstance since 2026-01-02T03:04:05Z',
      url: 'see https://sls.console.aliyun.com/…',
      words: 'a-name-of-only-words-and-dashes-that-is-long',
    };
    expect(shown(part)).toEqual(part);
  });

  test('wherever it stands, whatever is around it', () => {
    const around = fc.string({ maxLength: 30 });
    const name = fc.constantFrom('token', 'Secret', 'x-api-key', 'accessKeySecret', 'db_password');
    const part = fc.oneof(
      fc.tuple(name, around).map(([key, text]) => ({ [key]: `${text}${secret}` })),
      fc.tuple(around, name).map(([text, key]) => ({ text: `${text} ${key}=${secret}` })),
      around.map((text) => ({ url: `https://example.com/${text.replaceAll(/[\s"'<>]/g, '')}?k=${secret}` })),
    );
    fc.assert(
      fc.property(part, fc.array(fc.constantFrom('a', 'b', 0), { maxLength: 4 }), (value, path) => {
        let event: unknown = value;
        for (const key of path) event = key === 0 ? [event] : { [key]: event };
        expect(textOf(event)).not.toContain(secret.slice(0, 8));
      }),
      { numRuns: runs(300) },
    );
  });
});
