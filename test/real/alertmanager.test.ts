import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { freePort, program, receiversOf, type Alert, type Alertmanager } from './alertmanager.ts';
import { recipe, recipeForTwoTeams, type Recipe } from './recipe.ts';
import { openWorld, type Told, type World } from './world.ts';

const [shop, billing] = ['3616cdca-0000-4000-8000-000000000001', '3616cdca-0000-4000-8000-000000000002'];

if (program === undefined) {
  console.warn(
    'SKIPPED: Alertmanager is not installed, so nothing here is tried. Debian and Ubuntu have it: apt-get install prometheus-alertmanager',
  );
}

const figures: string[][] = [];

afterAll(() => {
  if (figures.length === 0) return;
  const head = ['case', 'deliveries', 'answers', 'rollbacks', 'failed', 'pages'];
  console.log([head, head.map(() => '---'), ...figures].map((row) => `| ${row.join(' | ')} |`).join('\n'));
});

describe.skipIf(program === undefined)('a real Alertmanager', () => {
  test('rolls back once while its alert fires, takes every answer as delivered, and still pages people', async () => {
    const { world, order, alertmanager } = await openFiring();
    await until(() => world.told.length >= 5);
    expect(world.told[0]).toMatchObject({
      status: 202,
      body: { outcome: 'rolling_back', changeOrderId: order },
    });
    expect(statusesAfter(world.told, 1)).toEqual([200]);
    expect(world.rollbacks()).toBe(1);
    expect(world.pages()).toBeGreaterThan(0);
    expect(await record('one, which repeats', world, [alertmanager])).toBe(0);
  });

  test('sends an alert of the recipe to the function and to people, and any other to people alone', () => {
    const folder = temporaryFolder();
    const reached = (...labels: string[]) => receiversOf(recipe.configuration, folder, labels);
    expect(reached(`edas_app_id=${shop}`, 'rollback=auto')).toEqual(['rollback', 'on-call']);
    expect(reached(`edas_app_id=${shop}`)).toEqual(['on-call']);
    expect(reached('rollback=auto')).toEqual(['on-call']);
  });

  test('leaves the repair alone that is deployed while the alert still fires', async () => {
    const { world, order, alertmanager } = await openFiring();
    await until(() => world.told.length >= 1);
    await sleep(1_100);
    const repair = world.startChange(shop);
    await until(() => world.told.some(({ body }) => body.code === 'problem_predates_change'));
    expect([world.rollbacks(order), world.rollbacks(repair)]).toEqual([1, 0]);
    expect(await record('one, and a repair is deployed', world, [alertmanager])).toBe(0);
  });

  test('tells that the alert is resolved, which is ignored', async () => {
    const world = await open(recipe);
    world.startChange(shop);
    const alertmanager = await world.startAlertmanager();
    const firing = alert();
    await alertmanager.post([firing]);
    await until(() => world.told.length >= 1);
    await alertmanager.post([{ ...firing, endsAt: new Date().toISOString() }]);
    await until(() => world.told.some(({ body }) => body.outcome === 'ignored'));
    expect(world.rollbacks()).toBe(1);
    expect(await record('one, whose alert is resolved', world, [alertmanager])).toBe(0);
  });

  test('rolls nothing back for alarms about the monitor, and acts on a real one', async () => {
    const world = await open(recipe);
    world.startChange(shop);
    const alertmanager = await world.startAlertmanager();
    await alertmanager.post(['Watchdog', 'DatasourceNoData'].map((alertname) => alert({ alertname })));
    await until(() => world.told.length >= 2);
    expect(world.told.map(({ body }) => body.outcome)).not.toContain('rolling_back');
    expect(world.rollbacks()).toBe(0);
    await alertmanager.post([alert()]);
    await until(() => world.told.some(({ status }) => status === 202));
    expect(world.rollbacks()).toBe(1);
    expect(await record('one, with alarms about the monitor first', world, [alertmanager])).toBe(0);
  });

  test('sends a group of 1,200 alerts short enough to be read', async () => {
    const world = await open(recipe);
    world.startChange(shop);
    const alertmanager = await world.startAlertmanager();
    await alertmanager.post(manyAlerts());
    await until(() => world.rollbacks() > 0 && world.told.length > 0);
    expect(world.told[0]).toMatchObject({ status: 202 });
    expect(await record('one, with 1,200 alerts', world, [alertmanager])).toBe(0);
  });

  test('is refused with 1,200 alerts where max_alerts is left out of the recipe', async () => {
    const world = await open(recipe);
    world.startChange(shop);
    const alertmanager = await world.startAlertmanager({ sendsAllAlerts: true });
    await alertmanager.post(manyAlerts());
    await until(() => world.told.length > 0);
    expect(world.told[0]).toMatchObject({ status: 413, body: { code: 'body_too_large' } });
    expect(world.rollbacks()).toBe(0);
    await record('one, with 1,200 alerts and no max_alerts', world, [alertmanager]);
  });

  test('gets 504 again and again from an EDAS that does not answer a rollback, which is sent once', async () => {
    const { world, alertmanager } = await openFiring('silent to rollbacks');
    await until(() => world.told.length >= 5, 60_000);
    expect(new Set(world.told.map(({ status }) => status))).toEqual(new Set([504]));
    expect(world.rollbacks()).toBe(1);
    expect(await record('one, EDAS answers no rollback', world, [alertmanager])).toBeGreaterThan(0);
  });

  test('repeats what an EDAS that answers nothing at all keeps from being decided, and nothing is sent', async () => {
    const { world, alertmanager } = await openFiring('silent');
    await until(() => world.told.length >= 3, 60_000);
    for (const { status } of world.told) expect(status).toBeGreaterThanOrEqual(500);
    expect(world.rollbacks()).toBe(0);
    expect(await record('one, EDAS answers nothing', world, [alertmanager])).toBeGreaterThan(0);
  });

  test('reaches with the token of a team the applications of that team only', async () => {
    const world = await open(recipeForTwoTeams);
    const orders = [world.startChange(shop), world.startChange(billing)];
    const alertmanager = await world.startAlertmanager();
    await alertmanager.post([
      alert({ team: 'shop' }),
      alert({ team: 'billing', edas_app_id: billing }),
      alert({ team: 'billing', alertname: 'WrongTeam' }),
    ]);
    await until(() => world.told.some(({ body }) => body.code === 'app_not_allowed'));
    const accepted = () => world.told.filter(({ status }) => status === 202);
    await until(() => accepted().length >= 2);
    expect(
      accepted()
        .map((told) => told.path)
        .toSorted(),
    ).toEqual(['/billing', '/shop']);
    expect(orders.map((order) => world.rollbacks(order))).toEqual([1, 1]);
    expect(world.pages()).toBeGreaterThan(0);
    expect(await record('one, for two teams', world, [alertmanager])).toBe(0);
  });
});

describe.skipIf(program === undefined)('two Alertmanagers', () => {
  test('that do not see each other send at the same moment, and one of the deliveries rolls back', async () => {
    const world = await open(recipe);
    const order = world.startChange(shop);
    const pair = await Promise.all([world.startAlertmanager(), world.startAlertmanager()]);
    const firing = [alert()];
    await Promise.all(pair.map((each) => each.post(firing)));
    await until(() => world.told.length >= 6);
    expect(world.told.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(world.rollbacks(order)).toBe(1);
    expect(await record('two that do not see each other', world, pair)).toBe(0);
  });

  test('of a cluster roll back once', async () => {
    const world = await open(recipe);
    const order = world.startChange(shop);
    const [first, second] = [await freePort(), await freePort()];
    const pair = await Promise.all([
      world.startAlertmanager({ clusterPorts: [first, second] }),
      world.startAlertmanager({ clusterPorts: [second, first] }),
    ]);
    const firing = [alert()];
    await Promise.all(pair.map((each) => each.post(firing)));
    await until(() => world.told.length >= 3);
    expect(world.rollbacks(order)).toBe(1);
    expect(await record('two of a cluster', world, pair)).toBe(0);
  });

  test('send a rollback once to an EDAS that does not answer it', async () => {
    const world = await open(recipe, 'silent to rollbacks');
    world.startChange(shop);
    const pair = await Promise.all([world.startAlertmanager(), world.startAlertmanager()]);
    const firing = [alert()];
    await Promise.all(pair.map((each) => each.post(firing)));
    await until(() => world.told.length >= 6, 60_000);
    expect(new Set(world.told.map(({ status }) => status))).not.toContain(202);
    expect(world.rollbacks()).toBe(1);
    await record('two that do not see each other, EDAS answers no rollback', world, pair);
  });
});

async function open(of: Recipe, edasIs?: Parameters<typeof openWorld>[1]): Promise<World> {
  const world = await openWorld(of, edasIs);
  onTestFinished(world.close);
  return world;
}

/** A release in flight, and one Alertmanager with an alert of its application. */
async function openFiring(edasIs?: Parameters<typeof openWorld>[1]) {
  const world = await open(recipe, edasIs);
  const order = world.startChange(shop);
  const alertmanager = await world.startAlertmanager();
  await alertmanager.post([alert()]);
  return { world, order, alertmanager };
}

/** Firing since now, with the labels that the recipe asks for. */
function alert(labels: Record<string, string> = {}): Alert {
  return {
    labels: { alertname: 'HighErrorRate', edas_app_id: shop, rollback: 'auto', ...labels },
    startsAt: new Date().toISOString(),
  };
}

/** An alert for each of 1,200 instances, as a rule with long labels makes them. */
function manyAlerts(): Alert[] {
  return Array.from({ length: 1200 }, (_, index) =>
    alert({
      instance: `10.0.${index >> 8}.${index & 255}:8080`,
      pod: `checkout-${'x'.repeat(1000)}-${index}`,
    }),
  );
}

async function until(isTrue: () => boolean, timeout = 30_000): Promise<void> {
  await vi.waitUntil(isTrue, { timeout, interval: 50 });
}

function statusesAfter(told: readonly Told[], index: number): number[] {
  return [...new Set(told.slice(index).map(({ status }) => status))];
}

/** Notes the figures of a case. @returns how many notifications the Alertmanagers count as failed */
async function record(
  name: string,
  { told, ...world }: World,
  sent: readonly Alertmanager[],
): Promise<number> {
  const counts = await Promise.all(sent.map((each) => each.counts()));
  const failed = counts.reduce((sum, each) => sum + each.failed, 0);
  const kinds = told.map(({ status, body }) => `${status} ${body.outcome ?? body.code ?? ''}`);
  const answers = [...new Set(kinds)].map(
    (kind) => `${kinds.filter((each) => each === kind).length} × ${kind}`,
  );
  figures.push([name, told.length, answers.join(', '), world.rollbacks(), failed, world.pages()].map(String));
  return failed;
}
