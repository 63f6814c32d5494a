import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import axe, { type AxeResults, type RunOptions } from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, onTestFinished, vi } from 'vitest';
import { openBrowser } from '../../local/commands/screenshots/open-browser.ts';

/** A browser for the tests of a file. */
export interface TestBrowser {
  /** Opens a window, which is closed when the test has ended. */
  open: (options?: BrowserContextOptions) => Promise<Window>;
}

/** A page in a window, and what went wrong in it: faults of scripts, and what its policy forbade. */
export interface Window {
  page: Page;
  faults: string[];
}

/** Milliseconds for what is waited for, such as an element. A quiet machine needs a fraction of it. */
export const patienceMs = 15_000;

/** Starts a browser before the tests of this file, and ends it after them. */
export function useBrowser(): TestBrowser {
  let browser: Browser | undefined;
  beforeAll(async () => {
    vi.setConfig({ testTimeout: 4 * patienceMs });
    browser = await openBrowser();
  }, 60_000);
  afterAll(async () => {
    vi.resetConfig();
    await browser?.close();
  });
  return {
    open: async (options) => {
      if (!browser) throw new Error('Windows open in tests only.');
      const context = await browser.newContext(options);
      onTestFinished(() => context.close());
      const page = await context.newPage();
      page.setDefaultTimeout(patienceMs);
      const faults: string[] = [];
      page.on('pageerror', (error) => faults.push(error.message));
      page.on('console', (message) => {
        if (message.type() === 'error') faults.push(message.text());
      });
      return { page, faults };
    },
  };
}

/** What axe-core finds wrong in a page: the rule, and where. */
export async function accessibilityFaults(page: Page, options: RunOptions = {}): Promise<string[]> {
  if (!(await page.evaluate<boolean>(`'axe' in globalThis`))) await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>(
    `axe.run(${JSON.stringify({ resultTypes: ['violations'], ...options })})`,
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary = '' }) => `${id}: ${html}\n${failureSummary}`),
  );
}

/** An answer of a {@link servePages} server. Undefined: the connection is cut. */
export type PageAnswer = { status?: number; headers: Record<string, string>; body: string } | undefined;

/** A request as it came. */
export interface PageRequest {
  method: string;
  /** The fields of the form. */
  form: URLSearchParams;
}

/** A server on this machine, as long as the test runs. @returns its address */
export async function servePages(answer: (request: PageRequest) => PageAnswer): Promise<string> {
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const { method = '' } = request;
      const answered = answer({ method, form: new URLSearchParams(body) });
      if (!answered) request.socket.destroy();
      else response.writeHead(answered.status ?? 200, answered.headers).end(answered.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}/`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
