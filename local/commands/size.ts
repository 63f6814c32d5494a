import '../cli/ignore-debug.ts';
import path from 'node:path';
import { bundleFollow, bundleWebhook } from '../build/bundle.ts';
import { partsByFile, zippedBytes, type Parts } from '../build/weight.ts';
import { compileConfigurationFile, uploadedFiles } from '../build/write-bundle.ts';
import { CliError, runCli } from '../cli/cli.ts';
import { root } from '../cli/root.ts';

/** Bytes of each file. A cold start reads and compiles that of its function, and of the packages what it needs. */
const budgets: Record<string, number> = {
  'webhook.js': 110_000,
  'follow.js': 129_000,
  'pop-core.js': 12_500,
  'pop-core-rpc.js': 11_500,
  'credentials.js': 2_500,
  'jmespath.js': 34_500,
  'fc2.js': 19_500,
};
/** Bytes of all of them and of LICENSES.txt, as they are uploaded. */
const zipBudget = 113_500;

await runCli(async () => {
  const { sources, notify } = compileConfigurationFile(path.join(root, 'sources.yaml'));
  const out = path.join(root, 'dist');
  const bundles = [await bundleWebhook(sources, out), await bundleFollow(notify, out)];
  const files = uploadedFiles(bundles, out);
  const parts = new Map(bundles.flatMap(({ metafile }) => [...partsByFile(metafile)]));
  const sized: Sized[] = files
    .map(({ path: file, contents }) => ({ name: path.basename(file), bytes: contents.length }))
    .filter(({ name }) => name.endsWith('.js'))
    .map((file) => ({ ...file, budget: budgets[file.name] ?? 0, parts: parts.get(file.name) ?? [] }));
  sized.push({ name: 'the zip', bytes: zippedBytes(files), budget: zipBudget, parts: [] });
  for (const each of sized) console.log(describe(each));
  const tooLarge = sized.filter(({ bytes, budget }) => bytes > budget);
  if (tooLarge.length === 0) return;
  throw new CliError(tooLarge.map(({ name }) => `${name} is larger than its budget.`).join(' '));
});

interface Sized {
  name: string;
  bytes: number;
  budget: number;
  parts: Parts;
}

function describe({ name, bytes, budget, parts }: Sized): string {
  const shown = parts.slice(0, 3).map(([part, partBytes]) => `${part} ${inKb(partBytes)}`);
  const largest = shown.length > 1 ? `; the largest parts: ${shown.join(', ')}` : '';
  return `${name} ${inKb(bytes)} of ${inKb(budget)}${largest}`;
}

function inKb(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} KB`;
}
