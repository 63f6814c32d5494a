import { describe, expect, test } from 'vitest';
import { loadSources } from '../../../functions/webhook/source/load-sources.ts';
import { verify } from '../../../functions/webhook/verify/verify.ts';
import { compileSources } from '../../../local/build/compile-sources.ts';
import { inKms, inVariables, realSecrets, sandboxSecrets, secretOf } from '../../../local/sandbox/secrets.ts';
import { signatureHeaders } from '../../../local/signing/sign.ts';
import { codeOf } from '../../support/problem.ts';

describe.each([
  ['whose encoding is plain', '{ header: X-Sig, secretEncoding: plain }', 'signature_mismatch'],
  ['whose encoding is hex', '{ header: X-Sig, secretEncoding: hex }', 'signature_mismatch'],
  ['whose encoding is base64', '{ header: X-Sig, secretEncoding: base64 }', 'signature_mismatch'],
  ['whose encoding is whsec', '{ header: X-Sig, secretEncoding: whsec }', 'signature_mismatch'],
  ['that is a token', '{ scheme: bearer }', 'token_mismatch'],
  ['that is user and password', '{ scheme: basic }', 'token_mismatch'],
])('a secret %s', (_what, settings, mismatch) => {
  const apps = '[3616cdca-0000-4000-8000-000000000001]';
  const sources = compileSources(
    `sources: { hook: { verify: ${settings}, secrets: [HOOK_SECRET], apps: ${apps} } }`,
  );
  /** What the function says to a webhook that is signed with `signing`, when `secrets` are in its environment. */
  function refusalOf(secrets: Record<string, string>, signing: Record<string, string>): string | undefined {
    const source = loadSources(sources, secrets, () => undefined).get('hook');
    if (!source) throw new Error('there is no such source');
    const body = Buffer.from('{}');
    const headers = new Map(Object.entries(signatureHeaders(source.verify, secretOf(source, signing), body)));
    return codeOf(() => {
      verify(source.verify, source.keys, { headers, body }, Date.now());
    });
  }

  test('opens its source in the sandbox, and one of another seed does not', () => {
    const secrets = sandboxSecrets(sources);
    expect(refusalOf(secrets, secrets)).toBeUndefined();
    expect(refusalOf(secrets, sandboxSecrets(sources, 'forged'))).toBe(mismatch);
  });

  test('is the same at every start of the sandbox', () => {
    expect(sandboxSecrets(sources)).toEqual(sandboxSecrets(sources));
  });

  test('is made anew for real EDAS, unless there is one of yours', () => {
    const secrets = realSecrets(sources, { HOOK_SECRET: '' });
    expect(refusalOf(secrets, secrets)).toBeUndefined();
    expect(realSecrets(sources, {})).not.toEqual(secrets);
    expect(realSecrets(sources, { HOOK_SECRET: 'fake-secret-of-yours' })).toEqual({
      HOOK_SECRET: 'fake-secret-of-yours',
    });
  });
});

test('secrets in KMS are for the stand-in of KMS, and those in variables for the environment', () => {
  const sources = compileSources(
    'sources: { hook: { preset: generic, secrets: [kms:new/one, OLD_SECRET] } }',
  );
  const secrets = sandboxSecrets(sources);
  expect(inVariables(secrets)).toEqual({ OLD_SECRET: secrets['OLD_SECRET'] });
  expect(inKms(secrets)).toEqual([['new/one', secrets['kms:new/one']]]);
});

test('with real EDAS, secrets in KMS are left to KMS', () => {
  const sources = compileSources('sources: { hook: { preset: generic, secrets: [kms:new, OLD_SECRET] } }');
  expect(Object.keys(realSecrets(sources, {}))).toEqual(['OLD_SECRET']);
});
