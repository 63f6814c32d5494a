import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson } from '../../../../functions/webhook/payload/parse.ts';
import { codeOf, problemOf } from '../../../support/problem.ts';

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
    expect(parseJson(Buffer.from('{"a":1}'), type)).toEqual({ a: 1 });
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
    const problem = problemOf(() => parseJson(Buffer.from('{"a":1}'), type));
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
    const problem = problemOf(() => parseJson(body, json));
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
    const problem = problemOf(() => parseJson(body, json));
    expect(problem?.code).toBe('payload_malformed');
    expect(problem?.message).toMatch(/^The body is not UTF-8/);
  });

  test('with nothing in it is malformed, and the message says so', () => {
    expect(problemOf(() => parseJson(Buffer.alloc(0), json))?.message).toBe('The body is empty.');
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['false', false],
    ['"text"', 'text'],
    ['[1,2]', [1, 2]],
    [' {"a":{"b":"♥"}}\n', { a: { b: '♥' } }],
  ])('%s is taken', (text, value) => {
    expect(parseJson(Buffer.from(text), json)).toEqual(value);
  });

  test.each([
    ['arrays', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('of 10,000 %s inside each other is read, or refused with a Problem', (_, open, close) => {
    const text = `${open.repeat(10_000)}${open === '[' ? '' : '1'}${close.repeat(10_000)}`;
    expect(codeOf(() => parseJson(Buffer.from(text), json))).toBeUndefined();
  });

  test('with __proto__ and constructor in it is plain data and changes no prototype', () => {
    const text = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';
    const payload = parseJson(Buffer.from(text), json);
    expect(Object.getPrototypeOf(payload)).toBe(Object.prototype);
    expect(Object.keys(payload ?? {})).toEqual(['__proto__', 'constructor']);
    expect({}).not.toHaveProperty('polluted');
  });
});

test('Invariant 10: parsing throws nothing but a Problem, whatever the bytes and the type', () => {
  const type = fc.oneof(fc.constant(json), fc.constant(undefined), fc.string());
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc.json().map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(bytes, type, (body, contentType) => {
      const code = codeOf(() => parseJson(Buffer.from(body), contentType));
      expect([undefined, 'payload_malformed', 'content_type_unsupported']).toContain(code);
    }),
    { numRuns: 5000 },
  );
});
