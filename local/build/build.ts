import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runCli } from '../cli.ts';
import { root, type BuiltFile, type Bundle } from './bundle.ts';
import { requireDeployable } from './check-deployment.ts';
import { sourcesJsonSchema } from './sources-schema.ts';
import { buildFunctions, compileConfigurationFile } from './write-bundle.ts';

const help = `Checks sources.yaml and builds the functions.

  npm run build -- [--sources FILE] [--out DIR]

  --sources FILE  the sources to compile in   (sources.yaml)
  --out DIR       where the bundles go        (dist)
`;

/** The sources that s.yaml deploys. */
const shippedSources = path.join(root, 'sources.yaml');

await runCli(async () => {
  const { values } = parseArgs({
    options: {
      sources: { type: 'string', default: shippedSources },
      out: { type: 'string', default: path.join(root, 'dist') },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return;
  }
  const configuration = compileConfigurationFile(values.sources);
  if (path.resolve(values.sources) === shippedSources) {
    requireDeployable(path.join(root, 's.yaml'), configuration);
  }
  const { webhook, follow } = await buildFunctions(configuration, values.out);
  writeIfChanged(path.join(root, 'sources.schema.json'), sourcesJsonSchema());
  const names = configuration.sources.map(({ name }) => name);
  const kinds = configuration.notify.map(({ kind }) => kind);
  console.log(`${describe(webhook.files.slice(0, 1))}  sources: ${names.join(', ')}`);
  console.log(`${describe(follow.files.slice(0, 1))}  notify: ${kinds.join(', ') || 'nobody'}`);
  console.log(`${describe(packagesOf(webhook, follow))}  loaded when needed`);
});

/** Each once, though both functions may load it. */
function packagesOf(...bundles: readonly Bundle[]): BuiltFile[] {
  const all = bundles.flatMap(({ files }) => files.slice(1)).map((file) => [file.path, file] as const);
  return [...new Map(all).values()];
}

function describe(files: readonly BuiltFile[]): string {
  const names = files.map((file) => path.relative(process.cwd(), file.path));
  const bytes = files.reduce((sum, { contents }) => sum + contents.length, 0);
  return `${names.join(', ')}  ${(bytes / 1000).toFixed(1)} KB`;
}

function writeIfChanged(file: string, text: string): void {
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text) writeFileSync(file, text);
}
