import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { listen } from '../../../local/stand-ins/listen.ts';
import { runCommand, type Ended } from '../../support/command.ts';
import { paste } from '../../support/paste.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { startLocalFunction, type LocalFunction } from '../sandbox/local-function.ts';
import { oneLine } from './one-line.ts';

// Each test starts a process, and a busy machine takes its time.
vi.setConfig({ testTimeout: 15_000 });

const app = '3616cdca-0000-4000-8000-0000000000aa';
const order = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const sourcesYaml = `
sources:
  pipeline: { preset: generic, secrets: [SECRET_PIPELINE], when: status == 'failed' }
  chat: { preset: slack, secrets: [CHAT_SECRET] }
  stored: { preset: generic, secrets: [kms:stored] }
  alerts: { preset: alertmanager, secrets: [ALERTS_SECRET], apps: [${app}] }
  builds: { preset: azure-devops, secrets: [BUILDS_SECRET], apps: [${app}] }
  monitor: { preset: cloudmonitor, secrets: [MONITOR_SECRET], apps: [${app}] }
`;

/** A file with this content that lives as long as the test. */
function fileWith(name: string, content: string): string {
  const file = path.join(temporaryFolder(), name);
  writeFileSync(file, content);
  return file;
}

const send = (args: readonly string[], env: NodeJS.Dict<string> = {}): Promise<Ended> =>
  runCommand('local/commands/send.ts', ['--sources', fileWith('sources.yaml', sourcesYaml), ...args], env);

/** The function with an order in flight, and how to send to it. */
async function start(): Promise<LocalFunction & { sendHere: (...args: string[]) => Promise<Ended> }> {
  const local = await startLocalFunction(sourcesYaml);
  local.edas.orders.add({
    id: order,
    appId: app,
    createdAt: Date.now() - 60_000,
    readyMs: 0,
    waitsForPerson: true,
  });
  return { ...local, sendHere: (...args) => send(['--url', local.url, ...args], local.secrets) };
}

/** The curl line at the end of what was printed. */
function lineIn(stdout: string): string {
  return /^curl -i (?:.*\\\n)*.*$/m.exec(stdout)?.[0] ?? '';
}

describe('npm run send', () => {
  test('signs with a secret of KMS that stands in a variable, and the function takes it from KMS', async () => {
    const { edas, url, secrets } = await start();
    const args = ['--url', url, '--source', 'stored', '--change-order', order, '--secret-env', 'SECRET'];
    const refused = await send(args, { SECRET: 'fake-other-secret' });
    expect(refused.stdout).toContain('answered 401');
    const { status, stderr } = await send(args, { SECRET: secrets['kms:stored'] });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(edas.orders.rollbacksOf(order)).toBe(1);
  });

  test('posts a payload that was made for a change order, and shows request and answer', async () => {
    const { edas, url, sendHere } = await start();
    const { status, stdout, stderr } = await sendHere(
      '--source',
      'pipeline',
      '--change-order',
      order.toUpperCase(),
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(edas.orders.rollbacksOf(order)).toBe(1);
    expect(stdout.split('\n')).toEqual([
      `POST ${url}/pipeline`,
      'content-type: application/json',
      expect.stringMatching(/^x-delivery-id: [0-9a-f-]{36}$/),
      expect.stringMatching(/^x-signature-256: sha256=[0-9a-f]{64}$/),
      '',
      `{"status":"failed","changeOrderId":"${order}"}`,
      '',
      'answered 202',
      expect.stringContaining('"outcome":"rolling_back"'),
      '',
    ]);
  });

  test('posts the bytes of a file, and says what the code of a refusal means', async () => {
    const { sendHere } = await start();
    const file = fileWith('payload.json', '{ "status": "failed" }\n');
    const { status, stdout } = await sendHere('--source', 'pipeline', '--payload', file);
    expect(status).toBe(1);
    expect(stdout).toContain('(the payload, 23 bytes)');
    expect(stdout).toContain('answered 422');
    expect(stdout).toMatch(
      /\nThe payload names no change order: docs\/errors\.md#change_order_id_missing\n$/,
    );
  });

  test('posts under the content type that it is told', async () => {
    const { sendHere } = await start();
    const { status, stdout } = await sendHere(
      '--source',
      'pipeline',
      '--change-order',
      order,
      '--content-type',
      'text/xml',
    );
    expect(status).toBe(1);
    expect(stdout).toContain('answered 415');
  });

  test('shows the text of the answer to a chat', async () => {
    const { sendHere } = await start();
    const { status, stdout } = await sendHere('--source', 'chat', '--change-order', order);
    expect(status).toBe(0);
    expect(stdout).toContain(`\n\nRolling back: change order ${order}. EDAS accepted the rollback.`);
  });

  test('never shows a token', async () => {
    const { edas, secrets, sendHere } = await start();
    const { status, stdout } = await sendHere('--source', 'alerts', '--app', app);
    expect(status, stdout).toBe(0);
    expect(edas.orders.rollbacksOf(order)).toBe(1);
    expect(stdout).toContain('\nauthorization: <the token>\n');
    expect(stdout).not.toContain(secrets['ALERTS_SECRET']);
  });

  test('makes a link for the only application of its source, and does not show its signature', async () => {
    const { edas, url, sendHere } = await start();
    const { status, stdout } = await sendHere('--source', 'monitor');
    expect(status, stdout).toBe(0);
    expect(edas.orders.rollbacksOf(order)).toBe(1);
    expect(stdout).toMatch(/^POST \S+\?app=\S+&exp=\d+&sig=<the signature>\n/);
    expect(stdout).toContain(`POST ${url}/monitor?app=${app}&exp=`);
  });

  describe('with --print', () => {
    test.each([
      ['a signature', ['--source', 'pipeline', '--change-order', order], /"outcome":"rolling_back"/],
      [
        'a signed time and a form',
        ['--source', 'chat', '--change-order', order],
        /Rolling back: change order/,
      ],
      ['a link', ['--source', 'monitor'], /"outcome":"rolling_back"/],
      ['a token', ['--source', 'alerts', '--app', app], /"outcome":"rolling_back"/],
      ['user and password', ['--source', 'builds', '--app', app], /"outcome":"rolling_back"/],
    ])('posts nothing, and prints a curl line that rolls back: %s', async (_what, args, outcome) => {
      const { edas, secrets, sendHere } = await start();
      const { status, stdout } = await sendHere(...args, '--print');
      expect(status).toBe(0);
      expect(edas.calls).toEqual([]);
      expect(await paste(lineIn(stdout), secrets)).toMatch(outcome);
      expect(edas.orders.rollbacksOf(order)).toBe(1);
    });

    test.each([
      ['ALERTS_SECRET', ['--source', 'alerts', '--app', app], '-H "authorization: Bearer $ALERTS_SECRET"'],
      [
        'BUILDS_SECRET',
        ['--source', 'builds', '--app', app],
        '-H "authorization: Basic $(printf %s "$BUILDS_SECRET" | openssl base64 -A)"',
      ],
    ])('shows no token: the line takes it from %s', async (variable, args, header) => {
      const { secrets, sendHere } = await start();
      const { stdout } = await sendHere(...args, '--print');
      expect(stdout).toContain(header);
      const secret = secrets[variable] ?? '';
      expect(stdout).not.toContain(secret);
      expect(stdout).not.toContain(Buffer.from(secret).toString('base64'));
    });

    test('shows the payload of a file, and posts its very bytes', async () => {
      const { sendHere } = await start();
      const payload = `{ "status": "failed",\n "changeOrderId": "${order}", "who": "o'brien \u202e" }\n`;
      const file = fileWith("it's.json", payload);
      const { stdout } = await sendHere('--source', 'pipeline', '--payload', file, '--print');
      expect(stdout).toContain(`\n\n${payload.replace('\u202e', String.raw`\u{202e}`)}`);
      expect(await paste(lineIn(stdout))).toContain('"outcome":"rolling_back"');
    });
  });

  test('shows what a terminal would obey in an answer, and keeps its lines', async () => {
    const body = JSON.stringify({ text: 'a\u001b[2J\u009b', more: '\u202e' }, undefined, 2);
    const server = await listen(
      createServer((_request, response) => response.end(`${body}\r\nb\u0007`)),
      0,
    );
    onTestFinished(() => server.close());
    const args = ['--url', server.url, '--source', 'pipeline', '--change-order', order];
    const { stdout } = await send(args, { SECRET_PIPELINE: 'fake-secret' });
    expect(stdout).toContain(
      'answered 200\n{\n  "text": "a\\u001b[2J\\u{9b}",\n  "more": "\\u{202e}"\n}\nb\\u{7}\n',
    );
  });

  test('shows what a terminal would obey in the answer to a chat', async () => {
    const server = await listen(
      createServer((_request, response) => response.end('{"text":"a\\u001b[2J"}')),
      0,
    );
    onTestFinished(() => server.close());
    const args = ['--url', server.url, '--source', 'chat', '--change-order', order];
    const { stdout } = await send(args, { CHAT_SECRET: 'fake-secret' });
    expect(stdout.endsWith('\n\na\\u{1b}[2J\n')).toBe(true);
  });

  test('does not follow a redirection', async () => {
    const paths: unknown[] = [];
    const server = await listen(
      createServer((request, response) => {
        paths.push(request.url);
        response.writeHead(307, { location: '/elsewhere' }).end();
      }),
      0,
    );
    onTestFinished(() => server.close());
    const args = ['--url', server.url, '--source', 'pipeline', '--change-order', order];
    const { status, stdout } = await send(args, { SECRET_PIPELINE: 'fake-secret' });
    expect(status).toBe(1);
    expect(stdout).toContain('This is a redirection, and is not followed');
    expect(paths).toEqual(['/pipeline']);
  });

  test('says so where nothing listens', async () => {
    const { url, close } = await listen(createServer(), 0);
    await close();
    const args = ['--url', url, '--source', 'pipeline', '--change-order', order];
    const { status, stderr } = await send(args, { SECRET_PIPELINE: 'fake-secret' });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `error Nothing listens at ${url}. npm start runs the sandbox.\n`,
    });
  });

  test('says so where the other side hangs up', async () => {
    const server = await listen(
      createServer((request) => request.socket.destroy()),
      0,
    );
    onTestFinished(() => server.close());
    const args = ['--url', server.url, '--source', 'pipeline', '--change-order', order];
    const { status, stderr } = await send(args, { SECRET_PIPELINE: 'fake-secret' });
    expect(status).toBe(1);
    expect(stderr).toContain(`error ${server.url} could not be reached, or hung up: `);
  });

  test.each([
    ['no source', [], '--source NAME is missing'],
    ['an unknown source', ['--source', 'pipelin'], 'There is no source "pipelin"; did you mean "pipeline"?'],
    ['an id that is none', ['--source', 'pipeline', '--change-order', 'x'], '--change-order must be an id'],
    [
      'a file that is not there',
      ['--source', 'pipeline', '--payload', 'nowhere.json'],
      'nowhere.json cannot be read',
    ],
    [
      'a secret that is not set',
      ['--source', 'pipeline', '--url', 'https://fc.example.com'],
      'SECRET_PIPELINE is not set.',
    ],
    ['an unknown option', ['--sauce', 'x'], "Unknown option '--sauce'"],
  ])('says in one line what is wrong with %s', async (_what, args, beginning) => {
    expect(await send(args)).toEqual({ status: 1, stdout: '', stderr: oneLine(beginning) });
  });

  test('does not show a token that no header can hold', async () => {
    const { url } = await start();
    const env = { ALERTS_SECRET: 'fake-token\nof-two-lines' };
    const { status, stderr } = await send(['--url', url, '--source', 'alerts', '--app', app], env);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr:
        'error The request cannot be sent: the secret, or --content-type, is not a valid header value.\n',
    });
  });

  test('explains its options with --help', async () => {
    const { status, stdout, stderr } = await send(['--help']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('npm run send -- --source NAME');
  });
});
