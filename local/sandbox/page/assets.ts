import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import type { Asset } from './server.ts';

const folder = path.join(import.meta.dirname, 'browser');

/** The files of the page, by path. The script is compiled when the sandbox starts, so there is nothing to build before. */
export async function pageAssets(): Promise<Record<string, Asset>> {
  const read = (file: string) => readFileSync(path.join(folder, file), 'utf8');
  const { outputFiles } = await build({
    entryPoints: [path.join(folder, 'main.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    logLevel: 'silent',
  });
  return {
    '/': { type: 'text/html; charset=utf-8', content: read('page.html') },
    '/page.css': { type: 'text/css; charset=utf-8', content: read('page.css') },
    '/page.js': { type: 'text/javascript; charset=utf-8', content: outputFiles[0]?.text ?? '' },
  };
}
