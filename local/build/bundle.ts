import crypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build as esbuild, type Metafile, type Plugin } from 'esbuild';
import type { CompiledEventSource, EventsConfiguration } from '../../functions/events/event-source.ts';
import type { CompiledChannel, FollowConfiguration } from '../../functions/follow/configuration.ts';
import type { RollbackPolicy } from '../../functions/select/policy.ts';
import type { CompiledSource, Configuration } from '../../functions/webhook/source/compiled-source.ts';
import { root } from '../cli/root.ts';
import { configurationDigest } from './configuration-digest.ts';

export { root };

const replacements = path.join(import.meta.dirname, 'replacements');

/** A built function: its files, and what they are made of. */
export interface Bundle {
  /** Of the file that exports the handler. */
  path: string;
  /** That file first, then the packages that it loads when it needs them. */
  files: readonly BuiltFile[];
  metafile: Metafile;
}

/** A file in memory, and where it belongs. */
export interface BuiltFile {
  path: string;
  contents: Uint8Array;
}

/**
 * Bundles the webhook function into CommonJS files, in memory.
 *
 * @param out the folder that the bundle will be written to
 * @param plugins replace further modules, for tests
 */
export function bundleWebhook(
  sources: readonly CompiledSource[],
  out: string,
  plugins: readonly Plugin[] = [],
): Promise<Bundle> {
  return bundle(webhookEntryPoints(sources), out, [...plugins, ...pluginsOfWebhook(sources, [])]);
}

/**
 * Bundles the webhook and the events function, in the same way. What the two share is nearly all of each, so it has a file of its own,
 * functions.js, and the zip holds it once.
 *
 * @param events what EventBridge may ask for: where it asks people first, they decide by way of the webhook function
 */
export async function bundleWithEvents(
  sources: readonly CompiledSource[],
  events: readonly CompiledEventSource[],
  out: string,
): Promise<{ webhook: Bundle; events: Bundle }> {
  const configuration: EventsConfiguration = { version: packageVersion(), sources: events };
  const entryPoints = {
    ...webhookEntryPoints([...sources, ...events]),
    functions: 'local/build/both-functions.ts',
    events: 'functions/events/index.ts',
  };
  const { files, metafile } = await bundle(entryPoints, out, [
    ...pluginsOfWebhook(sources, events),
    sharedFile,
    jsonModule('virtual:events-configuration', configuration),
  ]);
  const isOf = (file: BuiltFile, name: string) => path.basename(file.path) === `${name}.js`;
  const withoutOther = (name: 'webhook' | 'events', other: string): Bundle => {
    const own = files.find((file) => isOf(file, name));
    if (!own) throw new Error(`esbuild wrote no ${name}.js`);
    const rest = files.filter((file) => file !== own && !isOf(file, other));
    return { path: own.path, files: [own, ...rest], metafile };
  };
  return { webhook: withoutOther('webhook', 'events'), events: withoutOther('events', 'webhook') };
}

function webhookEntryPoints(policies: readonly RollbackPolicy[]): Record<string, string> {
  const more = asksOnPage(policies) ? { confirm: 'functions/webhook/confirm/index.ts' } : {};
  return { webhook: 'functions/webhook/index.ts', ...more };
}

function asksOnPage(policies: readonly RollbackPolicy[]): boolean {
  return policies.some(({ confirm }) => confirm?.by === 'page');
}

/** The sources of events about which people decide by way of the webhook function. */
export function askingSources<Policy extends RollbackPolicy>(events: readonly Policy[]): Policy[] {
  return events.filter(({ confirm }) => confirm !== undefined);
}

function pluginsOfWebhook(
  sources: readonly CompiledSource[],
  events: readonly CompiledEventSource[],
): Plugin[] {
  const asking = askingSources(events);
  const configuration: Configuration = {
    version: packageVersion(),
    digest: configurationDigest(sources, asking),
    sources,
    ...(asking.length > 0 && { asking }),
  };
  const policies = [...sources, ...events];
  return [
    wordsOnlyWhereNeeded(sources),
    endedOnlyWhereNeeded(policies),
    peopleOnlyWhereNeeded(policies),
    chatDecisionsOnlyWhereNeeded(sources),
    pageHasOwnFile(asksOnPage(policies)),
    jsonModule('virtual:configuration', configuration),
  ];
}

/**
 * Bundles the follow function, in the same way.
 *
 * @param events what EventBridge may tell: where that is how change orders end, this function listens for it
 */
export function bundleFollow(
  notify: readonly CompiledChannel[],
  out: string,
  plugins: readonly Plugin[] = [],
  events: readonly CompiledEventSource[] = [],
): Promise<Bundle> {
  const hearsEnds = events.some(({ tellsEnds }) => tellsEnds !== undefined);
  const configuration: FollowConfiguration = {
    version: packageVersion(),
    notify,
    ...(hearsEnds && { hearsEnds }),
  };
  return bundle({ follow: 'functions/follow/index.ts' }, out, [
    ...plugins,
    jsonModule('virtual:follow-configuration', configuration),
  ]);
}

/** @param entryPoints the function's own file first, then what it loads when it needs it */
async function bundle(
  entryPoints: Record<string, string>,
  out: string,
  plugins: readonly Plugin[],
): Promise<Bundle> {
  const own = await build(entryPoints, out, [
    ...plugins,
    packagesHaveOwnFiles,
    defaultChainStaysOutside,
    cryptoWaits,
  ]);
  const files = Object.keys(entryPoints).flatMap(
    (name) => own.files.find((each) => path.basename(each.path) === `${name}.js`) ?? [],
  );
  const [file] = files;
  if (!file) throw new Error('esbuild wrote no file');
  const packages = await build(packagesOf(own.metafile), out, [...plugins, manifestsAreCut, fc2NeedsNoKitx]);
  const inputs = { ...own.metafile.inputs, ...packages.metafile.inputs };
  const outputs = { ...own.metafile.outputs, ...packages.metafile.outputs };
  return { path: file.path, files: [...files, ...packages.files], metafile: { inputs, outputs } };
}

async function build(
  entryPoints: Record<string, string>,
  out: string,
  plugins: Plugin[],
): Promise<Pick<Bundle, 'files' | 'metafile'>> {
  const { outputFiles, metafile } = await esbuild({
    absWorkingDir: root,
    entryPoints,
    outdir: out,
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // Node.js takes 2 ms to start the loader of ES modules, which nothing here needs.
    supported: { 'dynamic-import': false },
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
    },
    plugins,
  });
  return { files: outputFiles, metafile };
}

/** What is loaded of a package, and the file beside the function that it stands in. */
const packageFiles = [
  { file: 'pop-core', module: '@alicloud/pop-core/lib/roa.js' },
  { file: 'pop-core-rpc', module: '@alicloud/pop-core/lib/rpc.js' },
  { file: 'credentials', module: '@alicloud/credentials/dist/src/providers/static_sts.js' },
  { file: 'jmespath', module: '@jmespath-community/jmespath' },
  // Its index would take a second client along, for a Node.js without async functions.
  { file: 'fc2', module: '@alicloud/fc2', entryPoint: '@alicloud/fc2/lib/client.js' },
];

/** What a request may not need is not even read: see docs/decisions/0003-what-the-bundle-holds.md. */
const packagesHaveOwnFiles: Plugin = {
  name: 'packages have files of their own',
  setup: (build) => {
    for (const { file, module } of packageFiles) {
      build.onResolve({ filter: new RegExp(`^${module}$`) }, () => ({
        path: `./${file}.js`,
        external: true,
      }));
    }
  },
};

/** The entry points of the packages that a function loads. */
function packagesOf({ outputs }: Metafile): Record<string, string> {
  const imported = new Set(Object.values(outputs).flatMap(({ imports }) => imports.map((each) => each.path)));
  const needed = packageFiles.filter(({ file }) => imported.has(`./${file}.js`));
  return Object.fromEntries(needed.map(({ file, module, entryPoint = module }) => [file, entryPoint]));
}

/**
 * Loading node:crypto takes longer than all else that the refusal of an unsigned request does, and it needs none of it.
 * So it is loaded when one of its functions is used.
 */
const cryptoWaits: Plugin = {
  name: 'crypto waits',
  setup: (build) => {
    build.onResolve({ filter: /^node:crypto$/ }, ({ path: name }) => ({ path: name, namespace: 'waiting' }));
    build.onLoad({ filter: /./, namespace: 'waiting' }, () => ({
      contents: `
        let crypto;
        for (const name of ${JSON.stringify(Object.keys(crypto))}) {
          Object.defineProperty(exports, name, { enumerable: true, get: () => (crypto ??= require('crypto'))[name] });
        }`,
    }));
  },
};

/**
 * Most sources are programs: what reads the commands of people, and what answers them in Chinese, is a tenth of the file.
 */
function wordsOnlyWhereNeeded(sources: readonly CompiledSource[]): Plugin {
  const hasCommands = sources.some(({ command }) => command !== undefined);
  const answersInChinese = sources.some(({ reply, language }) => reply !== 'json' && language !== 'en');
  return {
    name: 'words only where needed',
    setup: (build) => {
      if (!hasCommands) {
        build.onResolve({ filter: /\/select-command\.ts$/ }, () => ({ path: noCommands }));
      }
      if (!answersInChinese) {
        build.onResolve({ filter: /\/texts-zh\.ts$/ }, ({ resolveDir }) =>
          resolveDir.endsWith(webhookTexts) ? { path: path.join(resolveDir, 'texts-en.ts') } : undefined,
        );
      }
    },
  };
}

/** The rules for a release that has ended, and what hands its rollback over, are an eighth of the file. */
function endedOnlyWhereNeeded(sources: readonly RollbackPolicy[]): Plugin {
  const isNeeded = sources.some(({ ended }) => ended !== undefined);
  return {
    name: 'ended only where needed',
    setup: (build) => {
      if (isNeeded) return;
      build.onResolve({ filter: /\/execute-ended\.ts$/ }, () => ({ path: noEnded }));
    },
  };
}

/** What asks people is left out where no source does. */
function peopleOnlyWhereNeeded(sources: readonly RollbackPolicy[]): Plugin {
  const isNeeded = sources.some(({ confirm }) => confirm !== undefined);
  return {
    name: 'people only where needed',
    setup: (build) => {
      if (isNeeded) return;
      const filter = /\/(ask-people|confirm-link|confirm-settings)\.ts$/;
      build.onResolve({ filter }, () => ({ path: noPeople }));
    },
  };
}

/** What lets people decide in a chat is left out where no chat decides. */
function chatDecisionsOnlyWhereNeeded(sources: readonly CompiledSource[]): Plugin {
  const isNeeded = sources.some(({ decides }) => decides !== undefined);
  return {
    name: 'decisions in a chat only where needed',
    setup: (build) => {
      if (isNeeded) return;
      build.onResolve({ filter: /\/decide-in-chat\.ts$/ }, () => ({ path: noChatDecisions }));
    },
  };
}

/**
 * The page is nothing that a webhook needs. Its file holds what it shares with the webhook once more, so that each of the two
 * is read alone: docs/decisions/0017.
 */
function pageHasOwnFile(isNeeded: boolean): Plugin {
  const page = isNeeded ? { path: './confirm.js', external: true } : { path: noPeople };
  return {
    name: 'the page has a file of its own',
    setup: (build) => {
      build.onResolve({ filter: /^\.\/confirm\/index\.ts$/ }, () => page);
    },
  };
}

const noCommands = path.join(replacements, 'no-commands.ts');
const noEnded = path.join(replacements, 'no-ended.ts');
const noChatDecisions = path.join(replacements, 'no-chat-decisions.ts');
const noPeople = path.join(replacements, 'no-people.ts');
const webhookTexts = path.join('functions', 'webhook', 'texts');

/** The two functions read both-functions.ts, with all that it takes along, from its file. */
const sharedFile: Plugin = {
  name: 'what two functions share has a file of its own',
  setup: (build) => {
    build.onResolve({ filter: /\/(?:handler|runtime)\.ts$/ }, ({ importer }) =>
      /\/functions\/(?:webhook|events)\/index\.ts$/.test(importer)
        ? { path: './functions.js', external: true }
        : undefined,
    );
  },
};

/** A module of this name that is there in the bundle only. */
function jsonModule(name: string, value: Configuration | FollowConfiguration | EventsConfiguration): Plugin {
  return {
    name,
    setup: (build) => {
      build.onResolve({ filter: new RegExp(`^${name}$`) }, () => ({ path: name, namespace: 'virtual' }));
      build.onLoad({ filter: new RegExp(`^${name}$`), namespace: 'virtual' }, () => ({
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
