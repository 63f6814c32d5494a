import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build as esbuild, type Metafile, type Plugin } from 'esbuild';
import type { CompiledSource, Configuration } from '../../functions/webhook/source/source.ts';

/** The root of the repository. */
export const root = path.resolve(import.meta.dirname, '../..');

const replacements = path.join(import.meta.dirname, 'replacements');

/** A built file: where it belongs, and what it is made of. */
export interface Bundle {
  path: string;
  contents: Uint8Array;
  metafile: Metafile;
}

/**
 * Bundles the webhook function into one CommonJS file, in memory.
 *
 * @param out the folder that the bundle will be written to
 * @param plugins replace further modules, for tests
 */
export async function bundleWebhook(
  sources: readonly CompiledSource[],
  out: string,
  plugins: readonly Plugin[] = [],
): Promise<Bundle> {
  const result = await esbuild({
    absWorkingDir: root,
    entryPoints: { webhook: 'functions/webhook/index.ts' },
    outdir: out,
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minify: true,
    metafile: true,
    logLevel: 'silent',
    alias: {
      xml2js: path.join(replacements, 'xml2js.ts'),
      debug: path.join(replacements, 'debug.cjs'),
      zlib: path.join(replacements, 'zlib.cjs'),
      'json-bigint': path.join(replacements, 'json-bigint.cjs'),
    },
    plugins: [
      ...plugins,
      configurationModule({ version: packageVersion(), sources }),
      defaultChainStaysOutside,
    ],
  });
  const [file] = result.outputFiles;
  if (!file) throw new Error('esbuild wrote no file');
  return { path: file.path, contents: file.contents, metafile: result.metafile };
}

function configurationModule(configuration: Configuration): Plugin {
  return {
    name: 'configuration',
    setup: (build) => {
      build.onResolve({ filter: /^virtual:configuration$/ }, ({ path: name }) => ({
        path: name,
        namespace: 'configuration',
      }));
      build.onLoad({ filter: /./, namespace: 'configuration' }, () => ({
        contents: JSON.stringify(configuration),
        loader: 'json',
      }));
    },
  };
}

/**
 * The default credentials chain is for laptops, where node_modules is at hand; in Function Compute no request reaches
 * it. Only the package itself is left outside: the static provider, a file of it, is bundled.
 */
const defaultChainStaysOutside: Plugin = {
  name: 'default credentials chain stays outside',
  setup: (build) => {
    build.onResolve({ filter: /^@alicloud\/credentials$/ }, ({ path: name }) => ({
      path: name,
      external: true,
    }));
  },
};

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}
