import '../cli/ignore-debug.ts';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import type { Language } from '../../functions/lib/language.ts';
import { renderPage } from '../../functions/webhook/confirm/page/render.ts';
import { CliError } from '../cli/cli.ts';
import { runCommand } from '../cli/command.ts';
import { root } from '../cli/root.ts';
import { openBrowser } from './screenshots/open-browser.ts';
import { typicalView } from './screenshots/typical-view.ts';

const files: Record<Language, string> = { en: 'confirm-page.png', zh: 'confirm-page.zh-CN.png' };

/** Whether two Chinese characters look different: without a font for them, both are the same box. */
const hasChinese = `{
  const pixelsOf = (text) => {
    const canvas = document.createElement('canvas');
    const context = canvas.getContext('2d');
    context.font = '40px system-ui, sans-serif';
    context.fillText(text, 10, 60);
    return canvas.toDataURL();
  };
  pixelsOf('\u56de') !== pixelsOf('\u6eda');
}`;

await runCommand({
  summary: 'Takes the pictures of the page on which a person decides, as a phone shows it, for the READMEs.',
  usage: 'npm run screenshots -- [--out DIR]',
  options: {
    out: {
      type: 'string',
      value: 'DIR',
      default: path.join(root, 'docs/pictures'),
      help: 'where the pictures go   (docs/pictures)',
    },
  },
  run: async ({ out }) => {
    mkdirSync(out, { recursive: true });
    const browser = await openBrowser();
    try {
      for (const language of ['en', 'zh'] as const) await takePicture(browser, language, out);
    } finally {
      await browser.close();
    }
    console.log('Look at them before you commit them.');
  },
});

async function takePicture(browser: Browser, language: Language, out: string): Promise<void> {
  const page = await browser.newPage({
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 1.35,
    colorScheme: 'light',
    reducedMotion: 'reduce',
    timezoneId: 'Asia/Shanghai',
  });
  const view = typicalView(language);
  await page.clock.setFixedTime(view.seenAt);
  await page.setContent(renderPage(view));
  if (language === 'zh' && !(await page.evaluate<boolean>(hasChinese))) {
    throw new CliError(
      'This machine has no font for Chinese, so the Chinese picture was not taken. Install one, such as fonts-wqy-microhei.',
    );
  }
  const file = path.join(out, files[language]);
  // Up to the buttons: what comes below them is for the one who looks closer.
  const { y = 0, height = 0 } = (await page.locator('form').boundingBox()) ?? {};
  await page.screenshot({
    path: file,
    fullPage: true,
    clip: { x: 0, y: 0, width: 390, height: Math.ceil(y + height) + 16 },
  });
  console.log(`Wrote ${file}.`);
}
