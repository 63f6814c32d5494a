import path from 'node:path';
import { CliError, runCli } from '../cli.ts';
import { bundleFollow, bundleWebhook, root, type Bundle } from './bundle.ts';
import { compileConfigurationFile } from './write-bundle.ts';

/** Bytes. Each cold start reads and compiles all of them. */
const budgets = { webhook: 131_000, follow: 77_000 };

await runCli(async () => {
  const { sources, notify } = compileConfigurationFile(path.join(root, 'sources.yaml'));
  const out = path.join(root, 'dist');
  const sized: Sized[] = [
    { bundle: await bundleWebhook(sources, out), budget: budgets.webhook },
    { bundle: await bundleFollow(notify, out), budget: budgets.follow },
  ];
  for (const each of sized) console.log(describe(each));
  const tooLarge = sized.filter(({ bundle, budget }) => bundle.contents.length > budget);
  if (tooLarge.length > 0) {
    throw new CliError(tooLarge.map((each) => `${nameOf(each)} is larger than its budget.`).join(' '));
  }
});

interface Sized {
  bundle: Bundle;
  budget: number;
}

function describe(sized: Sized): string {
  const { contents, metafile } = sized.bundle;
  const [output] = Object.values(metafile.outputs);
  const parts = new Map<string, number>();
  for (const [file, { bytesInOutput }] of Object.entries(output?.inputs ?? {})) {
    const part = packageOf(file);
    parts.set(part, (parts.get(part) ?? 0) + bytesInOutput);
  }
  const largest = [...parts].toSorted(([, a], [, b]) => b - a).slice(0, 3);
  const shown = largest.map(([part, bytes]) => `${part} ${inKb(bytes)}`).join(', ');
  return `${nameOf(sized)} ${inKb(contents.length)} of ${inKb(sized.budget)}; the largest parts: ${shown}`;
}

function nameOf({ bundle }: Sized): string {
  return path.basename(bundle.path);
}

/** The innermost npm package that a file belongs to, or our own folder. */
function packageOf(file: string): string {
  const [, inPackages] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file) ?? [];
  const [folder = file] = file.split('/');
  return inPackages ?? folder;
}

function inKb(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} KB`;
}
