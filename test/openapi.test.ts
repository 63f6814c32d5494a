import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { errorCatalogue } from '../functions/errors.ts';
import { toRecord } from '../functions/lib/json.ts';
import { root } from '../local/build/bundle.ts';
import { answers, codesOfEvents, codesOfTasks, problems, stageOfCases } from './functions/webhook/cases.ts';
import type { Case, CleanUp } from './functions/webhook/stage.ts';
import { contractOf, lookUp, readDocument } from './support/openapi-document.ts';
import { type Answer } from './support/webhook.ts';

const document = readDocument();
const faultsOf = contractOf(document);
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

const overHttp = Object.entries(errorCatalogue).filter(
  ([code]) => ![...codesOfTasks, ...codesOfEvents].some((other) => other === code),
);

const httpMethods = ['get', 'post', 'head', 'options', 'put', 'patch', 'delete'];
/** Path and method of each. */
const operations = Object.entries(toRecord(lookUp(document, 'paths'))).flatMap(([path, item]) =>
  Object.keys(toRecord(item))
    .filter((key) => httpMethods.includes(key))
    .map((method) => [path, method] as const),
);

async function ask(
  { options = {}, request, method = 'post', path: place = '/{source}' }: Case,
  cleanUp: CleanUp,
): Promise<{ answer: Answer; faults: string[] }> {
  const answer = await request(await stageOfCases(options, cleanUp));
  return { answer, faults: faultsOf(method, place, answer) };
}

describe('openapi.yaml', () => {
  test('is an OpenAPI document of version 3.1', async () => {
    const validator = new Validator();
    const result = await validator.validate(readDocument());
    expect(result).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  test('has the codes of the catalogue that come over HTTP, and no others', () => {
    const codes = lookUp(document, 'components', 'schemas', 'Code', 'enum');
    expect(codes).toEqual(overHttp.map(([code]) => code));
  });

  test('has each code under the status that it has in the catalogue, and under no other', () => {
    const documented = operations.flatMap(([path, method]) => {
      const responses = Object.keys(toRecord(lookUp(document, 'paths', path, method, 'responses')));
      return responses.flatMap((status) => ownCodesOf(path, method, status));
    });
    const expected = overHttp.map(([code, { status }]) => `${code} ${status}`);
    expect([...new Set(documented)].toSorted()).toEqual(expected.toSorted());
  });

  test('lets a source with refusalStatus refuse with every 4xx that follows a proof', () => {
    const schema = toRecord(lookUp(document, 'components', 'schemas', 'RefusalUnderAnotherStatus'));
    const { code } = toRecord(schema['properties']);
    const before = ['source_unknown', 'method_not_allowed', 'body_too_large', 'content_encoding_unsupported'];
    const codes = overHttp.filter(([each, { status }]) => {
      return status < 500 && status !== 401 && !before.includes(each);
    });
    expect(toRecord(code)['enum']).toEqual(codes.map(([each]) => each));
  });

  test('has the version of the package', () => {
    const { version } = toRecord(JSON.parse(read('package.json')));
    expect(lookUp(document, 'info', 'version')).toBe(version);
  });

  test('leaves to Function Compute every method that the trigger does not list, and no other', () => {
    const { resources } = parse(read('s.yaml')) as {
      resources: { webhook: { props: { triggers: { triggerConfig: { methods: string[] } }[] } } };
    };
    const listed = resources.webhook.props.triggers.flatMap(({ triggerConfig }) => triggerConfig.methods);
    for (const place of Object.keys(toRecord(lookUp(document, 'paths')))) {
      const ours = operations.filter(([path, method]) => path === place && !isRefused(path, method));
      expect(ours.map(([, method]) => method.toUpperCase()).toSorted()).toEqual(listed.toSorted());
    }
  });
});

/** Whether Function Compute answers instead of the function. */
function isRefused(path: string, method: string): boolean {
  const response = toRecord(lookUp(document, 'paths', path, method, 'responses', '403'));
  return 'text/plain' in toRecord(response['content']);
}

/** `code status` of each problem that a response is there for, leaving out what a `refusalStatus` adds. */
function ownCodesOf(path: string, method: string, status: string): string[] {
  const response = toRecord(lookUp(document, 'paths', path, method, 'responses', status));
  const { schema } = toRecord(toRecord(response['content'])['application/problem+json']);
  const { anyOf: [own] = [schema] } = toRecord(schema) as { anyOf?: unknown[] };
  const { status: told, code } = toRecord(toRecord(own)['properties']);
  const { enum: codes = [] } = toRecord(code) as { enum?: string[] };
  // A response of many statuses is there for no code in particular.
  if (status === '4XX' || told === undefined) return [];
  expect(String(toRecord(told)['const'])).toBe(status);
  return codes.map((each) => `${each} ${status}`);
}

describe('an answer is as openapi.yaml says:', () => {
  test.each(Object.entries(problems))('%s', async (code, each) => {
    const { answer, faults } = await ask(each, onTestFinished);
    expect(faults).toEqual([]);
    expect(answer.body['code']).toBe(code);
    expect('Retry-After' in answer.headers).toBe(['edas_throttled', 'secrets_unavailable'].includes(code));
  });

  test.each(Object.entries(answers))('%s', async (_, { status, part, ...each }) => {
    const { answer, faults } = await ask(each, onTestFinished);
    expect(faults).toEqual([]);
    expect(answer).toMatchObject({ status, body: part });
  });
});

describe('the check of answers', () => {
  const text = JSON.stringify({
    name: 'edas-rollback-webhook',
    version: '1',
    configuration: '0'.repeat(64),
    sources: 1,
    ready: 1,
  });
  const health = {
    status: 200,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
    text,
  };
  test.each([
    ['a status', { ...health, status: 201 }],
    ['a content type', { ...health, headers: { ...health.headers, 'Content-Type': 'text/html' } }],
    ['a header that is missing', { ...health, headers: { 'Content-Type': 'application/json' } }],
    ['a header that is wrong', { ...health, headers: { ...health.headers, 'Cache-Control': 'public' } }],
    ['a header that is new', { ...health, headers: { ...health.headers, Server: 'fake' } }],
    ['a field that is missing', { ...health, text: text.replace('"ready":1', '"ready":null') }],
    ['a field that is new', { ...health, text: text.replace('"ready"', '"more":1,"ready"') }],
  ])('notices %s', (_, answer) => {
    expect(faultsOf('get', '/', health)).toEqual([]);
    expect(faultsOf('get', '/', answer)).not.toEqual([]);
  });
});
