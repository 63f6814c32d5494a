import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { reasonOf } from '../../functions/text.ts';
import type { CompiledSource } from '../../functions/webhook/source/source.ts';
import { CliError } from '../cli.ts';
import { bundleWebhook } from './bundle.ts';
import { compileSources, SourcesError } from './compile-sources.ts';

interface BuiltWebhook {
  file: string;
  bytes: number;
}

/**
 * Writes the bundle, with all that it needs, into a folder.
 *
 * @throws CliError
 */
export async function buildWebhook(sources: readonly CompiledSource[], out: string): Promise<BuiltWebhook> {
  const manifest = path.join(out, 'package.json');
  const { path: file, contents } = await bundleWebhook(sources, path.resolve(out));
  try {
    mkdirSync(out, { recursive: true });
    requireOwnManifest(manifest);
    replaceFile(file, contents);
    replaceFile(manifest, ownManifest);
  } catch (error) {
    throw new CliError(`The bundle cannot be written to ${out}: ${reasonOf(error)}`);
  }
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

/** @throws CliError that names every fault of the sources by file, line and column */
export function compileSourcesFile(file: string): CompiledSource[] {
  const relative = path.relative(process.cwd(), file);
  const name = relative.startsWith('..') ? file : relative;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CliError(`${name} cannot be read: ${reasonOf(error)}`);
  }
  try {
    return compileSources(text);
  } catch (error) {
    if (!(error instanceof SourcesError)) throw error;
    const faults = error.faults.map(({ line, column, message }) => `  ${name}:${line}:${column} ${message}`);
    throw new CliError([`${name} cannot work; nothing was built.`, ...faults].join('\n'));
  }
}
