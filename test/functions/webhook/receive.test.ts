import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { largestBodyBytes, rawBody, receive } from '../../../functions/webhook/receive.ts';
import { httpEvent, jsonBytes, type TestRequest } from '../../support/http-event.ts';
import { codeOf } from '../../support/problem.ts';
import { runs } from '../../support/runs.ts';

function bytesOf(request: TestRequest): Buffer {
  return rawBody(receive(httpEvent(request)));
}

describe('an event', () => {
  test('of the documented shape becomes a request', () => {
    // https://www.alibabacloud.com/help/en/functioncompute/fc-3-0/user-guide/http-trigger-invoking-function
    const event = `{"version":"v1","rawPath":"/example","body":"Hello FC!","isBase64Encoded":false,
      "headers":{"Content-Type":"text/plain"},"queryParameters":{"a":"1"},
      "requestContext":{"accountId":"123","domainName":"x.cn-hangzhou.fcapp.run","domainPrefix":"x","requestId":"1-64f6cd87",
      "http":{"method":"POST","path":"/example","protocol":"HTTP/1.1","sourceIp":"11.11.11.1","userAgent":"x"},
      "time":"2023-09-05T06:41:11Z","timeEpoch":"1693896071895"}}`;
    expect(receive(Buffer.from(event))).toEqual({
      method: 'POST',
      path: '/example',
      headers: new Map([['content-type', 'text/plain']]),
      query: new Map([['a', '1']]),
      body: 'Hello FC!',
      isBase64Encoded: false,
      requestId: '1-64f6cd87',
    });
  });

  test('keeps a key of the query whose value is no text, as empty', () => {
    const http = { method: 'POST' };
    const event = jsonBytes({
      rawPath: '/x',
      queryParameters: { app: 7, sig: null, exp: '1' },
      requestContext: { http },
    });
    expect(receive(event).query).toEqual(
      new Map([
        ['app', ''],
        ['sig', ''],
        ['exp', '1'],
      ]),
    );
  });

  test('may be any Uint8Array, also one that views a part of a larger buffer', () => {
    const event = httpEvent({ path: '/part' });
    const padded = new Uint8Array(event.length + 20).fill(0x20);
    padded.set(event, 7);
    expect(receive(padded.subarray(7, 7 + event.length)).path).toBe('/part');
  });

  test('keeps its path as the caller wrote it', () => {
    expect(receive(httpEvent({ path: '/a%2Fb/../c' })).path).toBe('/a%2Fb/../c');
  });

  test('may lack everything but path and method', () => {
    const event = jsonBytes({ rawPath: '/x', requestContext: { http: { method: 'POST' } } });
    const request = receive(event);
    expect(request).toEqual({
      method: 'POST',
      path: '/x',
      headers: new Map(),
      query: new Map(),
      body: '',
      isBase64Encoded: false,
      requestId: undefined,
    });
    expect(rawBody(request)).toEqual(Buffer.alloc(0));
  });

  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a string', '{}'],
    ['a number', 42],
    ['an object that was parsed already', { rawPath: '/x', requestContext: { http: { method: 'POST' } } }],
    ['an array of numbers', [123, 125]],
    ['an empty Buffer', Buffer.alloc(0)],
    ['a Buffer of rubbish', Buffer.from('ff00fe01', 'hex')],
    ['text that is not JSON', Buffer.from('hello')],
    ['half of a JSON text', Buffer.from('{"rawPath":"/x"')],
    ['JSON null', Buffer.from('null')],
    ['a JSON number', Buffer.from('1')],
    ['a JSON array', Buffer.from('[]')],
    ['no path', jsonBytes({ requestContext: { http: { method: 'POST' } } })],
    ['a path that is no text', jsonBytes({ rawPath: 7, requestContext: { http: { method: 'POST' } } })],
    ['no requestContext', jsonBytes({ rawPath: '/x' })],
    ['a requestContext of null', jsonBytes({ rawPath: '/x', requestContext: null })],
    ['a requestContext without http', jsonBytes({ rawPath: '/x', requestContext: {} })],
    [
      'a method that is no text',
      jsonBytes({ rawPath: '/x', requestContext: { http: { method: ['POST'] } } }),
    ],
  ])('is refused when it is, or has, %s', (_, event) => {
    expect(codeOf(() => receive(event))).toBe('payload_malformed');
  });

  test('is refused unread when it is larger than any request with a body of 1 MiB', () => {
    expect(codeOf(() => receive(Buffer.alloc(7 * largestBodyBytes, 0x20)))).toBe('body_too_large');
  });

  test('of the largest body still fits, however JSON writes it', () => {
    const event = httpEvent({
      body: '\u0001'.repeat(largestBodyBytes),
      headers: { 'X-Long': 'x'.repeat(8192) },
    });
    expect(rawBody(receive(event))).toHaveLength(largestBodyBytes);
  });
});

describe('headers', () => {
  test('are found whatever the case of their names', () => {
    const headers = { 'X-Signature-256': 'a', 'content-TYPE': 'b' };
    expect(receive(httpEvent({ headers })).headers).toEqual(
      new Map([
        ['x-signature-256', 'a'],
        ['content-type', 'b'],
      ]),
    );
  });

  test('of the same name in two spellings are joined, so that neither hides behind the other', () => {
    const headers = { 'X-Signature': 'first', 'x-signature': 'second' };
    expect(receive(httpEvent({ headers })).headers.get('x-signature')).toBe('first,second');
  });

  test.each<[string, unknown]>([
    ['a number', 1],
    ['an array', ['a']],
    ['an object', { a: 'b' }],
    ['null', null],
    ['true', true],
  ])('whose value is %s are not there', (_, value) => {
    const event = {
      rawPath: '/x',
      headers: { a: value, b: 'c' },
      requestContext: { http: { method: 'POST' } },
    };
    expect(receive(jsonBytes(event)).headers).toEqual(new Map([['b', 'c']]));
  });

  test.each<[string, unknown]>([
    ['an array', ['a: b']],
    ['a string', 'a: b'],
    ['null', null],
  ])('that are %s are none', (_, headers) => {
    const event = { rawPath: '/x', headers, requestContext: { http: { method: 'POST' } } };
    expect(receive(jsonBytes(event)).headers.size).toBe(0);
  });

  test('may have the names that every JavaScript object knows', () => {
    const headers = JSON.parse('{"__proto__":"a","constructor":"b"}') as Record<string, string>;
    expect([...receive(httpEvent({ headers })).headers]).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
    expect(receive(httpEvent()).headers.get('constructor')).toBeUndefined();
  });
});

describe('Invariant 1: the bytes received are the bytes hashed', () => {
  test.each(['{"a":"♥"}', '{"a":1}\r\n', '\ufeff{}', '\u0000', '😀', ''])(
    '%j comes to the same bytes as text and as base64',
    (body) => {
      expect(bytesOf({ body })).toEqual(Buffer.from(body, 'utf8'));
      expect(bytesOf({ body, isBase64Encoded: true })).toEqual(Buffer.from(body, 'utf8'));
    },
  );

  test('bytes that are no text survive in base64', () => {
    const body = Buffer.from('7bff00fe7d', 'hex');
    expect(bytesOf({ body, isBase64Encoded: true })).toEqual(body);
  });

  test('the flag alone says what is base64, not the look of the body', () => {
    expect(bytesOf({ body: 'e30=' }).toString()).toBe('e30=');
    expect(bytesOf({ body: '{}', isBase64Encoded: true }).toString()).toBe('{}');
  });

  test.each<[string, unknown]>([
    ['the text "true"', 'true'],
    ['the number 1', 1],
    ['null', null],
  ])('a flag that is %s does not count as set', (_, isBase64Encoded) => {
    const event = {
      rawPath: '/x',
      body: 'e30=',
      isBase64Encoded,
      requestContext: { http: { method: 'POST' } },
    };
    expect(rawBody(receive(jsonBytes(event))).toString()).toBe('e30=');
  });

  // A decoder that replaces what it cannot read would give two different bodies one signature.
  test('bytes in the event that are no UTF-8 are refused rather than replaced', () => {
    const event = httpEvent({ body: '{"a":"X"}' });
    event.writeUInt8(0xff, event.indexOf('X'));
    expect(codeOf(() => rawBody(receive(event)))).toBe('payload_malformed');
  });

  test('half of a surrogate pair, which has no bytes, is refused rather than replaced', () => {
    const event = Buffer.from(
      httpEvent({ body: 'X' })
        .toString()
        .replace('"X"', String.raw`"\ud83d"`),
    );
    expect(codeOf(() => rawBody(receive(event)))).toBe('payload_malformed');
  });
});

describe('a body', () => {
  test.each([
    ['ASCII', 'x'],
    ['three bytes a letter', '測'],
  ])('of 1 MiB is taken and one byte more is not, as text and as base64: %s', (_, letter) => {
    const size = Buffer.byteLength(letter);
    const full = letter.repeat(Math.floor(largestBodyBytes / size)) + 'x'.repeat(largestBodyBytes % size);
    for (const isBase64Encoded of [false, true]) {
      expect(bytesOf({ body: full, isBase64Encoded })).toHaveLength(1_048_576);
      expect(codeOf(() => bytesOf({ body: `${full}x`, isBase64Encoded }))).toBe('body_too_large');
      expect(codeOf(() => bytesOf({ body: `${full}xx`, isBase64Encoded }))).toBe('body_too_large');
    }
  });

  test.each<[string, unknown]>([
    ['a number', 1],
    ['an object', { a: 1 }],
    ['an array', ['a']],
    ['null', null],
    ['true', true],
  ])('that is %s counts as empty', (_, body) => {
    const event = { rawPath: '/x', body, requestContext: { http: { method: 'POST' } } };
    expect(rawBody(receive(jsonBytes(event)))).toEqual(Buffer.alloc(0));
  });

  test('of base64 that is none gives some bytes or other, for the signature to refuse', () => {
    const event = {
      rawPath: '/x',
      body: '!!!',
      isBase64Encoded: true,
      requestContext: { http: { method: 'POST' } },
    };
    expect(rawBody(receive(jsonBytes(event)))).toEqual(Buffer.alloc(0));
  });

  test.each(['gzip', 'GZIP', 'br', 'deflate', 'x-gzip', 'identity,gzip', 'gzip, identity'])(
    'in the encoding %s is refused',
    (encoding) => {
      const headers = { 'Content-Encoding': encoding };
      expect(codeOf(() => bytesOf({ body: '{}', headers }))).toBe('content_encoding_unsupported');
    },
  );

  test.each(['identity', 'Identity'])('in the encoding %s is taken', (encoding) => {
    expect(bytesOf({ body: '{}', headers: { 'Content-Encoding': encoding } }).toString()).toBe('{}');
  });
});

describe('Invariant 10: receiving throws nothing but a Problem', () => {
  const attempt = (event: unknown) => codeOf(() => rawBody(receive(event)));

  test('whatever the value', () => {
    fc.assert(
      fc.property(fc.anything(), (event) => {
        expect(attempt(event)).toBe('payload_malformed');
      }),
      { numRuns: runs(300) },
    );
  });

  test('whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (event) => {
        expect(attempt(event)).toBe('payload_malformed');
      }),
      { numRuns: runs(300) },
    );
  });

  test('whatever the JSON', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(attempt(Buffer.from(json))).toBe('payload_malformed');
      }),
      { numRuns: runs(300) },
    );
  });

  test('whatever stands where the documentation promises something else', () => {
    const orJson = <T>(value: fc.Arbitrary<T>) => fc.oneof({ weight: 4, arbitrary: value }, fc.jsonValue());
    const event = fc.record(
      {
        rawPath: orJson(fc.webPath()),
        body: orJson(fc.string()),
        isBase64Encoded: orJson(fc.boolean()),
        headers: orJson(fc.dictionary(fc.string(), orJson(fc.string()))),
        requestContext: orJson(
          fc.record({
            requestId: orJson(fc.uuid()),
            http: orJson(fc.record({ method: orJson(fc.constant('POST')) })),
          }),
        ),
      },
      { requiredKeys: [] },
    );
    const seen = new Set<string | undefined>();
    fc.assert(
      fc.property(event, (event) => {
        seen.add(attempt(jsonBytes(event)));
      }),
      { numRuns: runs(300) },
    );
    // Some were requests after all, so the fuzz reaches beyond the first check.
    expect(seen).toEqual(new Set([undefined, 'payload_malformed']));
  });
});
