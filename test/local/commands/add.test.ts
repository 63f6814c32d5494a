import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { readKey } from '../../../functions/secrets/read-key.ts';
import { requireDeployable } from '../../../local/build/check-deployment.ts';
import { compileConfigurationFile } from '../../../local/build/write-bundle.ts';
import { root } from '../../../local/cli/root.ts';
import { planSource } from '../../../local/commands/add/plan-source.ts';
import { readRecipe } from '../../../local/commands/add/recipe.ts';
import { readDeployEnvironment } from '../../../local/commands/doctor/env-file.ts';
import { writeChanges } from '../../../local/setup/change-files.ts';
import { presets, type PresetName } from '../../../presets/index.ts';
import type { Preset } from '../../../presets/preset.ts';
import { runCommand, type Ended } from '../../support/command.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

// Each test starts a process or two, and a busy machine takes its time.
vi.setConfig({ testTimeout: 15_000 });

const app = '3616cdca-0000-4000-8000-000000000001';
const names = ['sources.yaml', 's.yaml', '.env.example'];

/** The repository's files, and the others that are given. */
function folderWith(files: Record<string, string> = {}): string {
  const folder = temporaryFolder();
  for (const name of names) copyFileSync(path.join(root, name), path.join(folder, name));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return folder;
}

function add(folder: string, args: readonly string[], env: NodeJS.Dict<string> = {}): Promise<Ended> {
  return runCommand('local/commands/add.ts', [...args, '--folder', folder], env);
}

const read = (folder: string, name: string) => readFileSync(path.join(folder, name), 'utf8');

/** All that is in a folder, by name. */
function contentsOf(folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, read(folder, name)]));
}

const originals = () => Object.fromEntries(names.map((name) => [name, read(root, name)]));

describe('npm run add', () => {
  test('puts a source into all four files, and only its own lines', async () => {
    const folder = folderWith({
      '.env': '# mine\nSECRET_PIPELINE=fake-secret-of-a-test\nREGION=cn-beijing\n',
    });
    const { status, stdout, stderr } = await add(folder, ['shop', '--preset', 'alertmanager', '--app', app]);
    expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: '' });

    const before = originals();
    const source = `\n  shop:\n    preset: alertmanager\n    secrets: [SECRET_SHOP]\n    apps: [${app}]\n    follow: true\n`;
    const comment =
      '\n# Secret of Prometheus Alertmanager, behind POST /shop. Empty: that source stays closed\n';
    expect(read(folder, 'sources.yaml').replace(source, '')).toBe(before['sources.yaml']);
    expect(read(folder, 's.yaml').replace("        SECRET_SHOP: ${env('SECRET_SHOP', '')}\n", '')).toBe(
      before['s.yaml'],
    );
    expect(read(folder, '.env.example').replace(`${comment}SECRET_SHOP=\n`, '')).toBe(before['.env.example']);
    expect(read(folder, '.env')).toMatch(
      /^# mine\nSECRET_PIPELINE=fake-secret-of-a-test\n\n# Secret of .*\nSECRET_SHOP=[0-9a-f]{64}\nREGION=cn-beijing\n$/,
    );
  });

  test('says what to set at the sender, and shows no secret', async () => {
    const folder = folderWith();
    const { stdout } = await add(folder, ['shop', '--preset', 'alertmanager', '--app', app]);
    expect(stdout).toMatch(/^\+ sources\.yaml +the source shop\n\+ s\.yaml +SECRET_SHOP\n/);
    expect(stdout).toContain('\nAt the sender: Prometheus Alertmanager\n');
    expect(stdout).toMatch(/\nmust carry +authorization: Bearer <the token>\n/);
    expect(stdout).toContain('https://…/shop');
    expect(stdout).not.toContain('https://…/alertmanager');
    expect(stdout).toContain(`npm run send -- --source shop --app ${app}`);
    const secret = readDeployEnvironment(folder, {}).env['SECRET_SHOP'] ?? '';
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(stdout).not.toContain(secret);
  });

  test('makes an .env for its owner alone where there is none, as .env.example is, with the secret', async () => {
    const folder = folderWith();
    await add(folder, ['mine', '--preset', 'generic']);
    expect(statSync(path.join(folder, '.env')).mode & 0o777).toBe(0o600);
    const secret = readDeployEnvironment(folder, {}).env['SECRET_MINE'] ?? '';
    expect(read(folder, '.env').replace(secret, '')).toBe(read(folder, '.env.example'));
  });

  test('never overwrites a value of .env', async () => {
    const folder = folderWith({ '.env': 'SECRET_MINE=fake-secret-that-was-there\n' });
    const { stdout } = await add(folder, ['mine', '--preset', 'generic']);
    expect(read(folder, '.env')).toBe('SECRET_MINE=fake-secret-that-was-there\n');
    expect(stdout).toContain('the value of SECRET_MINE, which was there before');
  });

  test('makes no secret for a sender that makes its own, and says where it goes', async () => {
    const folder = folderWith();
    const { stdout } = await add(folder, ['chat', '--preset', 'slack']);
    expect(readDeployEnvironment(folder, {}).env['SECRET_CHAT']).toBe('');
    expect(stdout).toMatch(/\nsecret +the sender makes it: put it into \.env, as SECRET_CHAT\n/);
    expect(stdout).toMatch(/take over what fits you.*\n +allow: contains\(/);
  });

  test('with a secret in KMS changes sources.yaml alone', async () => {
    const folder = folderWith();
    const { status, stdout } = await add(folder, [
      'mine',
      '--preset',
      'generic',
      '--kms',
      'mine',
      '--no-follow',
    ]);
    expect(status).toBe(0);
    expect(read(folder, 'sources.yaml')).toContain('    secrets: [kms:mine]\n    follow: false\n');
    expect({ ...contentsOf(folder), 'sources.yaml': '' }).toEqual({ ...originals(), 'sources.yaml': '' });
    expect(stdout).toContain('docs/operations.md#a-secret-in-kms');
  });

  test('with --dry-run shows the lines, and writes nothing', async () => {
    const folder = folderWith({ '.env': 'SECRET_PIPELINE=fake-secret-of-a-test\n' });
    const before = contentsOf(folder);
    const { status, stdout } = await add(folder, ['mine', '--preset', 'generic', '--dry-run']);
    expect(status).toBe(0);
    expect(stdout).toContain('\n+   mine:\n+     preset: generic\n');
    expect(stdout).toContain("\n+         SECRET_MINE: ${env('SECRET_MINE', '')}\n");
    expect(stdout).toContain('\n+ SECRET_MINE=\n');
    expect(stdout).toContain('\n+ SECRET_MINE=…\n');
    expect(stdout).toMatch(/\nNothing was written\.\n$/);
    expect(stdout).not.toContain('fake-secret-of-a-test');
    expect(contentsOf(folder)).toEqual(before);
  });

  test.each<[string, readonly string[], Record<string, string>, RegExp]>([
    [
      'a name that is taken',
      ['github', '--preset', 'github'],
      {},
      /There is a source github .* choose another/,
    ],
    [
      'a bad name',
      ['Shop', '--preset', 'generic'],
      {},
      /"Shop" must be lower-case letters.* Nothing was written/,
    ],
    ['an unknown preset', ['shop', '--preset', 'grafna'], {}, /no preset "grafna"; did you mean "grafana"\?/],
    ['no preset', ['shop'], {}, /--preset P is missing/],
    ['no name', ['--preset', 'generic'], {}, /NAME is missing/],
    ['two names', ['a', 'b', '--preset', 'generic'], {}, /what is b\?/],
    [
      'a sender that cannot sign, without --app',
      ['shop', '--preset', 'arms'],
      {},
      /does not sign .*--app ID/,
    ],
    [
      'a sender without an id, without --app',
      ['shop', '--preset', 'pagerduty'],
      {},
      /no place for an id.*--app ID/,
    ],
    [
      'two applications for a sender without an id',
      ['shop', '--preset', 'pagerduty', '--app', app, '--app', app.replace('1', '2')],
      {},
      /sources\.yaml:\d+:\d+ .*name the one application/,
    ],
    ['an --app that is no id', ['shop', '--preset', 'arms', '--app', 'shop'], {}, /--app must be an id/],
    ['a bad expression', ['shop', '--preset', 'generic', '--when', 'a ='], {}, /sources\.yaml:\d+:\d+ /],
    [
      'a variable that is another source’s',
      ['shop', '--preset', 'generic'],
      { 'sources.yaml': 'sources:\n  a: { preset: generic, secrets: [SECRET_SHOP] }\n' },
      /SECRET_SHOP belongs to the source a already/,
    ],
    [
      'a broken sources.yaml',
      ['shop', '--preset', 'generic'],
      { 'sources.yaml': 'sources:\n  a: { preset: genric, secrets: [A] }\n' },
      /cannot work as it is; nothing was written\.\n {2}sources\.yaml:2:8 .*did you mean "generic"/,
    ],
    [
      'an s.yaml that does not fit',
      ['shop', '--preset', 'generic'],
      { 's.yaml': read(root, 's.yaml').replace('timeout: 15', 'timeout: 5') },
      /would not fit sources\.yaml; nothing was written.*\n.*raise timeout to 14/,
    ],
    [
      'an .env with a value of several lines in the way',
      ['shop', '--preset', 'generic'],
      { '.env': 'REGION=cn-hangzhou\nSECRET_GITHUB="two\nlines"\n' },
      /cannot be put without changing SECRET_GITHUB\. Nothing was written/,
    ],
  ])('writes nothing on %s', async (_what, args, files, message) => {
    const folder = folderWith(files);
    const before = contentsOf(folder);
    const { status, stdout, stderr } = await add(folder, args);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(contentsOf(folder)).toEqual(before);
  });
});

describe.each(Object.keys(presets) as PresetName[])('a source of the preset %s', (name) => {
  const preset: Preset = presets[name];
  const folderOf = () => {
    const folder = folderWith();
    const wish = { name: 'mine', preset: name, apps: [app], follow: true };
    const plan = planSource(wish, { folder, shell: {}, random: (bytes) => Buffer.alloc(bytes, 0x5a) });
    return { folder, plan };
  };

  test('builds, and so does what is there', () => {
    const { folder, plan } = folderOf();
    writeChanges(plan.changes);
    const configuration = compileConfigurationFile(path.join(folder, 'sources.yaml'));
    requireDeployable(path.join(folder, 's.yaml'), configuration);
    expect(configuration.sources.map((source) => source.name)).toEqual(['pipeline', 'github', 'mine']);
    expect(configuration.sources.at(-1)).toEqual(plan.source);
  });

  test('gets a secret that the function can use, or none where the sender makes it', () => {
    const { folder, plan } = folderOf();
    writeChanges(plan.changes);
    const value = readDeployEnvironment(folder, {}).env['SECRET_MINE'];
    if (preset.makesSecret) expect(value).toBe('');
    else expect(readKey(value, plan.source.verify)).toBeInstanceOf(Buffer);
  });

  test('has a recipe in docs/sources.md, which speaks of its own address', () => {
    const recipe = readRecipe(name, 'mine', []);
    const text = recipe?.sender.join('\n') ?? '';
    expect(text).toMatch(/^- At the sender: /);
    expect(text).not.toContain(`https://…/${name}\``);
    expect(text).not.toMatch(/^sources:$/m);
  });
});

describe('npm run add, for events,', () => {
  const withoutPath = (text: string) => text.replaceAll(/\/\S*\//g, '');

  test('adds the source, and the function that EventBridge calls, and no secret', async () => {
    const folder = folderWith({ '.env': '# mine\nREGION=cn-beijing\n' });
    const { status, stdout, stderr } = await add(folder, ['slo', '--preset', 'sls-event', '--app', app]);
    expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: '' });

    const before = originals();
    const source = `\nevents:\n  slo:\n    preset: sls-event\n    apps: [${app}]\n`;
    expect(read(folder, 'sources.yaml').replace(source, '')).toBe(before['sources.yaml']);
    expect(read(folder, '.env.example')).toBe(before['.env.example']);
    expect(read(folder, '.env')).toMatch(/^# mine\nREGION=cn-beijing\n/);
    expect(readDeployEnvironment(folder, {}).own).toEqual({
      REGION: 'cn-beijing',
      EVENTS_FUNCTION: '',
      EVENTS_DEAD_LETTER_QUEUE: '',
      LOG_EVENTS: '',
    });
    const configuration = compileConfigurationFile(path.join(folder, 'sources.yaml'));
    expect(() => {
      requireDeployable(path.join(folder, 's.yaml'), configuration);
    }).not.toThrow();
    expect(stdout).toContain('secret  none: RAM says who may call the function');
    expect(stdout).toContain('policy/README.md#events');
  });

  test('leaves the trigger out where the events come on a bus of one’s own, and says which rule lets them pass', async () => {
    const folder = folderWith();
    const { stdout } = await add(folder, ['slo', '--preset', 'sls-event', '--app', app]);
    expect(read(folder, 's.yaml')).toContain('\n  events:\n');
    expect(read(folder, 's.yaml')).toContain('\n  #     triggers:\n');
    expect(stdout).toContain(
      'Its pattern is {"source":["acs.sls.alert"],"type":["sls:AlertEvent:Firing","sls:AlertEvent:Resolved"]}',
    );
  });

  test('gives the trigger the pattern of events that come on the bus default', async () => {
    const folder = folderWith();
    const args = ['cms', '--preset', 'cloudevent', '--source', 'acs.cms', '--type', 'cms:*', '--app', app];
    const { stdout } = await add(folder, [...args, '--when', "data.alertState == 'ALERT'", '--no-follow']);
    const pattern = '{"source":["acs.cms"],"type":[{"prefix":"cms:"}]}';
    expect(read(folder, 's.yaml')).toContain(`\n            eventRuleFilterPattern: '${pattern}'\n`);
    expect(read(folder, 'sources.yaml')).toContain(
      `events:\n  cms:\n    preset: cloudevent\n    source: acs.cms\n    type: cms:*\n    apps: [${app}]\n    when: data.alertState == 'ALERT'\n    follow: false\n`,
    );
    expect(stdout).toContain(`The trigger in s.yaml lets the events of the bus default pass: ${pattern}`);
    expect(stdout).not.toContain('For events on a bus of your own');

    const next = ['edas', '--preset', 'cloudevent', '--source', 'acs.edas', '--type', 'edas:X', '--app', app];
    const { stdout: second } = await add(folder, next);
    expect(second).toContain(
      'Let the trigger of the function events in s.yaml pass these events, too; if it is a comment, take the # away. Its pattern for them alone is {"source":["acs.edas"],"type":["edas:X"]}',
    );
    expect(read(folder, 's.yaml')).toContain(`eventRuleFilterPattern: '${pattern}'`);
  });

  test('says both where a preset takes events of both kinds of bus', async () => {
    const folder = folderWith();
    const { stdout } = await add(folder, ['shop', '--preset', 'arms-event', '--app', app]);
    expect(stdout).toContain(
      'The trigger in s.yaml lets the events of the bus default pass: {"source":["acs.arms"],',
    );
    expect(stdout).toMatch(
      /For events on a bus of your own, make a rule .* Its pattern is \{"source":\["arms"\],/,
    );
    expect(stdout).toMatch(/\nnot confirmed +no page of the sender shows a whole event: set LOG_EVENTS=true/);
  });

  test('with --dry-run shows the lines, and writes nothing', async () => {
    const folder = folderWith();
    const { stdout } = await add(folder, ['slo', '--preset', 'sls-event', '--app', app, '--dry-run']);
    expect(stdout).toContain('+     preset: sls-event');
    expect(stdout).toMatch(/\nNothing was written\.\n$/);
    expect(contentsOf(folder)).toEqual(originals());
  });

  test.each([
    ['no application', ['slo', '--preset', 'sls-event'], 'Events are not signed, so the source must name'],
    [
      'a secret',
      ['slo', '--preset', 'sls-event', '--app', app, '--kms', 'x'],
      '--kms is not for sls-event. Events have no secret',
    ],
    [
      'an allow',
      ['slo', '--preset', 'sls-event', '--app', app, '--allow', 'true'],
      '--allow is not for sls-event.',
    ],
    [
      'events of no kind',
      ['any', '--preset', 'cloudevent', '--app', app],
      'say with source which ones are meant',
    ],
    [
      'the name of another source',
      ['pipeline', '--preset', 'sls-event', '--app', app],
      'There is a source pipeline in sources.yaml already.',
    ],
    ['a sender of webhooks', ['x', '--preset', 'generic', '--type', 'y'], '--type is not for generic.'],
  ])('refuses %s, and writes nothing', async (_what, args, fault) => {
    const folder = folderWith();
    const { status, stderr } = await add(folder, args);
    expect(status).toBe(1);
    expect(stderr).toContain(fault);
    expect(contentsOf(folder)).toEqual(originals());
  });

  test('says what to do where s.yaml has no such comments', async () => {
    const folder = folderWith({ 's.yaml': read(root, 's.yaml').replaceAll(/^ {2}#.*\n/gm, '') });
    const { stderr } = await add(folder, ['slo', '--preset', 'sls-event', '--app', app]);
    expect(withoutPath(stderr)).toContain('Copy the block # events: from the s.yaml of the repository');
  });

  test('adds what the links to the page need, where its source asks there', async () => {
    const events = `events:\n  one: { preset: sls-event, apps: [${app}], confirm: all }\nnotify: [{ kind: slack, url: SLACK_URL }]\n`;
    const folder = folderWith({ 'sources.yaml': read(root, 'sources.yaml') + events });
    const other = '3616cdca-0000-4000-8000-0000000000bb';
    const { stderr } = await add(folder, ['two', '--preset', 'sls-event', '--app', other]);
    expect(stderr).toContain("follow: add under environmentVariables: SLACK_URL: ${env('SLACK_URL', '')}");
    expect(stderr).not.toContain('CONFIRM_SECRET');
  });
});
