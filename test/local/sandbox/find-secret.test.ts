import { describe, expect, test } from 'vitest';
import { compileSources } from '../../../local/build/compile-sources.ts';
import { sandboxUrl } from '../../../local/cli/options.ts';
import { findSecret } from '../../../local/sandbox/find-secret.ts';
import { sandboxSecrets } from '../../../local/sandbox/secrets.ts';

describe('the secret of a source', () => {
  const sources = compileSources(`
    sources: { hook: { preset: svix, secrets: [NEW_SECRET, OLD_SECRET] } }
  `);
  const [source] = sources;
  if (!source) throw new Error('there must be a source');
  const whsec = 'whsec_ZmFrZS1zZWNyZXQtb2YtdGVzdHM=';
  const secretAt = (url: string, env: NodeJS.Dict<string>) => findSecret(source, { url, sources, env });

  test.each([sandboxUrl, 'http://localhost:9077', 'http://[::1]:9000'])(
    "is the sandbox's own at %s, unless the environment has one",
    (url) => {
      expect(secretAt(url, {})).toBe(sandboxSecrets(sources)['NEW_SECRET']);
      expect(secretAt(url, { OLD_SECRET: whsec })).toBe(whsec);
    },
  );

  test('is the first that is set, elsewhere', () => {
    expect(secretAt('https://fc.example.com', { NEW_SECRET: whsec, OLD_SECRET: 'whsec_AAAA' })).toBe(whsec);
    expect(secretAt('https://fc.example.com', { NEW_SECRET: '', OLD_SECRET: whsec })).toBe(whsec);
  });

  test('is asked for by the name of its variable where there is none', () => {
    expect(() => secretAt('https://fc.example.com', {})).toThrow(
      'NEW_SECRET is not set. The source hook needs it. To take it from .env: (set -a; . ./.env; set +a; npm run …).',
    );
  });

  test('is not shown where it cannot be used', () => {
    const read = () => secretAt('https://fc.example.com', { NEW_SECRET: 'fake-secret' });
    expect(read).toThrow(
      'NEW_SECRET cannot be decoded: its encoding is whsec, which is base64, with or without whsec_',
    );
    expect(read).not.toThrow('fake-secret');
  });
});

describe('the secret of a source that has it in KMS', () => {
  const sources = compileSources(
    'sources: { hook: { preset: generic, secrets: [kms:hook/secret, OLD_SECRET] } }',
  );
  const [source] = sources;
  if (!source) throw new Error('there must be a source');
  const elsewhere = 'https://fc.example.com';

  test("is the sandbox's own at the sandbox", () => {
    const secret = findSecret(source, { url: sandboxUrl, sources, env: {} });
    expect(secret).toBe(sandboxSecrets(sources)['kms:hook/secret']);
  });

  test('is asked for elsewhere, with what to type', () => {
    expect(() => findSecret(source, { url: elsewhere, sources, env: {} })).toThrow(
      'The source hook has its secret in KMS, which this command does not ask. Read it yourself, and use --secret-env SECRET:\n' +
        '  export SECRET="$(aliyun kms GetSecretValue --SecretName hook/secret | ',
    );
  });

  test.each([elsewhere, sandboxUrl])('at %s is what the variable holds that is given', (url) => {
    const env = { SECRET: 'fake-secret-of-kms', OLD_SECRET: 'fake-old' };
    expect(findSecret(source, { url, sources, env, given: 'SECRET' })).toBe('fake-secret-of-kms');
  });

  test('may be replaced by the one in a variable beside it', () => {
    expect(findSecret(source, { url: elsewhere, sources, env: { OLD_SECRET: 'fake-old' } })).toBe('fake-old');
  });

  test('is asked for by the name of the variable that is given, where that is not set', () => {
    expect(() => findSecret(source, { url: sandboxUrl, sources, env: {}, given: 'SECRET' })).toThrow(
      'SECRET is not set. The source hook needs it',
    );
  });
});
