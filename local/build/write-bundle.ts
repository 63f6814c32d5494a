import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { reasonOf } from '../../functions/lib/text.ts';
import { CliError } from '../cli/cli.ts';
import { root } from '../cli/root.ts';
import { bundleFollow, bundleWebhook, bundleWithEvents, type BuiltFile, type Bundle } from './bundle.ts';
import type { UnconfirmedSource } from './compile-events.ts';
import {
  compileConfiguration,
  SourcesError,
  type CheckedConfiguration,
  type CompiledConfiguration,
} from './compile-sources.ts';
import { licencesText } from './licences.ts';

/** The functions as they were built. Without sources of events there is no function for them. */
export interface BuiltFunctions {
  webhook: Bundle;
  follow: Bundle;
  events: Bundle | undefined;
}

/**
 * Writes the functions, with all that they need, into a folder.
 *
 * @throws CliError
 */
export async function buildFunctions(
  configuration: CompiledConfiguration,
  out: string,
): Promise<BuiltFunctions> {
  const folder = path.resolve(out);
  const built = await bundleFunctions(configuration, folder);
  const { webhook, follow, events } = built;
  const files = uploadedFiles(events ? [webhook, follow, events] : [webhook, follow], folder);
  try {
    mkdirSync(out, { recursive: true });
    requireOwnManifest(path.join(out, manifestName));
    for (const { path: file, contents } of files) replaceFile(file, contents);
  } catch (error) {
    throw new CliError(`The bundle cannot be written to ${out}: ${reasonOf(error)}`);
  }
  return built;
}

/** The same, in memory. */
export async function bundleFunctions(
  { sources, events: sourcesOfEvents, notify }: CompiledConfiguration,
  folder: string,
): Promise<BuiltFunctions> {
  const [{ webhook, events }, follow] = await Promise.all([
    sourcesOfEvents.length > 0
      ? bundleWithEvents(sources, sourcesOfEvents, folder)
      : { webhook: await bundleWebhook(sources, folder), events: undefined },
    bundleFollow(notify, folder, [], sourcesOfEvents),
  ]);
  return { webhook, follow, events };
}

/**
 * A line for each function: its file, its size, and what was compiled into it; one for what two of them share, and one for the
 * packages; and one for each source of
 * events of which it is not confirmed how they look.
 */
export function describeBuild(
  { sources, events, unconfirmed, notify }: CheckedConfiguration,
  built: BuiltFunctions,
): string[] {
  const bundles = [built.webhook, built.follow, ...(built.events ? [built.events] : [])];
  const names = (named: readonly { name: string }[]) => named.map(({ name }) => name).join(', ');
  const kinds = notify.map(({ kind }) => kind);
  const others = eachOnce(bundles.flatMap(({ files }) => files.slice(1)));
  const shared = others.filter((file) => path.basename(file.path) === 'functions.js');
  return [
    `${describe(built.webhook.files.slice(0, 1))}  sources: ${names(sources) || 'none'}`,
    `${describe(built.follow.files.slice(0, 1))}  notify: ${kinds.join(', ') || 'no channel'}`,
    ...(built.events ? [`${describe(built.events.files.slice(0, 1))}  events: ${names(events)}`] : []),
    ...(shared.length > 0 ? [`${describe(shared)}  read by webhook.js and events.js`] : []),
    `${describe(others.filter((file) => !shared.includes(file)))}  loaded when needed`,
    ...unconfirmed.map(describeUnconfirmed),
  ];
}

function describeUnconfirmed({ name, preset, assumed }: UnconfirmedSource): string {
  const keys = new Intl.ListFormat('en-GB').format(assumed);
  return `not confirmed: ${name}. No page shows an event of ${preset} as a whole, so one with another shape is refused. Set LOG_EVENTS=true, look at the first event in the log of the events function, and write ${keys} into sources.yaml as the event has ${assumed.length === 1 ? 'it' : 'them'}.`;
}

/** Several functions may load the same package. */
function eachOnce(files: readonly BuiltFile[]): BuiltFile[] {
  return [...new Map(files.map((file) => [file.path, file])).values()];
}

function describe(files: readonly BuiltFile[]): string {
  const names = files.map((file) => path.relative(process.cwd(), file.path));
  const bytes = files.reduce((sum, { contents }) => sum + contents.length, 0);
  return `${names.join(', ')}  ${(bytes / 1000).toFixed(1)} KB`;
}

/**
 * All that is uploaded: what the functions load, each file once, what it is licensed under, and the manifest.
 *
 * @param folder that the bundles are for
 * @throws CliError when a package may not be shipped
 */
export function uploadedFiles(bundles: readonly Bundle[], folder: string): BuiltFile[] {
  const licences = licencesText(
    bundles.map(({ metafile }) => metafile),
    root,
  );
  return [
    ...eachOnce(bundles.flatMap(({ files }) => files)),
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

/** A reader sees the old file or the new one, never half of one. */
function replaceFile(file: string, contents: string | Uint8Array): void {
  const next = `${file}.${process.pid}.tmp`;
  writeFileSync(next, contents);
  renameSync(next, file);
}

/**
 * @param consequence what the command did not do, where it says so
 * @throws CliError that names every fault of the file by file, line and column
 */
export function compileConfigurationFile(file: string, consequence?: string): CheckedConfiguration {
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
    const head = `${name} cannot work${consequence === undefined ? '' : `; ${consequence}`}.`;
    throw new CliError([head, ...faults].join('\n'));
  }
}
