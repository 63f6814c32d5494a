import { describe, expect, test } from 'vitest';
import { createAddKmsKeys } from '../../../functions/secrets/kms-keys.ts';
import {
  SecretUnavailable,
  type KmsSecrets,
  type ReadOptions,
  type SecretVersions,
} from '../../../functions/secrets/kms-secrets.ts';
import type { CompiledSource } from '../../../functions/webhook/source/compiled-source.ts';
import { loadSources, type Source } from '../../../functions/webhook/source/load-sources.ts';
import { presets } from '../../../presets/index.ts';
import { pipelineSource } from '../../support/source.ts';

const text = (name: string) => `fake-secret-of-${name}`;
const key = (name: string) => Buffer.from(text(name));

interface Stage {
  add: (changes?: Partial<CompiledSource>) => Promise<Source>;
  /** How each secret was asked for. */
  readings: (Pick<ReadOptions, 'timeoutMs' | 'maxAgeMs'> & { name: string })[];
  log: string[];
}

/** @param versions of each secret, or why there are none */
function setStage(versions: Record<string, SecretVersions | SecretUnavailable>): Stage {
  const readings: Stage['readings'] = [];
  const log: string[] = [];
  const secrets: KmsSecrets = {
    read: (name, { timeoutMs, maxAgeMs }) => {
      readings.push({ name, timeoutMs, maxAgeMs });
      const found = versions[name] ?? new SecretUnavailable(name, undefined);
      return found instanceof SecretUnavailable ? Promise.reject(found) : Promise.resolve(found);
    },
  };
  const addKmsKeys = createAddKmsKeys(secrets, (level, msg, fields) => {
    log.push(JSON.stringify({ level, msg, ...fields }));
  });
  const add = (changes: Partial<CompiledSource> = {}) => {
    const compiled = { ...pipelineSource, secrets: ['kms:a'], ...changes };
    const source = loadSources([compiled], { OWN: text('own') }, () => undefined).get(compiled.name);
    if (!source) throw new Error('there must be a source');
    return addKmsKeys(source, () => Promise.reject(new Error('KMS is not asked here')));
  };
  return { add, readings, log };
}

const version = (name: string) => ({ text: text(name), versionId: undefined });

describe('a source gets', () => {
  test('the key of its variable, and those of both versions of each secret in KMS', async () => {
    const { add } = setStage({ a: [version('a2'), version('a1')], b: [version('b1')] });
    const { keys } = await add({ secrets: ['kms:a', 'OWN', 'kms:b'] });
    expect(keys).toEqual([key('own'), key('a2'), key('a1'), key('b1')]);
  });

  test('keys that are made from the text as its scheme says', async () => {
    const versions: SecretVersions = [{ text: 'ab'.repeat(16), versionId: 'v1' }];
    const verify = { ...presets.generic.verify, secretEncoding: 'hex' as const };
    const { keys } = await setStage({ a: versions }).add({ verify });
    expect(keys).toEqual([Buffer.alloc(16, 0xab)]);
  });

  test.each([
    [2_000, 600],
    [5_000, 1_500],
    [9_000, 2_000],
    [60_000, 2_000],
  ])('with a deadline of %i ms, its secrets within %i ms', async (deadlineMs, timeoutMs) => {
    const { add, readings } = setStage({ a: [version('a1')] });
    await add({ deadlineMs });
    expect(readings).toEqual([{ name: 'a', timeoutMs, maxAgeMs: 300_000 }]);
  });
});

describe('a source is refused its keys', () => {
  test.each<[string, SecretUnavailable, string, unknown]>([
    ['may be had later', new SecretUnavailable('a', 7), 'secrets_unavailable', { retryAfterSeconds: 7 }],
    ['cannot be had', new SecretUnavailable('a', undefined), 'source_not_configured', {}],
  ])('where one of its secrets %s', async (_, unknown, code, facts) => {
    const { add } = setStage({ a: unknown, b: [version('b1')] });
    await expect(add({ secrets: ['kms:b', 'kms:a'] })).rejects.toMatchObject({ code, facts });
  });

  test('where a current version is unfit, and asks for it again sooner', async () => {
    const { add, readings, log } = setStage({
      a: [{ text: ' padded', versionId: 'v1' }],
      b: [version('b1')],
    });
    for (let request = 0; request < 2; request += 1) {
      await expect(add({ secrets: ['kms:a', 'kms:b'] })).rejects.toMatchObject({
        code: 'source_not_configured',
      });
    }
    expect(readings.map(({ name, maxAgeMs }) => [name, maxAgeMs])).toEqual([
      ['a', 300_000],
      ['b', 300_000],
      ['a', 60_000],
      ['b', 300_000],
    ]);
    expect(log).toEqual([
      '{"level":"error","msg":"a source is closed","source":"pipeline","secret":"kms:a","reason":"kms:a begins or ends with white space; a newline from a file is a usual reason"}',
    ]);
  });
});

test.each([
  ['is empty', ''],
  // What stood in its place when it was made would let anybody in until the next rotation.
  ['is shorter than 16 bytes', 'x'],
  ['is shorter than 16 bytes', 'fifteen bytes..'],
])('a previous version that %s is left out, and told once', async (fault, previous) => {
  const { add, log } = setStage({ a: [version('a2'), { text: previous, versionId: 'v1' }] });
  for (let request = 0; request < 2; request += 1) expect((await add()).keys).toEqual([key('a2')]);
  expect(log).toEqual([
    `{"level":"warn","msg":"a previous secret is not used","source":"pipeline","secret":"kms:a","reason":"The previous version of kms:a ${fault}"}`,
  ]);
});
