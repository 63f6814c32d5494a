import ROAClient from '@alicloud/pop-core/lib/roa.js';
import RPCClient from '@alicloud/pop-core/lib/rpc.js';
import { startFunctionServer } from '../../../local/sandbox/function-server.ts';
import { createFeed } from '../../../local/sandbox/page/feed.ts';
import { startPageServer } from '../../../local/sandbox/page/server.ts';
import { startReceiver } from '../../../local/stand-ins/channels/receiver.ts';
import { startEdasStandIn } from '../../../local/stand-ins/edas/stand-in.ts';
import { startEventBridgeStandIn } from '../../../local/stand-ins/eventbridge/stand-in.ts';
import { startFcStandIn } from '../../../local/stand-ins/fc/stand-in.ts';
import { startKmsStandIn } from '../../../local/stand-ins/kms/stand-in.ts';
import { startRamStandIn } from '../../../local/stand-ins/ram/stand-in.ts';
import { accountId, fc2Client } from './fc/fc2-client.ts';

/** A server of the sandbox. */
interface Listener {
  /** Starts it. @returns where it listens */
  start: () => Promise<string>;
  /** Asks for something that it does. */
  ask: (url: string) => Promise<unknown>;
  /** What it answers to that, in part. */
  answer: object;
}

const credentials = {
  accessKeyId: 'STS.fake-key-id',
  accessKeySecret: 'fake-key-secret',
  securityToken: 'fake-security-token',
};

/** All of them, by the file in `local/` that calls `serve`, or `startApi` on it. */
export const listeners: Readonly<Record<string, Listener>> = {
  'stand-ins/edas/stand-in.ts': {
    start: async () => (await startEdasStandIn({ credentials })).url,
    ask: (endpoint) => {
      const credentialsProvider = { getCredentials: () => Promise.resolve(credentials) };
      const client = new ROAClient({ endpoint, apiVersion: '2017-08-01', credentialsProvider });
      return client.request('POST', '/pop/v5/changeorder/change_order_list', { AppId: 'app' }, '', {}, {});
    },
    answer: { Code: 200 },
  },
  'stand-ins/kms/stand-in.ts': {
    start: async () => {
      const kms = await startKmsStandIn({ credentials });
      kms.secrets.put('pipeline', 'fake-secret');
      return kms.url;
    },
    ask: (endpoint) =>
      new RPCClient({ endpoint, apiVersion: '2016-01-20', ...credentials }).request(
        'GetSecretValue',
        { SecretName: 'pipeline' },
        { method: 'POST' },
      ),
    answer: { SecretData: 'fake-secret' },
  },
  'stand-ins/ram/stand-in.ts': {
    start: async () => (await startRamStandIn({ credentials, roles: ['fake-role'] })).url,
    ask: (endpoint) =>
      new RPCClient({ endpoint, apiVersion: '2015-05-01', ...credentials }).request(
        'GetRole',
        { RoleName: 'fake-role' },
        { method: 'POST' },
      ),
    answer: { Role: { RoleName: 'fake-role' } },
  },
  'stand-ins/fc/stand-in.ts': {
    start: async () => {
      const functions = { follow: () => Promise.resolve() };
      return (await startFcStandIn({ credentials, accountId, functions })).url;
    },
    ask: async (endpoint) => {
      const client = fc2Client(endpoint, credentials);
      const headers = { 'x-fc-invocation-type': 'Async' };
      return client.post('/functions/follow/invocations', Buffer.from('{}'), headers);
    },
    answer: { data: '' },
  },
  'stand-ins/channels/receiver.ts': {
    start: async () => (await startReceiver()).urlOf('slack'),
    ask: async (url) => ({
      text: await (await fetch(url, { method: 'POST', body: '{"text":"hello"}' })).text(),
    }),
    answer: { text: 'ok' },
  },
  'stand-ins/eventbridge/stand-in.ts': {
    start: async () => {
      const invoke = () => Promise.resolve();
      return (await startEventBridgeStandIn({ accountId, region: 'cn-hangzhou', invoke })).url;
    },
    ask: async (url) => {
      const event = { specversion: '1.0', id: 'fake-id', source: 'fake', type: 'fake' };
      return (await fetch(`${url}/events`, { method: 'POST', body: JSON.stringify(event) })).json();
    },
    answer: { eventId: 'fake-id' },
  },
  'sandbox/function-server.ts': {
    start: async () => {
      const answer = { statusCode: 200, headers: {}, isBase64Encoded: false as const, body: 'an answer' };
      return (await startFunctionServer({ invoke: () => Promise.resolve(answer), context: {}, port: 0 })).url;
    },
    ask: async (url) => ({ text: await (await fetch(url)).text() }),
    answer: { text: 'an answer' },
  },
  'sandbox/page/server.ts': {
    start: async () => {
      const assets = { '/': { type: 'text/html', content: 'a page' } };
      return (await startPageServer({ assets, feed: createFeed(), actions: {}, port: 0 })).url;
    },
    ask: async (url) => ({ text: await (await fetch(url)).text() }),
    answer: { text: 'a page' },
  },
};
