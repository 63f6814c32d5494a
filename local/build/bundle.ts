import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build as esbuild, type Metafile, type Plugin } from 'esbuild';
import type { CompiledChannel, FollowConfiguration } from '../../functions/follow/configuration.ts';
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
export function bundleWebhook(
  sources: readonly CompiledSource[],
  out: string,
  plugins: readonly Plugin[] = [],
): Promise<Bundle> {
  const configuration: Configuration = { version: packageVersion(), sources };
  return bundle('webhook', out, [...plugins, jsonModule('virtual:configuration', configuration)]);
}

/** Bundles the follow function, in the same way. */
export function bundleFollow(
  notify: readonly CompiledChannel[],
  out: string,
  plugins: readonly Plugin[] = [],
): Promise<Bundle> {
  const configuration: FollowConfiguration = { version: packageVersion(), notify };
  return bundle('follow', out, [...plugins, jsonModule('virtual:follow-configuration', configuration)]);
}

async function bundle(name: 'webhook' | 'follow', out: string, plugins: readonly Plugin[]): Promise<Bundle> {
  const result = await esbuild({
    absWorkingDir: root,
    entryPoints: { [name]: `functions/${name}/index.ts` },
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
      'ali-oss': path.join(replacements, 'empty.cjs'),
      axios: path.join(replacements, 'empty.cjs'),
      ws: path.join(replacements, 'empty.cjs'),
      '@alicloud/fc2': fc2WithoutEs5,
    },
    plugins: [...plugins, defaultChainStaysOutside, manifestsAreCut, fc2NeedsNoKitx],
  });
  const [file] = result.outputFiles;
  if (!file) throw new Error('esbuild wrote no file');
  return { path: file.path, contents: file.contents, metafile: result.metafile };
}

/** Its index would take a second client along, for a Node.js without async functions. */
const fc2WithoutEs5 = createRequire(import.meta.url).resolve('@alicloud/fc2/lib/client.js');

/** A module of this name that is there in the bundle only. */
function jsonModule(name: string, value: Configuration | FollowConfiguration): Plugin {
  return {
    name,
    setup: (build) => {
      build.onResolve({ filter: new RegExp(`^${name}$`) }, () => ({ path: name, namespace: 'virtual' }));
      build.onLoad({ filter: /./, namespace: 'virtual' }, () => ({
        contents: JSON.stringify(value),
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

/** Both SDKs read their own name and version for a header, and would take all of their package.json along. */
const manifestsAreCut: Plugin = {
  name: 'manifests are cut',
  setup: (build) => {
    build.onLoad({ filter: /@alicloud\/(fc2|pop-core)\/package\.json$/ }, ({ path: file }) => {
      const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name: string; version: string };
      return { contents: JSON.stringify({ name, version }), loader: 'json' };
    });
  },
};

/** kitx makes an MD5 in fc2's own `request`, in the place of which stands ours. */
const fc2NeedsNoKitx: Plugin = {
  name: 'fc2 needs no kitx',
  setup: (build) => {
    build.onResolve({ filter: /^kitx$/ }, ({ importer }) =>
      importer.includes('/@alicloud/fc2/') ? { path: path.join(replacements, 'empty.cjs') } : undefined,
    );
  },
};

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}
