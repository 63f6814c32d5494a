import '../cli/ignore-debug.ts';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { compileConfiguration } from '../build/compile-sources.ts';
import { partsByFile, zippedBytes, type Parts } from '../build/weight.ts';
import {
  compileConfigurationFile,
  bundleFunctions,
  uploadedFiles,
  type BuiltFunctions,
} from '../build/write-bundle.ts';
import { CliError, runCli } from '../cli/cli.ts';
import { root } from '../cli/root.ts';

/** Bytes of each file. A cold start reads and compiles that of its function, and of the packages what it needs. */
const budgets: Record<string, number> = {
  'webhook.js': 112_000,
  // With a source of events: what webhook.js and events.js then share, and the two.
  'functions.js': 121_500,
  'events.js': 3_000,
  'follow.js': 129_000,
  'pop-core.js': 12_500,
  'pop-core-rpc.js': 11_500,
  'credentials.js': 2_500,
  'jmespath.js': 34_500,
  'fc2.js': 19_500,
};
/** Bytes of all of them and of LICENSES.txt, as they are uploaded, without and with events. */
const zipBudget = 114_500;
const zipBudgetWithEvents = 121_000;

/** What a typical source of events makes of the same sources. */
const eventSource = `
events:
  slo: { preset: sls-event, apps: [3616cdca-0000-4000-8000-000000000001] }
`;

await runCli(async () => {
  const out = path.join(root, 'dist');
  const shipped = path.join(root, 'sources.yaml');
  const built = await bundleFunctions(compileConfigurationFile(shipped), out);
  const sized = sizesOf(built, out, { name: 'the zip', budget: zipBudget });
  // The shipped sources.yaml has no events, and what may be added to it counts, too.
  const withEvents = compileConfiguration(readFileSync(shipped, 'utf8') + eventSource);
  const builtWithEvents = await bundleFunctions(withEvents, out);
  const zip = { name: 'the zip with events', budget: zipBudgetWithEvents };
  const more = sizesOf(builtWithEvents, out, zip).filter(({ name }) =>
    ['functions.js', 'events.js', zip.name].includes(name),
  );
  const all = [...sized, ...more];
  for (const each of all) console.log(describe(each));
  const tooLarge = all.filter(({ bytes, budget }) => bytes > budget);
  if (tooLarge.length === 0) return;
  throw new CliError(tooLarge.map(({ name }) => `${name} is larger than its budget.`).join(' '));
});

function sizesOf(
  { webhook, follow, events }: BuiltFunctions,
  out: string,
  zip: Pick<Sized, 'name' | 'budget'>,
): Sized[] {
  const bundles = events ? [webhook, follow, events] : [webhook, follow];
  const files = uploadedFiles(bundles, out);
  const parts = new Map(bundles.flatMap(({ metafile }) => [...partsByFile(metafile)]));
  const sized = files
    .map(({ path: file, contents }) => ({ name: path.basename(file), bytes: contents.length }))
    .filter(({ name }) => name.endsWith('.js'))
    .map((file) => ({ ...file, budget: budgets[file.name] ?? 0, parts: parts.get(file.name) ?? [] }));
  return [...sized, { ...zip, bytes: zippedBytes(files), parts: [] }];
}

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
