import '../cli/ignore-debug.ts';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { requireDeployable } from '../build/check-deployment.ts';
import { pageAssets, pageAssetsFile } from '../build/page-assets.ts';
import { sourcesJsonSchema } from '../build/sources-schema.ts';
import { buildFunctions, compileConfigurationFile, describeBuild } from '../build/write-bundle.ts';
import { runCommand } from '../cli/command.ts';
import { sharedOptions } from '../cli/options.ts';
import { root } from '../cli/root.ts';

/** The sources that s.yaml deploys. */
const shippedSources = path.join(root, 'sources.yaml');

await runCommand({
  summary: 'Checks sources.yaml and builds the functions.',
  usage: 'npm run build -- [--sources FILE] [--out DIR]',
  options: {
    sources: { ...sharedOptions.sources, help: 'the sources to compile in   (sources.yaml)' },
    out: {
      type: 'string',
      value: 'DIR',
      default: path.join(root, 'dist'),
      help: 'where the bundles go   (dist)',
    },
  },
  run: async ({ sources, out }) => {
    const configuration = compileConfigurationFile(sources, 'nothing was built');
    if (path.resolve(sources) === shippedSources) {
      requireDeployable(path.join(root, 's.yaml'), configuration);
    }
    writeIfChanged(pageAssetsFile, await pageAssets());
    const built = await buildFunctions(configuration, out);
    writeIfChanged(path.join(root, 'sources.schema.json'), sourcesJsonSchema());
    for (const line of describeBuild(configuration, built)) console.log(line);
  },
});

function writeIfChanged(file: string, text: string): void {
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text) writeFileSync(file, text);
}
