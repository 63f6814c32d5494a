import crypto from 'node:crypto';
import path from 'node:path';
import { build } from 'esbuild';
import { root } from '../cli/root.ts';

const page = path.join(root, 'functions/webhook/confirm/page');

/** Where {@link pageAssets} belongs. It is committed, so that tests and tools need no build. */
export const pageAssetsFile = path.join(page, 'assets.ts');

/** Browsers in chats are often years old. Everything works without the script, too. */
const target = ['chrome80', 'safari14.1', 'firefox78'];

/**
 * The style and the script of the page on which a person decides, minified, and their hashes for the policy of the page:
 * the text of a module.
 */
export async function pageAssets(): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['style.css', 'script.ts'].map((file) => path.join(page, 'browser', file)),
    outdir: page,
    write: false,
    bundle: true,
    platform: 'browser',
    format: 'iife',
    charset: 'utf8',
    target,
    minify: true,
    logLevel: 'silent',
  });
  const textOf = (name: string) =>
    outputFiles.find((file) => path.basename(file.path) === name)?.text.trim() ?? '';
  const assets = { style: textOf('style.css'), script: textOf('script.js') };
  const lines = Object.entries(assets).map(
    ([name, text]) =>
      `export const ${name} = ${JSON.stringify(text)};\nexport const ${name}Hash = '${hashOf(text)}';`,
  );
  return `// Written by npm run build from browser/.\n${lines.join('\n')}\n`;
}

/** https://www.w3.org/TR/CSP3/#grammardef-hash-source */
function hashOf(text: string): string {
  return `sha256-${crypto.createHash('sha256').update(text).digest('base64')}`;
}
