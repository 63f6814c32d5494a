import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { reasonOf } from '../../functions/text.ts';
import { CliError } from '../cli.ts';
import { bundleFollow, bundleWebhook, type Bundle } from './bundle.ts';
import { compileConfiguration, SourcesError, type CompiledConfiguration } from './compile-sources.ts';

/** A bundle that was written. */
export interface BuiltFunction {
  file: string;
  bytes: number;
}

/**
 * Writes both functions, with all that they need, into a folder.
 *
 * @throws CliError
 */
export async function buildFunctions(
  { sources, notify }: CompiledConfiguration,
  out: string,
): Promise<{ webhook: BuiltFunction; follow: BuiltFunction }> {
  const folder = path.resolve(out);
  const [webhook, follow] = await Promise.all([bundleWebhook(sources, folder), bundleFollow(notify, folder)]);
  writeBundles(out, [webhook, follow]);
  return { webhook: toBuilt(webhook), follow: toBuilt(follow) };
}

/** A line for each function: its file, its size, and what was compiled into it. */
export function describeBuild(
  { sources, notify }: CompiledConfiguration,
  { webhook, follow }: { webhook: BuiltFunction; follow: BuiltFunction },
): string[] {
  const names = sources.map(({ name }) => name);
  const kinds = notify.map(({ kind }) => kind);
  return [
    `${describe(webhook)}  sources: ${names.join(', ')}`,
    `${describe(follow)}  notify: ${kinds.join(', ') || 'nobody'}`,
  ];
}

function describe({ file, bytes }: BuiltFunction): string {
  return `${path.relative(process.cwd(), file)}  ${(bytes / 1000).toFixed(1)} KB`;
}

function writeBundles(out: string, bundles: readonly Bundle[]): void {
  const manifest = path.join(out, 'package.json');
  try {
    mkdirSync(out, { recursive: true });
    requireOwnManifest(manifest);
    for (const { path: file, contents } of bundles) replaceFile(file, contents);
    replaceFile(manifest, ownManifest);
  } catch (error) {
    throw new CliError(`The bundle cannot be written to ${out}: ${reasonOf(error)}`);
  }
}

function toBuilt({ path: file, contents }: Bundle): BuiltFunction {
  return { file, bytes: contents.length };
}

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
