import path from 'node:path';
import { CliError, runCli } from '../cli.ts';
import { bundleWebhook, root } from './bundle.ts';
import { compileSourcesFile } from './write-bundle.ts';

/** Bytes. Each cold start reads and compiles all of them. */
const budget = 110_000;

await runCli(async () => {
  const sources = compileSourcesFile(path.join(root, 'sources.yaml'));
  const { contents, metafile } = await bundleWebhook(sources, path.join(root, 'dist'));
  const [output] = Object.values(metafile.outputs);
  const parts = new Map<string, number>();
  for (const [file, { bytesInOutput }] of Object.entries(output?.inputs ?? {})) {
    const part = packageOf(file);
    parts.set(part, (parts.get(part) ?? 0) + bytesInOutput);
  }
  const largest = [...parts].toSorted(([, a], [, b]) => b - a).slice(0, 3);
  const shown = largest.map(([part, bytes]) => `${part} ${inKb(bytes)}`).join(', ');
  console.log(`webhook.js ${inKb(contents.length)} of ${inKb(budget)}; the largest parts: ${shown}`);
  if (contents.length > budget) throw new CliError('webhook.js is larger than its budget.');
});

/** The innermost npm package that a file belongs to, or our own folder. */
function packageOf(file: string): string {
  const [, inPackages] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file) ?? [];
  const [folder = file] = file.split('/');
  return inPackages ?? folder;
}

function inKb(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} KB`;
}
