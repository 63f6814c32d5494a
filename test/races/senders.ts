import { setTimeout as sleep } from 'node:timers/promises';
import type { Instance } from '../support/processes.ts';
import type { Race, Senders, SourceName, Told } from './race.ts';
import { webhookOf, type World } from './world.ts';

/** Lets nothing else begin that needs the whole machine, until the work is done. */
export type Exclusively = <T>(work: () => Promise<T>) => Promise<T>;

/** What was sent, and what was answered: a delivery whose process is killed has no answer. */
export interface Sent {
  /** When the first was sent, epoch milliseconds. */
  startedAt: number;
  orders: string[];
  deliveries: number;
  told: Told[];
  /** What went otherwise than it should for the race to mean anything. */
  faults?: string[];
}

export async function sendAll(race: Race, world: World, exclusively: Exclusively): Promise<Sent> {
  const { senders } = race;
  switch (senders.kind) {
    case 'burst':
      return exclusively(() => burst(race, senders, world));
    case 'killed':
      return kill(race, senders, world, exclusively);
    case 'alertmanager':
      return repeatLikeAlertmanager(race, senders, world, exclusively);
  }
}

async function deliver(
  instance: Instance,
  source: SourceName,
  changeOrderId: string,
  times?: number,
): Promise<Told[]> {
  const responses = await instance.deliver(webhookOf(source, changeOrderId), times);
  return responses.map(({ statusCode, body }) => ({
    changeOrderId,
    status: statusCode,
    body: JSON.parse(body) as Told['body'],
  }));
}

async function burst(
  { source, queue }: Race,
  { processes, times, others = [] }: Extract<Senders, { kind: 'burst' }>,
  world: World,
): Promise<Sent> {
  const order = source === 'ended' ? world.endRelease() : world.startChange();
  const told: Told[] = [];
  const from = [source, ...others].flatMap((each) => Array.from({ length: processes }, () => each));
  const instances = await Promise.all(
    from.map(async (each) => ({ source: each, instance: await world.openInstance() })),
  );
  const startedAt = Date.now();
  const [first] = instances;
  if (queue?.losesTask && first) {
    told.push(...(await deliver(first.instance, source, order)));
    while (
      world.fc.tasks.every(({ taskId, status }) => taskId !== `rollback-${order}` || status !== 'Failed')
    )
      await sleep(20);
  }
  const answered = await Promise.all(
    instances.map((each) => deliver(each.instance, each.source, order, times)),
  );
  for (const { instance } of instances) instance.kill();
  told.push(...answered.flat());
  return { startedAt, orders: [order], deliveries: told.length, told };
}

async function kill(
  { source }: Race,
  { at, runs, repeatsAfterMs }: Extract<Senders, { kind: 'killed' }>,
  world: World,
  exclusively: Exclusively,
): Promise<Sent> {
  const orders = Array.from({ length: runs }, () => world.startChange());
  const faults: string[] = [];
  const killOne = async (order: string, instance: Instance) => {
    world.whenTaken(order, at, () => {
      instance.kill();
      return 'cut off';
    });
    const answers = await deliver(instance, source, order).catch(() => []);
    for (const { body } of answers) faults.push(`it lived to answer ${JSON.stringify(body)}`);
  };
  let startedAt = Date.now();
  const repeating = await exclusively(async () => {
    const [last, ...others] = await Promise.all([0, ...orders].map(() => world.openInstance()));
    startedAt = Date.now();
    // One after the other, for each has little time.
    for (const [index, instance] of others.entries()) await killOne(orders[index] ?? '', instance);
    return last ?? world.openInstance();
  });
  const told: Told[] = [];
  for (const pauseMs of repeatsAfterMs) {
    await sleep(pauseMs);
    for (const order of orders) told.push(...(await deliver(repeating, source, order)));
  }
  repeating.kill();
  return { startedAt, orders, deliveries: runs + told.length, told, faults };
}

/**
 * Until a delivery is answered without 5xx it is repeated, with pauses that grow by half; a round of this ends with the
 * interval of the group, and the next begins.
 * https://github.com/prometheus/alertmanager/blob/main/notify/notify.go
 */
const [firstPauseMs, pauseGrowth] = [500, 1.5];

async function repeatLikeAlertmanager(
  { source }: Race,
  { forMs, groupIntervalMs }: Extract<Senders, { kind: 'alertmanager' }>,
  world: World,
  exclusively: Exclusively,
): Promise<Sent> {
  const order = world.startChange();
  const instance = await exclusively(world.openInstance);
  const told: Told[] = [];
  const startedAt = Date.now();
  for (let roundEndsAt = startedAt; Date.now() < startedAt + forMs;) {
    roundEndsAt += groupIntervalMs;
    for (let pauseMs = firstPauseMs; ; pauseMs *= pauseGrowth) {
      const answers = await deliver(instance, source, order);
      told.push(...answers);
      const isTaken = answers.every(({ status }) => status < 500);
      if (isTaken || Date.now() + pauseMs >= roundEndsAt) break;
      await sleep(pauseMs);
    }
    await sleep(Math.max(0, Math.min(roundEndsAt, startedAt + forMs) - Date.now()));
  }
  instance.kill();
  return { startedAt, orders: [order], deliveries: told.length, told };
}
