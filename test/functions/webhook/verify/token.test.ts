import { describe, expect, test } from 'vitest';
import { verifyToken, type TokenParameters } from '../../../../functions/webhook/verify/token.ts';
import { problemOf, verdictOf } from '../../../support/problem.ts';

const secrets = ['fake-token', 'fake-old-token'];

function verify(
  format: TokenParameters['format'],
  value: string | undefined,
  keys: readonly string[] = secrets,
): void {
  verifyToken(
    { scheme: 'token', header: 'x-token', format },
    keys.map((key) => Buffer.from(key)),
    { headers: new Map(value === undefined ? [] : [['x-token', value]]) },
  );
}

const verdict = verdictOf(verify);

describe('a plain token', () => {
  test.each(secrets)('is accepted with either of the secrets: %s', (token) => {
    expect(verdict('plain', token)).toBe('accepted');
  });

  test.each([
    'fake-toke',
    'fake-token1',
    'fake-token ',
    ' fake-token',
    'FAKE-TOKEN',
    'fake-token,fake-token',
    'fake-token\n',
    'Bearer fake-token',
    '"fake-token"',
    'fake-token\u0000',
  ])('is refused where it is not the whole secret and nothing else: %j', (token) => {
    expect(verdict('plain', token)).toBe('token_mismatch');
  });

  test('is compared as bytes in UTF-8', () => {
    expect(verdict('plain', 'ключ♥', ['ключ♥'])).toBe('accepted');
    expect(verdict('plain', 'ключ?', ['ключ♥'])).toBe('token_mismatch');
  });
});

describe('a bearer token', () => {
  test.each(['Bearer fake-token', 'bearer fake-token', 'BEARER fake-old-token', 'Bearer  fake-token'])(
    'is accepted whatever the case of its scheme: %s',
    (value) => {
      expect(verdict('bearer', value)).toBe('accepted');
    },
  );

  test.each([
    'fake-token',
    'Bearer',
    'Bearer ',
    'Bearerfake-token',
    'Bearer fake-token ',
    'Bearer fake-token fake-token',
    'Bearer Fake-token',
    'Bearer ZmFrZS10b2tlbg==',
    'Basic fake-token',
    'Basic ZmFrZS10b2tlbg==',
    'Token fake-token',
    ' Bearer fake-token',
    'Bearer\tfake-token',
    'Bearer fake-token,Bearer fake-token',
  ])('is refused as anything else: %j', (value) => {
    expect(verdict('bearer', value)).toBe('token_mismatch');
  });
});

describe('user and password', () => {
  // printf 'fake-user:fake-password' | base64
  const credential = 'ZmFrZS11c2VyOmZha2UtcGFzc3dvcmQ=';
  const keys = ['fake-user:fake-password'];

  test.each([`Basic ${credential}`, `basic ${credential}`])('are accepted: %s', (value) => {
    expect(verdict('basic', value, keys)).toBe('accepted');
  });

  test.each([
    credential,
    'Basic fake-user:fake-password',
    `Bearer ${credential}`,
    `Basic ${credential.slice(0, -1)}`,
    `Basic ${credential}=`,
    // printf 'fake-user:other-password' | base64, and the same with fake-password alone
    'Basic ZmFrZS11c2VyOm90aGVyLXBhc3N3b3Jk',
    'Basic ZmFrZS1wYXNzd29yZA==',
    'Basic ',
    'Basic !',
  ])('are refused as anything else: %j', (value) => {
    expect(verdict('basic', value, keys)).toBe('token_mismatch');
  });
});

describe.each(['plain', 'bearer', 'basic'] as const)('a token that is %s', (format) => {
  test('is missing without the header, or with an empty one', () => {
    expect(verdict(format, undefined)).toBe('token_missing');
    expect(verdict(format, '')).toBe('token_missing');
    expect(
      problemOf(() => {
        verify(format, '');
      })?.message,
    ).toBe('The header x-token is missing or empty.');
  });

  test('opens nothing where there is no secret', () => {
    expect(verdict(format, 'Bearer x', [])).toBe('token_mismatch');
  });
});

test.each<[TokenParameters['format'], string]>([
  ['plain', "The header x-token does not hold this source's token."],
  ['bearer', `The header x-token does not hold "Bearer " and this source's token.`],
  ['basic', `The header x-token does not hold "Basic " and this source's user and password.`],
])(
  'a token that is %s is refused with what the header must hold, and not with what it holds',
  (format, message) => {
    expect(
      problemOf(() => {
        verify(format, 'fake-wrong');
      })?.message,
    ).toBe(message);
  },
);
