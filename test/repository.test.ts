import { execFileSync, spawnSync } from 'node:child_process';
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const isFile = (file: string): boolean =>
  lstatSync(join(root, file), { throwIfNoEntry: false })?.isFile() === true;

function entries(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

function field(value: unknown, name: string): unknown {
  return entries(value).find(([key]) => key === name)?.[1];
}

describe.each(['', 'bench/'])('an install in ./%s', (folder) => {
  const packages = entries(field(JSON.parse(read(`${folder}package-lock.json`)), 'packages')).filter(
    ([path]) => path !== '',
  );

  test('goes to the registry that the user has configured, because the lock file names none', () => {
    expect(packages.length).toBeGreaterThan(0);
    expect(packages.filter(([, entry]) => field(entry, 'resolved') !== undefined)).toEqual([]);
  });

  test('still gets the very same bytes, because every package in the lock file has a hash', () => {
    const unhashed = packages.filter(([, entry]) => field(entry, 'integrity') === undefined);
    expect(unhashed.map(([path]) => path)).toEqual([]);
  });

  test('keeps it that way, because .npmrc tells npm to leave the hosts out', () => {
    expect(read(`${folder}.npmrc`).split('\n')).toContain('omit-lockfile-registry-resolved=true');
  });

  test('takes exact versions only', () => {
    const manifest: unknown = JSON.parse(read(`${folder}package.json`));
    const versions = ['dependencies', 'devDependencies', 'optionalDependencies', 'overrides'].flatMap(
      (kind) => entries(field(manifest, kind)),
    );
    expect(versions.length).toBeGreaterThan(0);
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(String(version)))).toEqual([]);
  });
});

describe('no install script', () => {
  const packages = entries(field(JSON.parse(read('package-lock.json')), 'packages'));

  // core-js prints a plea for money; esbuild puts its program where its npm package has a wrapper, which works as well:
  // every build here is made with it.
  test('is in any package but two that do without, as npm run test shows', () => {
    const withScripts = packages.filter(([, entry]) => field(entry, 'hasInstallScript') === true);
    expect(withScripts.map(([path]) => path).toSorted()).toEqual([
      'node_modules/core-js',
      'node_modules/esbuild',
    ]);
  });

  test('runs, because .npmrc does not let any', () => {
    expect(read('.npmrc').split('\n')).toContain('ignore-scripts=true');
  });

  test('is our own, either', () => {
    const scripts = entries(field(JSON.parse(read('package.json')), 'scripts')).map(([name]) => name);
    expect(scripts.filter((name) => /^(pre|post)?(install|prepare|pack|publish)/.test(name))).toEqual([]);
  });
});

// A source archive has no git to ask.
const isCheckout = spawnSync('git', ['rev-parse', '--git-dir'], { cwd: root }).status === 0;

describe.runIf(isCheckout)('git', () => {
  const ignores = (file: string): boolean =>
    spawnSync('git', ['check-ignore', '-q', file], { cwd: root }).status === 0;

  test.each(['.env', '.env.production', '.deployed.json', 'dist/webhook.js'])('ignores %s', (file) => {
    expect(ignores(file)).toBe(true);
  });

  test('does not ignore .env.example', () => {
    expect(ignores('.env.example')).toBe(false);
  });

  test('holds no file that names a package registry', () => {
    // Put together here, so that this file does not find itself.
    const hosts = ['npmjs', 'npmmirror', 'yarnpkg', 'npm.taobao'].map((owner) => `registry.${owner}`);
    const listing = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: root,
      encoding: 'utf8',
    });
    const files = listing.split('\0').filter((file) => file !== '' && isFile(file));

    expect(files).toContain('package-lock.json');
    expect(files.filter((file) => hosts.some((host) => read(file).includes(host)))).toEqual([]);
  });
});
