import { createServer, type RequestListener } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { coversPayload } from '../../../../functions/webhook/verify/verify.ts';
import { compileSources } from '../../../../local/build/compile-sources.ts';
import { configurationDigest } from '../../../../local/build/configuration-digest.ts';
import { checkDeployed } from '../../../../local/commands/doctor/check-deployed.ts';
import { impossibleOrder } from '../../../../local/commands/doctor/check-edas.ts';
import { followedSources, sourcesWithoutTasks } from '../../../../local/sandbox/sandbox-sources.ts';
import { businessErrorUnder200, deniedByRam, type Fault } from '../../../../local/stand-ins/edas/faults.ts';
import { listen } from '../../../../local/stand-ins/listen.ts';
import { presets } from '../../../../presets/index.ts';
import type { Preset } from '../../../../presets/preset.ts';
import { startLocalFunction, type LocalFunction } from '../../sandbox/local-function.ts';
import { findingsIn } from './findings.ts';

const app = '3616cdca-0000-4000-8000-0000000000aa';
const pipeline = 'sources: { pipeline: { preset: generic, secrets: [SECRET_PIPELINE] } }';

const checkLocal = ({ url, sources, secrets }: Pick<LocalFunction, 'url' | 'sources' | 'secrets'>) =>
  findingsIn(checkDeployed({ url, sources, asking: [], env: secrets, now: Date.now }));

/** A server that is not our function. */
async function other(listener: RequestListener): Promise<string> {
  const server = await listen(createServer(listener), 0);
  onTestFinished(() => server.close());
  return server.url;
}

const checkOther = async (listener: RequestListener) =>
  checkLocal({
    url: await other(listener),
    sources: compileSources(pipeline),
    secrets: { SECRET_PIPELINE: 'fake-secret-of-a-pipeline-of-a-test' },
  });

const healthOf = (sourcesYaml: string) =>
  JSON.stringify({
    name: 'edas-rollback-webhook',
    version: '1.2.3',
    configuration: configurationDigest(compileSources(sourcesYaml)),
    sources: 1,
    ready: 1,
  });
const answering =
  (status: number, body: string, health = healthOf(pipeline)): RequestListener =>
  (request, response) => {
    const [answered, text] = request.method === 'GET' ? [200, health] : [status, body];
    response.writeHead(answered).end(text);
  };

describe('a deployed function', () => {
  test('is right where it is up, refuses a forged webhook, and asks EDAS for a signed one', async () => {
    const local = await startLocalFunction(pipeline);
    expect(await checkLocal(local)).toEqual([
      { verdict: 'right', what: `${local.url} is up, 1 of 1 sources ready` },
      { verdict: 'right', what: '/pipeline refuses a forged webhook (401 signature_mismatch)' },
      {
        verdict: 'right',
        what: expect.stringMatching(/^\/pipeline takes a signed webhook, asks EDAS/) as unknown,
      },
    ]);
    expect(local.edas.calls.map(({ operation, changeOrderId }) => [operation, changeOrderId])).toEqual([
      ['GetChangeOrderInfo', impossibleOrder],
    ]);
  });

  test('is asked only for what cannot exist, with every kind of source', async () => {
    const local = await startLocalFunction(`
sources:
  chat: { preset: slack, secrets: [CHAT_SECRET] }
  dry: { preset: generic, secrets: [DRY_SECRET], dryRun: true }
  held: { preset: generic, secrets: [HELD_SECRET], when: status == 'failed', apps: [${app}] }
  alerts: { preset: alertmanager, secrets: [ALERTS_TOKEN], apps: [${app}, ${app.replace('aa', 'bb')}] }
  only: { preset: azure-devops, secrets: [ONLY_SECRET], apps: [${app}] }
  monitor: { preset: cloudmonitor, secrets: [MONITOR_SECRET], apps: [${app}] }
  later: { preset: generic, secrets: [LATER_SECRET], mode: deferred }
`);
    local.edas.orders.add({ appId: app, waitsForPerson: true, createdAt: Date.now() - 60_000 });
    const findings = await checkLocal(local);
    const said = (path: string) =>
      findings.filter(({ what }) => what.startsWith(path)).map(({ verdict }) => verdict);
    expect(findings.filter(({ verdict }) => verdict === 'wrong' || verdict === 'unknown')).toEqual([]);
    expect(['/chat', '/dry', '/held', '/alerts', '/only', '/monitor', '/later'].map(said)).toEqual([
      ['right', 'right'],
      ['right', 'right'],
      ['right', 'right'],
      ['right', 'right'],
      ['skipped'],
      ['skipped'],
      ['right', 'skipped'],
    ]);
    const rollbacks = local.edas.calls.filter(({ operation }) => operation?.includes('Rollback'));
    expect(rollbacks).toEqual([]);
    expect(local.fc.calls).toEqual([]);
  });

  const other = app.replace('aa', 'bb');
  test.each([
    ['app', `labels.service == 'shop' && '${app}' || '${other}'`],
    ['app', `lower('${app}')`],
    ['app', `[labels.app, '${app}'][1]`],
    ['app', `{shop: '${app}'} | shop`],
    ['changeOrderId', `lower('${app}')`],
    ['changeOrderId', `labels.service == 'shop' && '${app}'`],
  ])('is sent nothing where what cannot exist has no place in %s: %s', async (key, expression) => {
    const local = await startLocalFunction(
      `sources: { mapped: { preset: generic, secrets: [M_SECRET], ${key}: ${JSON.stringify(expression)} } }`,
    );
    local.edas.orders.add({ id: app, appId: app, waitsForPerson: true, createdAt: Date.now() - 60_000 });
    const [, ...findings] = await checkLocal(local);
    expect(findings).toMatchObject([
      { verdict: 'skipped', what: expect.stringContaining(`/mapped: \`${key}: ${expression}\``) as unknown },
    ]);
    expect(local.edas.calls).toEqual([]);
    expect(local.requests).toEqual(['GET /']);
  });

  test.each([`not_null(labels.app, '${app}')`, `labels.app || '${app}'`])(
    'is asked for what cannot exist where that has a place before a real application: %s',
    async (expression) => {
      const local = await startLocalFunction(
        `sources: { mapped: { preset: generic, secrets: [M_SECRET], app: ${JSON.stringify(expression)} } }`,
      );
      local.edas.orders.add({ appId: app, waitsForPerson: true, createdAt: Date.now() - 60_000 });
      const findings = await checkLocal(local);
      expect(findings.map(({ verdict }) => verdict)).toEqual(['right', 'right', 'right']);
      expect(local.edas.calls.map(({ operation }) => operation)).toEqual(['ListRecentChangeOrder']);
    },
  );

  test.each(Object.entries<Preset>(presets))(
    'is right with the preset %s, or is not asked where that would name a real application',
    async (name, { verify, command, isByApplication }) => {
      const isCalledByLink = verify.scheme === 'link';
      const settings = [
        `preset: ${name}`,
        'secrets: [SECRET]',
        ...(coversPayload(verify) ? [] : [`apps: [${app}]`]),
        ...(isByApplication && command === undefined && !isCalledByLink ? ['app: id'] : []),
      ];
      const local = await startLocalFunction(`sources: { it: { ${settings.join(', ')} } }`);
      const [, ...findings] = await checkLocal(local);
      expect(
        findings.map(({ verdict }) => verdict),
        JSON.stringify(findings),
      ).toEqual(isCalledByLink ? ['skipped'] : ['right', 'right']);
    },
  );

  test('is wrong where it has another secret', async () => {
    const { url, sources } = await startLocalFunction(pipeline);
    const secrets = { SECRET_PIPELINE: 'another-fake-secret-of-a-test' };
    const findings = await checkLocal({ url, sources, secrets });
    expect(findings.at(-1)).toMatchObject({
      verdict: 'wrong',
      what: '/pipeline has another secret than stands here',
      advice: expect.stringContaining('npm run deploy') as unknown,
    });
    expect(JSON.stringify(findings)).not.toContain('another-fake-secret');
  });

  test('is not sent a signed webhook whose secret is not known here', async () => {
    const { url, sources } = await startLocalFunction(pipeline);
    expect(await checkLocal({ url, sources, secrets: {} })).toMatchObject([
      {
        verdict: 'warning',
        what: expect.stringContaining('1 of 1 sources ready; here, 0 of 1 are') as unknown,
      },
      { verdict: 'right' },
      { verdict: 'skipped' },
    ]);
  });

  test('is wrong where it lacks a source that stands here', async () => {
    const { url, secrets } = await startLocalFunction(pipeline);
    const sources = compileSources('sources: { other: { preset: generic, secrets: [SECRET_PIPELINE] } }');
    expect(await checkLocal({ url, sources, secrets })).toMatchObject([
      { verdict: 'right' },
      drift,
      { verdict: 'wrong', what: '/other is not there' },
    ]);
  });

  const drift = {
    verdict: 'unknown',
    what: expect.stringMatching(/^another sources.yaml is deployed .* nothing signed is sent/) as unknown,
    advice: expect.stringContaining('npm run deploy') as unknown,
  };

  test.each([
    ['for an application of its own', `app: "'${app}'"`],
    ['for a task', 'mode: deferred'],
    ['with other applications', `apps: [${app}]`],
  ])('is sent nothing that is signed where its source was deployed %s', async (_what, setting) => {
    const deployed = `sources: { pipeline: { preset: generic, secrets: [SECRET_PIPELINE], ${setting} } }`;
    const local = await startLocalFunction(deployed);
    local.edas.orders.add({ appId: app, waitsForPerson: true, createdAt: Date.now() - 60_000 });
    expect(await checkLocal({ ...local, sources: compileSources(pipeline) })).toMatchObject([
      { verdict: 'right' },
      drift,
      { verdict: 'right', what: '/pipeline refuses a forged webhook (401 signature_mismatch)' },
    ]);
    expect(local.requests).toEqual(['GET /', 'POST /pipeline']);
    expect(local.edas.calls).toEqual([]);
    expect(local.fc.calls).toEqual([]);
  });

  test('of an older version, which says nothing of its sources, is sent nothing that is signed', async () => {
    const old = JSON.stringify({ name: 'edas-rollback-webhook', version: '0.1.0', sources: 1, ready: 1 });
    let posts = 0;
    const findings = await checkOther((request, response) => {
      if (request.method === 'POST') posts += 1;
      answering(401, JSON.stringify({ code: 'signature_mismatch' }), old)(request, response);
    });
    expect(findings).toMatchObject([{ verdict: 'right' }, drift, { verdict: 'right' }]);
    expect(posts).toBe(1);
  });

  test.each([
    ['with channels of its own', followedSources],
    ['on real EDAS', sourcesWithoutTasks],
  ])('is the sandbox %s, and is sent what is signed', async (_what, alter) => {
    const local = await startLocalFunction(pipeline, alter);
    expect((await checkLocal(local)).map(({ verdict }) => verdict)).toEqual(['right', 'right', 'right']);
  });

  const faults: [string, Fault, string, string][] = [
    ['denies both the read and the rollback', deniedByRam(), 'unknown', 'denies its role an order'],
    [
      'refuses both in words of its own',
      businessErrorUnder200({ code: 601 }),
      'right',
      'EDAS answers its role',
    ],
  ];
  test.each(faults)('whose EDAS %s is judged by that', async (_what, fault, verdict, what) => {
    const local = await startLocalFunction(pipeline);
    local.edas.setFault(() => fault);
    const findings = await checkLocal(local);
    expect(findings.at(-1)).toMatchObject({ verdict, what: expect.stringContaining(what) as unknown });
  });

  test.each([
    ['without a role', 500, 'credentials_missing', 'wrong'],
    ['without an address of EDAS', 500, 'edas_endpoint_invalid', 'wrong'],
    ['that fails', 500, 'internal', 'wrong'],
    ['whose clock is another', 401, 'timestamp_out_of_window', 'wrong'],
    ['whose source was deployed closed', 503, 'source_not_configured', 'wrong'],
    ['whose EDAS throttles', 503, 'edas_throttled', 'unknown'],
    ['whose EDAS gives no answer', 502, 'edas_unavailable', 'unknown'],
    ['that does not know what EDAS did', 504, 'edas_outcome_unknown', 'unknown'],
    ['that says something unknown', 409, 'change_order_finished', 'unknown'],
  ])('%s is judged by its code', async (_what, status, code, verdict) => {
    const findings = await checkOther(answering(status, JSON.stringify({ code })));
    expect(findings.at(-1)).toMatchObject({ verdict });
  });

  test.each([
    ['dry_run', 'right'],
    ['suspended', 'right'],
    ['ignored', 'unknown'],
    ['deferred', 'warning'],
    ['rolling_back', 'wrong'],
  ])('that answers %s is judged by that', async (outcome, verdict) => {
    const findings = await checkOther(answering(200, JSON.stringify({ outcome })));
    expect(findings.at(-1)).toMatchObject({ verdict });
  });

  test('is wrong where it accepts what is forged', async () => {
    const findings = await checkOther(answering(202, JSON.stringify({ outcome: 'rolling_back' })));
    expect(findings[1]).toMatchObject({
      verdict: 'wrong',
      what: '/pipeline answers 202 rolling_back to a forged webhook, where it should refuse it with 401',
      advice: expect.stringContaining('ROLLBACK_SUSPENDED=true') as unknown,
    });
  });

  test('is not called open because something before it fails', async () => {
    expect((await checkOther(answering(502, '<html>')))[1]).toMatchObject({ verdict: 'unknown' });
  });

  test.each([
    ['another page', 200, '<html>'],
    ['the error of Function Compute', 404, '{"ErrorCode":"FunctionNotFound"}'],
  ])('is wrong where its address gives %s, and is sent nothing more', async (_what, status, body) => {
    const methods: unknown[] = [];
    const findings = await checkOther((request, response) => {
      methods.push(request.method);
      response.writeHead(status).end(body);
    });
    expect(findings).toMatchObject([
      { verdict: 'wrong', what: expect.stringContaining('is not this function') as unknown },
    ]);
    expect(methods).toEqual(['GET']);
  });

  test('cannot be checked where nothing answers', async () => {
    const server = await listen(createServer(), 0);
    await server.close();
    const sources = compileSources(pipeline);
    expect(await checkLocal({ url: server.url, sources, secrets: {} })).toMatchObject([
      { verdict: 'unknown', what: `${server.url} does not answer: ECONNREFUSED` },
    ]);
  });
});

describe('a deployed function whose secret is in KMS', () => {
  const inKms = 'sources: { pipeline: { preset: generic, secrets: [kms:pipeline] } }';
  const whsec = 'sources: { pipeline: { preset: standard-webhooks, secrets: [kms:pipeline] } }';

  test.each([inKms, whsec])(
    'shows with a forged webhook that its role reads the secret, and takes a signed one: %s',
    async (yaml) => {
      expect(await checkLocal(await startLocalFunction(yaml))).toMatchObject([
        { verdict: 'right', what: expect.stringContaining('1 of 1 sources ready') as unknown },
        {
          verdict: 'right',
          what: expect.stringContaining('for which its role has read the secret from KMS') as unknown,
        },
        {
          verdict: 'right',
          what: expect.stringMatching(/^\/pipeline takes a signed webhook, asks EDAS/) as unknown,
        },
      ]);
    },
  );

  test('is sent no signed webhook where the secret was not read here, and is ready nevertheless', async () => {
    const { url, sources } = await startLocalFunction(inKms);
    expect(await checkLocal({ url, sources, secrets: {} })).toMatchObject([
      { verdict: 'right' },
      { verdict: 'right' },
      { verdict: 'skipped', what: expect.stringContaining('kms:pipeline could not be read here') as unknown },
    ]);
  });

  test('is sent a webhook that another secret of the source signs, where that one is known', async () => {
    const mixed = 'sources: { pipeline: { preset: generic, secrets: [kms:pipeline, OLD_SECRET] } }';
    const { url, sources, secrets } = await startLocalFunction(mixed);
    const variable = { OLD_SECRET: secrets['OLD_SECRET'] ?? '' };
    const findings = await checkLocal({ url, sources, secrets: variable });
    expect(findings.map(({ verdict }) => verdict)).toEqual(['right', 'right', 'right']);
  });

  test('is not sent what cannot be signed with an unfit secret', async () => {
    const { url, sources } = await startLocalFunction(whsec);
    const findings = await checkLocal({ url, sources, secrets: { 'kms:pipeline': 'no base64, and fake' } });
    expect(findings.map(({ verdict }) => verdict)).toEqual(['right', 'right', 'skipped']);
  });

  test('is wrong where KMS gave it another version, which may be new', async () => {
    const { url, sources } = await startLocalFunction(inKms);
    const findings = await checkLocal({
      url,
      sources,
      secrets: { 'kms:pipeline': 'another-fake-secret-of-a-test' },
    });
    expect(findings.at(-1)).toMatchObject({
      verdict: 'wrong',
      what: '/pipeline has another secret than kms:pipeline is here',
      advice: expect.stringContaining('five minutes') as unknown,
    });
  });

  test.each([
    ['secrets_unavailable', 'unknown', 'KMS gave the function no secret'],
    ['source_not_configured', 'wrong', 'its role may not read it from KMS'],
  ])('that answers %s is judged by that, forged or signed', async (code, verdict, what) => {
    const findings = await checkLocal({
      url: await other(answering(503, JSON.stringify({ code }), healthOf(inKms))),
      sources: compileSources(inKms),
      secrets: { 'kms:pipeline': 'fake-secret-of-a-pipeline-of-a-test' },
    });
    const judged = { verdict, what: expect.stringContaining(what) as unknown };
    expect(findings.slice(1)).toMatchObject([judged, judged]);
  });
});
