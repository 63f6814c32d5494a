import '../cli/ignore-debug.ts';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../build/bundle.ts';
import { requireDeployable } from '../build/check-deployment.ts';
import { sourcesJsonSchema } from '../build/sources-schema.ts';
import { buildFunctions, compileConfigurationFile, describeBuild } from '../build/write-bundle.ts';
import { runCli } from '../cli/cli.ts';

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
  const built = await buildFunctions(configuration, values.out);
  writeIfChanged(path.join(root, 'sources.schema.json'), sourcesJsonSchema());
  for (const line of describeBuild(configuration, built)) console.log(line);
});

function writeIfChanged(file: string, text: string): void {
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text) writeFileSync(file, text);
}
