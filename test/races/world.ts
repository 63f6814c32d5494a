import { randomUUID } from 'node:crypto';
import { claimIdFor } from '../../functions/task.ts';
import { bundleFollow, bundleWebhook } from '../../local/build/bundle.ts';
import { compileSources } from '../../local/build/compile-sources.ts';
import { signatureHeaders } from '../../local/signing/sign.ts';
import { delayed, silent, type Fault as EdasFault } from '../../local/stand-ins/edas/faults.ts';
import { startEdasStandIn, type EdasStandIn } from '../../local/stand-ins/edas/stand-in.ts';
import { delayed as late, type Fault as FcFault } from '../../local/stand-ins/fc/faults.ts';
import { startFcStandIn, type FcStandIn } from '../../local/stand-ins/fc/stand-in.ts';
import { taskProcess } from '../../local/stand-ins/fc/task-process.ts';
import type { RunTask } from '../../local/stand-ins/fc/tasks.ts';
import { httpEvent } from '../support/http-event.ts';
import { secret, writeBundle } from '../support/invoke-bundle.ts';
import { startInstance, type Instance } from '../support/processes.ts';
import { fakeAccountId, fakeContext, fakeCredentials, followFunction } from '../support/webhook.ts';
import type { EdasCondition, QueueCondition, SourceName } from './race.ts';
import { createDraw } from './random.ts';

const minuteMs = 60_000;

const endedApp = '3616cdca-4f92-4413-0000-000000000000';

/** The patient ones wait as long as may be: 200 deliveries at once take their time on a busy machine. */
const sources = compileSources(`
sources:
  now: { preset: generic, secrets: [SECRET_PIPELINE], follow: true }
  patient: { preset: generic, secrets: [SECRET_PIPELINE], follow: true, deadlineMs: 60000 }
  deferred: { preset: generic, secrets: [SECRET_PIPELINE], mode: deferred }
  deferred-patient: { preset: generic, secrets: [SECRET_PIPELINE], mode: deferred, deadlineMs: 60000 }
  hasty: { preset: generic, secrets: [SECRET_PIPELINE], follow: true, deadlineMs: 3000 }
  unfollowed: { preset: generic, secrets: [SECRET_PIPELINE] }
  ended: { preset: generic, secrets: [SECRET_PIPELINE], deadlineMs: 60000, follow: true, apps: [${endedApp}], ended: { within: 30m } }
`);

/** The built functions. */
export interface Bundles {
  webhook: string;
  follow: string;
}

export async function buildBundles(folder: string): Promise<Bundles> {
  const [webhook, follow] = await Promise.all([bundleWebhook(sources, folder), bundleFollow([], folder)]);
  return { webhook: writeBundle(webhook), follow: writeBundle(follow) };
}

/** A signed webhook of a source that asks for the rollback of an order. */
export function webhookOf(name: SourceName, changeOrderId: string): Buffer {
  const source = sources.find((each) => each.name === name);
  if (!source) throw new Error(`There is no source ${name}.`);
  const body = JSON.stringify({ changeOrderId });
  return httpEvent({ path: `/${name}`, headers: signatureHeaders(source.verify, secret, body), body });
}

type Taken = 'claim' | 'put';
type TakenCallback = () => 'answer' | 'cut off';

/** An EDAS, a Function Compute that runs the tasks, and the processes of the webhook over them. */
export interface World {
  edas: EdasStandIn;
  fc: FcStandIn;
  /** What tasks tell people, as their log has it. */
  news: { changeOrderId: string; event: string }[];
  /** How many lines of the functions' logs say that an answer came too late. */
  late: () => number;
  /** Starts a change, and returns the id of its order. */
  startChange: () => string;
  /** Makes a release that ended some minutes ago, and returns the id of its order. One in each world. */
  endRelease: () => string;
  /** A process of the webhook that has loaded all that it needs. */
  openInstance: () => Promise<Instance>;
  /** Calls back once, when the claim of an order arrives, or its rollback. Then it takes effect, and is answered or not. */
  whenTaken: (changeOrderId: string, what: Taken, callback: TakenCallback) => void;
  close: () => Promise<void>;
}

interface WorldOptions {
  bundles: Bundles;
  edas?: EdasCondition | undefined;
  queue?: QueueCondition | undefined;
  /** What a task does. Default: what the built function does, in a process of its own. */
  runTask?: RunTask | undefined;
}

export async function openWorld({
  bundles,
  edas: rules = {},
  queue = {},
  ...options
}: WorldOptions): Promise<World> {
  const news: World['news'] = [];
  let late = 0;
  const noteLog = (line: string) => {
    if (/no answer within|No time was left/.test(line)) late += 1;
  };
  const callbacks: Record<Taken, Map<string, TakenCallback>> = { claim: new Map(), put: new Map() };
  const isCutOff = (what: Taken, id: string) => {
    const callback = callbacks[what].get(id);
    callbacks[what].delete(id);
    return callback?.() === 'cut off';
  };

  const edas = await startEdas(rules, (changeOrderId) => isCutOff('put', changeOrderId));
  const runInProcess = taskProcess({
    bundle: bundles.follow,
    env: () => ({ EDAS_ENDPOINT: edas.url, FUNCTION_ENDPOINT: fc.url, FC_FUNCTION_NAME: followFunction }),
    region: 'cn-hangzhou',
    accountId: fakeAccountId,
    credentials: fakeCredentials,
    timeout: 600,
    onLog: (line) => {
      noteLog(line);
      const { msg, changeOrderId, event } = JSON.parse(line) as Record<string, string>;
      if (msg === 'news' && changeOrderId && event) news.push({ changeOrderId, event });
    },
  });
  const { runTask = runInProcess } = options;
  const fc: FcStandIn = await startFcStandIn({
    credentials: fakeCredentials,
    accountId: fakeAccountId,
    functions: { [followFunction]: queue.losesTask ? losingFirst(runTask) : runTask },
    fault: chooseFcFault(queue, (taskId) => isCutOff('claim', taskId)),
    ...(queue.runsAtOnce !== undefined && { runsAtOnce: queue.runsAtOnce }),
  });
  if (queue.is === 'down') await fc.close();

  const startChange = () =>
    edas.orders.add({
      id: randomUUID(),
      appId: randomUUID(),
      batches: 5,
      readyMs: 0,
      batchMs: 60 * minuteMs,
    });
  const endRelease = () => {
    const now = Date.now();
    const plan = { appId: endedApp, readyMs: 0, batchMs: 1_000 };
    edas.orders.add({ ...plan, version: '1.8.1', createdAt: now - 600 * minuteMs });
    return edas.orders.add({
      ...plan,
      id: randomUUID(),
      version: '1.8.2',
      createdAt: now - 10 * minuteMs,
    });
  };
  // To claim it takes all code but that of a rollback. A queue that is slow would only hold that up.
  const warmUpSource = queue.is || queue.latencyMs ? 'unfollowed' : 'hasty';
  const claimed = startChange();
  fc.setState(claimIdFor(claimed), 'Succeeded');
  const instances: Instance[] = [];

  return {
    edas,
    fc,
    news,
    late: () => late,
    startChange,
    endRelease,
    async openInstance() {
      const instance = startInstance(bundles.webhook, {
        context: { ...fakeContext, accountId: fakeAccountId },
        env: { EDAS_ENDPOINT: edas.url, FUNCTION_ENDPOINT: fc.url, FOLLOW_FUNCTION: followFunction },
        onLog: noteLog,
      });
      instances.push(instance);
      await instance.deliver(webhookOf(warmUpSource, claimed));
      return instance;
    },
    whenTaken(changeOrderId, what, callback) {
      callbacks[what].set(what === 'claim' ? claimIdFor(changeOrderId) : changeOrderId, callback);
    },
    async close() {
      for (const instance of instances) instance.kill();
      await Promise.all([edas.close(), fc.close()]);
    },
  };
}

/** @param isCutOff told of each rollback: whether its sender is gone, and gets no answer */
async function startEdas(
  { latencyMs, showsAfterMs = 0, second = 'accepted', isSilent = false }: EdasCondition,
  isCutOff: (changeOrderId: string) => boolean,
): Promise<EdasStandIn> {
  const draw = latencyMs && createDraw(latencyMs);
  // The rollback itself is over at once: what follows it is not what is raced here.
  const order = { batches: 1, readyMs: 0, batchMs: 100 };
  return startEdasStandIn({
    credentials: fakeCredentials,
    rollbackRules: { ofTerminated: second, showsAfterMs, order },
    releaseRules: { second, whileInFlight: second, listedAfterMs: showsAfterMs, order },
    fault: ({ method, changeOrderId = '' }): EdasFault | undefined => {
      if (method === 'PUT' && isCutOff(changeOrderId)) return silent({ takesEffect: true });
      if (method === 'PUT' && isSilent) return silent();
      return draw && delayed({ byMs: draw() });
    },
  });
}

function chooseFcFault(
  { latencyMs, is }: QueueCondition,
  isCutOff: (taskId: string) => boolean,
): (call: { operation: string | undefined; taskId: string | undefined }) => FcFault | undefined {
  const draw = latencyMs && createDraw(latencyMs);
  return ({ operation, taskId = '' }) => {
    if (operation === 'InvokeFunction' && isCutOff(taskId)) return silent({ takesEffect: true });
    if (is === 'silent') return silent();
    return draw && late({ byMs: draw() });
  };
}

/** A function of which no attempt at its first task begins. */
function losingFirst(run: RunTask): RunTask {
  let lost: string | undefined;
  return (invocation) => {
    lost ??= invocation.taskId;
    return invocation.taskId === lost ? Promise.reject(new Error('It did not begin.')) : run(invocation);
  };
}
