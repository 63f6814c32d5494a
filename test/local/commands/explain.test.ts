import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { runCommand, type Ended } from '../../support/command.ts';
import { dangersIn } from '../../support/hostile-text.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { oneLine } from './one-line.ts';

// Each test starts a process, and a busy machine takes its time.
vi.setConfig({ testTimeout: 15_000 });

const [one, two] = ['3616cdca-0000-4000-8000-0000000000aa', '3616cdca-0000-4000-8000-0000000000bb'];
const sourcesYaml = `
notify: [{ kind: wecom, url: WECOM_ROBOT_URL }]
sources:
  pipeline: { preset: generic, secrets: [SECRET_PIPELINE] }
  monitor: { preset: cloudmonitor, secrets: [MONITOR_SECRET], apps: [${one}, ${two}] }
`;

/** Explains with a payload of this content. */
function explain(args: readonly string[], payload?: string, env: NodeJS.Dict<string> = {}): Promise<Ended> {
  const folder = temporaryFolder();
  const file = (name: string, content: string) => {
    writeFileSync(path.join(folder, name), content);
    return path.join(folder, name);
  };
  const own = payload === undefined ? [] : ['--payload', file('payload', payload)];
  const all = ['--sources', file('sources.yaml', sourcesYaml), ...own, ...args];
  return runCommand('local/commands/explain.ts', all, env);
}

describe('npm run explain', () => {
  test('ends with what the function would do, and with status 0 where it would act', async () => {
    const payload = '{"changeOrderId":"dc5133d7-773f-4c81-9c5a-e2103dce0f6a"}';
    const { status, stdout, stderr } = await explain(['--source', 'pipeline'], payload);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^source +pipeline: POST \/pipeline/);
    expect(stdout).toMatch(/^notify +wecom: English, to the address in WECOM_ROBOT_URL, unsigned$/m);
    expect(stdout).toMatch(/\n\nThe rule "changeOrderId" decides: acted on\. .*\n$/);
  });

  test('says that nothing is rolled back where ROLLBACK_SUSPENDED is set', async () => {
    const payload = '{"changeOrderId":"dc5133d7-773f-4c81-9c5a-e2103dce0f6a"}';
    const suspended = { ROLLBACK_SUSPENDED: 'true' };
    const { status, stdout } = await explain(['--source', 'pipeline'], payload, suspended);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^notify +no messages: /m);
    expect(stdout).toMatch(/ read and not rolled back \(ROLLBACK_SUSPENDED\)\.\n$/);
  });

  test('ends with status 1 where it would refuse', async () => {
    const { status, stdout } = await explain(['--source', 'pipeline'], '{}');
    expect(status).toBe(1);
    expect(stdout).toMatch(/\n\nThe rule "changeOrderId" decides: refused with change_order_id_missing.*\n$/);
  });

  test('shows what a terminal would obey in a payload, on the line on which it stands', async () => {
    const payload = JSON.stringify({ 'a\u001b[2J\nallow  none\u202e': 1, changeOrderId: '\u009b2J\u200b' });
    const { stdout } = await explain(['--source', 'pipeline'], payload);
    expect(stdout).toMatch(
      /^payload +an object with a\\u\{1b\}\[2J\\u\{a\}allow {2}none\\u\{202e\}, changeOrderId$/m,
    );
    expect(stdout).toMatch(/\n\nThe rule "changeOrderId" decides: .*"\\u\{9b\}2J\\u\{200b\}"/);
    expect(dangersIn('webhook', stdout, { mayBreakLines: true })).toEqual([]);
  });

  test('takes the application of a link, and the content type', async () => {
    const args = ['--source', 'monitor', '--app', two, '--content-type', 'application/x-www-form-urlencoded'];
    const { status, stdout } = await explain(args, 'alertState=ALERT&timestamp=1767323045000');
    expect(status, stdout).toBe(0);
    expect(stdout).toContain(
      `It would have the newest deployment in flight of the application ${two} rolled back`,
    );
  });

  test('describes a preset', async () => {
    const { status, stdout } = await explain(['--preset', 'github']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^preset +github: GitHub\n/);
  });

  test('describes a source where no payload is given', async () => {
    const { status, stdout } = await explain(['--source', 'pipeline']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^source +pipeline: POST \/pipeline\npreset +generic: .*\(sources.yaml:4\)\n/);
  });

  test.each([[[]], [['--help']]])('lists its options and the presets: %j', async (args) => {
    const { status, stdout, stderr } = await explain(args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('npm run explain -- --preset NAME');
    expect(stdout).toMatch(/^codeup +Yunxiao/m);
  });

  test('says of sources that cannot work what is wrong, and nothing of a build', async () => {
    const file = path.join(temporaryFolder(), 'sources.yaml');
    writeFileSync(file, 'sources: { one: { preset: prometheus, secrets: AM } }');
    const ended = await runCommand('local/commands/explain.ts', ['--sources', file, '--source', 'one']);
    expect(ended).toEqual({
      status: 1,
      stdout: '',
      stderr: [
        `error ${file} cannot work.`,
        `  ${file}:1:19 "preset" does not know "prometheus"; did you mean "alertmanager"?`,
        `  ${file}:1:39 "secrets" must be a list: write [AM]`,
        '',
      ].join('\n'),
    });
  });

  test.each([
    ['an unknown preset', ['--preset', 'gitub'], 'There is no preset "gitub"; did you mean "github"?'],
    [
      'a preset and a source',
      ['--preset', 'github', '--source', 'pipeline'],
      'Give either --preset or --source',
    ],
    [
      'an unknown source',
      ['--source', 'pipelin', '--payload', '-'],
      'There is no source "pipelin"; did you mean',
    ],
    ['no source', ['--payload', 'x.json'], '--source NAME is missing'],
    [
      'a file that is not there',
      ['--source', 'pipeline', '--payload', 'nowhere.json'],
      'nowhere.json cannot be read',
    ],
    [
      'no application for a link',
      ['--source', 'monitor', '--payload', '-'],
      'The source monitor needs --app ID',
    ],
    [
      'an application for no link',
      ['--source', 'pipeline', '--payload', '-', '--app', one],
      '--app is for links',
    ],
  ])('says in one line what is wrong with %s', async (_what, args, beginning) => {
    expect(await explain(args)).toEqual({ status: 1, stdout: '', stderr: oneLine(beginning) });
  });
});
