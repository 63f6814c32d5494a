import { randomUUID } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { compileConfiguration } from '../../local/build/compile-sources.ts';
import { buildFunctions } from '../../local/build/write-bundle.ts';
import { startFunctionServer } from '../../local/sandbox/function-server.ts';
import { startInstance } from '../../local/sandbox/instance.ts';
import { silent } from '../../local/stand-ins/edas/faults.ts';
import { startEdasStandIn, type EdasStandIn } from '../../local/stand-ins/edas/stand-in.ts';
import { startFcStandIn, type FcStandIn } from '../../local/stand-ins/fc/stand-in.ts';
import { taskProcess } from '../../local/stand-ins/fc/task-process.ts';
import { serve } from '../../local/stand-ins/serve.ts';
import { removeFolder } from '../support/temporary-folder.ts';
import { fakeAccountId, fakeCredentials, fakeSecret, followFunction } from '../support/webhook.ts';
import { startAlertmanager, type Alertmanager } from './alertmanager.ts';
import { configurationFor, type Recipe } from './recipe.ts';

/** What a webhook was answered. */
export interface Told {
  path: string;
  status: number;
  body: { outcome?: string; code?: string; changeOrderId?: string };
}

/** Both functions as the sandbox runs them, on stand-ins, and the reader's own receiver. */
export interface World {
  edas: EdasStandIn;
  /** Every answer to a webhook, in order. */
  told: Told[];
  /** How many notifications the receiver got that pages people. */
  pages: () => number;
  /** Starts a change of an application that takes an hour, and returns the id of its order. */
  startChange: (app: string) => string;
  /** How many rollbacks of an order EDAS was asked for; without an order, of all. */
  rollbacks: (changeOrderId?: string) => number;
  /** An Alertmanager with the recipe. */
  startAlertmanager: (options?: {
    clusterPorts?: readonly number[];
    sendsAllAlerts?: boolean;
  }) => Promise<Alertmanager>;
  close: () => Promise<void>;
}

const minuteMs = 60_000;
const contextOfAccount = { region: 'cn-hangzhou', accountId: fakeAccountId, credentials: fakeCredentials };

/** @param edasIs silent: no answer to anything; silent to rollbacks: to these alone, and none of them takes effect */
export async function openWorld(
  { configuration, sources: text }: Recipe,
  edasIs: 'well' | 'silent' | 'silent to rollbacks' = 'well',
): Promise<World> {
  const folder = mkdtempSync(path.join(tmpdir(), 'edas-rollback-webhook-real-'));
  const compiled = compileConfiguration(text);
  const { webhook, follow } = await buildFunctions(compiled, path.join(folder, 'dist'));
  const edas = await startEdasStandIn({
    credentials: fakeCredentials,
    fault: ({ method }) =>
      edasIs === 'silent' || (edasIs === 'silent to rollbacks' && method === 'PUT') ? silent() : undefined,
  });
  const fc: FcStandIn = await startFcStandIn({
    credentials: fakeCredentials,
    accountId: fakeAccountId,
    functions: {
      [followFunction]: taskProcess({
        ...contextOfAccount,
        bundle: follow.path,
        env: () => ({ EDAS_ENDPOINT: edas.url, FUNCTION_ENDPOINT: fc.url }),
        timeout: 600,
        onLog: () => undefined,
      }),
    },
  });
  const tokens = Object.fromEntries(
    compiled.sources.flatMap(({ secrets }) => secrets.map((name) => [name, fakeSecret(name)])),
  );
  const instance = startInstance(
    webhook.path,
    { ...tokens, EDAS_ENDPOINT: edas.url, FUNCTION_ENDPOINT: fc.url, FOLLOW_FUNCTION: followFunction },
    () => undefined,
  );
  const told: Told[] = [];
  const server = await startFunctionServer({
    invoke: instance.invoke,
    context: contextOfAccount,
    port: 0,
    onAnswer: ({ path: asked }, { statusCode, body }) => {
      told.push({ path: asked, status: statusCode, body: JSON.parse(body) as Told['body'] });
    },
  });
  let pages = 0;
  const onCall = await serve((request, response) => {
    pages += 1;
    request.resume();
    response.end();
  }, {});
  const tokenFile = (receiver: string): string => {
    const webhookUrl = configuration.receivers.find(({ name }) => name === receiver)?.webhook_configs?.[0]
      ?.url;
    const source = compiled.sources.find(({ name }) => webhookUrl?.endsWith(`/${name}`));
    const [secret = ''] = source?.secrets ?? [];
    const file = path.join(folder, `token-of-${receiver}`);
    writeFileSync(file, tokens[secret] ?? '');
    return file;
  };
  let started = 0;
  const alertmanagers: Alertmanager[] = [];

  return {
    edas,
    told,
    pages: () => pages,
    startChange: (app) =>
      edas.orders.add({ id: randomUUID(), appId: app, batches: 2, readyMs: 0, batchMs: 60 * minuteMs }),
    rollbacks: (changeOrderId) =>
      edas.calls.filter(
        (call) =>
          call.method === 'PUT' && (changeOrderId === undefined || call.changeOrderId === changeOrderId),
      ).length,
    async startAlertmanager({ clusterPorts, sendsAllAlerts } = {}) {
      started += 1;
      const alertmanager = await startAlertmanager({
        configuration: configurationFor(configuration, {
          url: server.url,
          tokenFile,
          onCallUrl: `${onCall.url}/page`,
          ...(sendsAllAlerts !== undefined && { sendsAllAlerts }),
        }),
        folder: path.join(folder, `alertmanager-${started}`),
        ...(clusterPorts && { clusterPorts }),
      });
      alertmanagers.push(alertmanager);
      return alertmanager;
    },
    async close() {
      await Promise.all(alertmanagers.map((each) => each.stop()));
      await Promise.all([server.close(), instance.close(), onCall.close(), fc.close(), edas.close()]);
      removeFolder(folder);
    },
  };
}
