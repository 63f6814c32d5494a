import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import { exchange } from '../../functions/alibaba/exchange.ts';
import { createTaskHandler } from '../../functions/follow/handler.ts';
import type { FunctionResponse } from '../../functions/platform/context.ts';
import { compileConfiguration } from '../../local/build/compile-sources.ts';
import { startFunctionServer } from '../../local/sandbox/function-server.ts';
import { startInstance } from '../../local/sandbox/instance.ts';
import { signatureHeaders } from '../../local/signing/sign.ts';
import { startReceiver, type MessageReceiver } from '../../local/stand-ins/channels/receiver.ts';
import { startEdasStandIn, type EdasStandIn } from '../../local/stand-ins/edas/stand-in.ts';
import { startFcStandIn, type FcStandIn } from '../../local/stand-ins/fc/stand-in.ts';
import { bundleSources } from './invoke-bundle.ts';
import { createTemporaryFolder, removeFolder } from './temporary-folder.ts';
import { fakeAccountId, fakeContext, fakeCredentials, followFunction } from './webhook.ts';

/** With which the links of a night are signed. */
export const confirmSecret = 'fake-secret-of-the-links';

/** What a sender was answered. */
export interface SenderAnswer {
  status: number;
  body: Record<string, unknown>;
}

/** The built webhook function behind HTTP, what its tasks run in, and all that they call. */
export interface Night {
  url: string;
  edas: EdasStandIn;
  fc: FcStandIn;
  channel: MessageReceiver;
  /** Every line that the webhook function wrote. */
  log: readonly string[];
  /** Sends a payload, signed as its source expects. */
  send: (source: string, payload: object) => Promise<SenderAnswer>;
  /** The same function, which is suspended. @returns its address */
  suspended: () => Promise<string>;
}

const secret = 'fake-secret-of-the-senders';

/** A minute passes for a task in a second. */
const haste = 60;

/** Runs the functions of these sources over stand-ins, as long as the tests of this file run. */
export function useNight(yaml: string): () => Night {
  let night: Night | undefined;
  const closing: (() => Promise<void> | void)[] = [];
  beforeAll(async () => {
    night = await startNight(yaml, (close) => closing.push(close));
  }, 60_000);
  afterAll(async () => {
    for (const close of closing.toReversed()) await close();
  });
  return () => {
    if (!night) throw new Error('There is a night in tests only.');
    return night;
  };
}

async function startNight(yaml: string, atEnd: (close: () => Promise<void> | void) => void): Promise<Night> {
  const { sources, notify } = compileConfiguration(yaml);
  const folder = createTemporaryFolder();
  atEnd(() => {
    removeFolder(folder);
  });
  const built = bundleSources(sources, folder);
  const edas = await startEdasStandIn({
    credentials: fakeCredentials,
    rollbackRules: { order: { batches: 2, readyMs: 100, batchMs: 600, pauseMs: 0 } },
  });
  atEnd(edas.close);
  const channel = await startReceiver();
  atEnd(channel.close);
  const context = { ...fakeContext, accountId: fakeAccountId };
  const tasks = createTaskHandler(
    { version: '1.2.3', notify },
    {
      env: {
        EDAS_ENDPOINT: edas.url,
        FC_FUNCTION_NAME: followFunction,
        SLACK_URL: channel.urlOf('slack'),
        get FUNCTION_ENDPOINT() {
          return fc.url;
        },
      },
      now: Date.now,
      clock: { now: () => performance.now() * haste, sleep: (ms) => sleep(ms / haste) },
      random: Math.random,
      write: () => undefined,
      exchange,
    },
  );
  const fc: FcStandIn = await startFcStandIn({
    credentials: fakeCredentials,
    accountId: fakeAccountId,
    functions: {
      [followFunction]: async ({ payload, retryCount }) => {
        await tasks(payload, { ...context, retryCount, function: { timeout: 3600 } });
      },
    },
  });
  atEnd(fc.close);

  const { path: bundle } = await built;
  const log: string[] = [];
  const serve = async (more: Record<string, string>) => {
    let invoke: (event: Buffer) => Promise<FunctionResponse> = () => Promise.reject(new Error('not yet'));
    const server = await startFunctionServer({ invoke: (event) => invoke(event), context, port: 0 });
    atEnd(server.close);
    const env = {
      NODE_PATH: '',
      SECRET: secret,
      CONFIRM_SECRET: confirmSecret,
      PUBLIC_URL: server.url,
      EDAS_ENDPOINT: edas.url,
      FUNCTION_ENDPOINT: fc.url,
      FOLLOW_FUNCTION: followFunction,
      FC_FUNCTION_NAME: 'edas-rollback-webhook',
      ...more,
    };
    const instance = startInstance(bundle, env, (line) => log.push(line));
    atEnd(instance.close);
    invoke = (event) => instance.invoke(event, context);
    return server.url;
  };
  const url = await serve({});
  return {
    url,
    edas,
    fc,
    channel,
    log,
    send: async (name, payload) => {
      const source = sources.find((each) => each.name === name);
      if (!source) throw new Error(`There is no source ${name}.`);
      const body = JSON.stringify(payload);
      const headers = {
        'content-type': 'application/json',
        ...signatureHeaders(source.verify, secret, body),
      };
      const response = await fetch(`${url}/${name}`, { method: 'POST', headers, body });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    suspended: () => serve({ ROLLBACK_SUSPENDED: 'true' }),
  };
}
