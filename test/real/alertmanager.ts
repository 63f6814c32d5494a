import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import type { AlertmanagerConfiguration } from './recipe.ts';

/** As Debian names the program; its own releases call it `alertmanager`. */
export const program = ['prometheus-alertmanager', 'alertmanager'].find(
  (name) => spawnSync(name, ['--version']).status === 0,
);

/** The receivers that an alert with these labels reaches, as amtool says it. */
export function receiversOf(
  configuration: AlertmanagerConfiguration,
  folder: string,
  labels: string[],
): string[] {
  const file = path.join(folder, 'routes.yml');
  writeFileSync(file, stringify(configuration));
  const args = ['config', 'routes', 'test', `--config.file=${file}`, ...labels];
  return spawnSync('amtool', args, { encoding: 'utf8' }).stdout.trim().split(',');
}

/** An alert as Prometheus posts it. https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml */
export interface Alert {
  labels: Record<string, string>;
  /** ISO 8601. */
  startsAt: string;
  endsAt?: string;
}

/** A running Alertmanager. */
export interface Alertmanager {
  post: (alerts: readonly Alert[]) => Promise<void>;
  /** Notifications to webhooks that it has sent and that it counts as failed, each repetition once. */
  counts: () => Promise<{ sent: number; failed: number }>;
  /** What it logged. */
  log: () => string;
  stop: () => Promise<void>;
}

interface Options {
  configuration: AlertmanagerConfiguration;
  /** An empty folder for its own data. */
  folder: string;
  /** The ports of all members of its cluster, its own first. Default: it is alone. */
  clusterPorts?: readonly number[];
}

/** Starts an Alertmanager on this machine. */
export async function startAlertmanager({
  configuration,
  folder,
  clusterPorts,
}: Options): Promise<Alertmanager> {
  if (program === undefined) throw new Error('Alertmanager is not installed.');
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'alertmanager.yml');
  writeFileSync(file, stringify(configuration));
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(program, [
    `--config.file=${file}`,
    `--storage.path=${path.join(folder, 'data')}`,
    `--web.listen-address=${url.replace('http://', '')}`,
    ...clusterOptions(clusterPorts),
  ]);
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  child.stdout.resume();
  const ended = once(child, 'close');
  const stop = async () => {
    // One that is asked to end takes leave of its cluster first, for seconds.
    child.kill('SIGKILL');
    await ended;
  };
  await untilReady(url, clusterPorts?.length ?? 1, () => child.exitCode === null).catch(
    async (error: unknown) => {
      await stop();
      throw new Error(`Alertmanager did not start:\n${log}`, { cause: error });
    },
  );
  return {
    stop,
    log: () => log,
    async post(alerts) {
      const response = await fetch(`${url}/api/v2/alerts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(alerts),
      });
      if (!response.ok) throw new Error(`Alertmanager refused the alerts: ${await response.text()}`);
    },
    async counts() {
      const metrics = await (await fetch(`${url}/metrics`)).text();
      const count = (name: string) =>
        Number(new RegExp(`^${name}\\{integration="webhook"\\} (\\d+)$`, 'm').exec(metrics)?.[1] ?? 0);
      return {
        sent: count('alertmanager_notification_requests_total'),
        failed: count('alertmanager_notification_requests_failed_total'),
      };
    },
  };
}

function clusterOptions(ports: readonly number[] | undefined): string[] {
  const [own, ...others] = (ports ?? []).map((port) => `127.0.0.1:${port}`);
  if (own === undefined) return ['--cluster.listen-address='];
  return [
    `--cluster.listen-address=${own}`,
    `--cluster.advertise-address=${own}`,
    ...others.map((peer) => `--cluster.peer=${peer}`),
    '--cluster.peer-timeout=3s',
    '--cluster.settle-timeout=5s',
  ];
}

/** Until it answers, and sees as many members of its cluster as there are. */
async function untilReady(url: string, members: number, isRunning: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 30_000;
  for (;;) {
    const cluster = await readCluster(url).catch(() => undefined);
    const isAlone = cluster?.status === 'disabled';
    if (members === 1 ? isAlone : cluster?.status === 'ready' && cluster.peers.length === members) return;
    if (!isRunning() || performance.now() > giveUpAt) throw new Error('It is not ready.');
    await sleep(100);
  }
}

async function readCluster(url: string): Promise<{ status: string; peers: unknown[] }> {
  const response = await fetch(`${url}/api/v2/status`);
  const { cluster } = (await response.json()) as { cluster: { status: string; peers?: unknown[] } };
  return { status: cluster.status, peers: cluster.peers ?? [] };
}

/** A port that nothing listens at now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
