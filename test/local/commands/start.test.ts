import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { root } from '../../../local/cli/root.ts';
import { signatureHeaders } from '../../../local/signing/sign.ts';
import { startEdasStandIn } from '../../../local/stand-ins/edas/stand-in.ts';
import { presets } from '../../../presets/index.ts';
import { runCommand, signalCommand, startCommand, type RunningCommand } from '../../support/command.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { pastedRequests } from '../sandbox/pasted.ts';
import { oneLine } from './one-line.ts';

// Each test starts a process or two, and a busy machine takes its time.
vi.setConfig({ testTimeout: 40_000 });

const script = 'local/commands/start.ts';

/** A sandbox as a person at a terminal has it. */
interface Sandbox {
  child: RunningCommand;
  /** Waits until it has written this, and returns all that it has written so far. */
  written(text: string): Promise<string>;
  /** Presses Ctrl-C, and waits for the end. */
  interrupt(): Promise<{ status: number | null; signal: string | null }>;
}

function startSandbox(args: readonly string[], env: NodeJS.Dict<string> = {}): Sandbox {
  const child = startCommand(script, args, env);
  child.stderr.pipe(process.stderr);
  const lines = createInterface({ input: child.stdout });
  let output = '';
  lines.on('line', (line) => (output += `${line}\n`));
  return {
    child,
    written: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (output.includes(text)) resolve(output);
        };
        lines.on('line', look);
        child.once('close', () => {
          reject(new Error(`it ended without "${text}":\n${output}`));
        });
        look();
      }),
    interrupt: async () => {
      const closed = once(child, 'close') as Promise<[number | null, string | null]>;
      signalCommand(child, 'SIGINT');
      const [status, signal] = await closed;
      return { status, signal };
    },
  };
}

/** The port of an address that was printed. */
function portIn(output: string): number {
  return Number(/Listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1]);
}

/**
 * What a picture says, each line once. Channels whose messages arrive at the same moment share a line, so which of them do
 * differs from run to run, and with it the names before a message, and where a long line is cut.
 */
function linesIn(picture: string): string[] {
  const lines = Array.from(picture.matchAll(/<text[^>]*>(.*?)<\/text>/g), ([, line = '']) =>
    line
      .replaceAll(/<[^>]+>/g, '')
      .replaceAll(/\s+/g, ' ')
      .replace(/(?<=task → people )[a-z, ]+(?=:)/, '')
      .trim()
      .slice(0, 60),
  );
  return [...new Set(lines)].toSorted();
}

describe('npm start', () => {
  let sandbox: Sandbox;
  let coloured: string;
  let output: string;
  let pageUrl: string;

  beforeAll(async () => {
    sandbox = startSandbox(['--port', '0'], { FORCE_COLOR: '1' });
    coloured = await sandbox.written('Ctrl-C stops.');
    output = stripVTControlCharacters(coloured);
  }, 40_000);

  afterAll(() => {
    signalCommand(sandbox.child, 'SIGKILL');
  });

  test('plays one rollback from the signed webhook to the message that it has ended, then again, then forged', () => {
    const scenes = [
      '1 (running)',
      'sender → function  POST /pipeline  {"changeOrderId":"dc5133d7-773f-4c81-9c5a-e2103dce0f6a"}',
      'function → EDAS    GetChangeOrderInfo HTTP 200',
      'function → FC      InvokeFunction rollback-dc5133d7-773f-4c81-9c5a-e2103dce0f6a HTTP 202',
      'function → EDAS    RollbackChangeOrder HTTP 200',
      'function → FC      InvokeFunction follow-dc5133d7-773f-4c81-9c5a-e2103dce0f6a HTTP 202',
      'answered 202 rolling_back',
      '3. EDAS rolls the release back, batch by batch. A task follows it',
      '2 (succeeded)',
      '6 (terminated)',
      'Succeeded: the EDAS rollback is complete; the change is rolled back.',
      '4. The sender repeats itself',
      'answered 200 already_terminated',
      'answered 401 signature_mismatch',
      '6. Another release ended ten minutes ago',
      'sender → function  POST /late-alert  {"alerts":[{"status":"firing"',
      'function → EDAS    ListRecentChangeOrder (2), GetChangeOrderInfo, ListHistoryDeployVersion, QueryApplicationStatus HTTP 200',
      'function → FC      InvokeFunction ended-b70a4c1e-52a5-4b0e-9a86-3d5d3c0b7e21 HTTP 202',
      'answered 202 deferred: The release has ended. A task rolls it back from 3.2.0',
      '7. A task deploys the version before',
      'Rollback Application | Version: 3.1.0: 2 (succeeded)',
      'Succeeded: the EDAS rollback has ended; all instances are healthy',
      'Version: from 3.2.0 back to 3.1.0 · Instances: 4 of 4 healthy, 4 of 4 run 3.1.0',
      '8. The alert is repeated.',
      'answered 200 already_rolled_back',
      'Your turn.',
      'Listening on',
    ];
    let from = 0;
    for (const scene of scenes) {
      const at = output.indexOf(scene, from);
      expect(at, `${scene}, after the scenes before it`).toBeGreaterThanOrEqual(0);
      from = at + scene.length;
    }
    expect(output.match(/RollbackChangeOrder/g)).toHaveLength(1);
    // A task is a process of its own, and begins when it likes.
    expect(output).toContain('Started: the EDAS rollback is under way.');
    expect(output).toContain('Your sources.yaml has no notify');
  });

  test('tells the story in lines that a terminal does not break', () => {
    const [story = ''] = output.split('Your turn.');
    expect(story.split('\n').length).toBeLessThan(70);
    expect(story.split('\n').filter((line) => line.length > 130)).toEqual([]);
    expect(story).toContain('This is the story alone; --verbose shows everything.');
  });

  test.each(['dingtalk', 'feishu', 'wecom', 'slack', 'webhook'])(
    'tells what people read in %s',
    (channel) => {
      const shown = Array.from(
        output.matchAll(/task → people {6}([a-z, ]+): (\S+)/g),
        ([, channels = '', word]) => (channels.split(', ').includes(channel) ? word : undefined),
      ).filter((word) => word !== undefined);
      const started = expect.stringMatching(/^(Started:|已开始)/) as string;
      const succeeded = expect.stringMatching(/^(Succeeded:|成功)/) as string;
      expect(shown).toEqual([started, succeeded, started, succeeded]);
    },
  );

  test('prints the lines that its picture in the README shows: if not, run npm run picture', async () => {
    const folder = temporaryFolder();
    const [from, out] = [path.join(folder, 'output'), path.join(folder, 'start.svg')];
    writeFileSync(from, coloured);
    const args = ['--from', from, '--out', out];
    expect(await runCommand('local/commands/picture.ts', args)).toMatchObject({ status: 0, stderr: '' });
    const committed = readFileSync(path.join(root, 'docs/pictures/start.svg'), 'utf8');
    expect(linesIn(readFileSync(out, 'utf8'))).toEqual(linesIn(committed));
  });

  test('prints two lines to paste: the signed one rolls the second release back, the forged one is refused', async () => {
    const [signed, forged, ...others] = pastedRequests(output);
    if (!signed || !forged) throw new Error(`there must be two curl lines in:\n${output}`);
    expect(others).toEqual([]);
    const { changeOrderId } = JSON.parse(signed.init.body) as { changeOrderId: string };
    expect(readFileSync(path.join(root, 'README.md'), 'utf8')).toContain(` --change-order ${changeOrderId}`);

    expect((await fetch(forged.url, forged.init)).status).toBe(401);
    const response = await fetch(signed.url, signed.init);
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({ outcome: 'rolling_back', source: 'pipeline' });
  });

  test('prints the address of its page, which has seen the whole play', async () => {
    const [, page = ''] =
      /^See it in a browser: (http:\/\/127\.0\.0\.1:\d+) \(--open opens it\)$/m.exec(output) ?? [];
    expect(output.indexOf('See it in a browser')).toBeLessThan(output.indexOf('1. A release is under way'));
    expect(await (await fetch(page)).text()).toContain('<title>Sandbox');
    const script = await (await fetch(`${page}/page.js`)).text();
    expect(script).toContain('EventSource');
    const events = await fetch(`${page}/events`);
    let told = '';
    for await (const chunk of events.body ?? []) {
      told += Buffer.from(chunk as Uint8Array).toString();
      if (told.includes('event: tasks')) break;
    }
    for (const seen of [
      'rolling_back',
      'already_terminated',
      'signature_mismatch',
      'already_rolled_back',
      'dingtalk',
    ]) {
      expect(told).toContain(seen);
    }
    pageUrl = page;
  });

  test('prints where its health can be asked for', async () => {
    const [, url = ''] = /^curl (http\S+)$/m.exec(output) ?? [];
    expect(await (await fetch(url)).json()).toMatchObject({ sources: 3, ready: 3 });
  });

  test('ends at once with Ctrl-C, also for an open page, and leaves the ports free', async () => {
    const startedAt = performance.now();
    expect(await sandbox.interrupt()).toEqual({ status: 0, signal: null });
    expect(performance.now() - startedAt).toBeLessThan(2000);

    const server = createServer().listen(portIn(output), '127.0.0.1');
    await once(server, 'listening');
    server.close();
    await expect(fetch(pageUrl)).rejects.toThrow('fetch failed');
  });
});

test('npm start ends at once with Ctrl-C also in the middle of the play', async () => {
  const sandbox = startSandbox(['--port', '0']);
  onTestFinished(() => {
    signalCommand(sandbox.child, 'SIGKILL');
  });
  await sandbox.written('1 (running)');
  const startedAt = performance.now();
  expect(await sandbox.interrupt()).toEqual({ status: 0, signal: null });
  expect(performance.now() - startedAt).toBeLessThan(2000);
});

test('two sandboxes do not disturb each other: each task loads what its own sandbox has built', async () => {
  const folder = temporaryFolder();
  const own = path.join(folder, 'sources.yaml');
  writeFileSync(
    own,
    `
sources: { pipeline: { preset: generic, secrets: [SECRET_PIPELINE] } }
notify: [{ kind: slack, url: OWN_SLACK_URL }]
`,
  );
  const first = startSandbox(['--port', '0', '--sources', own, '--verbose']);
  onTestFinished(() => {
    signalCommand(first.child, 'SIGKILL');
  });
  const played = first.written('Your turn.');
  // It builds for five channels, of whose variables the first one knows nothing.
  await first.written('1. A release is under way');
  const second = startSandbox(['--port', '0']);
  onTestFinished(() => {
    signalCommand(second.child, 'SIGKILL');
  });
  const output = await played;
  expect(output).toContain(' slack ┌ Succeeded');
  expect(output).not.toContain('a channel is closed');
  expect(output).not.toContain('has no notify');
  expect(output, 'in a pipe, no codes for colours').not.toContain('\u001B');
});

test('a chat is answered in the sandbox only, for every address in its message', async () => {
  const own = path.join(temporaryFolder(), 'sources.yaml');
  writeFileSync(own, 'sources: { slack: { preset: slack, secrets: [SLACK_SECRET] } }');
  const sandbox = startSandbox(['--port', '0', '--sources', own, '--verbose']);
  onTestFinished(() => {
    signalCommand(sandbox.child, 'SIGKILL');
  });
  const output = await sandbox.written('Your turn.');
  expect(output).toMatch(/ (slack-answer|[a-z, ]*slack-answer[a-z, -]*) ┌ Succeeded/);
  expect(output).not.toContain('could not be told');
});

test('a secret in KMS is read from a stand-in, once for all the play', async () => {
  const own = path.join(temporaryFolder(), 'sources.yaml');
  writeFileSync(own, 'sources: { pipeline: { preset: generic, secrets: [kms:pipeline, OLD_SECRET] } }');
  const sandbox = startSandbox(['--port', '0', '--sources', own]);
  onTestFinished(() => {
    signalCommand(sandbox.child, 'SIGKILL');
  });
  const output = await sandbox.written('Your turn.');
  expect(output.match(/function → KMS {5}.*/g)).toEqual([
    'function → KMS     GetSecretValue pipeline ACSCurrent HTTP 200',
    'function → KMS     GetSecretValue pipeline ACSPrevious HTTP 404',
  ]);
  expect(output).toContain('answered 202 rolling_back');
  expect(output).toContain('answered 401');
});

test('runs the events function behind an event bus, which delivers each event twice', async () => {
  const own = path.join(temporaryFolder(), 'sources.yaml');
  const app = '3616cdca-0000-4000-8000-0000000000aa';
  writeFileSync(own, `events: { slo: { preset: sls-event, apps: [${app}] } }`);
  const sandbox = startSandbox(['--port', '0', '--sources', own]);
  onTestFinished(() => {
    signalCommand(sandbox.child, 'SIGKILL');
  });
  const output = await sandbox.written('Ctrl-C stops.');
  const [, url = ''] = /^EventBridge: (\S+)\/events takes CloudEvents/m.exec(output) ?? [];
  expect(output).toContain(
    `\nnpm run send -- --event --source slo --app ${app} --url ${url} --sources ${own}\n`,
  );

  const args = ['--sources', own, '--event', '--source', 'slo', '--url', url];
  const sent = await runCommand('local/commands/send.ts', args);
  expect(sent).toMatchObject({ status: 0, stderr: '' });
  const told = await sandbox.written('delivery 2 came to');
  const lines = [
    /^ +sender → bus +acs\.sls\.alert sls:AlertEvent:Firing [0-9a-f-]{36}$/m,
    /^ +bus → function +delivery 1 of [0-9a-f-]{36}$/m,
    /^ +function → EDAS +RollbackChangeOrder HTTP 200$/m,
    /^ +function → bus +delivery 1 came to rolling_back: EDAS accepted/m,
    /^ +bus → function +delivery 2 of [0-9a-f-]{36}$/m,
    /^ +function → bus +delivery 2 came to \w+: /m,
  ];
  for (const line of lines) expect(told).toMatch(line);
  expect(told.match(/RollbackChangeOrder/g)).toHaveLength(1);
  expect(await sandbox.interrupt()).toEqual({ status: 0, signal: null });
});

test('with --verbose it shows headers, whole answers, the log and what a task asks', async () => {
  const sandbox = startSandbox(['--port', '0', '--verbose']);
  onTestFinished(() => {
    signalCommand(sandbox.child, 'SIGKILL');
  });
  const output = await sandbox.written('4. The sender repeats itself');
  for (const scene of [
    /^ +x-signature-256: sha256=[0-9a-f]{64}$/m,
    /^ +\{"outcome":"rolling_back".*\}$/m,
    /function → log {5}\{"time":.*"msg":"decision"/,
    /task → EDAS {8}GetChangeOrderInfo HTTP 200/,
    /task → FC {10}GetAsyncTask follow-dc5133d7-\S+ HTTP 200/,
    /^ +[a-z, ]*webhook ┌ Succeeded/m,
  ]) {
    expect(output).toMatch(scene);
  }
  expect(output).not.toContain('This is the story alone');
});

test('npm start ends with one line that says what to do when the port is taken', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  expect(await runCommand(script, ['--port', String(port)])).toEqual({
    status: 1,
    stdout: '',
    stderr: `error Port ${port} is in use. Choose another one: npm start -- --port ${port + 1}\n`,
  });
});

test.each([
  ['a port that is no number', ['--port', 'http'], '--port must be a number from 0 to 65535, not "http".'],
  ['a port that is none', ['--port', '65536'], '--port must be a number from 0 to 65535, not "65536".'],
  ['no port after --port', ['--port='], '--port must be a number from 0 to 65535, not "".'],
  ['an unknown EDAS', ['--edas', 'fake'], '--edas must be stand-in or real, not "fake".'],
  ['an unknown option', ['--prot', '1'], "Unknown option '--prot'"],
  ['sources that are not there', ['--sources', 'nowhere.yaml'], 'nowhere.yaml cannot be read: ENOENT'],
  ['a page of real EDAS', ['--edas', 'real', '--open'], '--open is for the stand-in: on real EDAS'],
  ['real EDAS without a region', ['--edas', 'real'], 'Set the region of your applications first: REGION='],
])('npm start says in one line what is wrong with %s', async (_what, args, beginning) => {
  expect(await runCommand(script, args)).toMatchObject({ status: 1, stderr: oneLine(beginning) });
});

test('npm start -- --help explains the options', async () => {
  const { status, stdout, stderr } = await runCommand(script, ['--help']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(
    /--port N .*\n.*--open .*\n.*\n.*--edas WHICH .*\n.*\n.*real:.*\n.*\n.*--sources FILE .*\n.*--verbose /,
  );
});

describe('npm start -- --edas real', () => {
  const credentials = { accessKeyId: 'test-only-key-id', accessKeySecret: 'test-only-key-secret' };
  const changeOrderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
  const secret = 'test-only-pipeline-secret';

  test('says at once what to do where this machine has no credentials, and listens nowhere', async () => {
    const home = temporaryFolder();
    const { status, stdout, stderr } = await runCommand(script, ['--edas', 'real', '--port', '0'], {
      REGION: 'cn-hangzhou',
      HOME: home,
      ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true',
      // Without a URI the library asks a host called "undefined".
      ALIBABA_CLOUD_CREDENTIALS_URI: 'http://127.0.0.1:1',
    });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: oneLine(
        'No Alibaba Cloud credentials were found on this machine. Run "aliyun configure", or set',
      ),
    });
    expect(stdout).not.toContain('Listening');
  });

  test('leaves sources of events out, and says so', async () => {
    const own = path.join(temporaryFolder(), 'sources.yaml');
    writeFileSync(
      own,
      `sources: { pipeline: { preset: generic, secrets: [SECRET_PIPELINE] } }
events: { slo: { preset: sls-event, apps: [3616cdca-0000-4000-8000-0000000000aa] } }`,
    );
    const sandbox = startSandbox(['--edas', 'real', '--port', '0', '--sources', own], {
      REGION: 'cn-hangzhou',
      EDAS_ENDPOINT: 'http://127.0.0.1:1',
      ALIBABA_CLOUD_ACCESS_KEY_ID: credentials.accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: credentials.accessKeySecret,
    });
    onTestFinished(() => {
      signalCommand(sandbox.child, 'SIGKILL');
    });
    const output = await sandbox.written('Listening on');
    expect(output).toContain('The sources of events (slo) are left out: no event comes here.');
    expect(output).not.toContain('EventBridge: ');
  });

  test("reaches EDAS with this machine's credentials and your secret, for a signed request only", async () => {
    const edas = await startEdasStandIn({ credentials });
    onTestFinished(() => edas.close());
    edas.orders.add({ id: changeOrderId, appId: 'app', waitsForPerson: true, readyMs: 0 });
    const sandbox = startSandbox(['--edas', 'real', '--port', '0'], {
      REGION: 'cn-hangzhou',
      EDAS_ENDPOINT: edas.url,
      ALIBABA_CLOUD_ACCESS_KEY_ID: credentials.accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: credentials.accessKeySecret,
      SECRET_PIPELINE: secret,
      // As in a shell inside Function Compute; the sandbox is none.
      FC_FUNCTION_NAME: 'somewhere-else',
    });
    onTestFinished(() => {
      signalCommand(sandbox.child, 'SIGKILL');
    });
    const output = await sandbox.written('Listening on');
    expect(output).toContain('This is real EDAS');
    expect(output).not.toContain(secret);

    const body = JSON.stringify({ changeOrderId });
    const post = (signedWith: string) =>
      fetch(`http://127.0.0.1:${portIn(output)}/pipeline`, {
        method: 'POST',
        headers: {
          ...signatureHeaders(presets.generic.verify, signedWith, body),
          'Content-Type': 'application/json',
        },
        body,
      });
    expect((await post('not-the-secret')).status).toBe(401);
    expect(edas.calls).toEqual([]);
    expect((await post(secret)).status).toBe(202);
    expect(edas.calls).toMatchObject([
      { operation: 'GetChangeOrderInfo', status: 200 },
      { operation: 'RollbackChangeOrder', status: 200 },
    ]);
    expect(await sandbox.interrupt()).toEqual({ status: 0, signal: null });
  });
});
