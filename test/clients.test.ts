import { createHmac } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { errorCatalogue, Problem } from '../functions/errors.ts';
import type { FunctionResponse } from '../functions/platform/context.ts';
import type { Outcome } from '../functions/execute/outcome.ts';
import { replyWithOutcome, replyWithProblem } from '../functions/webhook/reply/reply.ts';
import { startFunctionServer } from '../local/sandbox/function-server.ts';
import { startInstance } from '../local/sandbox/instance.ts';
import { startEdasStandIn, type EdasStandIn } from '../local/stand-ins/edas/stand-in.ts';
import { readBody } from '../local/stand-ins/request.ts';
import { serve } from '../local/stand-ins/serve.ts';
import {
  bash,
  blockOf,
  clients,
  gitHubStep,
  gitLabJob,
  missingTools,
  page,
  run,
  type Client,
  type Start,
} from './support/clients.ts';
import { bundleInto, instanceEnv, secret } from './support/invoke-bundle.ts';
import { removeFolder } from './support/temporary-folder.ts';
import { fakeContext, fakeCredentials } from './support/webhook.ts';

// Each test starts a program or several, and Go and Java compile theirs before.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 180_000 });

/** The workflow has the tools of all of them, and says so. */
const isTried = (client: Client) =>
  missingTools(client).length === 0 || process.env['EVERY_CLIENT'] !== undefined;

const cleanUps: (() => Promise<void> | void)[] = [];
let folder: string;
let edas: EdasStandIn;
/** Where the built function answers. */
let functionUrl: string;
/** The clients that can be tried here, by title. */
const starts = new Map<string, Start>();

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'edas-rollback-webhook-'));
  cleanUps.push(() => {
    removeFolder(folder);
  });
  edas = await startEdasStandIn({ credentials: fakeCredentials });
  cleanUps.push(() => edas.close());
  const { path: bundle } = await bundleInto(path.join(folder, 'dist'));
  const instance = startInstance(bundle, { ...instanceEnv, EDAS_ENDPOINT: edas.url }, () => undefined);
  cleanUps.push(() => instance.close());
  const server = await startFunctionServer({ invoke: instance.invoke, context: fakeContext, port: 0 });
  cleanUps.push(() => server.close());
  functionUrl = server.url;
  // All before the first is run, because a compiler keeps this process from answering.
  for (const client of clients.filter(isTried)) {
    const own = mkdtempSync(path.join(folder, 'client-'));
    starts.set(client.title, client.makeReady(own));
  }
});

afterAll(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

/** What a request meets on its way: the function, or something else. */
type Meets = (request: IncomingMessage, body: Buffer, response: ServerResponse) => Promise<void> | void;

const theFunction: Meets = async ({ url = '', headers }, body, response) => {
  const answer = await fetch(functionUrl + url, {
    method: 'POST',
    headers: ['content-type', 'x-signature-256'].map((name): [string, string] => [
      name,
      String(headers[name]),
    ]),
    body: new Uint8Array(body),
  });
  response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
};

/** What the function answers in another state than the one that runs here. */
const answered =
  ({ statusCode, headers, body }: FunctionResponse): Meets =>
  (_request, _body, response) =>
    void response.writeHead(statusCode, headers).end(body);

const problem = (...of: ConstructorParameters<typeof Problem>) =>
  answered(replyWithProblem(new Problem(...of), { isVerified: true, requestId: 'fake-request-id' }));

const silence: Meets = () => undefined;

const aProxysPage = answered({
  statusCode: 502,
  headers: { 'Content-Type': 'text/html', 'Retry-After': '1' },
  isBase64Encoded: false,
  body: '<html><title>502 Bad Gateway</title></html>',
});

const refusedUnder200 = answered({
  ...replyWithProblem(new Problem('change_order_not_found', 'why'), { isVerified: true }),
  statusCode: 200,
});

interface Arrived {
  /** Milliseconds. */
  at: number;
  signature: unknown;
  body: string;
}

/** A server before the function. The last of what it lets requests meet is for all that follow, too. */
async function openGateway(...meets: [Meets, ...Meets[]]): Promise<{ url: string; arrived: Arrived[] }> {
  const arrived: Arrived[] = [];
  const server = await serve(async (request, response) => {
    const meet = meets[Math.min(arrived.length, meets.length - 1)] ?? meets[0];
    const arrival = { at: performance.now(), signature: request.headers['x-signature-256'], body: '' };
    arrived.push(arrival);
    const body = await readBody(request);
    arrival.body = body.toString();
    await meet(request, body, response);
  }, {});
  cleanUps.push(() => server.close());
  return { url: server.url, arrived };
}

/** A release in flight. */
const addRelease = () => edas.orders.add({ appId: 'fake-app', readyMs: 0, batchMs: 600_000 });

const changeOrderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const message = 'A sentence with "outcome":"rolling_back" and "retry":true in it.';
const edasIds = { requestId: 'fake', traceId: undefined };

/** One of each outcome, and whether a client may take it for a success. The compiler wants a new one here, too. */
const outcomes: Record<Outcome['outcome'], [Outcome, isSuccess: boolean]> = {
  rolling_back: [
    {
      outcome: 'rolling_back',
      evidence: 'reply',
      rollbackChangeOrderId: undefined,
      edas: edasIds,
      changeOrderId,
      message,
    },
    true,
  ],
  deferred: [{ outcome: 'deferred', changeOrderId, message }, true],
  already_terminated: [{ outcome: 'already_terminated', changeOrderId, message }, true],
  already_rolled_back: [{ outcome: 'already_rolled_back', changeOrderId, message }, true],
  asked: [{ outcome: 'asked', changeOrderId, expiresAt: '2026-01-02T03:19:05.000Z', message }, false],
  approved: [{ outcome: 'approved', changeOrderId, expiresAt: '2026-01-02T03:19:05.000Z', message }, false],
  left_alone: [{ outcome: 'left_alone', changeOrderId, message }, false],
  ignored: [{ outcome: 'ignored', message }, false],
  dry_run: [{ outcome: 'dry_run', changeOrderId, message }, false],
  suspended: [{ outcome: 'suspended', changeOrderId, message }, false],
};

/** What the page says of each outcome: name and status of the client. */
function outcomesOnPage(): [name: string, status: string][] {
  const rows = Array.from(page.matchAll(/^\| (`.*?`) +\| (0|not 0) +\|/gm));
  const cells = rows.flatMap(([, names = '', status = '']) =>
    Array.from(names.matchAll(/`([a-z_]+)`/g), ([, name = '']): [string, string] => [name, status]),
  );
  return cells.filter(([name]) => !(name in errorCatalogue));
}

describe('docs/clients.md', () => {
  test('has a test for each of its programs, each under 25 lines', () => {
    const titles = Array.from(page.matchAll(/^## (.*)\n(?:(?!^## )[^])*?^```/gm), ([, title]) => title);
    expect(titles).toEqual(clients.map(({ title }) => title));
    const lines = clients.map(({ title }) => [title, blockOf(title).trimEnd().split('\n').length]);
    expect(lines.filter(([, count]) => Number(count) >= 25)).toEqual([]);
  });

  test('says of each outcome of the function how a client ends with it, and of no other', () => {
    const expected = Object.entries(outcomes).map(([name, [, isSuccess]]) => [
      name,
      isSuccess ? '0' : 'not 0',
    ]);
    expect(outcomesOnPage().toSorted()).toEqual(expected.toSorted());
  });

  test('has the same lines of a shell in the step, in the job and in Bash', () => {
    const lines = blockOf('Bash').split('\n').slice(3).join('\n');
    expect(lines).toContain('set -euo pipefail');
    expect(gitHubStep.run).toBe(lines);
    expect(gitLabJob.script).toEqual([lines]);
  });

  test('has a step and a job that run after a failure only, and no expression within a script', () => {
    expect(gitHubStep.if).toBe("failure() && steps.deploy.outputs.change_order != ''");
    expect(gitHubStep.env).toEqual({
      ROLLBACK_URL: '${{ vars.ROLLBACK_URL }}',
      ROLLBACK_SECRET: '${{ secrets.ROLLBACK_SECRET }}',
      CHANGE_ORDER: '${{ steps.deploy.outputs.change_order }}',
    });
    expect(gitHubStep.run).not.toContain('${{');
    expect(gitLabJob).toMatchObject({ stage: '.post', when: 'on_failure' });
  });
});

describe.concurrent.each(clients.map((client) => [client.title, client] as const))('%s', (title, client) => {
  if (!isTried(client)) {
    const reason = `is not tried, because this machine has no ${missingTools(client).join(' and no ')}`;
    // A reporter may show no more of a skipped test than a count.
    console.warn(`docs/clients.md: ${title} ${reason}`);
    test.skip(reason, () => undefined);
    return;
  }

  /** Runs it against such a gateway. */
  const send = async (id: string, meets: [Meets, ...Meets[]], env: NodeJS.Dict<string> = {}) => {
    const { url, arrived } = await openGateway(...meets);
    const start = starts.get(title);
    if (!start) throw new Error(`${title} was not made ready`);
    const ended = await run(start(id), {
      ROLLBACK_URL: `${url}/pipeline`,
      ROLLBACK_SECRET: secret,
      ROLLBACK_PAUSE: '0',
      ...env,
    });
    return { ...ended, arrived };
  };

  test('rolls back, and finds the work done when it is run again', async () => {
    const id = addRelease();
    const first = await send(id, [theFunction]);
    expect(first.output).toContain('"outcome":"rolling_back"');
    expect([first.status, first.arrived.length]).toEqual([0, 1]);
    const second = await send(id, [theFunction]);
    expect(second.output).toContain('"outcome":"already_terminated"');
    expect([second.status, second.arrived.length]).toEqual([0, 1]);
    expect(edas.orders.rollbacksOf(id)).toBe(1);
  });

  test('fails with a wrong secret, says why, and does not repeat', async () => {
    const id = addRelease();
    const { status, output, arrived } = await send(id, [theFunction], {
      ROLLBACK_SECRET: 'fake-wrong-secret',
    });
    expect(output).toContain('signature_mismatch');
    expect(output).toContain('If it cannot wait, use the EDAS console.');
    expect([status, arrived.length]).toEqual([1, 1]);
    expect(edas.orders.rollbacksOf(id)).toBe(0);
  });

  test('repeats after as many seconds as the answer says', async () => {
    const id = addRelease();
    const busy = problem('secrets_unavailable', 'why', { retryAfterSeconds: 1 });
    const { status, output, arrived } = await send(id, [busy, theFunction], { ROLLBACK_PAUSE: '30' });
    expect(output).toMatch(/secrets_unavailable[^]*rolling_back/);
    expect([status, arrived.length]).toEqual([0, 2]);
    const [first, second] = arrived;
    const pausedMs = Number(second?.at) - Number(first?.at);
    expect(pausedMs).toBeGreaterThan(990);
    expect(pausedMs).toBeLessThan(29_000);
    expect(second).toMatchObject({ body: first?.body, signature: first?.signature });
    expect(edas.orders.rollbacksOf(id)).toBe(1);
  });

  test('asks three times at most, with its own pause where the answer has none', async () => {
    const { status, output, arrived } = await send(changeOrderId, [problem('internal', 'why')], {
      ROLLBACK_PAUSE: '1',
    });
    expect(output).toContain('"code":"internal"');
    expect(output).toContain('If it cannot wait, use the EDAS console.');
    expect([status, arrived.length]).toEqual([1, 3]);
    expect(Number(arrived[2]?.at) - Number(arrived[0]?.at)).toBeGreaterThan(1990);
  });

  test('repeats where no answer comes in time, and rolls back once', async () => {
    const id = addRelease();
    const { status, output, arrived } = await send(id, [silence, theFunction], { ROLLBACK_TIMEOUT: '3' });
    expect(output).toContain('"outcome":"rolling_back"');
    expect([status, arrived.length]).toEqual([0, 2]);
    expect(edas.orders.rollbacksOf(id)).toBe(1);
  });

  // Its lines are those of another one, which the test of the page holds.
  if (client.linesOf !== undefined) return;

  test('fails where there is no connection', async () => {
    const closed = await serve(() => undefined, {});
    await closed.close();
    const { status, output } = await send(changeOrderId, [silence], {
      ROLLBACK_URL: `${closed.url}/pipeline`,
    });
    expect(output).toContain('If it cannot wait, use the EDAS console.');
    expect(status).toBe(1);
  });

  test.each<[string, Meets, said: string]>([
    ['a refusal under 200', refusedUnder200, '"code":"change_order_not_found"'],
    ["a proxy's page", aProxysPage, '502 Bad Gateway'],
    ['doubt, which a person settles', problem('edas_outcome_unknown', 'why'), '"retry":true'],
    [
      'a release that a person has to look at',
      problem('previous_version_uncertain', 'why'),
      '"code":"previous_version_uncertain"',
    ],
  ])('fails with %s, shows it, and does not repeat', async (_, meets, said) => {
    const { status, output, arrived } = await send(changeOrderId, [meets]);
    expect(output).toContain(said);
    expect([status, arrived.length]).toEqual([1, 1]);
  });

  test('repeats where no task took the rollback of a release, and ends well once one has it', async () => {
    const [deferred] = outcomes.deferred;
    const taken = answered(replyWithOutcome(deferred, { isVerified: true }));
    const { status, output, arrived } = await send(changeOrderId, [problem('task_not_taken', 'why'), taken]);
    expect(output).toMatch(/task_not_taken[^]*"outcome":"deferred"/);
    expect([status, arrived.length]).toEqual([0, 2]);
  });

  // The other two were answered by the function itself, above.
  const others = Object.entries(outcomes).filter(
    ([name]) => !['rolling_back', 'already_terminated'].includes(name),
  );
  test.each(others)('ends rightly with the outcome %s, and says it', async (name, [outcome, isSuccess]) => {
    const { status, output, arrived } = await send(changeOrderId, [
      answered(replyWithOutcome(outcome, { isVerified: true })),
    ]);
    expect(output).toContain(`"outcome":"${name}"`);
    expect([status, arrived.length]).toEqual([isSuccess ? 0 : 1, 1]);
    expect(output.includes('If it cannot wait')).toBe(!isSuccess);
  });

  test('cannot be made to write anything else into the body', async () => {
    const hostile = '","outcome":"x"}';
    const { status, arrived } = await send(hostile, [theFunction]);
    const bodies = arrived.map(({ body }): unknown => JSON.parse(body));
    expect(bodies).toEqual(bodies.map(() => ({ status: 'failed', changeOrderId: hostile })));
    expect(status).not.toBe(0);
  });
});

describe.runIf(isTried(bash))('the signature of the shell', { concurrent: true }, () => {
  const sign = async (ROLLBACK_SECRET: string, PATH = process.env['PATH']) => {
    const own = mkdtempSync(path.join(folder, 'bash-'));
    const start = bash.makeReady(own);
    const { url, arrived } = await openGateway(aProxysPage);
    const ended = await run(start(changeOrderId), { ROLLBACK_URL: url, ROLLBACK_SECRET, PATH });
    return { ...ended, arrived };
  };

  test.each([
    ['one byte', 'x'],
    ['64 bytes', '0123456789abcdef'.repeat(4)],
    ['what a shell or printf reads', `%s\\x41\\n$(id)'"\`*  \\`],
    ['letters that are not ASCII', 'fake-schlüssel-密钥'],
  ])('is right for a secret of %s', async (_, key) => {
    const { arrived } = await sign(key);
    expect(arrived).toHaveLength(1);
    const { body = '', signature } = arrived[0] ?? {};
    expect(signature).toBe(`sha256=${createHmac('sha256', key).update(body).digest('hex')}`);
  });

  test.each([
    ['', '0'],
    ['x'.repeat(65), '65'],
  ])('is not made with a secret that is too short or too long: %j', async (key) => {
    const { status, output, arrived } = await sign(key);
    expect([status, arrived]).toEqual([2, []]);
    expect(output).toContain('ROLLBACK_SECRET');
  });

  test('is made without the secret among the arguments of a program, where ps would show it', async () => {
    const spies = path.join(folder, 'spies');
    mkdirSync(spies);
    const log = path.join(spies, 'arguments');
    for (const tool of ['openssl', 'curl', 'cut', 'printf']) {
      const spy = `#!/bin/sh\nprintf '%s\\n' "${tool} $*" >> '${log}'\nPATH=\${PATH#*:} exec ${tool} "$@"\n`;
      writeFileSync(path.join(spies, tool), spy, { mode: 0o755 });
    }
    await sign('fake-secret-of-the-spies', `${spies}:${process.env['PATH'] ?? ''}`);
    const seen = readFileSync(log, 'utf8');
    expect(seen.split('\n').toSorted()).toEqual([
      '',
      expect.stringMatching(/^curl -sSi /),
      'openssl dgst -sha256 -binary',
      'openssl dgst -sha256 -r',
    ]);
    expect(seen).not.toContain('fake-secret-of-the-spies');
  });
});
