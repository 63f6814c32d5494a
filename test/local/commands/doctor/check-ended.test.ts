import { describe, expect, onTestFinished, test } from 'vitest';
import { createEdasClient } from '../../../../functions/edas/client.ts';
import { compileSources } from '../../../../local/build/compile-sources.ts';
import { checkEnded, checkWithin } from '../../../../local/commands/doctor/check-ended.ts';
import type { Finding } from '../../../../local/commands/doctor/finding.ts';
import {
  businessErrorUnder200,
  deniedByRam,
  htmlBadGateway,
} from '../../../../local/stand-ins/edas/faults.ts';
import { startEdasStandIn, type EdasStandIn } from '../../../../local/stand-ins/edas/stand-in.ts';
import { fakeCredentials } from '../../../support/webhook.ts';
import { findingsIn } from './findings.ts';

const app = '3616cdca-0000-4000-8000-0000000000aa';
const otherApp = '3616cdca-0000-4000-8000-0000000000bb';
const release = 'dc5133d7-0000-4000-8000-000000000003';
const group = '8123db90-880f-486f-0000-000000000000';
const otherGroup = '8123db90-880f-486f-0000-000000000001';
const dayMs = 86_400_000;
const now = Date.now();
const releasedAt = now - 10 * dayMs;

const source = (name: string, rest: string) =>
  `  ${name}: { preset: generic, secrets: [SECRET_${name.toUpperCase()}], follow: true, ${rest} }\n`;
const sourcesOf = (yaml: string) => compileSources(`sources:\n${yaml}`);
const usual = source('monitor', `app: app, apps: [${app}], ended: { within: 30m }`);

async function start(): Promise<EdasStandIn> {
  const edas = await startEdasStandIn({ credentials: fakeCredentials });
  onTestFinished(() => edas.close());
  return edas;
}

/** Two releases that succeeded, the newest of them ten days ago: longer than any `within`. */
function addReleases(edas: EdasStandIn, appId = app): void {
  edas.orders.add({ appId, version: '1.1', createdAt: releasedAt - dayMs });
  edas.orders.add({ appId, version: '1.2', createdAt: releasedAt, ...(appId === app && { id: release }) });
}

const check = (edas: EdasStandIn, yaml = usual): Promise<Finding[]> =>
  findingsIn(
    checkEnded(
      createEdasClient(edas.url, { getCredentials: () => Promise.resolve(fakeCredentials) }),
      sourcesOf(yaml),
      () => now,
    ),
  );

/** What is found of the one application. */
async function findingOf(edas: EdasStandIn, yaml = usual): Promise<Finding> {
  const [finding, ...others] = await check(edas, yaml);
  expect(others).toEqual([notTried]);
  if (!finding) throw new Error('Nothing was found');
  return finding;
}

const notTried = {
  verdict: 'skipped',
  what: 'whether you may roll back a release that has ended (RollbackApplication): it cannot be tried without doing it. It takes edas:ManageApplication, as the rollback of a release in flight does',
};

/** EDAS writes no milliseconds. */
const endedAt = (edas: EdasStandIn) =>
  `${new Date(edas.orders.get(release)?.finishedAt ?? 0).toISOString().slice(0, 19)}.000Z`;

describe('the application of a source with ended', () => {
  test('is shown with the version that runs and the one before it, however long ago it was released', async () => {
    const edas = await start();
    addReleases(edas);
    expect(await findingOf(edas)).toEqual({
      verdict: 'right',
      what: `${app}: 1.2 runs in 1 group since ${endedAt(edas)}, and 1.1 would be gone back to. That is sure`,
    });
  });

  test('is only read, in four calls: the orders, the history, what runs, and the release', async () => {
    const edas = await start();
    addReleases(edas);
    await check(edas);
    expect(edas.calls.map(({ operation }) => operation).toSorted()).toEqual([
      'GetChangeOrderInfo',
      'ListHistoryDeployVersion',
      'ListRecentChangeOrder',
      'QueryApplicationStatus',
    ]);
    expect(edas.orders.releaseRollbacksOf(app)).toEqual([]);
  });

  test('is sure without a version in the webhook, too, where the source reads one', async () => {
    const edas = await start();
    addReleases(edas);
    const yaml = source('monitor', `app: app, apps: [${app}], ended: { within: 30m, version: old }`);
    expect((await findingOf(edas, yaml)).what).toMatch(
      /1\.1 would be gone back to\. Without a version in the webhook \(ended\.version\), that is sure$/,
    );
  });

  test('is asked about once, whichever sources name it, and once for each group', async () => {
    const edas = await start();
    edas.orders.setUp({ appId: app, groups: [{ id: group }, { id: otherGroup }] });
    addReleases(edas);
    addReleases(edas, otherApp);
    const findings = await check(
      edas,
      source('one', `app: app, apps: [${app}, ${otherApp}], ended: { within: 30m }`) +
        source('two', `app: app, apps: [${app.toUpperCase()}], ended: { within: 1h, batches: 1 }`) +
        source('three', `app: app, apps: [${app}], ended: { within: 30m, group: ${otherGroup} }`) +
        source('four', `app: app, apps: [${app}]`),
    );
    expect(
      findings.map(({ verdict, what }) => `${verdict} ${what.slice(0, what.indexOf(' since'))}`),
    ).toEqual([
      `right ${app}: 1.2 runs in 2 groups`,
      `right ${otherApp}: 1.2 runs in 1 group`,
      `right ${app}, group ${otherGroup}: 1.2 runs in 1 group`,
      expect.stringContaining('skipped whether you may roll back') as string,
    ]);
  });

  test('that was rolled back is shown as such', async () => {
    const edas = await start();
    const quick = { readyMs: 0, batchMs: 1, pauseMs: 0, batches: 1 };
    edas.orders.add({ appId: app, version: '1.1', createdAt: releasedAt - dayMs, ...quick });
    edas.orders.add({ appId: app, version: '1.2', createdAt: releasedAt, id: release, ...quick });
    edas.orders.rollBackApplication({ appId: app, groupId: 'all', version: '1.1' });
    await expect.poll(() => edas.orders.ofApplication(app).at(-1)?.status).toBe(2);
    expect(await findingOf(edas)).toEqual({
      verdict: 'warning',
      what: `${app}: its newest version runs nowhere any more, so its last release, ${release}, was rolled back`,
      advice: 'Until the next release, webhooks are answered already_rolled_back.',
    });
  });

  test.each<[what: string, set: (edas: EdasStandIn) => void, code: string, seen: RegExp]>([
    [
      'the release before it failed',
      ({ orders }) => {
        orders.add({ appId: app, version: '1.0', createdAt: releasedAt - 2 * dayMs });
        orders.add({ appId: app, version: '1.1', createdAt: releasedAt - dayMs, outcome: 3 });
        orders.add({ appId: app, version: '1.2', createdAt: releasedAt, id: release });
      },
      'previous_version_uncertain',
      /has status 3 .*\. Versions, the newest first: “1\.2”, “1\.1”, “1\.0”$/,
    ],
    [
      'its groups run different versions',
      ({ orders }) => {
        orders.setUp({ appId: app, groups: [{ id: group }, { id: otherGroup }] });
        orders.add({ appId: app, version: '1.1', createdAt: releasedAt - dayMs });
        orders.add({ appId: app, version: '1.2', createdAt: releasedAt, target: group, id: release });
      },
      'groups_differ',
      /The newest version is “1\.2”, and the groups run: /,
    ],
    [
      'it was released once',
      ({ orders }) => {
        orders.add({ appId: app, version: '1.2', createdAt: releasedAt, id: release });
      },
      'no_previous_version',
      /holds no version but the one that runs$/,
    ],
    [
      'its newest release failed',
      ({ orders }) => {
        orders.add({ appId: app, version: '1.1', createdAt: releasedAt - dayMs });
        orders.add({ appId: app, version: '1.2', createdAt: releasedAt, id: release, outcome: 3 });
      },
      'change_order_finished',
      /status is 3 .*only a release that has succeeded/,
    ],
  ])(
    'is not sure where %s, and the finding says why, and what a webhook gets',
    async (_what, set, code, seen) => {
      const edas = await start();
      set(edas);
      const { verdict, what, advice } = await findingOf(edas);
      expect(verdict).toBe('warning');
      expect(what.startsWith(`${app}: it is not sure what to go back to. `)).toBe(true);
      expect(what).toMatch(seen);
      expect(what).not.toContain('This request');
      expect(advice).toMatch(`As long as that is so, a webhook is answered ${code}, and nothing is sent.`);
    },
  );

  test('is sure where a restart, or a rollback of weeks ago, lies behind', async () => {
    const edas = await start();
    edas.orders.add({ appId: app, coType: 'CoRollback', createdAt: releasedAt - 9 * dayMs });
    addReleases(edas);
    edas.orders.add({ appId: app, coType: 'CoRestart', createdAt: now - 60_000, batches: 1 });
    expect(await findingOf(edas)).toMatchObject({ verdict: 'right' });
  });

  test('asks for a second look while a change is in flight', async () => {
    const edas = await start();
    addReleases(edas);
    const next = edas.orders.add({ appId: app, version: '1.3', waitsForPerson: true });
    expect(await findingOf(edas)).toEqual({
      verdict: 'warning',
      what: expect.stringMatching(`^${app}: a change is in flight, .* The change order ${next} `) as string,
      advice: 'Run the doctor again when it has ended.',
    });
  });

  test('that was never released has nothing to go back to', async () => {
    const edas = await start();
    edas.orders.setUp({ appId: app, groups: [{}] });
    expect(await findingOf(edas)).toMatchObject({
      verdict: 'warning',
      what: `${app}: EDAS lists no deployment, so it has no release that could be rolled back`,
    });
  });

  test.each([
    [
      'your credentials may not read',
      deniedByRam(),
      /not authorized/,
      /edas:ReadApplication on this application/,
    ],
    ['EDAS refuses to show', businessErrorUnder200(), /answered 601/, /Is the id in apps right.*REGION/],
    ['EDAS has trouble to show', htmlBadGateway(), /a page of HTML/, /^Run the doctor again\.$/],
  ])('that %s could not be checked', async (_what, fault, said, advice) => {
    for (const operation of ['ListHistoryDeployVersion', 'QueryApplicationStatus', 'ListRecentChangeOrder']) {
      const edas = await start();
      addReleases(edas);
      edas.setFault((call) => (call.operation === operation ? fault : undefined));
      expect(await findingOf(edas)).toEqual({
        verdict: 'unknown',
        what: expect.stringMatching(said) as string,
        advice: expect.stringMatching(advice) as string,
      });
    }
  });

  test('that EDAS does not know could not be checked', async () => {
    const edas = await start();
    expect(await findingOf(edas)).toMatchObject({
      verdict: 'unknown',
      advice: 'Is the id in apps right, and is REGION the region of the application?',
    });
  });
});

test('a source that names no applications is not asked about, and the finding says why', async () => {
  const edas = await start();
  expect(await check(edas, source('monitor', 'app: app, ended: { within: 30m }'))).toEqual([
    {
      verdict: 'skipped',
      what: 'which version monitor would go back to (ended): it cannot be checked without apps, as only the webhook names the application',
    },
    notTried,
  ]);
  expect(edas.calls).toEqual([]);
});

test('without a source that has ended, EDAS is asked nothing', async () => {
  const edas = await start();
  expect(await check(edas, source('monitor', `app: app, apps: [${app}]`))).toEqual([]);
  expect(edas.calls).toEqual([]);
});

describe('within', () => {
  const findingsFor = (within: string) =>
    checkWithin(sourcesOf(source('monitor', `app: app, apps: [${app}], ended: { within: ${within} }`)));

  test.each(['1m', '30m', '4h', '240m'])('of %s is not remarked upon', (within) => {
    expect(findingsFor(within)).toEqual([]);
  });

  test.each([
    ['241m', '241 min'],
    ['6h', '6 h'],
    ['24h', '1 d'],
  ])('of %s is to be looked at, for the release is less likely the cause', (within, words) => {
    expect(findingsFor(within)).toEqual([
      {
        verdict: 'warning',
        what: `monitor rolls back what ended up to ${words} ago (ended.within)`,
        advice: expect.stringMatching(/less likely it is the cause .* at most 4 h\.$/) as string,
      },
    ]);
  });

  test('is none of a source without ended', () => {
    expect(checkWithin(sourcesOf(source('monitor', `app: app, apps: [${app}]`)))).toEqual([]);
  });
});
