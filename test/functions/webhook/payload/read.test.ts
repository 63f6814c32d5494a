import { createCipheriv } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readPayload } from '../../../../functions/webhook/payload/read.ts';
import { sha256 } from '../../../../functions/webhook/verify/match.ts';
import { presets } from '../../../../presets/index.ts';
import { problemOf } from '../../../support/problem.ts';
import { pipelineSource } from '../../../support/source.ts';

const json = 'application/json';
const key = Buffer.from('fake-encrypt-key');
const feishu = { ...pipelineSource, verify: presets.feishu.verify, keys: [key], secretsInKms: [] };

function encrypted(text: string, encryptKey = key): Buffer {
  const iv = Buffer.alloc(16, 7);
  const cipher = createCipheriv('aes-256-cbc', sha256(encryptKey), iv);
  const bytes = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.from(JSON.stringify({ encrypt: bytes.toString('base64') }));
}

describe('a body of Feishu', () => {
  test('is decrypted where it is encrypted', () => {
    expect(readPayload(feishu, encrypted('{"event":{"n":1}}'), json)).toEqual({ event: { n: 1 } });
  });

  test('is read as it is where it is not', () => {
    expect(readPayload(feishu, Buffer.from('{"event":{}}'), json)).toEqual({ event: {} });
  });

  test.each<[string, Buffer]>([
    ['encrypted with another key', encrypted('{"event":{}}', Buffer.from('fake-other-key'))],
    ['encrypted, and no JSON', encrypted('hello')],
    ['cut short', Buffer.from('{"encrypt":"AAAA"}')],
    ['no text', Buffer.from('{"encrypt":7}')],
  ])('is malformed where it is %s', (_, body) => {
    expect(problemOf(() => readPayload(feishu, body, json))).toMatchObject({
      code: 'payload_malformed',
      message: "The body cannot be decrypted with this source's Encrypt Key.",
    });
  });

  test('is malformed where what was encrypted has a key twice', () => {
    expect(problemOf(() => readPayload(feishu, encrypted('{"a":1,"a":2}'), json))?.message).toBe(
      'The decrypted body has the key "a" twice in one object.',
    );
  });
});

test('a field called encrypt means nothing to any other sender', () => {
  const body = encrypted('{"event":{}}');
  const payload = readPayload({ ...pipelineSource, keys: [key], secretsInKms: [] }, body, json);
  expect(payload).toEqual(JSON.parse(body.toString()));
});
