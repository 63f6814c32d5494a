import { describe, expect, test } from 'vitest';
import { openSources } from '../../../functions/webhook/source/open-sources.ts';
import { verifyHmac } from '../../../functions/webhook/verify/hmac.ts';
import { compileSources } from '../../../local/build/compile-sources.ts';
import { headersFor, payloadFor } from '../../../local/sandbox/sample-webhook.ts';
import { realSecrets, sandboxSecrets } from '../../../local/sandbox/secrets.ts';
import { codeOf } from '../../support/problem.ts';

describe.each(['plain', 'hex', 'base64', 'whsec'])('a secret whose encoding is %s', (secretEncoding) => {
  const sources = compileSources(
    `sources: { hook: { verify: { header: X-Sig, secretEncoding: ${secretEncoding} }, secrets: [HOOK_SECRET] } }`,
  );
  /** What the function says to a webhook that is signed with `signing`, when `secrets` are in its environment. */
  function refusalOf(secrets: Record<string, string>, signing: Record<string, string>): string | undefined {
    const source = openSources(sources, secrets, () => undefined).get('hook');
    if (!source) throw new Error('there is no such source');
    const body = payloadFor(source, 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a');
    const headers = new Map(Object.entries(headersFor(source, signing, body)));
    return codeOf(() => {
      verifyHmac(source.verify, source.keys, { headers, body: Buffer.from(body) }, 0);
    });
  }

  test('opens its source in the sandbox, and one of another seed does not', () => {
    const secrets = sandboxSecrets(sources);
    expect(refusalOf(secrets, secrets)).toBeUndefined();
    expect(refusalOf(secrets, sandboxSecrets(sources, 'forged'))).toBe('signature_mismatch');
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
