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
events:
  slo: { preset: sls-event, apps: [${one}], maxAge: 5m }
  ends: { preset: edas-event, apps: [${one}] }
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

/** A CloudEvent of now, in a file. */
function eventFile(changes: object = {}): string {
  const file = path.join(temporaryFolder(), 'event.json');
  const event = {
    specversion: '1.0',
    id: 'fake-id',
    source: 'acs.sls.alert',
    type: 'sls:AlertEvent:Firing',
    time: new Date().toISOString(),
    aliyunaccountid: '1234567890123456',
    data: { status: 'firing', fire_time: Math.floor(Date.now() / 1000), labels: { edas_app_id: one } },
    ...changes,
  };
  writeFileSync(file, JSON.stringify(event));
  return file;
}

describe('npm run explain -- --event', () => {
  test('ends with what the events function would do, and with status 0 where it would act', async () => {
    const { status, stdout, stderr } = await explain(['--event', eventFile()]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(
      /^account +1234567890123456; whether it is that of the function is not known here/m,
    );
    expect(stdout).toMatch(/^sources +slo takes it$/m);
    expect(stdout).toMatch(/\n\nThe rule "app" decides: acted on\. .*\n$/);
  });

  test('ends with status 0 where it would ignore the event, and with 1 where it would refuse it', async () => {
    const resolved = await explain(['--event', eventFile({ type: 'sls:AlertEvent:Resolved' })]);
    expect(resolved).toMatchObject({ status: 0, stderr: '' });
    expect(resolved.stdout).toContain('The rule "when" decides: ignored.');
    const old = await explain(['--source', 'slo', '--event', eventFile({ time: '2026-01-01T00:00:00Z' })]);
    expect(old).toMatchObject({ status: 1, stderr: '' });
    expect(old.stdout).toContain('The rule "time" decides: refused with event_out_of_window');
  });

  test('compares the account that it is told', async () => {
    const { status, stdout } = await explain(['--event', eventFile(), '--account', '999']);
    expect(status).toBe(1);
    expect(stdout).toContain('The rule "account" decides: refused with event_account_mismatch');
  });

  test('describes a source of events where no event is given', async () => {
    const { status, stdout } = await explain(['--source', 'slo']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^source +slo: events, without a path or a secret/);
    expect(stdout).toMatch(/^event type +sls:AlertEvent:Firing, sls:AlertEvent:Resolved$/m);
    expect(stdout).toMatch(/^age +5 min at most: .* \(sources.yaml:\d+\)$/m);
    expect(stdout).toMatch(
      /^rolls back +what is being deployed to the application in data.labels.edas_app_id$/m,
    );
  });

  test('says of a source that only hears of ends that it rolls nothing back, and not how', async () => {
    const { status, stdout } = await explain(['--source', 'ends']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^tells +that a change order has ended/m);
    expect(stdout).toMatch(/^rolls back +nothing: it has no when$/m);
    expect(stdout).not.toMatch(/^(when|mode|follow|confirm) /m);
  });

  test('says that there are no sources of events', async () => {
    const file = path.join(temporaryFolder(), 'sources.yaml');
    writeFileSync(file, 'sources: { one: { preset: generic, secrets: [ONE] } }');
    const ended = await runCommand('local/commands/explain.ts', ['--sources', file, '--event', eventFile()]);
    expect(ended).toEqual({
      status: 1,
      stdout: '',
      stderr: oneLine('There is nothing under events in this sources.yaml.'),
    });
  });
});

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
    [
      'a payload for a source of events',
      ['--source', 'slo', '--payload', '-'],
      'The source slo takes events',
    ],
    [
      'an event for a source of webhooks',
      ['--source', 'pipeline', '--event', '-'],
      'The source pipeline takes webhooks',
    ],
    [
      'an event for no source',
      ['--source', 'sloo', '--event', '-'],
      'There is no source "sloo"; did you mean',
    ],
    ['a payload and an event', ['--payload', '-', '--event', '-'], 'Give either --payload or --event'],
    ['no account', ['--event', '-', '--account', 'me'], '--account must be the number of an account'],
    ['an account of no event', ['--source', 'slo', '--account', '1'], '--account is for events'],
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
