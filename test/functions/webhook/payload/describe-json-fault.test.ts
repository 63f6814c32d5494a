import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { describeJsonFault } from '../../../../functions/webhook/payload/describe-json-fault.ts';
import { presets } from '../../../../presets/index.ts';
import { runs } from '../../../support/runs.ts';
import { pipelineSource } from '../../../support/source.ts';
import { openWithRelease } from '../../../support/webhook.ts';

const secret = 'fake-user:correct horse/battery+"staple"';
const source = { ...pipelineSource, keys: [Buffer.from(secret)], secretsInKms: [] };
const describeFault = (text: string) => describeJsonFault(text, 'body', source);

test('a text that is no JSON is told by line, column, and what stands there', () => {
  expect(describeFault('{\n  "summary": "the pod said "no" twice"\n}')).toBe(
    'The body stops being JSON in line 2, column 29: behind ‘ "the pod said "’ stands ‘no" twice"\\u{a}}’. A quotation mark, backslash or line break within a text must be escaped.'.replace(
      ' "the pod said "',
      'ry": "the pod said "',
    ),
  );
  expect(describeFault('{"a":1')).toContain('line 1, column 7: behind ‘{"a":1’ it ends.');
  expect(describeFault('\ufeff{}')).toContain('line 1, column 1: behind ‘’ stands ‘\\u{feff}{}’.');
});

describe('what is shown is never a secret:', () => {
  const key = Buffer.from(secret);
  test.each([
    ['the secret', secret],
    ['its password', 'correct horse/battery+"staple"'],
    ['the secret in JSON', JSON.stringify(secret).slice(1, -1)],
    ['the secret in an address', encodeURIComponent(secret)],
    ['the secret in base64', key.toString('base64')],
    ['the secret in hexadecimal', key.toString('hex')],
  ])('%s', (_, spelling) => {
    for (const text of [`["${spelling}", x`, `[x "${spelling}"`, `["a" ${spelling}`]) {
      const shown = describeFault(text);
      for (let at = 0; at + 6 <= spelling.length; at += 1) {
        expect(shown).not.toContain(spelling.slice(at, at + 6));
      }
    }
  });

  test.each([
    ['["https://fake-user:fake-word@example.com/", x]', 'fake-word'],
    ['{"password": "fake-word" x', 'fake-word'],
    ['{"db_password": "fake"shown"}', 'shown'],
    ['{"url": "https://example.com/?access_token=fake-word" x', 'fake-word'],
    ["{'apiKey': 'fake-word'}", 'fake-word'],
    ['{"Authorization": Bearer fake-word}', 'fake-word'],
    ['["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0" x', 'eyJ'],
  ])("somebody else's in %s", (text, word) => {
    expect(describeFault(text)).not.toContain(word);
  });

  test('and no more than 40 characters of the payload, of whatever text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const shown = describeFault(text);
        const [, left = '', right = ''] =
          /behind ‘([^]*?)’ (?:it ends|stands ‘([^]*)’)\. A quotation/.exec(shown) ?? [];
        expect(left.length + right.length).toBeLessThanOrEqual(40);
        expect(shown.isWellFormed()).toBe(true);
      }),
      { numRuns: runs(300) },
    );
  });
});

const app = '3616cdca-0000-4000-8000-000000000001';

test.each(
  Object.entries(presets).flatMap(([name, preset]) =>
    'jsonAdvice' in preset ? [[name, preset.jsonAdvice] as const] : [],
  ),
)(
  'a template of %s that escapes nothing is told what helps there, in the answer and in the log',
  async (name, advice) => {
    const sources = `sources: { ${name}: { preset: ${name}, secrets: [SECRET], apps: [${app}] } }`;
    const { webhook } = await openWithRelease({ sources }, {}, onTestFinished);
    const answer = await webhook.post(name, '{"summary": "the pod said "no""}');
    expect(answer.body['detail']).toBe(
      `The body stops being JSON in line 1, column 28: behind ‘: "the pod said "’ stands ‘no""}’. ${advice}`.replace(
        ': "the pod said "',
        'ry": "the pod said "',
      ),
    );
    expect(webhook.decisions()).toMatchObject([
      { code: 'payload_malformed', source: name, detail: answer.body['detail'] },
    ]);
  },
);

test('a stranger learns nothing of what was sent', async () => {
  const sources = 'sources: { pipeline: { preset: generic, secrets: [SECRET] } }';
  const { webhook } = await openWithRelease({ sources }, {}, onTestFinished);
  const answer = await webhook.post('pipeline', '{"a": "b"c"}', { secret: 'another' });
  expect(answer.status).toBe(401);
  expect(answer.text).not.toContain('stops being JSON');
});
