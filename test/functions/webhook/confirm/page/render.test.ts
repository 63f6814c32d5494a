import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { languages } from '../../../../../functions/lib/language.ts';
import { script, style } from '../../../../../functions/webhook/confirm/page/assets.ts';
import {
  headersOfPage,
  renderPage,
  renderProblem,
} from '../../../../../functions/webhook/confirm/page/render.ts';
import { pageAssets, pageAssetsFile } from '../../../../../local/build/page-assets.ts';
import { stages, viewOf } from './views.ts';

const stageOf = (name: string) => {
  const stage = stages[name];
  if (!stage) throw new Error(`There is no state ${name}`);
  return stage;
};
const pageOf = (name: string) => renderPage(viewOf(stageOf(name)));
const textOf = (page: string) =>
  (/<main.*<\/main>/s.exec(page)?.[0] ?? '').replaceAll(/<[^>]*>/g, '').replaceAll(/\s+/g, ' ');

test('the style and the script of the page are those that the build makes', async () => {
  expect(readFileSync(pageAssetsFile, 'utf8')).toBe(await pageAssets());
});

test('neither the style nor the script ends its own element', () => {
  expect(`${style}${script}`).not.toMatch(/<\/|<!--/);
});

test('the headers let nothing in but the style and the script of the page', () => {
  const { 'Content-Security-Policy': policy, ...others } = headersOfPage();
  expect(policy).toMatch(
    /^default-src 'none'; script-src 'sha256-[\w+/]{43}='; style-src 'sha256-[\w+/]{43}='; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
  );
  expect(others).toEqual({
    'Content-Type': 'text/html; charset=utf-8',
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Robots-Tag': 'noindex',
    'X-Frame-Options': 'DENY',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
  });
});

describe.each(languages)('in the language %s', (language) => {
  test.each(Object.entries(stages))('there is a page for %s', (_name, stage) => {
    const page = renderPage(viewOf(stage, language));
    expect(page).toContain(`<html lang="${language === 'zh' ? 'zh-CN' : 'en'}">`);
    expect(page.match(/<h1/g)).toHaveLength(1);
    expect(textOf(page)).toContain('checkout');
    expect(page).not.toMatch(/undefined|\[object|NaN/);
  });
});

test('a change in flight is said to be stopped, and how far it has come', () => {
  expect(textOf(pageOf('a change in flight'))).toContain(
    'Stops the release of version 2.4.0, which has reached 2 of 5 batches, and goes back to what ran before.',
  );
});

test('a problem says what to do, and why', () => {
  const page = renderProblem({ language: 'en', code: 'link_expired', message: 'It ended <yesterday>.' });
  expect(textOf(page)).toContain('This link is too old');
  expect(textOf(page)).toContain('It ended &lt;yesterday&gt;.');
});
