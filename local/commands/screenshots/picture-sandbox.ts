import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Browser } from 'playwright-core';
import { root } from '../../cli/root.ts';

/** Channels whose messages are in English: the browser of the tests has no Chinese letters. */
const sources = `
sources:
  pipeline: { preset: generic, secrets: [SECRET_PIPELINE] }
  github: { preset: github, secrets: [SECRET_GITHUB] }
notify:
  - { kind: slack, url: SLACK_URL }
  - { kind: webhook, url: WEBHOOK_URL, secret: WEBHOOK_SECRET }
`;

/** Plays `npm start` to its end, sends one request on its page, and pictures that, as a PNG. */
export async function pictureSandbox(browser: Browser): Promise<Buffer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'sandbox-'));
  const file = path.join(folder, 'sources.yaml');
  writeFileSync(file, sources);
  const args = ['--import', 'tsx', 'local/commands/start.ts', '--port', '0', '--sources', file];
  const child = spawn(process.execPath, args, {
    cwd: root,
    // No setting of the shell, such as ROLLBACK_SUSPENDED, may change the picture.
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  try {
    let url = '';
    for await (const line of createInterface(child.stdout)) {
      url ||= /^See it in a browser: (\S+)/.exec(line)?.[1] ?? '';
      if (line.includes('Ctrl-C stops.')) break;
    }
    return await picturePage(browser, url);
  } finally {
    child.kill('SIGINT');
    await closed;
    rmSync(folder, { recursive: true });
  }
}

async function picturePage(browser: Browser, url: string): Promise<Buffer> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 720 },
    colorScheme: 'light',
    reducedMotion: 'reduce',
  });
  try {
    const page = await context.newPage();
    await page.goto(url);
    await page.getByText('It asks for the change order').waitFor();
    await page.getByRole('button', { name: 'Sign and send' }).click();
    await page.locator('.request').first().locator('.code', { hasText: '202' }).waitFor();
    await page.getByText('Started: the EDAS rollback is under way.').first().waitFor();
    return await page.screenshot();
  } finally {
    await context.close();
  }
}
