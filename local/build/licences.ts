import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Metafile } from 'esbuild';
import { CliError } from '../cli/cli.ts';

/** Licences that ask for no more than that their text goes along. */
const permissive = ['MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0'];

/**
 * Licences that ask for more, each accepted for one package. The Mozilla Public License is about the files of that package
 * alone: everyone who gets the bundle must be told where their source code is, and LICENSES.txt does that.
 * https://www.mozilla.org/en-US/MPL/2.0/ 3.2 and 3.3
 */
const acceptedFor: Record<string, string> = { '@jmespath-community/jmespath': 'MPL-2.0' };

interface Package {
  name: string;
  version: string;
  /** As SPDX writes it. */
  license: string;
  author: string | undefined;
  repository: string | undefined;
  /** The texts of the files in which it licenses itself. */
  texts: readonly string[];
}

/** What esbuild says of the files that it made. */
type Outputs = Pick<Metafile, 'outputs'>;

/**
 * What LICENSES.txt says: our own licence, and that of each package of which something is in the built files.
 *
 * @param root the folder that the paths in the metafiles are relative to, with our own package.json and LICENSE
 * @throws CliError when a package has no licence that we know to be harmless
 */
export function licencesText(metafiles: readonly Outputs[], root: string): string {
  const own = readPackage(root);
  const packages = packageFoldersIn(metafiles).map((folder) => readPackage(path.join(root, folder)));
  const refused = packages.filter((each) => !isAccepted(each));
  if (refused.length > 0) throw new CliError(['Nothing was built.', ...refused.map(refusal)].join('\n'));

  const ownText = own.texts.join('\n');
  const lines = packages.map(({ name, version, license }) => `  ${name} ${version}  ${license}`);
  return [
    `${own.name} ${own.version}, and parts of these packages:`,
    lines.join('\n'),
    `${rule}\n${own.name} ${own.version}\nLicence: ${own.license}\n\n${ownText}`,
    ...packages.map((each) => describe(each, withoutCopyright(ownText))),
    '',
  ].join('\n\n');
}

const rule = '-'.repeat(80);

/** The folders of the packages that have at least a byte in a built file: `node_modules/a/node_modules/b`. */
export function packageFoldersIn(metafiles: readonly Outputs[]): string[] {
  const inputs = metafiles.flatMap(({ outputs }) => Object.values(outputs).map((output) => output.inputs));
  const files = inputs.flatMap((each) => Object.entries(each)).filter(([, input]) => input.bytesInOutput > 0);
  const folders = files.map(([file]) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]);
  return [...new Set(folders.filter((folder) => folder !== undefined))].toSorted();
}

interface Manifest {
  name: string;
  version: string;
  license?: unknown;
  author?: string | { name: string };
  repository?: string | { url: string };
}

function readPackage(folder: string): Package {
  const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest;
  const { name, version, license, author, repository } = manifest;
  const url = typeof repository === 'object' ? repository.url : repository;
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)(\.|$)/i.test(file));
  return {
    name,
    version,
    license: typeof license === 'string' ? license : 'unknown',
    author: typeof author === 'object' ? author.name : author,
    repository: url?.replace(/^git\+/, ''),
    texts: files.toSorted().map((file) => readFileSync(path.join(folder, file), 'utf8').trim()),
  };
}

/** Of the MIT licence we have the text, and put it where a package only names it; of no other one. */
function isAccepted({ name, license, texts }: Package): boolean {
  const isHarmless = permissive.includes(license) || acceptedFor[name] === license;
  return isHarmless && (texts.length > 0 || license === 'MIT');
}

function refusal({ name, version, license, texts }: Package): string {
  const why = texts.length > 0 ? '' : ', and no file with its text';
  return `  ${name} ${version} has the licence ${license}${why}. Ask whether it may be shipped, then say so in local/build/licences.ts; or do without the package.`;
}

function describe({ name, version, license, author, repository, texts }: Package, mit: string): string {
  const fallback = `The package names this licence, and has no file with its text.\n\n${mit}`;
  return [
    rule,
    `${name} ${version}`,
    `Licence: ${license}`,
    ...(author === undefined ? [] : [`Author: ${author}`]),
    `Source code: the npm package ${name}@${version}${repository === undefined ? '' : `, ${repository}`}`,
    '',
    texts.length > 0 ? texts.join('\n\n') : fallback,
  ].join('\n');
}

/** Of a package that names no holder of the copyright, we cannot name one. */
function withoutCopyright(text: string): string {
  return text.replace(/^Copyright .*\n+/m, '');
}
