import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { reasonOf } from '../../functions/text.ts';
import { CliError } from '../cli.ts';
import { bundleFollow, bundleWebhook, root, type BuiltFile, type Bundle } from './bundle.ts';
import { compileConfiguration, SourcesError, type CompiledConfiguration } from './compile-sources.ts';
import { licencesText } from './licences.ts';

/**
 * Writes both functions, with all that they need, into a folder.
 *
 * @throws CliError
 */
export async function buildFunctions(
  { sources, notify }: CompiledConfiguration,
  out: string,
): Promise<{ webhook: Bundle; follow: Bundle }> {
  const folder = path.resolve(out);
  const [webhook, follow] = await Promise.all([bundleWebhook(sources, folder), bundleFollow(notify, folder)]);
  const files = uploadedFiles([webhook, follow], folder);
  try {
    mkdirSync(out, { recursive: true });
    requireOwnManifest(path.join(out, manifestName));
    for (const { path: file, contents } of files) replaceFile(file, contents);
  } catch (error) {
    throw new CliError(`The bundle cannot be written to ${out}: ${reasonOf(error)}`);
  }
  return { webhook, follow };
}

/**
 * All that is uploaded: what both functions load, each file once, what it is licensed under, and the manifest.
 *
 * @param folder that the bundles are for
 * @throws CliError when a package may not be shipped
 */
export function uploadedFiles(bundles: readonly Bundle[], folder: string): BuiltFile[] {
  const loaded = new Map(bundles.flatMap(({ files }) => files.map((file) => [file.path, file])));
  const licences = licencesText(
    bundles.map(({ metafile }) => metafile),
    root,
  );
  return [
    ...loaded.values(),
    { path: path.join(folder, 'LICENSES.txt'), contents: Buffer.from(licences) },
    { path: path.join(folder, manifestName), contents: Buffer.from(ownManifest) },
  ];
}

const manifestName = 'package.json';

// The repository is "type": "module"; the bundle, also where it is tried inside the repository, is not.
const ownManifest = '{ "type": "commonjs" }\n';

function requireOwnManifest(file: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') !== ownManifest) {
    throw new CliError(`there is a package.json in it that is not the build's; choose a folder of its own.`);
  }
}

/** Whoever reads the file meanwhile sees the old one or the new one, and never half of one. */
function replaceFile(file: string, contents: string | Uint8Array): void {
  const next = `${file}.${process.pid}.tmp`;
  writeFileSync(next, contents);
  renameSync(next, file);
}

/** @throws CliError that names every fault of the file by file, line and column */
export function compileConfigurationFile(file: string): CompiledConfiguration {
  const relative = path.relative(process.cwd(), file);
  const name = relative.startsWith('..') ? file : relative;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CliError(`${name} cannot be read: ${reasonOf(error)}`);
  }
  try {
    return compileConfiguration(text);
  } catch (error) {
    if (!(error instanceof SourcesError)) throw error;
    const faults = error.faults.map(({ line, column, message }) => `  ${name}:${line}:${column} ${message}`);
    throw new CliError([`${name} cannot work; nothing was built.`, ...faults].join('\n'));
  }
}
