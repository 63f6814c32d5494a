import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { root } from '../../../../local/cli/root.ts';
import { assembleTemplate } from '../../../../local/commands/template/assemble.ts';
import { runCommand } from '../../../support/command.ts';
import { runServerlessDevs } from '../../../support/serverless-devs.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

// Most tests start a process or two, and a busy machine takes its time.
vi.setConfig({ testTimeout: 20_000, hookTimeout: 20_000 });

interface Publish {
  Version: string;
  Parameters: {
    required: string[];
    properties: Record<string, { default: string; enum?: string[]; pattern?: string; 'x-role'?: object }>;
  };
}

const readRoot = (file: string): string => readFileSync(path.join(root, file), 'utf8');

let assembled = '';
beforeAll(async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'edas-rollback-webhook-'));
  assembled = path.join(folder, 'template');
  await assembleTemplate(assembled);
});
afterAll(() => {
  rmSync(path.dirname(assembled), { recursive: true });
});

const read = (file: string): string => readFileSync(path.join(assembled, file), 'utf8');
const publish = () => parse(read('publish.yaml')) as Publish;
const properties = () => publish().Parameters.properties;
const defaults = () =>
  Object.fromEntries(Object.entries(properties()).map(([name, each]) => [name, each.default]));

/** A copy, for Serverless Devs takes away what it is given. */
function copyOfTemplate(): string {
  const copy = path.join(temporaryFolder(), 'template');
  cpSync(assembled, copy, { recursive: true });
  return copy;
}

/** A folder in which the template has been initialised. */
async function initialise(parameters: Record<string, string>): Promise<string> {
  const home = temporaryFolder();
  const uri = copyOfTemplate();
  const given = ['--parameters', JSON.stringify(parameters), '--access', 'default'];
  await runServerlessDevs(['init', 'try', '--uri', uri, '-d', 'mine', '-y', ...given], { cwd: home, home });
  return path.join(home, 'mine');
}

const other = {
  region: 'ap-southeast-1',
  functionRole: 'acs:ram::1000000000000000:role/other-role',
  followFunction: 'other-follow',
  rollbackSuspended: 'false',
};

describe('what Serverless Devs makes of the template', () => {
  test('is our own s.yaml, but suspended, when every parameter has its default', async () => {
    const mine = await initialise(defaults());
    const suspended = readRoot('s.yaml').replaceAll(
      "${env('ROLLBACK_SUSPENDED', 'false')}",
      "${env('ROLLBACK_SUSPENDED', 'true')}",
    );
    expect(parse(readFileSync(path.join(mine, 's.yaml'), 'utf8'))).toEqual(parse(suspended));
  });

  test('has what was asked for in s.yaml and in .env, and no placeholder is left', async () => {
    const mine = await initialise(other);
    const deployment = readFileSync(path.join(mine, 's.yaml'), 'utf8');
    const environment = readFileSync(path.join(mine, '.env'), 'utf8');
    for (const value of Object.values(other)) {
      expect(deployment).toContain(`, '${value}')}`);
      expect(environment).toContain(`=${value}\n`);
    }
    expect(deployment + environment).not.toMatch(/\{\{|\}\}/);
    expect(readdirSync(mine).filter((file) => file.endsWith('.stpl'))).toEqual([]);
  });

  test('builds, with a source of its own', async () => {
    const mine = await initialise(other);
    symlinkSync(path.join(root, 'node_modules'), path.join(mine, 'node_modules'));
    const source = '  mine: { preset: generic, secrets: [SECRET_PIPELINE] }\n';
    const sources = path.join(mine, 'sources.yaml');
    writeFileSync(sources, readFileSync(sources, 'utf8').replace('sources:\n', `sources:\n${source}`));

    const ended = await runCommand(path.relative(root, path.join(mine, 'local/commands/build.ts')));
    expect(ended).toMatchObject({ status: 0, stderr: '' });
    expect(ended.stdout).toContain('sources: mine, pipeline, github');
  });
});

test('npm run add works in what the template makes, and says what its own pages say', async () => {
  const mine = await initialise(defaults());
  symlinkSync(path.join(root, 'node_modules'), path.join(mine, 'node_modules'));
  const run = (name: string, args: readonly string[] = []) =>
    runCommand(path.relative(root, path.join(mine, `local/commands/${name}.ts`)), args);

  const added = await run('add', ['shop', '--preset', 'generic']);
  expect(added).toMatchObject({ status: 0, stderr: '' });
  expect(added.stdout).toContain('The recipe (docs/sources.md#generic)');
  expect(readFileSync(path.join(mine, '.env'), 'utf8')).toMatch(/\nSECRET_SHOP=[0-9a-f]{64}\n/);
  expect(await run('build')).toMatchObject({ status: 0, stderr: '' });
});

describe('the template', () => {
  test('uses each of its parameters, and asks for nothing that is none', () => {
    const placeholders = Array.from(read('src/s.yaml').matchAll(/\{\{ (\w+) \}\}/g), ([, name]) => name);
    // Serverless Devs itself asks for the key that deploys.
    expect([...new Set(placeholders)].toSorted()).toEqual(
      ['access', ...Object.keys(properties())].toSorted(),
    );
    expect(Object.keys(properties())).toEqual(expect.arrayContaining(publish().Parameters.required));
  });

  test('has defaults that its own rules allow', () => {
    for (const [name, { default: value, enum: choices, pattern = '' }] of Object.entries(properties())) {
      expect(value, name).toMatch(new RegExp(pattern));
      if (choices) expect(choices).toContain(value);
    }
    expect(other.functionRole).toMatch(new RegExp(properties()['functionRole']?.pattern ?? 'none'));
  });

  test('asks for a role that gets no system policy, let alone FullAccess', () => {
    expect(properties()['functionRole']?.['x-role']).toEqual({
      name: 'edas-rollback-webhook',
      service: 'FC',
      authorities: [],
    });
  });

  test('has the version of the package, and says what it brings', () => {
    const { version } = JSON.parse(readRoot('package.json')) as { version: string };
    expect(publish().Version).toBe(version);
    expect(read('version.md')).toMatch(new RegExp(`^## ${version} - .*\n\n### `));
    expect(readRoot('CHANGELOG.md')).toContain(read('version.md').split('\n').slice(1).join('\n').trim());
  });

  test('tells the same in two languages', () => {
    const shape = (file: string) => read(file).match(/^(##? |\d\. |- )/gm);
    expect(shape('readme.md')).toEqual(shape('readme_en.md'));
  });

  test('holds what was built and what it was built from, and neither tests nor secrets', () => {
    const files = readdirSync(path.join(assembled, 'src'), { recursive: true, encoding: 'utf8' });
    expect(files).toEqual(expect.arrayContaining(['dist/webhook.js', 'dist/follow.js', 'dist/LICENSES.txt']));
    expect(files).toEqual(expect.arrayContaining(['functions/webhook/index.ts', 'policy/ros-role.yaml']));
    const ofKms = ['dist/pop-core-rpc.js', 'functions/kms/client.ts', 'local/stand-ins/kms/stand-in.ts'];
    expect(files).toEqual(expect.arrayContaining(ofKms));
    expect(files.filter((file) => /(^|\/)(test|bench|node_modules|\.env|\.git)(\/|$)/.test(file))).toEqual(
      [],
    );
  });

  test('has only scripts whose files it has', () => {
    const { scripts } = JSON.parse(read('src/package.json')) as { scripts: Record<string, string> };
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['start', 'build', 'deploy']));
    const named = Object.values(scripts).flatMap((script) => script.match(/\S+\.(ts|cjs)/g) ?? []);
    expect(named.filter((file) => !existsSync(path.join(assembled, 'src', file)))).toEqual([]);
    const called = Object.values(scripts).flatMap((script) =>
      Array.from(script.matchAll(/npm run (\w+)/g), ([, name = '']) => name),
    );
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(called));
  });

  test('has no Markdown file with a link to what it does not have', () => {
    const src = path.join(assembled, 'src');
    const pages = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.md'),
    );
    const linked = pages.flatMap((page) =>
      Array.from(read(`src/${page}`).matchAll(/\]\(([^)\s]+)\)/g), ([, link = '']) => link)
        .filter((link) => !/^([a-z]+:|#)/.test(link))
        .map((link) => path.join(path.dirname(page), link.replace(/#.*/, ''))),
    );
    const shipped = ['SECURITY.md', 'openapi.yaml', 'observability/README.md', 'docs/operations.md'];
    expect(linked).toEqual(expect.arrayContaining(shipped));
    expect(linked.filter((file) => !existsSync(path.join(src, file)))).toEqual([]);
  });

  test('keeps the words of a link that it cannot keep, and what is linked beside it', () => {
    const [theirs, ours] = [read('src/README.md'), readRoot('README.md')];
    expect(ours).toContain('([tested](test/races.test.ts))');
    expect(theirs).toContain('(tested)');
    expect(ours).toContain('[CONTRIBUTING.md](CONTRIBUTING.md) · [CHANGELOG.md](CHANGELOG.md)');
    expect(theirs).toContain('CONTRIBUTING.md · [CHANGELOG.md](CHANGELOG.md)');
    expect(theirs).toMatch(/^!\[.*\]\(docs\/pictures\/start\.svg\)$/m);
  });

  test('has every command that one of its pages names, or says that it is in the repository', () => {
    const { scripts } = JSON.parse(read('src/package.json')) as { scripts: Record<string, string> };
    const files = readdirSync(assembled, { recursive: true, encoding: 'utf8' });
    const pages = files.filter((file) => file.endsWith('.md'));
    expect(pages).toEqual(
      expect.arrayContaining(['readme.md', 'src/docs/operations.md', 'src/policy/README.md']),
    );
    const commands =
      /npm (?:run (?:-s )?([a-z:]+)|(test|start))\b(?![^`\n]*`( \(in the repository\)|（仅在代码仓库中）))/g;
    const missing = pages.flatMap((page) => {
      const named = Array.from(read(page).matchAll(commands), ([, run, own]) => run ?? own ?? '');
      return named.filter((name) => !(name in scripts)).map((name) => `${page}: ${name}`);
    });
    expect(missing).toEqual([]);
  });

  test('keeps what a page says about a command of the repository, and says where that is', () => {
    expect(readRoot('docs/delivery.md')).toContain('\n`npm run races` sends');
    expect(read('src/docs/delivery.md')).toContain('\n`npm run races` (in the repository) sends');
    expect(read('src/docs/delivery.zh-CN.md')).toContain('\n`npm run races`（仅在代码仓库中）');
    expect(read('src/docs/performance.md')).not.toContain('npm run bench -- --only');
    expect(read('src/README.md')).toMatch(
      /^npm ci && npm test +# checks sources.yaml and s.yaml, and builds$/m,
    );
    expect(existsSync(path.join(assembled, 'src/docs/release.md'))).toBe(false);
  });

  // The registry's own check comes before anything is sent.
  test('passes the check of s registry publish, which then gets no further without a network', async () => {
    const output = await runServerlessDevs(['registry', 'publish'], {
      cwd: copyOfTemplate(),
      home: temporaryFolder(),
    });
    expect(output).not.toContain('illegal');
    expect(output).toContain('no network in tests');
  });

  test('would not pass it with a type of another edition', async () => {
    const cwd = copyOfTemplate();
    const file = path.join(cwd, 'publish.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('Type: Project', 'Type: Application'));
    const output = await runServerlessDevs(['registry', 'publish'], { cwd, home: temporaryFolder() });
    expect(output).toContain('schemaPath: #/properties/Type/enum');
  });
});

describe('npm run template', () => {
  const run = (...args: string[]) => runCommand('local/commands/template.ts', args);

  test('does not take away a folder that holds something else', async () => {
    const out = temporaryFolder();
    mkdirSync(path.join(out, 'photos'));
    const { status, stderr } = await run('--out', out);
    expect(status).toBe(1);
    expect(stderr).toContain(`${out} holds something else`);
    expect(readdirSync(out)).toEqual(['photos']);
  });

  test('writes over what it wrote before, and says what comes next', async () => {
    const out = copyOfTemplate();
    writeFileSync(path.join(out, 'src/left-over.ts'), '');
    const { status, stdout } = await run('--out', out);
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: expect.stringContaining('s registry publish') as string,
    });
    expect(readdirSync(path.join(out, 'src'))).not.toContain('left-over.ts');
  });

  test('explains its option', async () => {
    expect(await run('--help')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('--out DIR') as string,
    });
  });
});
