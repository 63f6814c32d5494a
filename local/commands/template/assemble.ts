import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse, parseDocument } from 'yaml';
import { buildFunctions, compileConfigurationFile } from '../../build/write-bundle.ts';
import { CliError } from '../../cli/cli.ts';
import { root } from '../../cli/root.ts';
import { environmentWithPlaceholders, withPlaceholders } from './parameters.ts';

/** What is needed to change sources.yaml, try it and build again. The tests stay in the repository. */
const shipped = [
  '.env.example',
  '.gitignore',
  '.npmrc',
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'README.zh-CN.md',
  'SECURITY.md',
  'docs',
  'functions',
  'presets',
  'local',
  'observability',
  'openapi.yaml',
  'package-lock.json',
  'policy',
  'sources.schema.json',
  'sources.yaml',
  'tsconfig.json',
];
const notShipped = [
  ...['template.ts', 'template', 'picture.ts', 'screenshots.ts', 'screenshots'].map(
    (name) => `local/commands/${name}`,
  ),
  ...['docs/mutation.md', 'docs/release.md'],
].map((file) => path.join(root, file));

/** Scripts that need what is not shipped. */
const developersOnly = [
  'test:long',
  'test:real',
  'types',
  'lint',
  'format',
  'races',
  'mutation',
  'bench',
  'template',
  'picture',
  'screenshots',
];
/** What stays of `npm test` without the tests: whether sources.yaml and s.yaml can be built. */
const test = 'npm run build';

/**
 * Puts together what `s registry publish` takes: publish.yaml, a readme in both languages, version.md, and under src/ the
 * repository without its tests, built, with placeholders in s.yaml.
 *
 * @param out a folder that is not there, or that this has written before
 * @throws CliError
 */
export async function assembleTemplate(out: string): Promise<void> {
  requireOwnFolder(out);
  const { version } = JSON.parse(read('package.json')) as { version: string };
  const changes = changesOf(version);
  rmSync(out, { recursive: true, force: true });
  const src = path.join(out, 'src');
  mkdirSync(src, { recursive: true });

  writeFileSync(path.join(out, 'publish.yaml'), publishYaml(version));
  writeFileSync(path.join(out, 'version.md'), changes);
  for (const readme of ['readme.md', 'readme_en.md']) {
    cpSync(path.join(root, 'template', readme), path.join(out, readme));
  }

  for (const file of shipped) {
    const filter = (each: string) => !notShipped.includes(each);
    cpSync(path.join(root, file), path.join(src, file), { recursive: true, filter });
  }
  writeFileSync(path.join(src, 'package.json'), manifest());
  writeFileSync(path.join(src, 's.yaml'), withPlaceholders(read('s.yaml')));
  // Serverless Devs fills in the placeholders of each file that ends in .stpl, and takes the ending off.
  writeFileSync(path.join(src, '.env.stpl'), environmentWithPlaceholders(read('.env.example')));
  await buildFunctions(
    compileConfigurationFile(path.join(root, 'sources.yaml'), 'the template was not assembled'),
    path.join(src, 'dist'),
  );
  unlinkWhatIsNotIn(src);
  for (const page of pagesIn(src)) {
    const file = path.join(src, page);
    writeFileSync(file, withOwnCommands(readFileSync(file, 'utf8'), page.includes('.zh-CN.')));
  }
}

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

function requireOwnFolder(out: string): void {
  if (!existsSync(out)) return;
  const file = path.join(out, 'publish.yaml');
  const { Name } = parse(read('template/publish.yaml')) as { Name: string };
  const isOwn = existsSync(file) && (parse(readFileSync(file, 'utf8')) as { Name?: unknown }).Name === Name;
  if (!isOwn) throw new CliError(`${out} holds something else; choose a folder that is not there yet.`);
}

function publishYaml(version: string): string {
  const document = parseDocument(read('template/publish.yaml'));
  document.set('Version', version);
  return document.toString({ lineWidth: 0 });
}

/** The section of CHANGELOG.md about a version. */
function changesOf(version: string): string {
  const changelog = read('CHANGELOG.md');
  const [start] = changelog.split(`\n## [${version}]`).slice(1);
  if (start === undefined) {
    throw new CliError(
      `CHANGELOG.md has no section ## [${version}]: write what changed before it is published.`,
    );
  }
  const [section = ''] = start.split('\n## ');
  return `## ${version}${section.trimEnd()}\n`;
}

/** Turns links to what stays in the repository, such as a test, into their text. */
function unlinkWhatIsNotIn(src: string): void {
  for (const page of pagesIn(src)) {
    const file = path.join(src, page);
    const isThere = (target: string) => existsSync(path.resolve(path.dirname(file), target));
    const text = readFileSync(file, 'utf8');
    const linked = text.replaceAll(
      /(?<!!)\[([^\]]*)\]\((?![a-z]+:|#)([^)#\s]+)[^)\s]*\)/g,
      (link, label: string, target: string) => (isThere(target) ? link : label),
    );
    writeFileSync(file, linked);
  }
}

function pagesIn(src: string): string[] {
  return readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.md'));
}

/** Takes out the blocks of commands that only the repository has, and says of the other commands where they are. */
function withOwnCommands(text: string, isChinese: boolean): string {
  const names = developersOnly.join('|');
  const where = isChinese ? '（仅在代码仓库中）' : ' (in the repository)';
  const ofTest = isChinese
    ? '检查 sources.yaml 和 s.yaml，并构建'
    : 'checks sources.yaml and s.yaml, and builds';
  return text
    .replaceAll(new RegExp(`^\`\`\`sh\\n(npm run (${names})\\b.*\\n)+\`\`\`\\n\\n`, 'gm'), '')
    .replaceAll(new RegExp(`\`npm run (${names})( [^\`]*)?\``, 'g'), (command) => `${command}${where}`)
    .replaceAll(/^(npm ci && npm test +# ).*$/gm, `$1${ofTest}`);
}

/** package-lock.json says nothing of scripts, so that `npm ci` takes it all the same. */
function manifest(): string {
  const own = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const kept = Object.entries(own.scripts).filter(([name]) => !developersOnly.includes(name));
  const scripts = { ...Object.fromEntries(kept), test };
  return `${JSON.stringify({ ...own, scripts }, null, 2)}\n`;
}
