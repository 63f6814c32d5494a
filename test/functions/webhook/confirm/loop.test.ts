import { expect, onTestFinished, test } from 'vitest';
import { everyReleaseRules, type ReleaseRules } from '../../../../local/stand-ins/edas/release-rules.ts';
import { peopleEnv, peopleNotify } from '../people-cases.ts';
import { app, setStage } from '../stage.ts';
import { get, linkIn, post, shownIn } from './people.ts';

// An alert that keeps firing, and a person who always says yes. Nothing but EDAS shows that a release was rolled back: the
// tasks of the stage never run, and its limits on time are as wide as can be.
const sources = `
sources:
  shop: { preset: generic, secrets: [SECRET], app: app, apps: [${app}], confirm: ended, ended: { within: 24h, every: 0m } }
${peopleNotify}`;

const minute = 60_000;

/** What the list and the history may show of our rollback. What else is not documented changes nothing here. */
const shownAfterwards = everyReleaseRules().filter(
  ({ listedAfterMs, second, namesOrder, whileInFlight }) =>
    listedAfterMs === 0 && second === 'refused' && namesOrder === true && whileInFlight === 'refused',
);
const rules: [ReleaseRules][] = shownAfterwards.flatMap((each): [ReleaseRules][] => [
  [each],
  [{ ...each, order: { description: 'words of its own' } }],
]);

test.each(rules)(
  'a person who always says yes is asked about one release once, and never about its rollback, where %o',
  async (releaseRules) => {
    const stage = await setStage(
      {
        sources,
        env: peopleEnv,
        releaseRules,
        history: (orders, now) => {
          for (const [index, version] of ['zero', 'one', 'two', 'three'].entries()) {
            const createdAt = now - (400 - 100 * index) * minute;
            orders.add({ version, appId: app, readyMs: 0, batchMs: 10_000, createdAt });
          }
        },
      },
      onTestFinished,
    );
    const told: unknown[] = [];
    for (let round = 0; round < 5; round += 1) {
      const { body } = await stage.webhook.post('shop', { app });
      told.push(body['outcome'] ?? body['code']);
      if (body['outcome'] === 'asked' && body['duplicate'] === undefined) {
        const path = linkIn(stage);
        const page = await get(stage, path);
        await post(stage, path, { decision: 'roll_back', shown: shownIn(page), version: 'two' });
        stage.edas.orders.rollBackApplication({ appId: app, groupId: 'all', version: 'two' });
      }
      await stage.clock.sleep(60 * minute);
    }
    const [first, ...later] = told;
    expect(first).toBe('asked');
    expect(later).not.toContain('asked');
    expect(stage.edas.orders.releaseRollbacksOf(app)).toHaveLength(1);
  },
);
