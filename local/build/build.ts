import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runCli } from '../cli.ts';
import { root } from './bundle.ts';
import { sourcesJsonSchema } from './sources-schema.ts';
import { buildWebhook } from './write-bundle.ts';

const help = `Checks sources.yaml and builds the function.

  npm run build -- [--sources FILE] [--out DIR]

  --sources FILE  the sources to compile in   (sources.yaml)
  --out DIR       where the bundle goes       (dist)
`;

await runCli(async () => {
  const { values } = parseArgs({
    options: {
      sources: { type: 'string', default: path.join(root, 'sources.yaml') },
      out: { type: 'string', default: path.join(root, 'dist') },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return;
  }
  const { file, bytes, sources } = await buildWebhook(values.sources, values.out);
  writeIfChanged(path.join(root, 'sources.schema.json'), sourcesJsonSchema());
  const names = sources.map(({ name }) => name).join(', ');
  console.log(`${path.relative(process.cwd(), file)}  ${(bytes / 1000).toFixed(1)} KB  sources: ${names}`);
});

function writeIfChanged(file: string, text: string): void {
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text) writeFileSync(file, text);
}
