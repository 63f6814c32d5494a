import { setTimeout as sleep } from 'node:timers/promises';
import { exchange } from '../../../../functions/alibaba/exchange.ts';
import { createTaskHandler } from '../../../../functions/follow/handler.ts';
import type { Clock } from '../../../../functions/lib/time.ts';
import { readTask, type RollbackTask } from '../../../../functions/task.ts';
import { compileConfiguration } from '../../../../local/build/compile-sources.ts';
import { startReceiver } from '../../../../local/stand-ins/channels/receiver.ts';
import * as edasFaults from '../../../../local/stand-ins/edas/faults.ts';
import { startEdasStandIn, type EdasStandIn } from '../../../../local/stand-ins/edas/stand-in.ts';
import * as fcFaults from '../../../../local/stand-ins/fc/faults.ts';
import { startFcStandIn, type FcStandIn } from '../../../../local/stand-ins/fc/stand-in.ts';
import { cloudEvent, openEvents } from '../../../support/events.ts';
import {
  fakeAccountId,
  fakeContext,
  fakeCredentials,
  followFunction,
  openWebhook,
  startTime,
} from '../../../support/webhook.ts';
import { peopleEnv } from '../../webhook/people-cases.ts';
import type { CleanUp } from '../../webhook/stage.ts';
import { app, changeOrderId, toldBy } from '../stage.ts';

/** What a delivery meets. */
export type Trouble =
  | 'none'
  | 'EDAS is down'
  | 'the rollback is throttled'
  | 'the rollback is denied'
  | 'the rollback is lost on its way'
  | 'the answer to the rollback is lost'
  | 'the queue is down'
  | 'the answers of the queue are lost'
  | Kill;

/** The function is killed at its so many-th call, before the call takes effect or after it. */
export interface Kill {
  killedAt: number;
  takesEffect: boolean;
}

/** An event, and how it stands with it. */
export interface FiredEvent {
  event: Record<string, unknown>;
  firedAt: number;
  /** Whether it is to come again: the function has failed. */
  isDue: boolean;
}

/** What became of one delivery. */
export interface Told {
  told: string;
  ageMs: number;
  trouble: Trouble;
  /** How many calls were made, to EDAS and to the queue. */
  calls: number;
  /** How many rollbacks took effect before it, and after it. */
  effects: readonly [number, number];
  lines: number;
}

export interface World {
  events: FiredEvent[];
  told: Told[];
  clock: Clock;
  fire: () => FiredEvent;
  deliver: (fired: FiredEvent, instance: number, trouble: Trouble) => Promise<void>;
  /** The same event on every instance, and a webhook, at the same moment. */
  deliverAtOnce: (fired: FiredEvent) => Promise<void>;
  postWebhook: () => Promise<void>;
  /** Runs all tasks to their end, with those that they hand over, and retries. */
  runTasks: () => Promise<void>;
  /** How many rollbacks took effect. */
  effects: () => number;
  /** How many rollbacks were sent. */
  sent: () => number;
  /** All tasks that were taken. */
  tasks: () => RollbackTask[];
}

export const maxAgeMs = 600_000;

const policies = {
  now: '',
  deferred: 'mode: deferred',
  ended: 'ended: { within: 30m, every: 0m }',
  confirm: 'confirm: all',
};
export type Kind = keyof typeof policies;

const sourcesOf = (kind: Kind) => `
sources:
  pipeline:
    preset: generic
    secrets: [SECRET]
    app: app
    apps: [${app}]
    follow: true
    ${policies[kind]}
events:
  slo:
    preset: cloudevent
    source: acs.sls.alert
    type: 'sls:AlertEvent:Firing'
    app: data.app
    problemStartedAt: time
    apps: [${app}]
    maxAge: 10m
    ${policies[kind]}
notify:
  - { kind: slack, url: SLACK_URL }
`;

class Killed extends Error {}

/** Three instances of the events function and one of the webhook function, the queue with its tasks, and EDAS, on one clock. */
export async function openWorld(kind: Kind, cleanUp: CleanUp): Promise<World> {
  let now = Date.parse(startTime);
  const clock: Clock = { now: () => now, sleep: (ms) => Promise.resolve(void (now += ms)) };
  let trouble: Trouble = 'none';
  let calls = 0;
  let isDead = false;

  /** Whether the one delivery that is under way is killed at this call. */
  const killing = (): Kill | undefined => {
    calls += 1;
    if (typeof trouble === 'string') return undefined;
    if (!isDead && calls < trouble.killedAt) return undefined;
    const isFirst = !isDead;
    isDead = true;
    return { ...trouble, takesEffect: trouble.takesEffect && isFirst };
  };
  const edas: EdasStandIn = await startEdasStandIn({
    credentials: fakeCredentials,
    now: clock.now,
    signatureNow: Date.now,
    rollbackRules: {
      ofTerminated: 'accepted',
      order: { batches: 1, readyMs: 0, batchMs: 1_000, pauseMs: 0 },
    },
    fault: ({ method, operation }) => {
      const kill = killing();
      if (kill) return kill.takesEffect ? edasFaults.resetAfterHandling() : edasFaults.resetBeforeHandling();
      if (trouble === 'EDAS is down') return edasFaults.serviceUnavailable();
      if (method !== 'PUT' && operation !== 'RollbackApplication') return undefined;
      if (trouble === 'the rollback is throttled') return edasFaults.throttled();
      if (trouble === 'the rollback is denied') return edasFaults.deniedByRam();
      if (trouble === 'the rollback is lost on its way') return edasFaults.resetBeforeHandling();
      if (trouble === 'the answer to the rollback is lost') return edasFaults.resetAfterHandling();
      return undefined;
    },
  });
  cleanUp(() => edas.close());

  const waiting: { payload: Buffer; retryCount: number; end: (work: Promise<unknown>) => Promise<void> }[] =
    [];
  const fc: FcStandIn = await startFcStandIn({
    credentials: fakeCredentials,
    accountId: fakeAccountId,
    maxRetries: 2,
    functions: {
      [followFunction]: ({ payload, retryCount }) =>
        new Promise((resolve, reject) => {
          const end = async (work: Promise<unknown>) => {
            await work.then(() => {
              resolve();
            }, reject);
          };
          waiting.push({ payload, retryCount, end });
        }),
    },
    fault: ({ operation }) => {
      const kill = killing();
      if (kill) return fcFaults.reset({ takesEffect: kill.takesEffect });
      if (trouble === 'the queue is down') return fcFaults.denied();
      const isSubmission = operation === 'InvokeFunction';
      return trouble === 'the answers of the queue are lost' && isSubmission
        ? fcFaults.closed({ takesEffect: true })
        : undefined;
    },
  });
  cleanUp(() => fc.close());

  const channel = await startReceiver();
  cleanUp(() => channel.close());

  addHistory(kind, edas, now);

  const context = { ...fakeContext, accountId: fakeAccountId };
  const sources = sourcesOf(kind);
  let invocations = 0;
  const instances = [0, 1, 2].map(() => {
    // A function that is killed does nothing any more: whatever it does next, it looks at its clock before.
    const own: Clock = {
      now: () => {
        if (isDead) throw new Killed();
        return clock.now();
      },
      sleep: clock.sleep,
    };
    // Two executions of one invocation would have one request id; two deliveries do not.
    const given = {
      ...context,
      get requestId(): string {
        invocations += 1;
        return `fake-request-${invocations}`;
      },
    };
    return openEvents(edas, { sources, fc, clock: own, now: clock.now, env: peopleEnv, context: given });
  });
  const webhook = openWebhook(edas, { sources, fc, clock, env: peopleEnv });
  const tasks = createTaskHandler(
    { version: '1.2.3', notify: compileConfiguration(sources).notify },
    {
      env: {
        EDAS_ENDPOINT: edas.url,
        FUNCTION_ENDPOINT: fc.url,
        FC_FUNCTION_NAME: followFunction,
        SLACK_URL: channel.urlOf('slack'),
      },
      now: clock.now,
      clock,
      random: () => 1,
      write: () => undefined,
      exchange,
    },
  );

  const events: FiredEvent[] = [];
  const told: Told[] = [];
  const effects = () =>
    kind === 'ended'
      ? edas.orders.ofApplication(app).length - releases.length
      : edas.orders.rollbacksOf(changeOrderId);
  const deliverOnce = async (fired: FiredEvent, instance: number): Promise<string> => {
    const events = instances[instance];
    if (!events) throw new Error('there are three');
    try {
      return toldBy(await events.deliver(fired.event));
    } catch (error) {
      if (error instanceof Killed) return 'killed!';
      throw error;
    }
  };

  return {
    events,
    told,
    clock,
    fire: () => {
      const event = cloudEvent(now, { id: `fake-event-${events.length}`, data: { app } });
      const fired = { event, firedAt: now, isDue: true };
      events.push(fired);
      return fired;
    },
    deliver: async (fired, instance, met) => {
      [trouble, calls, isDead] = [met, 0, false];
      const before = effects();
      const ageMs = now - fired.firedAt;
      const written = instances[instance]?.decisions().length ?? 0;
      const answer = await deliverOnce(fired, instance);
      [trouble, isDead] = ['none', false];
      fired.isDue = answer.endsWith('!');
      const lines = (instances[instance]?.decisions().length ?? 0) - written;
      told.push({ told: answer, ageMs, trouble: met, calls, effects: [before, effects()], lines });
    },
    deliverAtOnce: async (fired) => {
      const ageMs = now - fired.firedAt;
      const [answers] = await Promise.all([
        Promise.all([0, 1, 2].map((instance) => deliverOnce(fired, instance))),
        webhook.post('pipeline', { app }),
      ]);
      fired.isDue = answers.every((answer) => answer.endsWith('!'));
      for (const answer of answers) {
        told.push({ told: answer, ageMs, trouble: 'none', calls: 0, effects: [0, effects()], lines: 1 });
      }
    },
    postWebhook: async () => {
      await webhook.post('pipeline', { app });
    },
    runTasks: async () => {
      const isUnderWay = () =>
        waiting.length > 0 || fc.tasks.some(({ status }) => status === 'Enqueued' || status === 'Retrying');
      while (isUnderWay()) {
        const next = waiting.shift();
        if (!next) await sleep(1);
        else {
          const { payload, retryCount, end } = next;
          await end(tasks(payload, { ...context, retryCount, function: { timeout: 7200 } }));
          await sleep(1);
        }
      }
    },
    effects,
    sent: () =>
      edas.calls.filter(({ method, operation }) => method === 'PUT' || operation === 'RollbackApplication')
        .length,
    tasks: () => fc.tasks.map(({ payload }) => readTask(payload)),
  };
}

const releases = ['1.8.1', '1.8.2'];

/** A deployment in flight for a minute; or two releases that have ended, the newer one a minute ago. */
function addHistory(kind: Kind, { orders }: EdasStandIn, now: number): void {
  if (kind !== 'ended') {
    orders.add({ id: changeOrderId, appId: app, createdAt: now - 60_000, readyMs: 0, batchMs: 360_000_000 });
    return;
  }
  for (const [index, version] of releases.entries()) {
    const createdAt = now - (releases.length - index) * 120_000;
    orders.add({ appId: app, appName: 'checkout', version, createdAt, readyMs: 0, batchMs: 1_000 });
  }
}
