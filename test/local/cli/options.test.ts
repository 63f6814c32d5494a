import { describe, expect, test } from 'vitest';
import { readId, readUrl } from '../../../local/cli/options.ts';

describe('the address of a function', () => {
  test.each([
    ['https://fc.example.com/', 'https://fc.example.com'],
    ['https://fc.example.com', 'https://fc.example.com'],
    ['http://127.0.0.1:9000', 'http://127.0.0.1:9000'],
    ['http://localhost:9000/', 'http://localhost:9000'],
    ['http://[::1]:9000', 'http://[::1]:9000'],
  ])('%s is taken', (text, url) => {
    expect(readUrl(text)).toBe(url);
  });

  test.each(['http://fc.example.com', 'http://127.0.0.1.example.com', 'ftp://127.0.0.1'])(
    '%s is not safe',
    (text) => {
      expect(() => readUrl(text)).toThrow(/^--url must be/);
    },
  );

  test.each([
    '',
    'fc.example.com',
    'https://fc.example.com/pipeline',
    'https://fc.example.com/?a=b',
    'https://user:fake@fc.example.com/',
  ])('%s is more or less than an address', (text) => {
    expect(() => readUrl(text)).toThrow('--url must be the address of the function alone');
  });
});

test('an id is taken in either case, and nothing but an id', () => {
  expect(readId('--app', 'DC5133D7-773F-4C81-9C5A-E2103DCE0F6A')).toBe(
    'dc5133d7-773f-4c81-9c5a-e2103dce0f6a',
  );
  expect(readId('--app', undefined)).toBeUndefined();
  expect(() => readId('--app', 'dc5133d7')).toThrow(
    '--app must be an id as the EDAS console shows it (a UUID), not "dc5133d7".',
  );
});
