import '../cli/ignore-debug.ts';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { bundleFollow, bundleWebhook } from '../build/bundle.ts';
import { packageFoldersIn } from '../build/licences.ts';
import { compileConfigurationFile } from '../build/write-bundle.ts';
import { CliError } from '../cli/cli.ts';
import { runCommand } from '../cli/command.ts';
import { root } from '../cli/root.ts';
import { findingsIn, type Finding } from './audit/findings.ts';

await runCommand({
  summary: 'Asks the registry what is known about the packages that are bundled. It needs the network.',
  usage: 'npm run audit',
  options: {},
  notes: `Fails when a package of which something is in dist/ has a known fault, or when the registry does not say. Faults of packages
that are installed beside them are listed, and are no failure.`,
  run: async () => {
    const folders = await bundledFolders();
    const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
      cwd: root,
      encoding: 'utf8',
    });
    const findings = findingsIn(stdout, folders);
    for (const finding of findings.beside) console.log(`not in the bundle: ${describe(finding)}`);
    if (findings.shipped.length > 0) {
      const faults = findings.shipped.map((finding) => `  ${describe(finding)}`);
      throw new CliError(['These packages are in the bundle and have known faults:', ...faults].join('\n'));
    }
    console.log(
      `${folders.length} packages are in the bundle, and none has a fault that the registry knows of.`,
    );
  },
});

async function bundledFolders(): Promise<string[]> {
  const { sources, notify } = compileConfigurationFile(path.join(root, 'sources.yaml'));
  const out = path.join(root, 'dist');
  const bundles = [await bundleWebhook(sources, out), await bundleFollow(notify, out)];
  return packageFoldersIn(bundles.map(({ metafile }) => metafile));
}

function describe({ package: name, severity, title, url }: Finding): string {
  return `${name} (${severity}): ${title} ${url}`;
}
