import fc from 'fast-check';
import { expect, test } from 'vitest';
import { languages } from '../../../../functions/lib/language.ts';
import { preferredLanguage } from '../../../../functions/webhook/confirm/preferred-language.ts';

test.each([
  ['zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
  ['en-US,en;q=0.9,zh-CN;q=0.8', 'en'],
  ['zh', 'zh'],
  ['ZH-hant-TW', 'zh'],
  ['de-DE,de;q=0.9,zh;q=0.5', 'zh'],
  ['de-DE, de;q=0.9, zh;q=0.5, en;q=0.6', 'en'],
  ['en;q=0.5, zh;q=0.8', 'zh'],
  ['en, zh', 'en'],
  ['zh, en', 'zh'],
  ['zh;q=0, en;q=0.1', 'en'],
  ['zh;q=0', 'en'],
  ['zh ; q=0.7', 'zh'],
  ['*', 'en'],
  ['fr, ja', 'en'],
])('a browser that prefers %j gets %s', (header, language) => {
  expect(preferredLanguage(header)).toBe(language);
});

test.each([
  undefined,
  '',
  ',',
  ';q=1',
  'zh;q=',
  'zh;q=2',
  'zh;q=-1',
  'zh;q=1e9',
  'zhuang',
  'zh_CN',
  '中文',
  'e n',
])('a header that says nothing, such as %j, gets English', (header) => {
  expect(preferredLanguage(header)).toBe('en');
});

test('a header of any length and content gets one of the languages, at once', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(100_000), (text, times) => {
      const header = text.repeat(Math.ceil(times / (text.length + 1)));
      expect(languages).toContain(preferredLanguage(header));
    }),
  );
});
