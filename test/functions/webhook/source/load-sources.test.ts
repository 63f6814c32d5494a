import { describe, expect, test } from 'vitest';
import type { Environment } from '../../../../functions/platform/settings.ts';
import { publicZendeskSecret, type SecretEncoding } from '../../../../functions/secrets/decode-secret.ts';
import type { CompiledSource } from '../../../../functions/webhook/source/compiled-source.ts';
import { isClosed, loadSources, type Source } from '../../../../functions/webhook/source/load-sources.ts';
import { presets } from '../../../../presets/index.ts';
import { pipelineSource } from '../../../support/source.ts';

function source(name: string, secrets: string[], secretEncoding: SecretEncoding = 'plain'): CompiledSource {
  return { ...pipelineSource, name, secrets, verify: { ...presets.generic.verify, secretEncoding } };
}

interface Opened {
  sources: ReadonlyMap<string, Source>;
  log: unknown[][];
}

function open(compiled: CompiledSource[], env: Environment): Opened {
  const log: unknown[][] = [];
  const sources = loadSources(compiled, env, (...line) => void log.push(line));
  return { sources, log };
}

test('a source opens with the keys in its variables, in their order, and the log is silent', () => {
  const { sources, log } = open([source('pipeline', ['NEW', 'OLD'], 'hex')], {
    OLD: '00'.repeat(16),
    NEW: 'ff'.repeat(16),
  });
  expect(sources.get('pipeline')).toMatchObject({
    name: 'pipeline',
    keys: [Buffer.alloc(16, 0xff), Buffer.alloc(16, 0x00)],
  });
  expect(log).toEqual([]);
});

test('a source opens with a short secret too, and the log advises against it without showing it', () => {
  const { sources, log } = open([source('pipeline', ['SECRET'])], { SECRET: 'fifteen-bytes-x' });
  expect(sources.get('pipeline')?.keys).toHaveLength(1);
  expect(JSON.stringify(log)).toContain('"variable":"SECRET","reason":"SECRET is shorter than 16 bytes');
  expect(JSON.stringify(log)).not.toContain('fifteen-bytes-x');
});

test.each<[string, string | undefined, SecretEncoding, string]>([
  ['is unset', undefined, 'plain', 'SECRET is not set'],
  ['is empty', '', 'plain', 'SECRET is empty'],
  ['is white space', ' \t\n', 'plain', 'SECRET is empty'],
  ['begins with a space', ' fake-value', 'plain', 'SECRET begins or ends with white space'],
  ['ends with a space', 'fake-value ', 'plain', 'SECRET begins or ends with white space'],
  ['ends with a newline', 'fake-value\n', 'plain', 'SECRET begins or ends with white space; a newline'],
  ['ends with CRLF', 'fake-value\r\n', 'plain', 'SECRET begins or ends with white space'],
  ['begins with a byte order mark', '\ufefffake-value', 'plain', 'SECRET begins or ends with white space'],
  ['is no hex', 'fake-value', 'hex', 'SECRET cannot be decoded: its encoding is hex'],
  ['is no base64', 'fake-value', 'base64', 'SECRET cannot be decoded: its encoding is base64'],
  [
    'is no base64',
    'fake-secret!',
    'whsec',
    'SECRET cannot be decoded: its encoding is whsec, which is base64, with or without whsec_ before it',
  ],
  [
    'is empty once decoded',
    'whsec_',
    'whsec',
    'SECRET cannot be decoded: its encoding is whsec, which is base64, with or without whsec_ before it',
  ],
])(
  'a source whose secret %s is closed, and the log names the variable and never the value',
  (_, value, encoding, reason) => {
    const { sources, log } = open([source('pipeline', ['SECRET'], encoding)], { SECRET: value });
    expect(sources.get('pipeline')).toMatchObject({ keys: [] });
    expect(log).toEqual([
      [
        'error',
        'a source is closed',
        { source: 'pipeline', variable: 'SECRET', reason: expect.stringContaining(reason) as string },
      ],
    ]);
    const written = JSON.stringify(log);
    expect(written).not.toContain('fake-value');
    expect(written).not.toContain('ZmFrZS12YWx1ZQ');
  },
);

describe('a source with two secrets', () => {
  const rotating = [source('pipeline', ['NEW', 'OLD'])];

  test.each<[string, Environment, string[]]>([
    ['the first is unset', { OLD: 'fake-old-secret-of-some-length' }, ['NEW']],
    ['the second is padded', { NEW: 'fake-new-secret-of-some-length', OLD: 'fake-old\n' }, ['OLD']],
    ['both are empty', { NEW: '', OLD: '' }, ['NEW', 'OLD']],
  ])('is closed, without any key, when %s', (_, env, variables) => {
    const { sources, log } = open(rotating, env);
    expect(sources.get('pipeline')).toMatchObject({ keys: [] });
    expect(log.map(([, , fields]) => fields)).toMatchObject(variables.map((variable) => ({ variable })));
  });
});

test('a closed source closes no other one', () => {
  const { sources } = open([source('closed', ['A']), source('open', ['B'])], { B: 'fake-value' });
  expect([...sources.values()].map((each) => [each.name, isClosed(each)])).toEqual([
    ['closed', true],
    ['open', false],
  ]);
});

test.each(['password', ':password', 'user:'])(
  'a source of basic credentials is closed where its secret is %s, for a user and a password are needed',
  (secret) => {
    const basic = { ...source('azure', ['BASIC']), verify: presets['azure-devops'].verify };
    const { sources, log } = open([basic], { BASIC: secret });
    expect(sources.get('azure')?.keys).toEqual([]);
    expect(log).toEqual([
      [
        'error',
        'a source is closed',
        { source: 'azure', variable: 'BASIC', reason: 'BASIC is not of the form user:password' },
      ],
    ]);
  },
);

test("a source is closed where its secret is Zendesk's public test secret", () => {
  const { sources, log } = open([source('zendesk', ['Z'])], { Z: publicZendeskSecret });
  expect(sources.get('zendesk')?.keys).toEqual([]);
  expect(JSON.stringify(log)).toContain("Z is Zendesk's test secret, which is public");
});
