import { beforeAll, describe, expect, test } from 'vitest';
import type { Clock } from '../../../functions/lib/time.ts';
import { readTask, type RollbackTask } from '../../../functions/task.ts';
import type { ChangeOrders, RollbackRules } from '../../../local/stand-ins/edas/change-orders.ts';
import * as edasFaults from '../../../local/stand-ins/edas/faults.ts';
import type { ReleaseRules } from '../../../local/stand-ins/edas/release-rules.ts';
import {
  startEdasStandIn,
  type ChooseFault,
  type EdasStandIn,
} from '../../../local/stand-ins/edas/stand-in.ts';
import * as fcFaults from '../../../local/stand-ins/fc/faults.ts';
import type { Fault } from '../../../local/stand-ins/fc/faults.ts';
import { startFcStandIn, type FcStandIn, type RecordedCall } from '../../../local/stand-ins/fc/stand-in.ts';
import {
  startKmsStandIn,
  type ChooseFault as ChooseKmsFault,
  type KmsStandIn,
} from '../../../local/stand-ins/kms/stand-in.ts';
import { realClockThatLeaps } from '../../support/leaping-clock.ts';
import {
  fakeAccountId,
  fakeCredentials,
  followFunction,
  openWebhook,
  type Answer,
  type Webhook,
  type WebhookOptions,
} from '../../support/webhook.ts';

export const changeOrderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
export const taskId = `rollback-${changeOrderId}`;
export const reportId = `follow-${changeOrderId}`;
export const app = '3616cdca-4f92-4413-0000-000000000000';
/** A payload that names the change order. */
export const order = { changeOrderId };
export const form = { 'content-type': 'application/x-www-form-urlencoded' };

/** How long a sender waits for an answer that takes its time: in real time, and on a busy machine, too. */
export const patienceMs = 6_000;

/** Called when a test is over. Tests run side by side, so each brings its own. */
export type CleanUp = (work: () => Promise<void> | void) => void;

export interface StageOptions extends Omit<WebhookOptions, 'fc' | 'kms' | 'clock'> {
  edasFault?: ChooseFault;
  fcFault?: (call: RecordedCall) => Fault | undefined;
  kmsFault?: ChooseKmsFault;
  rules?: RollbackRules;
  releaseRules?: ReleaseRules;
  /** What happened before. Default: a release has been in flight for a minute. */
  history?: (orders: ChangeOrders, now: number) => void;
}

/** An instance of the function over all stand-ins, and a release that it may roll back. */
export interface Stage {
  edas: EdasStandIn;
  fc: FcStandIn;
  kms: KmsStandIn;
  /** That of the instance: real time, and what it has slept. */
  clock: Clock;
  webhook: Webhook;
  /** Another instance over the same stand-ins, with these changes. */
  another: (changes?: Partial<WebhookOptions>) => Webhook;
  /** How many rollbacks of a change in flight were sent to EDAS. */
  puts: () => number;
  /** How many rollbacks of a release that has ended were sent to EDAS. */
  releaseCalls: () => number;
  /** The tasks that were taken, as the follow function reads them. None of them ever ends. */
  tasks: () => RollbackTask[];
  /** The log, but for the audit trail. */
  warnings: () => string[];
}

/** One request, and what it takes that it is answered in a certain way. */
export interface Case {
  options?: Partial<StageOptions>;
  request: (stage: Stage) => Promise<Answer>;
  /** Default `post` to `/{source}`. */
  method?: 'get' | 'post';
  path?: '/' | '/{source}';
}

/** With a part of the answer that tells it from the others. */
export type AnswerCase = Case & { status: number; part: object };

export async function setStage(options: StageOptions, cleanUp: CleanUp): Promise<Stage> {
  const { edasFault: fault, fcFault, kmsFault, rules = { ofTerminated: 'accepted' }, ...more } = options;
  const { releaseRules = {}, history = releaseInFlight, ...rest } = more;
  const clock = realClockThatLeaps();
  const edas = await startEdasStandIn({
    credentials: fakeCredentials,
    now: clock.now,
    rollbackRules: rules,
    releaseRules,
    ...(fault && { fault }),
  });
  cleanUp(() => edas.close());
  const fc = await startFcStandIn({
    credentials: fakeCredentials,
    accountId: fakeAccountId,
    functions: { [followFunction]: () => new Promise(() => undefined) },
    ...(fcFault && { fault: fcFault }),
  });
  cleanUp(() => fc.close());
  const kms = await startKmsStandIn({ credentials: fakeCredentials });
  kms.setFault(kmsFault);
  cleanUp(() => kms.close());
  history(edas.orders, clock.now());
  const another = (changes: Partial<WebhookOptions> = {}) =>
    openWebhook(edas, { ...rest, fc, kms, clock, ...changes });
  const webhook = another();
  return {
    edas,
    fc,
    kms,
    clock,
    webhook,
    another,
    puts: () => edas.calls.filter(({ method }) => method === 'PUT').length,
    releaseCalls: () => edas.calls.filter(({ operation }) => operation === 'RollbackApplication').length,
    tasks: () => fc.tasks.filter(({ payload }) => payload.length > 0).map(({ payload }) => readTask(payload)),
    warnings: () => webhook.lines.filter((line) => !line.includes('"msg":"decision"')),
  };
}

function releaseInFlight(orders: ChangeOrders, now: number): void {
  orders.add({ id: changeOrderId, appId: app, createdAt: now - 60_000, readyMs: 0, batchMs: 600_000 });
}

/** Sets the stage for one test. */
export type SetStage = (options: Partial<StageOptions>, cleanUp: CleanUp) => Promise<Stage>;

/** What sets stages with these sources. The first request of all loads both SDKs, which is done before the tests. */
export function stageWith(sources: string, first: Partial<StageOptions> = {}): SetStage {
  const stage: SetStage = (options, cleanUp) => setStage({ sources, ...options }, cleanUp);
  beforeAll(async () => {
    const work: (() => Promise<void> | void)[] = [];
    const { webhook } = await stage(first, (each) => void work.push(each));
    await webhook.post('pipeline', order);
    for (const each of work) await each();
  });
  return stage;
}

/** What holds wherever no task can be handed over: the webhook has rolled back itself, once, in time, and says so. */
export async function expectOwnRollback(
  { webhook, puts, fc, warnings }: Stage,
  { tasks = 0, logged = '' } = {},
): Promise<void> {
  const answer = await webhook.post('pipeline', order);
  expect(answer).toMatchObject({
    status: 202,
    body: { outcome: 'rolling_back', evidence: 'reply', changeOrderId, claimed: false, follow: 'failed' },
  });
  expect(answer.body['message']).toContain('No task is known to follow it');
  expect(answer.body['message']).toMatch(
    /Once is not sure, for Function Compute took no claim in time: .*\.$/,
  );
  expect(puts()).toBe(1);
  expect(fc.tasks).toHaveLength(tasks);
  expect(warnings().join()).toMatch(/no task could be handed over|whether a task was handed over/);
  expect(warnings().join()).toContain(logged);
  const [decision] = webhook.decisions();
  expect(decision).toMatchObject({ outcome: 'rolling_back', claimed: false, follow: 'failed' });
  expect(decision?.['durationMs']).toBeLessThan(patienceMs);
}

/** The first invocation meets the first fault, and so on. Those that come later, and questions for a state, meet none. */
export function byTurn(...faults: readonly (Fault | undefined)[]): NonNullable<StageOptions['fcFault']> {
  let turn = 0;
  return ({ operation }) => (operation === 'InvokeFunction' ? faults[turn++] : undefined);
}

/** What people read of `/rollback <id>`, in Slack's patience of 3 s. */
async function readInSlack(webhook: Webhook): Promise<string> {
  const command = new URLSearchParams({ command: '/rollback', text: changeOrderId }).toString();
  const { body } = await webhook.post('slack', command, { headers: form });
  expect(webhook.decisions()[0]?.['durationMs']).toBeLessThan(3_000);
  return String(body['text']);
}

/** The outcome or code that CloudMonitor gets for an alert, in its patience of 5 s. */
async function alertFromCloudMonitor(webhook: Webhook): Promise<string> {
  const alert = `alertState=ALERT&alertName=checkout&timestamp=${Date.now()}`;
  const expiresAtSeconds = Math.floor(Date.now() / 1000) + 3_600;
  const { body } = await webhook.post('cloudmonitor', alert, {
    headers: form,
    grant: { app, expiresAtSeconds },
  });
  expect(webhook.decisions()[0]?.['durationMs']).toBeLessThan(5_000);
  return String(body['outcome'] ?? body['code']);
}

type Delayed = 'EDAS takes 10 s' | 'Function Compute takes 10 s' | 'both take 10 s';

/**
 * The tests that a chat and a monitoring system are answered before they give up.
 *
 * @param told what Slack reads, whose command names the change order, and the outcome or code that CloudMonitor gets,
 *   whose change order has to be looked for
 */
export function describePatience(
  stage: SetStage,
  told: Record<Delayed, { slack: string; cloudMonitor: string }>,
): void {
  const edasFault = () => edasFaults.delayed({ byMs: 10_000 });
  const fcFault = () => fcFaults.delayed({ byMs: 10_000 });
  const delays: { what: Delayed; options: Partial<StageOptions> }[] = [
    { what: 'EDAS takes 10 s', options: { edasFault } },
    { what: 'Function Compute takes 10 s', options: { fcFault } },
    { what: 'both take 10 s', options: { edasFault, fcFault } },
  ];

  describe('the patience of the sender holds', () => {
    test.concurrent.for(delays)(
      'of Slack, 3 s, where $what',
      async ({ what, options }, { onTestFinished }) => {
        const { webhook } = await stage(options, onTestFinished);
        expect(await readInSlack(webhook)).toContain(told[what].slack);
      },
    );

    test.concurrent.for(delays)(
      'of CloudMonitor, 5 s, where $what',
      async ({ what, options }, { onTestFinished }) => {
        const { webhook } = await stage(options, onTestFinished);
        expect(await alertFromCloudMonitor(webhook)).toBe(told[what].cloudMonitor);
      },
    );
  });
}
