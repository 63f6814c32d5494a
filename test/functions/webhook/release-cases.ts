import type { ErrorCode } from '../../../functions/errors.ts';
import { openTaskQueue } from '../../../functions/platform/open-task-queue.ts';
import { releaseClaimIdFor, releaseReportIdFor, type RollbackReport } from '../../../functions/task.ts';
import type { ChangeOrderPlan } from '../../../local/stand-ins/edas/change-orders.ts';
import { withoutField } from '../../../local/stand-ins/edas/rewordings.ts';
import * as fcFaults from '../../../local/stand-ins/fc/faults.ts';
import { fakeAccountId, fakeContext, followFunction } from '../../support/webhook.ts';
import type { AnswerCase, Case, Stage } from './stage.ts';

// The requests about a release that has ended.

const shop = '3616cdca-4f92-4413-0000-000000000002';
const [good, bad, rollback] = [
  '22222222-3333-4444-8555-000000000001',
  '22222222-3333-4444-8555-000000000002',
  '22222222-3333-4444-8555-000000000003',
];
const defaultGroup = '8123db90-880f-486f-0000-000000000000';
const versions = { fromVersion: 'two', toVersion: 'one', groups: [defaultGroup] };

export const releaseSources = `
  shop: { preset: generic, secrets: [SECRET], app: app, apps: [${shop}], follow: true, ended: { within: 30m } }
  shop-order: { preset: generic, secrets: [SECRET], apps: [${shop}], follow: true, ended: { within: 30m } }
  shop-rehearsal:
    { preset: generic, secrets: [SECRET], apps: [${shop}], follow: true, dryRun: true, ended: { within: 30m } }
`;

const byOrder = { changeOrderId: bad };
const byApp = { app: shop };

function add({ edas, clock }: Stage, minutesAgo: number, plan: Partial<ChangeOrderPlan>): void {
  const createdAt = clock.now() - minutesAgo * 60_000;
  edas.orders.add({ appId: shop, readyMs: 0, batchMs: 10_000, createdAt, ...plan });
}

/** The version `one` ran for hours; ten minutes ago the release of `two` began, and has ended well. */
function releaseTwo(stage: Stage, plan: Partial<ChangeOrderPlan> = {}): void {
  add(stage, 180, { id: good, version: 'one' });
  add(stage, 10, { id: bad, version: 'two', ...plan });
}

/** What came of the one call for the release, as its task has reported it. */
async function report({ edas, fc, clock }: Stage, end: Partial<RollbackReport>): Promise<void> {
  const facts = {
    version: 1,
    source: 'shop',
    changeOrderId: bad,
    operation: 'RollbackChangeOrder',
    app: shop,
  };
  const newest = edas.orders.historyOf(shop).at(-1);
  const release = { ...versions, fromVersionId: newest?.id ?? '', seenUntil: clock.now() };
  const task = { ...facts, release, requestedAt: clock.now(), ...end };
  const env = { FOLLOW_FUNCTION: followFunction, FUNCTION_ENDPOINT: fc.url };
  const queue = await openTaskQueue({ ...fakeContext, accountId: fakeAccountId }, env);
  fc.setState(releaseClaimIdFor(bad), 'Succeeded');
  await queue.submit(releaseReportIdFor(bad), JSON.stringify(task), 5_000);
}

/** How each code comes about that only a release that has ended has. */
export const releaseProblems = {
  release_not_newest: {
    request: (stage) => {
      releaseTwo(stage);
      return stage.webhook.post('shop-order', { changeOrderId: good });
    },
  },
  release_too_old: {
    request: (stage) => {
      releaseTwo(stage, { createdAt: stage.clock.now() - 120 * 60_000 });
      return stage.webhook.post('shop', byApp);
    },
  },
  release_end_unknown: {
    options: {
      edasFault: ({ operation }) =>
        operation === 'ListRecentChangeOrder' ? withoutField('FinishTime') : undefined,
    },
    request: (stage) => {
      releaseTwo(stage);
      return stage.webhook.post('shop', byApp);
    },
  },
  app_has_change_in_flight: {
    request: (stage) => {
      releaseTwo(stage);
      add(stage, 0, { coType: 'CoRestart', batchMs: 600_000 });
      return stage.webhook.post('shop', byApp);
    },
  },
  groups_differ: {
    request: (stage) => {
      stage.edas.orders.setUp({ appId: shop, groups: [{}, { name: 'canary', type: 2 }] });
      releaseTwo(stage, { target: defaultGroup });
      return stage.webhook.post('shop', byApp);
    },
  },
  no_previous_version: {
    request: (stage) => {
      add(stage, 10, { id: bad, version: 'two' });
      return stage.webhook.post('shop', byApp);
    },
  },
  previous_version_uncertain: {
    request: (stage) => {
      add(stage, 180, { id: good, version: 'one', outcome: 3 });
      add(stage, 10, { id: bad, version: 'two' });
      return stage.webhook.post('shop', byApp);
    },
  },
  app_rolled_back_recently: {
    request: (stage) => {
      add(stage, 30, { coType: 'CoRollback' });
      releaseTwo(stage);
      return stage.webhook.post('shop', byApp);
    },
  },
  release_already_tried: {
    request: async (stage) => {
      releaseTwo(stage);
      await report(stage, { rollback: 'refused', reason: 'EDAS said no.' });
      return stage.webhook.post('shop', byApp);
    },
  },
  task_not_taken: {
    options: {
      fcFault: ({ operation }) => (operation === 'InvokeFunction' ? fcFaults.denied() : undefined),
    },
    request: (stage) => {
      releaseTwo(stage);
      return stage.webhook.post('shop', byApp);
    },
  },
} as const satisfies Partial<Record<ErrorCode, Case>>;

/** Every other kind of answer about a release that has ended. */
export const releaseAnswers: Record<string, AnswerCase> = {
  'a release that has ended': {
    request: (stage) => {
      releaseTwo(stage);
      return stage.webhook.post('shop', byApp);
    },
    ...{ status: 202, part: { outcome: 'deferred', changeOrderId: bad, ...versions } },
  },
  'a release that has ended, named by its change order': {
    request: (stage) => {
      releaseTwo(stage);
      return stage.webhook.post('shop-order', byOrder);
    },
    ...{ status: 202, part: { outcome: 'deferred', changeOrderId: bad, ...versions } },
  },
  'a repeat about a release that has ended': {
    request: async (stage) => {
      releaseTwo(stage);
      await stage.webhook.post('shop', byApp);
      return stage.webhook.post('shop', byApp);
    },
    ...{ status: 200, part: { outcome: 'deferred', duplicate: true } },
  },
  'a repeat while EDAS rolls the release back, in an order that looks like a deployment': {
    request: async (stage) => {
      releaseTwo(stage);
      await report(stage, { rollback: 'done', rollbackChangeOrderId: rollback, isKnownToSender: false });
      add(stage, 0, { id: rollback, version: 'one', batchMs: 600_000 });
      return stage.webhook.post('shop', byApp);
    },
    ...{ status: 200, part: { outcome: 'deferred', changeOrderId: bad, duplicate: true } },
  },
  'a repeat while a task finds out whether the rollback of the release began': {
    request: async (stage) => {
      releaseTwo(stage);
      const sentBefore = stage.clock.now();
      await report(stage, { rollback: 'unknown', reason: 'No answer.', sentBefore, wasInFlight: false });
      return stage.webhook.post('shop', byApp);
    },
    ...{ status: 504, part: { code: 'edas_outcome_unknown' } },
  },
  'a release that was rolled back': {
    request: async (stage) => {
      releaseTwo(stage);
      stage.edas.orders.rollBackApplication({ appId: shop, groupId: 'all', version: 'one' });
      await stage.clock.sleep(60_000);
      return stage.webhook.post('shop', byApp);
    },
    ...{
      status: 200,
      part: { outcome: 'already_rolled_back', changeOrderId: bad },
    },
  },
  'a dry run of a release that has ended': {
    request: (stage) => {
      releaseTwo(stage);
      return stage.webhook.post('shop-rehearsal', byOrder);
    },
    ...{ status: 200, part: { outcome: 'dry_run', ...versions } },
  },
  'a suspended rollback of a release that has ended': {
    options: { env: { CLOSED_SECRET: '', ROLLBACK_SUSPENDED: 'true' } },
    request: (stage) => {
      releaseTwo(stage);
      return stage.webhook.post('shop', byApp);
    },
    ...{ status: 200, part: { outcome: 'suspended', ...versions } },
  },
};
