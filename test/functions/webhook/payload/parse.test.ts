import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePayload } from '../../../../functions/webhook/payload/parse.ts';
import type { ContentType } from '../../../../functions/webhook/source/compiled-source.ts';
import { codeOf, problemOf } from '../../../support/problem.ts';
import { runs } from '../../../support/runs.ts';

const json = 'application/json';

describe('the content type', () => {
  test.each([
    undefined,
    '',
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    ' application/json ; charset=utf-8',
    'application/cloudevents+json',
    'application/vnd.github.v3+json; charset=utf-8',
  ])('%j is JSON', (type) => {
    expect(parsePayload(Buffer.from('{"a":1}'), type, ['json'])).toEqual({ a: 1 });
  });

  test.each([
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain',
    'text/json',
    'text/html; application/json',
    'application/jsonp',
    'application/json5',
    'application/+json',
    'application/xml+json2',
    'application/json,application/json',
    'json',
    '; application/json',
  ])('%j is refused, with its name', (type) => {
    const problem = problemOf(() => parsePayload(Buffer.from('{"a":1}'), type, ['json']));
    expect(problem?.code).toBe('content_type_unsupported');
    expect(problem?.message).toContain(JSON.stringify(type));
  });
});

describe('a body', () => {
  test.each<[string, Buffer]>([
    ['that is no JSON', Buffer.from('hello')],
    ['of half a JSON text', Buffer.from('{"a":')],
    ['with a comma too much', Buffer.from('{"a":1,}')],
    ['with something after the JSON', Buffer.from('{} {}')],
    ['of a form', Buffer.from('payload=%7B%7D')],
    ['with a byte order mark', Buffer.from('\ufeff{}')],
    ['in UTF-16', Buffer.from('{}', 'utf16le')],
  ])('%s is malformed, for it is not JSON', (_, body) => {
    const problem = problemOf(() => parsePayload(body, json, ['json']));
    expect(problem?.code).toBe('payload_malformed');
    expect(problem?.message).toMatch(/^The body is not JSON/);
    expect(problem?.message).not.toContain(body.toString());
  });

  test.each<[string, Buffer]>([
    ['in Latin-1', Buffer.from('{"a":"é"}', 'latin1')],
    ['with a byte that is no UTF-8', Buffer.from('7b2261223a22ff227d', 'hex')],
    ['with an overlong form of UTF-8', Buffer.from('7b2261223a22c0af227d', 'hex')],
    ['with half a surrogate pair in UTF-8', Buffer.from('7b2261223a22eda080227d', 'hex')],
  ])('%s is malformed rather than read with other characters in place of the bad bytes', (_, body) => {
    const problem = problemOf(() => parsePayload(body, json, ['json']));
    expect(problem?.code).toBe('payload_malformed');
    expect(problem?.message).toMatch(/^The body is not UTF-8/);
  });

  test('with nothing in it is malformed, and the message says so', () => {
    expect(problemOf(() => parsePayload(Buffer.alloc(0), json, ['json']))?.message).toBe(
      'The body is empty.',
    );
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['false', false],
    ['"text"', 'text'],
    ['[1,2]', [1, 2]],
    [' {"a":{"b":"♥"}}\n', { a: { b: '♥' } }],
  ])('%s is taken', (text, value) => {
    expect(parsePayload(Buffer.from(text), json, ['json'])).toEqual(value);
  });

  test.each([
    ['arrays', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('of %s nested 101 or 10,000 deep is malformed, and 100 deep is read', (_, open, close) => {
    const nested = (depth: number) => {
      const text = `${open.repeat(depth)}${open === '[' ? '' : '1'}${close.repeat(depth)}`;
      return problemOf(() => parsePayload(Buffer.from(text), json, ['json']));
    };
    expect(nested(100)).toBeUndefined();
    for (const depth of [101, 10_000]) {
      expect(nested(depth)?.code).toBe('payload_malformed');
      expect(nested(depth)?.message).toBe('The body is nested deeper than 100 levels.');
    }
  });

  test('with a string of a MiB is read', () => {
    const text = 'x'.repeat(1024 * 1024 - 8);
    expect(parsePayload(Buffer.from(`{"a":"${text}"}`), json, ['json'])).toEqual({ a: text });
  });

  test.each([
    ['{"a":1,"a":1}', 'a'],
    ['{"a":1,"b":{"a":2},"a":3}', 'a'],
    ['[{"x":{"id":"1","id":"2"}}]', 'id'],
    // The same key, written in two ways.
    ['{"changeOrderId":"1","change\\u004frderId":"2"}', 'changeOrderId'],
    ['{"":1,"":2}', ''],
  ])('%s is malformed, for readers differ on which of the two counts', (text, key) => {
    const problem = problemOf(() => parsePayload(Buffer.from(text), json, ['json']));
    expect(problem?.code).toBe('payload_malformed');
    expect(problem?.message).toBe(`The body has the key ${JSON.stringify(key)} twice in one object.`);
  });

  test.each([
    '{"a":{"a":{"a":1}}}',
    '[{"a":1},{"a":2}]',
    '{"a":["a","a"],"b":"a","c":"\\"a\\":"}',
    '{"a":"{\\"a\\":1,\\"a\\":2}"}',
  ])('%s repeats no key of one object', (text) => {
    expect(parsePayload(Buffer.from(text), json, ['json'])).toEqual(JSON.parse(text));
  });

  test('with __proto__ and constructor in it is plain data and changes no prototype', () => {
    const text = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';
    const payload = parsePayload(Buffer.from(text), json, ['json']);
    expect(Object.getPrototypeOf(payload)).toBe(Object.prototype);
    expect(Object.keys(payload ?? {})).toEqual(['__proto__', 'constructor']);
    expect({}).not.toHaveProperty('polluted');
  });
});

const form = 'application/x-www-form-urlencoded';
const parseForm = (text: string, accepted: ContentType[] = ['form']) =>
  parsePayload(Buffer.from(text), form, accepted);

describe('a form', () => {
  test.each<[string, unknown]>([
    ['a=1&b=two', { a: '1', b: 'two' }],
    ['a=1+2%2B3&b=%E5%9B%9E%E6%BB%9A', { a: '1 2+3', b: '回滚' }],
    ['text=', { text: '' }],
    ['flag&a=b=c', { flag: '', a: 'b=c' }],
    ['payload=%7B%22a%22%3A1%7D', { payload: '{"a":1}' }],
  ])('%s is an object of texts', (text, fields) => {
    expect(parseForm(text)).toEqual(fields);
  });

  test('with __proto__ as a field is plain data and changes no prototype', () => {
    const fields = parseForm('__proto__=polluted&constructor=x');
    expect(Object.getPrototypeOf(fields)).toBe(Object.prototype);
    expect(Object.keys(fields ?? {})).toEqual(['__proto__', 'constructor']);
  });

  test.each([
    ['a=1&a=2', 'The form has a field more than once.'],
    ['a=1&%61=2', 'The form has a field more than once.'],
    ['a=%', 'The body is not a form in UTF-8.'],
    ['a=%zz', 'The body is not a form in UTF-8.'],
    ['a=%ff', 'The body is not a form in UTF-8.'],
    ['{"text":"x&text=rollback"}', 'The body is not a form in UTF-8.'],
    [' [1]&a=b', 'The body is not a form in UTF-8.'],
  ])('%s is malformed', (text, message) => {
    const problem = problemOf(() => parseForm(text));
    expect(problem?.code).toBe('payload_malformed');
    expect(problem?.message).toBe(message);
  });

  test('is unpacked where its field payload is due to hold JSON', () => {
    expect(parseForm('payload=%7B%22a%22%3A1%7D&other=x', ['json', 'json-in-form'])).toEqual({ a: 1 });
  });

  test.each([
    ['other=x', 'The form has no field payload, in which the JSON is due.'],
    [
      'payload=hello',
      'The field payload is not JSON.',
    ],
    ['payload=%7B%22a%22%3A1%2C%22a%22%3A2%7D', 'The field payload has the key "a" twice in one object.'],
    ['payload=%7B%7D&payload=%7B%7D', 'The form has a field more than once.'],
  ])('%s is malformed where its field payload is due to hold JSON', (text, message) => {
    expect(problemOf(() => parseForm(text, ['json-in-form']))?.message).toBe(message);
  });

  test('that may be either is read as its fields where there is no payload', () => {
    expect(parseForm('command=%2Frollback&text=x', ['form', 'json-in-form'])).toEqual({
      command: '/rollback',
      text: 'x',
    });
  });

  test('is no JSON, and JSON is no form, whatever the content type says', () => {
    const refused = problemOf(() => parsePayload(Buffer.from('{}'), json, ['form']));
    expect(refused?.code).toBe('content_type_unsupported');
    expect(refused?.message).toBe(
      'The content type is "application/json"; send application/x-www-form-urlencoded.',
    );
    expect(problemOf(() => parseForm('{}'))?.code).toBe('payload_malformed');
  });
});

describe('JSON as text', () => {
  test.each(['text/plain', 'text/plain;charset=UTF-8', 'text/html'])('is read under %s', (type) => {
    expect(parsePayload(Buffer.from('{"a":1}'), type, ['json', 'json-as-text'])).toEqual({ a: 1 });
  });

  test('is refused under another type, with what the source takes', () => {
    const problem = problemOf(() => parsePayload(Buffer.from('{}'), 'image/png', ['json', 'json-as-text']));
    expect(problem?.message).toBe('The content type is "image/png"; send application/json or text/plain.');
  });
});

test('Invariant 10: parsing throws nothing but a Problem, whatever the bytes and the type', () => {
  const type = fc.oneof(fc.constantFrom(json, form, 'text/plain', undefined), fc.string());
  const accepted = fc.subarray<ContentType>(['json', 'json-as-text', 'json-in-form', 'form']);
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc.json().map((text) => Buffer.from(text)),
    fc.webQueryParameters().map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(bytes, type, accepted, (body, contentType, kinds) => {
      const code = codeOf(() => parsePayload(Buffer.from(body), contentType, kinds));
      expect([undefined, 'payload_malformed', 'content_type_unsupported']).toContain(code);
    }),
    { numRuns: runs(500) },
  );
});
