import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build, type Plugin } from 'esbuild';
import type { TestProject } from 'vitest/node';
import { root } from '../../local/build/bundle.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder that the compiled commands are in: `<folder>/<name>.mjs` for `local/commands/<name>.ts`. */
    compiledCommands: string;
  }
}

/** What finds files by its own place still finds them there. */
const placesStay: Plugin = {
  name: 'places stay',
  setup: (build) => {
    build.onLoad({ filter: /\/(local|functions|presets)\/.*\.ts$/ }, ({ path: file }) => ({
      contents: readFileSync(file, 'utf8').replaceAll(
        'import.meta.dirname',
        JSON.stringify(path.dirname(file)),
      ),
      loader: 'ts',
    }));
  },
};

/** esbuild looks for its program beside itself, the browser's package for its files, and the SDKs are loaded from where they are installed, as ever. */
const packagesStay: Plugin = {
  name: 'packages stay',
  setup: (build) => {
    const { resolve } = createRequire(import.meta.url);
    build.onResolve({ filter: /^(esbuild$|@alicloud\/)/ }, ({ path: name }) => ({
      path: resolve(name),
      external: true,
    }));
    // Its file for ES modules, which exports by name.
    build.onResolve({ filter: /^playwright-core$/ }, () => ({
      path: resolve('playwright-core').replace(/index\.js$/, 'index.mjs'),
      external: true,
    }));
  },
};

/**
 * Compiles the repository's commands, once for a whole run of the tests: `tsx`, which `npm run` starts them with, would
 * compile all that they load for each of some hundred processes.
 */
export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'commands-'));
  await build({
    absWorkingDir: root,
    entryPoints: readdirSync(path.join(root, 'local/commands'))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `local/commands/${name}`),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    // Half of what a command does before it begins is to read itself.
    minifyWhitespace: true,
    minifySyntax: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    banner: {
      js: `import { createRequire } from 'node:module'; const require = createRequire(${JSON.stringify(path.join(root, 'package.json'))});`,
    },
    logLevel: 'warning',
    plugins: [placesStay, packagesStay],
  });
  project.provide('compiledCommands', folder);
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
}
