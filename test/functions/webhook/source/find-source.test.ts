import { describe, expect, test } from 'vitest';
import { findSource, requireOpen, requirePost } from '../../../../functions/webhook/source/find-source.ts';
import type { Source } from '../../../../functions/webhook/source/load-sources.ts';
import { codeOf, problemOf } from '../../../support/problem.ts';
import { pipelineSource } from '../../../support/source.ts';

const pipeline: Source = { ...pipelineSource, keys: [Buffer.from('fake-secret')], secretsInKms: [] };
const sources = new Map([['pipeline', pipeline]]);

describe('a path', () => {
  test('is that of the source whose name it is', () => {
    expect(findSource(sources, '/pipeline')).toBe(pipeline);
  });

  test.each([
    '',
    '/',
    'pipeline',
    'xpipeline',
    '/pipeline/',
    '//pipeline',
    '/pipeline/x',
    '/Pipeline',
    '/pipe%6cine',
    '/pipeline?x',
    '/other',
    '/__proto__',
    '/constructor',
  ])('%j is that of no source', (path) => {
    expect(codeOf(() => findSource(sources, path))).toBe('source_unknown');
  });

  test.each([
    '/pipeline/',
    '//pipeline',
    '/pipeline//',
    '/Pipeline',
    '/PIPELINE',
    '/PIPELINE/',
    '/pipe%6cine',
    '/pipeline%2F',
    '/%2Fpipeline',
    '/pipeline%20',
    '/pipeline?x=1',
    '/pipeline%3Fx=1',
    '/pipeline&x=1',
    '/pipeline/x',
    '/webhook/pipeline',
    'pipeline',
  ])('%j is told which one was meant', (path) => {
    const message = problemOf(() => findSource(sources, path))?.message;
    expect(message).toContain('Did you mean POST /pipeline?');
  });

  test.each([
    ['is only alike', '/pipelin'],
    ['has the name within a word', '/pipelines'],
    ['cannot be decoded', '/pipeline%'],
    ['is another', '/other/'],
    ['has the name far behind', `/${'x'.repeat(1000)}/pipeline`],
    ['is inherited', '/__proto__/'],
  ])('that %s is told of no source', (_, path) => {
    expect(problemOf(() => findSource(sources, path))?.message).not.toContain('Did you mean');
  });

  test('that holds two names is told of neither', () => {
    const two = new Map([...sources, ['github', pipeline]] as const);
    expect(problemOf(() => findSource(two, '/pipeline/github'))?.message).not.toContain('Did you mean');
  });

  test('is told to the caller, shortened, as JSON text', () => {
    const message = problemOf(() => findSource(sources, `/a"b${'x'.repeat(4000)}`))?.message;
    expect(message).toContain(String.raw`path "/a\"b`);
    expect(message?.length).toBeLessThan(300);
  });
});

test('a source takes POST', () => {
  expect(
    codeOf(() => {
      requirePost('POST');
    }),
  ).toBeUndefined();
});

test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', '', 'post'])(
  'a source refuses the method %j and allows POST',
  (method) => {
    const problem = problemOf(() => {
      requirePost(method);
    });
    expect(problem?.code).toBe('method_not_allowed');
    expect(problem?.facts.allow).toBe('POST');
  },
);

test.each([
  ['with keys is open', pipeline, undefined],
  ['without keys is closed', { ...pipeline, keys: [], secretsInKms: [] }, 'source_not_configured'],
])('a source %s', (_what, source, code) => {
  expect(
    codeOf(() => {
      requireOpen(source);
    }),
  ).toBe(code);
});
