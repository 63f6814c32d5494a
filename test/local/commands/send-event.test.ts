import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startEventBus } from '../../../local/sandbox/event-bus.ts';
import { tellAll } from '../../../local/sandbox/listener.ts';
import { jsonAnswer, sendAnswer, type Answer } from '../../../local/stand-ins/answers.ts';
import { createFcVerifier } from '../../../local/stand-ins/fc/fc-signature.ts';
import { listen } from '../../../local/stand-ins/listen.ts';
import type { ApiRequest } from '../../../local/stand-ins/request.ts';
import { startApi, type ApiStandIn } from '../../../local/stand-ins/stand-in.ts';
import { changeOrderId, setStage, type Stage } from '../../functions/webhook/stage.ts';
import { runCommand, type Ended } from '../../support/command.ts';
import { openEvents, type Events } from '../../support/events.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { fakeAccountId } from '../../support/webhook.ts';
import { oneLine } from './one-line.ts';

// Each test starts a process, and a busy machine takes its time.
vi.setConfig({ testTimeout: 15_000 });

const app = '3616cdca-4f92-4413-0000-000000000000';
const other = '3616cdca-4f92-4413-0000-0000000000aa';
const sourcesYaml = `
sources:
  pipeline: { preset: generic, secrets: [SECRET_PIPELINE] }
events:
  slo: { preset: sls-event, apps: [${app}] }
  many: { preset: arms-event, apps: [${app}, ${other}] }
  named: { preset: cloudevent, source: shop, type: failed, changeOrderId: data.order, apps: [${app}] }
  strange: { preset: cloudevent, source: shop, type: strange, app: "lower('x')", apps: [${app}] }
`;

function fileWith(name: string, content: string): string {
  const file = path.join(temporaryFolder(), name);
  writeFileSync(file, content);
  return file;
}

const send = (args: readonly string[], env: NodeJS.Dict<string> = {}): Promise<Ended> =>
  runCommand(
    'local/commands/send.ts',
    ['--sources', fileWith('sources.yaml', sourcesYaml), '--event', ...args],
    env,
  );

interface Sandbox extends Stage {
  events: Events;
  url: string;
}

/** The events function behind an event bus, and a release that it may roll back. */
async function start(): Promise<Sandbox> {
  const webhooks = 'sources: { pipeline: { preset: generic, secrets: [SECRET_PIPELINE] } }';
  const stage = await setStage({ sources: webhooks }, onTestFinished);
  const { edas, fc, clock } = stage;
  const events = openEvents(edas, { sources: sourcesYaml, fc, clock });
  const bus = await startEventBus({
    invoke: async (payload) => {
      const delivered = await events.deliver(payload);
      if ('thrown' in delivered) throw delivered.thrown;
      return delivered.result;
    },
    context: { accountId: fakeAccountId, region: 'cn-fake' },
    heard: tellAll([]),
    port: 0,
  });
  onTestFinished(bus.close);
  return { ...stage, events, url: bus.url };
}

describe('npm run send -- --event', () => {
  test('publishes an event that was made for an application, and tells what each delivery came to', async () => {
    const { url, puts, events } = await start();
    const { status, stdout, stderr } = await send([
      '--source',
      'slo',
      '--app',
      app.toUpperCase(),
      '--url',
      url,
    ]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(puts()).toBe(1);
    expect(stdout).toContain('"type": "sls:AlertEvent:Firing"');
    expect(stdout).toContain(`\nPOST ${url}/events\n`);
    expect(stdout).toMatch(/^Delivery 1 came to rolling_back$/m);
    expect(stdout).toMatch(/^Delivery 2 came to \w+$/m);
    const id = /"id": "([^"]+)"/.exec(stdout)?.[1];
    expect(stdout).toContain(`In the log of the events function: msg: decision and delivery: ${id}`);
    expect(events.decisions().map(({ delivery }) => delivery)).toEqual([id, id]);
  });

  test('takes the only application of the source where none is given', async () => {
    const { url, puts } = await start();
    expect(await send(['--source', 'slo', '--url', url])).toMatchObject({ status: 0, stderr: '' });
    expect(puts()).toBe(1);
  });

  test('publishes an event that names a change order', async () => {
    const { url, puts } = await start();
    const { status } = await send(['--source', 'named', '--change-order', changeOrderId, '--url', url]);
    expect(status).toBe(0);
    expect(puts()).toBe(1);
  });

  test('publishes the event of a file as it is, and says what the code of a refusal means', async () => {
    const { url, puts } = await start();
    const event = { specversion: '1.0', id: 'old', source: 'acs.sls.alert', type: 'sls:AlertEvent:Firing' };
    const file = fileWith('event.json', JSON.stringify({ ...event, time: '2026-01-01T00:00:00Z' }));
    const { status, stdout } = await send(['--source', 'slo', '--payload', file, '--url', url]);
    expect(status).toBe(1);
    expect(puts()).toBe(0);
    expect(stdout).toMatch(/^Delivery 1 came to event_out_of_window$/m);
    expect(stdout).toContain('docs/errors.md#event_out_of_window');
  });

  test('prints the event alone with --print, which explain takes, and sends nothing', async () => {
    const { status, stdout } = await send(['--source', 'slo', '--print']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ specversion: '1.0', source: 'acs.sls.alert' });
    const args = [
      '--sources',
      fileWith('sources.yaml', sourcesYaml),
      '--event',
      fileWith('event.json', stdout),
    ];
    // Only EventBridge adds the account.
    const explained = await runCommand('local/commands/explain.ts', args);
    expect(explained.stdout).toContain('The rule "account" decides');
  });

  test('says what the event bus does not take', async () => {
    const { url } = await start();
    const file = fileWith('event.json', '{"specversion":"1.0","source":"a","type":"b"}');
    const ended = await send(['--source', 'slo', '--payload', file, '--url', url]);
    expect(ended).toMatchObject({ status: 1 });
    expect(ended.stderr).toContain('error The event was not taken (400): The id of an event must be a text.');
  });

  test.each([
    ['no source', [], '--source NAME is missing'],
    ['a source of webhooks', ['--source', 'pipeline'], 'The source pipeline takes webhooks, and no events'],
    ['an unknown source', ['--source', 'sol'], 'There is no source "sol"; did you mean'],
    ['no application', ['--source', 'many'], 'The source many needs an application: use --app ID'],
    [
      'an application of others',
      ['--source', 'slo', '--app', other],
      `The source slo may not touch the application ${other}`,
    ],
    ['no change order', ['--source', 'named'], 'The source named needs a change order'],
    [
      'a source whose events cannot be made',
      ['--source', 'strange', '--app', app],
      'The source strange: no event was found on which it acts',
    ],
    [
      'a payload and an application',
      ['--source', 'slo', '--payload', '-', '--app', app],
      'The event says what to roll back',
    ],
    [
      'an address that is not of this machine',
      ['--source', 'slo', '--url', 'https://example.cn-hangzhou.fcapp.run'],
      '--url with --event is for the sandbox on this machine',
    ],
    [
      'a secret',
      ['--source', 'slo', '--secret-env', 'X'],
      'An event has neither a content type nor a secret',
    ],
    ['an account', ['--source', 'slo', '--account', '1'], '--account is for the deployed function'],
    ['two places', ['--source', 'slo', '--deployed', '--url', 'http://127.0.0.1:9'], 'Give either --url or'],
    ['no region', ['--source', 'slo', '--deployed'], 'Set the region of the function first'],
  ])('says in one line what is wrong with %s', async (_what, args, beginning) => {
    const { status, stderr } = await send(args);
    expect({ status, stderr }).toEqual({ status: 1, stderr: oneLine(beginning) });
  });

  test('says in one line that no sandbox runs', async () => {
    const { url, close } = await listen(createServer(), 0);
    await close();
    const ended = await send(['--source', 'slo', '--url', url]);
    expect(ended).toMatchObject({ status: 1, stderr: oneLine(`Nothing listens at ${url}. npm start runs`) });
  });

  test('of a webhook has no use for --deployed', async () => {
    const args = ['--sources', fileWith('sources.yaml', sourcesYaml), '--source', 'pipeline', '--deployed'];
    const ended = await runCommand('local/commands/send.ts', args);
    expect(ended).toEqual({
      status: 1,
      stdout: '',
      stderr: oneLine('--deployed and --account are for events'),
    });
  });
});

describe('npm run send -- --event --deployed', () => {
  const keys = { accessKeyId: 'fake-key-id', accessKeySecret: 'fake-key-secret' };
  const account = '1234567890123456';

  /** Function Compute's API, with one answer for every invocation that is rightly signed. */
  async function startFc(
    answer: Answer,
  ): Promise<ApiStandIn<ApiRequest & object, never> & { env: NodeJS.Dict<string> }> {
    const fc = await startApi<ApiRequest, never>({
      readCall: (request) => ({ ...request }),
      verify: createFcVerifier({ ...keys, securityToken: undefined }, account, Date.now),
      refuse: (response, { status, code, message }) => {
        sendAnswer(response, jsonAnswer(status, { Code: code, Message: message }));
      },
      respond: (response) => {
        sendAnswer(response, answer);
      },
    });
    onTestFinished(fc.close);
    const env = {
      REGION: 'cn-fake',
      FUNCTION_ENDPOINT: fc.url,
      ALIBABA_CLOUD_ACCESS_KEY_ID: keys.accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: keys.accessKeySecret,
    };
    return { ...fc, env };
  }

  const deployed = ['--source', 'slo', '--deployed', '--account', account];

  test('invokes the function with the event as EventBridge passes it on, and waits for its end', async () => {
    const fc = await startFc(jsonAnswer(200, { outcome: 'dry_run', message: 'Nothing was sent.' }));
    const { status, stdout, stderr } = await send(deployed, fc.env);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('sls-ops-edas-rollback-events in cn-fake is invoked');
    expect(stdout).toMatch(/^It came to dry_run\nNothing was sent\.$/m);
    const [call] = fc.calls;
    expect(call).toMatchObject({
      method: 'POST',
      target: '/2023-03-30/functions/sls-ops-edas-rollback-events/invocations',
      headers: { 'x-fc-invocation-type': 'Sync' },
    });
    expect(JSON.parse(String(call?.body))).toMatchObject({
      source: 'acs.sls.alert',
      aliyunaccountid: account,
      aliyunregionid: 'cn-fake',
    });
  });

  test('invokes nothing with --print', async () => {
    const fc = await startFc(jsonAnswer(200, { outcome: 'dry_run' }));
    const { status, stdout } = await send([...deployed, '--print'], fc.env);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ aliyunaccountid: account });
    expect(fc.calls).toEqual([]);
  });

  test('invokes the function that EVENTS_FUNCTION names', async () => {
    const fc = await startFc(jsonAnswer(200, { outcome: 'ignored', message: 'no' }));
    await send(deployed, { ...fc.env, EVENTS_FUNCTION: 'sls-ops-fake' });
    expect(fc.calls[0]?.target).toBe('/2023-03-30/functions/sls-ops-fake/invocations');
  });

  test.each([
    [
      'refuses',
      { code: 'app_not_allowed', detail: 'Not this one.' },
      'It came to app_not_allowed\nNot this one.',
    ],
    [
      'fails',
      { errorMessage: 'EDAS is down', errorType: 'Problem' },
      'It failed, so that the event comes again: EDAS is down',
    ],
  ])('ends with status 1 where the function %s', async (_what, body, text) => {
    const { status, stdout } = await send(deployed, (await startFc(jsonAnswer(200, body))).env);
    expect(status).toBe(1);
    expect(stdout).toContain(text);
  });

  test.each([
    [
      403,
      'AccessDenied',
      'Your own credentials need fc:InvokeFunction on acs:fc:cn-fake:1234567890123456:functions/',
    ],
    [404, 'FunctionNotFound', 'Is sls-ops-edas-rollback-events the name of the events function in cn-fake'],
    [500, 'InternalServerError', 'Function Compute answered 500 InternalServerError: fake message.'],
  ])('says what to do after %i', async (status, Code, text) => {
    const fc = await startFc(jsonAnswer(status, { Code, Message: 'fake message' }));
    const ended = await send(deployed, fc.env);
    expect(ended.status).toBe(1);
    expect(ended.stderr).toContain(`error Function Compute answered ${status} ${Code}: fake message.`);
    expect(ended.stderr).toContain(text);
  });

  test('says that nothing was invoked where Function Compute cannot be reached', async () => {
    const { env } = await startFc(jsonAnswer(200, {}));
    const { status, stderr } = await send(deployed, { ...env, FUNCTION_ENDPOINT: 'http://127.0.0.1:9' });
    expect(status).toBe(1);
    expect(stderr).toContain('Function Compute could not be reached: ECONNREFUSED. It was not invoked.');
  });

  test.each([
    [
      'no account',
      ['--source', 'slo', '--deployed'],
      { REGION: 'cn-fake' },
      'Which account the function is in',
    ],
    ['a wrong endpoint', deployed, { REGION: 'cn-fake', FUNCTION_ENDPOINT: 'ftp://x' }, 'FUNCTION_ENDPOINT '],
    [
      'a wrong account',
      ['--source', 'slo', '--deployed', '--account', 'me'],
      {},
      '--account must be the number',
    ],
  ])('says in one line what is wrong with %s', async (_what, args, env, beginning) => {
    expect(await send(args, env)).toEqual({ status: 1, stdout: '', stderr: oneLine(beginning) });
  });
});
