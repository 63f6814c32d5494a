import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { isRecord, toRecord, toText } from '../../functions/lib/json.ts';
import { root } from '../../local/build/bundle.ts';

/** An HTTP answer, as far as openapi.yaml speaks of it. */
export interface HttpAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  /** The body as it was sent. */
  text: string;
}

/** openapi.yaml as an object. */
export function readDocument(): Record<string, unknown> {
  return toRecord(parse(readFileSync(path.join(root, 'openapi.yaml'), 'utf8')));
}

/** The value at a path of keys, with every `$ref` on the way followed. */
export function lookUp(document: Record<string, unknown>, ...keys: string[]): unknown {
  return keys.reduce<unknown>((value, key) => follow(document, toRecord(value)[key]), document);
}

function follow(document: Record<string, unknown>, value: unknown): unknown {
  const reference = toText(toRecord(value)['$ref']);
  if (reference === undefined || Object.keys(toRecord(value)).length > 1) return value;
  return lookUp(document, ...reference.replace(/^#\//, '').split('/').map(unescapePointer));
}

/** Says what in an answer to an operation is not as the document has it; nothing where all is. */
export type FaultsOf = (method: 'get' | 'post', path: string, answer: HttpAnswer) => string[];

/**
 * Reads answers by the document. Objects are closed for that: clients must bear fields that are new to them, and the document
 * must know every field that there is.
 */
export function contractOf(document: Record<string, unknown>): FaultsOf {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  ajv.addSchema(toRecord(closed(document)), 'document');
  const schemaAt = (...keys: string[]): ValidateFunction =>
    ajv.compile({ $ref: `document#/${keys.map(escapePointer).join('/')}` });

  return (method, path, { status, headers, text }) => {
    const responses = ['paths', path, method, 'responses'];
    const documented = toRecord(lookUp(document, ...responses));
    const range = `${Math.floor(status / 100)}XX`;
    const found = [String(status), range].find((key) => key in documented);
    if (found === undefined) return [`status ${status} is not documented`];
    const keys = placeOf(document, [...responses, found]);
    const response = toRecord(lookUp(document, ...keys));
    const type = headers['Content-Type'] ?? '';
    if (!(type in toRecord(response['content']))) return [`${type} is not documented for ${found}`];
    const isBodyValid = schemaAt(...keys, 'content', type, 'schema');
    const body: unknown = type.endsWith('json') ? JSON.parse(text) : text;
    return [
      ...(isBodyValid(body) ? [] : [`body: ${ajv.errorsText(isBodyValid.errors)}: ${text}`]),
      ...headerFaults(document, toRecord(response['headers']), headers, (name) =>
        schemaAt(...placeOf(document, [...keys, 'headers', name]), 'schema'),
      ),
    ];
  };
}

function headerFaults(
  document: Record<string, unknown>,
  documented: Record<string, unknown>,
  headers: Readonly<Record<string, string>>,
  schemaOf: (name: string) => ValidateFunction,
): string[] {
  // OpenAPI has the content type in the content.
  const rest = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'Content-Type'));
  const unknown = Object.keys(rest).filter((name) => !(name in documented));
  const missing = Object.keys(documented).filter((name) => {
    const isRequired = toRecord(follow(document, documented[name]))['required'] === true;
    return isRequired && !(name in rest);
  });
  const wrong = Object.entries(rest).filter(([name, value]) => name in documented && !schemaOf(name)(value));
  return [
    ...unknown.map((name) => `the header ${name} is not documented`),
    ...missing.map((name) => `the header ${name} is missing`),
    ...wrong.map(([name, value]) => `the header ${name} is ${value}`),
  ];
}

/** Where something stands once a reference at its place is followed. */
function placeOf(document: Record<string, unknown>, keys: string[]): string[] {
  const [last = '', ...before] = keys.toReversed();
  const parent = toRecord(lookUp(document, ...before.toReversed()));
  const reference = toText(toRecord(parent[last])['$ref']);
  return reference === undefined ? keys : reference.replace(/^#\//, '').split('/').map(unescapePointer);
}

function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, closed(inner)] as const);
  const isObjectSchema = value['type'] === 'object' && 'properties' in value;
  return { ...Object.fromEntries(entries), ...(isObjectSchema && { additionalProperties: false }) };
}

function escapePointer(key: string): string {
  return encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'));
}

function unescapePointer(key: string): string {
  return decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~');
}
