import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { root } from '../../../local/cli/root.ts';
import { runCommand } from '../../support/command.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { oneLine } from './one-line.ts';

// Each test starts a process or two, and a busy machine takes its time.
vi.setConfig({ testTimeout: 15_000 });

const build = (...args: string[]) => runCommand('local/commands/build.ts', args);

const good = 'sources:\n  alerts:\n    preset: generic\n    secrets: [ALERTS_SECRET]\n';

function write(folder: string, name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

describe('npm run build', () => {
  test('builds another file into another folder, and says what it built', async () => {
    const folder = temporaryFolder();
    const out = path.join(folder, 'a', 'b');
    const ended = await build('--sources', write(folder, 'other.yaml', good), '--out', out);

    expect(ended).toMatchObject({ status: 0, stderr: '' });
    expect(ended.stdout).toMatch(
      /webhook\.js {2}\d+\.\d KB {2}sources: alerts\n.*follow\.js {2}\d+\.\d KB {2}notify: no channel\n(.*\.js,? ){4} \d+\.\d KB {2}loaded when needed\n$/,
    );
    expect(readFileSync(path.join(out, 'webhook.js'), 'utf8')).toContain('ALERTS_SECRET');
  });

  test('compiles where people are told into the function that tells them, and says so', async () => {
    const folder = temporaryFolder();
    const notify = 'notify: [{ kind: slack, url: SLACK_URL }, { kind: wecom, url: WECOM_URL }]\n';
    const ended = await build('--sources', write(folder, 'with-notify.yaml', good + notify), '--out', folder);

    expect(ended).toMatchObject({ status: 0, stderr: '' });
    expect(ended.stdout).toMatch(/follow\.js {2}\d+\.\d KB {2}notify: slack, wecom\n/);
    expect(readFileSync(path.join(folder, 'follow.js'), 'utf8')).toContain('WECOM_URL');
  });

  test('says which sources of events rely on what no page shows, and what to do', async () => {
    const folder = temporaryFolder();
    const apps = 'apps: [3616cdca-0000-4000-8000-000000000001]';
    const own = 'when: data.firing, app: data.app';
    const events = [
      'events:',
      `  slo: { preset: sls-event, ${apps} }`,
      `  arms: { preset: arms-event, ${apps} }`,
      `  mine: { preset: arms-event, type: mine, ${own}, ${apps} }`,
    ].join('\n');
    const ended = await build('--sources', write(folder, 'events.yaml', events), '--out', folder);

    expect(ended).toMatchObject({ status: 0, stderr: '' });
    expect(ended.stdout).toMatch(/events\.js {2}\d+\.\d KB {2}events: slo, arms, mine\n/);
    expect(ended.stdout.split('\n').filter((line) => line.startsWith('not confirmed'))).toEqual([
      'not confirmed: arms. No page shows an event of arms-event as a whole, so one with another shape is refused. Set LOG_EVENTS=true, look at the first event in the log of the events function, and write when, app and problemStartedAt into sources.yaml as the event has them.',
      'not confirmed: mine. No page shows an event of arms-event as a whole, so one with another shape is refused. Set LOG_EVENTS=true, look at the first event in the log of the events function, and write problemStartedAt into sources.yaml as the event has it.',
    ]);
  });

  test('writes nothing when the file cannot work, and names each fault by file, line and column', async () => {
    const folder = temporaryFolder();
    const out = path.join(folder, 'out');
    const file = write(
      folder,
      'bad.yaml',
      good.replace('generic', 'genric').replace('ALERTS_SECRET', 'hunter2'),
    );
    const { status, stdout, stderr } = await build('--sources', file, '--out', out);

    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr.split('\n')).toEqual([
      `error ${file} cannot work; nothing was built.`,
      `  ${file}:3:5 "preset" does not know "genric"; did you mean "generic"?`,
      expect.stringContaining(`  ${file}:4:15 "secrets" must be the NAME of an environment variable`),
      '',
    ]);
    expect(existsSync(out)).toBe(false);
  });

  test('does not overwrite the package.json of a folder that is not its own', async () => {
    const folder = temporaryFolder();
    const manifest = write(folder, 'package.json', '{ "name": "somebody-elses" }\n');
    const { status, stderr } = await build('--sources', write(folder, 'good.yaml', good), '--out', folder);

    expect({ status, stderr }).toEqual({ status: 1, stderr: oneLine('') });
    expect(stderr).toContain('package.json');
    expect(readFileSync(manifest, 'utf8')).toBe('{ "name": "somebody-elses" }\n');
  });

  test('builds into the same folder again, and what is uploaded are these files alone', async () => {
    const folder = temporaryFolder();
    const args = ['--sources', write(folder, 'good.yaml', good), '--out', path.join(folder, 'out')];
    await build(...args);
    expect(await build(...args)).toMatchObject({ status: 0, stderr: '' });
    expect(readdirSync(path.join(folder, 'out')).toSorted()).toEqual([
      'LICENSES.txt',
      'credentials.js',
      'fc2.js',
      'follow.js',
      'jmespath.js',
      'package.json',
      'pop-core-rpc.js',
      'pop-core.js',
      'webhook.js',
    ]);
  });

  test.each([
    ['an unknown option', ['--source', 'x'], "Unknown option '--source'"],
    ['an argument too many', ['sources.yaml'], "Unexpected argument 'sources.yaml'"],
    ['an option without its value', ['--out'], "Option '--out <value>' argument missing"],
    ['a file that is not there', ['--sources', 'nowhere.yaml'], 'nowhere.yaml cannot be read: ENOENT'],
    ['a folder instead of a file', ['--sources', 'local'], 'local cannot be read: EISDIR'],
    ['a folder that cannot be', ['--out', '/dev/null/x'], 'The bundle cannot be written to /dev/null/x: '],
  ])('says in one line what is wrong with %s', async (_what, args, beginning) => {
    expect(await build(...args)).toEqual({ status: 1, stdout: '', stderr: oneLine(beginning) });
  });

  test('explains its options', async () => {
    const { status, stdout, stderr } = await build('--help');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/--sources FILE .*\n.*--out DIR /);
  });
});

test('npm run size says how large each built file is, with its three largest parts, and the zip of all', async () => {
  const { status, stdout, stderr } = await runCommand('local/commands/size.ts');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const size = String.raw`\d+\.\d KB`;
  const part = `[@\\w./-]+ ${size}`;
  const line = (name: string) =>
    `${name} ${size} of ${size}(; the largest parts: ${part}(, ${part}){1,2})?\n`;
  const files = ['webhook', 'pop-core', 'pop-core-rpc', 'credentials', 'jmespath', 'fc2', 'follow'];
  const withEvents = ['functions\\.js', 'events\\.js', 'the zip with events'];
  const lines = [...files.map((file) => `${file}\\.js`), 'the zip', ...withEvents].map(line);
  expect(stdout).toMatch(new RegExp(`^${lines.join('')}$`));
});

// The package is private and not published. But `s deploy` uploads dist/ with all that is in it.
test('npm pack takes dist/, just as the build writes it, and what npm always takes', async () => {
  const folder = temporaryFolder();
  await build('--out', folder);
  const { status, stdout } = spawnSync('npm', ['pack', '--dry-run', '--json'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(status).toBe(0);
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  const inDist = readdirSync(folder).map((file) => `dist/${file}`);
  const others = files.map((file) => file.path).filter((file) => !/^README\b/.test(file));
  expect(others.toSorted()).toEqual([...inDist, 'LICENSE', 'package.json'].toSorted());
});
