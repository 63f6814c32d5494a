import { describe, expect, test } from 'vitest';
import { compileSources } from '../../../../local/build/compile-sources.ts';
import { checkSecrets, isOpen } from '../../../../local/commands/doctor/check-secrets.ts';
import { sandboxSecrets } from '../../../../local/sandbox/secrets.ts';

const app = '3616cdca-0000-4000-8000-0000000000aa';
const basic = '{ verify: { scheme: basic }, secrets: [SECRET], apps: [' + app + '] }';

/** Of that many different-looking characters, and obviously fake. */
const text = (length: number) => 'fake-secret-of-a-test-'.repeat(5).slice(0, length);

function check(source: string, env: NodeJS.Dict<string>) {
  return checkSecrets(compileSources(`sources: { one: ${source} }`), env);
}

function checkOne(source: string, value: string | undefined) {
  const [finding] = check(source, { SECRET: value });
  if (!finding) throw new Error('there must be a finding');
  return finding;
}

const generic = '{ preset: generic, secrets: [SECRET] }';
const sha512 = '{ verify: { header: X-S, algorithm: sha512 }, secrets: [SECRET] }';
const sha1 = '{ preset: coding, secrets: [SECRET] }';
const hex = '{ verify: { header: X-S, secretEncoding: hex }, secrets: [SECRET] }';
const whsec = '{ preset: standard-webhooks, secrets: [SECRET] }';
const bearer = `{ preset: alertmanager, secrets: [SECRET], apps: [${app}] }`;
const link = `{ preset: cloudmonitor, secrets: [SECRET], apps: [${app}] }`;
const bytes = (length: number) => Buffer.from(text(length));

describe('a secret', () => {
  test.each([
    ['of 32 bytes under SHA-256', generic, text(32)],
    ['of 64 bytes under SHA-512', sha512, text(64)],
    ['of 20 bytes under SHA-1', sha1, text(20)],
    ['of 32 bytes in hex', hex, bytes(32).toString('hex')],
    ['of 24 bytes in whsec_', whsec, `whsec_${bytes(24).toString('base64')}`],
    ['of 16 bytes that is a token', bearer, text(16)],
    ['of a user and 16 bytes', basic, `user:${text(16)}`],
    ['of 32 bytes that signs links', link, text(32)],
  ])('%s is right', (_what, source, value) => {
    expect(check(source, { SECRET: value })).toEqual([
      { verdict: 'right', what: 'SECRET (one) is set, and long enough' },
    ]);
  });

  test.each([
    ['of 31 bytes under SHA-256', generic, text(31), '31 bytes; 32 are recommended'],
    ['of 63 bytes under SHA-512', sha512, text(63), '63 bytes; 64 are recommended'],
    ['of 19 bytes under SHA-1', sha1, text(19), '19 bytes; 20 are recommended'],
    ['of 32 digits that are 16 bytes', hex, bytes(16).toString('hex'), '16 bytes; 32 are recommended'],
    ['of 23 bytes in whsec_', whsec, `whsec_${bytes(23).toString('base64')}`, '23 bytes; 24 are'],
    ['of 31 bytes that signs links', link, text(31), '31 bytes; 32 are recommended'],
  ])('%s is a warning', (_what, source, value, reason) => {
    expect(checkOne(source, value)).toMatchObject({
      verdict: 'warning',
      what: expect.stringContaining(reason) as unknown,
    });
  });

  test.each([
    ['of 15 bytes', generic, text(15), 'is shorter than 16 bytes'],
    ['of 15 bytes that is a token', bearer, text(15), 'is shorter than 16 bytes'],
    ['of a user and 15 bytes', basic, `a-long-user-name:${text(15)}`, 'is shorter than 16 bytes'],
    ['of a user alone', basic, text(32), 'is not of the form user:password'],
    ['of 24 digits that are 12 bytes', hex, bytes(12).toString('hex'), 'is shorter than 16 bytes'],
    ['with a newline at its end', generic, `${text(32)}\n`, 'white space'],
    ['with a space before it', generic, ` ${text(32)}`, 'white space'],
    ['of white space alone', generic, '   ', 'is empty'],
    ['with a line break in it', generic, `${text(20)}\n${text(20)}`, 'line break'],
    ['in double quotes', generic, `"${text(32)}"`, 'quote'],
    ['in single quotes', generic, `'${text(32)}'`, 'quote'],
    ['with a quote at one end', generic, `${text(32)}"`, 'quote'],
    ['that is not of its encoding', hex, text(32), 'cannot be decoded: its encoding is hex'],
    ['of one character', generic, 'x'.repeat(40), 'placeholder'],
    ['of few characters', generic, 'abc'.repeat(20), 'the same few characters'],
    ['that asks to be changed', generic, 'changeme', 'placeholder'],
    ['that asks to be put in', generic, 'your-secret-goes-in-here-please', 'placeholder'],
    ['in angle brackets', generic, '<the secret of the pipeline>', 'placeholder'],
    ["that is Zendesk's for tests", generic, 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==', 'is public'],
    ["that is the sandbox's", link, 'sandbox-secret', 'is public'],
  ])('%s is wrong', (_what, source, value, reason) => {
    const finding = checkOne(source, value);
    expect(finding).toMatchObject({ verdict: 'wrong', what: expect.stringContaining(reason) as unknown });
    // The beginning of every secret above that is not a word of the findings.
    expect(JSON.stringify(finding)).not.toContain('fake-secret');
  });

  test("that is the sandbox's is wrong, because it is public", () => {
    const source = '{ preset: generic, secrets: [A_LONG_VARIABLE_NAME] }';
    const secrets = sandboxSecrets(compileSources(`sources: { one: ${source} }`));
    expect(check(source, secrets)[0]).toMatchObject({
      verdict: 'wrong',
      what: expect.stringContaining("the sandbox's") as unknown,
    });
  });

  test.each([undefined, ''])('that is %j keeps its source closed, which is a warning', (value) => {
    expect(checkOne(generic, value)).toMatchObject({
      verdict: 'warning',
      what: 'SECRET is empty, so the source one stays closed',
    });
  });
});

describe('several secrets', () => {
  const two =
    'sources: { one: { preset: generic, secrets: [A, B] }, two: { preset: generic, secrets: [C] } }';
  const sources = compileSources(two);
  const env = { A: `a${text(40)}`, B: `b${text(40)}`, C: `c${text(40)}` };

  test('that differ are right', () => {
    expect(checkSecrets(sources, env).map(({ verdict }) => verdict)).toEqual(['right', 'right', 'right']);
  });

  test.each([
    ['A', 'B', '{ preset: generic, secrets: [A, B] }'],
    ['B', 'A', '{ preset: generic, secrets: [A, B] }'],
    ['A', 'kms:b', '{ preset: generic, secrets: [kms:b, A] }'],
  ])(
    'of which %s is empty and %s is there would close their source, which is wrong',
    (empty, other, source) => {
      const half = compileSources(`sources: { one: ${source} }`);
      const findings = checkSecrets(half, { ...env, [empty]: '' });
      expect(findings.find(({ verdict }) => verdict === 'wrong')).toMatchObject({
        what: `${empty} is empty although ${other} is there, so the source one would be closed to everybody`,
      });
    },
  );

  test('of one value are wrong', () => {
    const findings = checkSecrets(sources, { ...env, C: env.A });
    expect(findings.filter(({ verdict }) => verdict === 'wrong')).toMatchObject([
      { what: 'A and C have the same value' },
    ]);
  });

  test('of which one is missing leave the other source open', () => {
    const findings = checkSecrets(sources, { A: env.A, C: env.C });
    expect(findings.map(({ verdict }) => verdict)).toEqual(['right', 'wrong', 'right']);
  });

  test('that leave no source open are wrong', () => {
    expect(checkSecrets(sources, { A: env.A }).at(-1)).toMatchObject({
      verdict: 'wrong',
      what: 'no source has its secret, so every webhook is refused',
      advice: expect.stringMatching(
        /cp \.env\.example \.env.*If only events are to roll back, take sources out of sources\.yaml/,
      ) as unknown,
    });
  });
});

describe('secrets in KMS, where it was not asked', () => {
  const inKms = compileSources('sources: { one: { preset: generic, secrets: [kms:one] } }');
  const mixed = compileSources('sources: { one: { preset: generic, secrets: [kms:one, OLD] } }');

  test('are left out, and their source is not taken for a closed one', () => {
    expect(checkSecrets(inKms, {})).toEqual([
      { verdict: 'skipped', what: 'kms:one (one) is in KMS, which was not asked: --offline' },
    ]);
    expect(inKms.map((source) => isOpen(source, {}))).toEqual([true]);
  });

  test('do not open a source whose variable is empty', () => {
    expect(checkSecrets(mixed, {}).map(({ verdict }) => verdict)).toEqual(['skipped', 'wrong', 'wrong']);
    expect(checkSecrets(mixed, { OLD: text(32) }).map(({ verdict }) => verdict)).toEqual([
      'skipped',
      'right',
    ]);
  });
});
