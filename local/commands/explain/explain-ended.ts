import { createEdasClient } from '../../../functions/edas/client.ts';
import { describeStatus } from '../../../functions/edas/status.ts';
import { Problem } from '../../../functions/errors.ts';
import { toIso } from '../../../functions/lib/time.ts';
import { systemRuntime } from '../../../functions/platform/runtime.ts';
import {
  planReleaseRollback,
  releaseRules,
  type ReleaseRule,
  type ReleaseRuleName,
} from '../../../functions/rollback/ended-release.ts';
import type { ReleaseReadings, ReleaseRequest } from '../../../functions/rollback/release.ts';
import { readRelease } from '../../../functions/rollback/read-release.ts';
import { describeDuration } from '../../build/duration.ts';
import { describeScope, type Holder } from './describe-rollback.ts';
import { startEdasStandIn } from '../../stand-ins/edas/stand-in.ts';

/** What a webhook and its source say of a release that has ended. */
export interface AskedRelease extends Omit<ReleaseRequest, 'app' | 'changeOrderId'> {
  app?: string | undefined;
  changeOrderId?: string | undefined;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** How long after the beginning of the problem the webhook comes, in the example. */
const delayMs = 5 * minuteMs;
const endedAgoMs = 10 * minuteMs;
const lastedMs = 2 * minuteMs;
/** The stand-in answers in some milliseconds. */
const patienceMs = 10_000;

/**
 * The rules for a release that has ended, one by one, and what each of them finds in an example. EDAS is not called; the
 * stand-in has an application with three releases, of which the newest ended ten minutes ago. Where the webhook says when
 * the problem began or which version to go back to, the example fits that.
 *
 * @param now epoch milliseconds
 */
export async function explainEnded(
  asked: AskedRelease,
  now: number,
  holder: Holder | undefined,
): Promise<string[]> {
  const { problemStartedAt } = asked;
  const at = problemStartedAt === undefined ? now : problemStartedAt + delayMs;
  const request = {
    ...asked,
    app: asked.app ?? '3616cdca-0000-4000-8000-000000000001',
    changeOrderId: asked.changeOrderId ?? 'dc5133d7-0000-4000-8000-000000000003',
  };
  const readings = await readExample(request, at);
  return [
    `an example, for EDAS is not called: at ${toIso(at)}, of three releases the newest has ended ${describeDuration(endedAgoMs)} ago`,
    ...releaseRules.map((rule) => describeRule(rule, request, readings)),
    describePlan(request, readings, holder),
  ];
}

function describeRule(
  { name, what, require }: ReleaseRule,
  request: ReleaseRequest,
  readings: ReleaseReadings,
) {
  const result = attempt(() => {
    require(request, readings);
  });
  return result instanceof Problem
    ? `✗ ${what}: ${result.code}. ${result.message}`
    : `✓ ${what}: ${seen[name](request, readings)}`;
}

function describePlan(
  request: ReleaseRequest,
  readings: ReleaseReadings,
  holder: Holder | undefined,
): string {
  const plan = attempt(() => planReleaseRollback(request, readings));
  if (plan instanceof Problem || plan.plan !== 'roll_back') return 'so no rollback would be sent';
  const { fromVersion, toVersion } = plan;
  const scope = describeScope({ ...request.policy, batches: plan.batches });
  const call = `RollbackApplication from ${fromVersion} to ${toVersion}, ${scope}`;
  return holder === undefined ? `so a task would call, once: ${call}` : `so ${holder} holds back: ${call}`;
}

/** What a rule that holds has seen. */
const seen: Readonly<
  Record<ReleaseRuleName, (request: ReleaseRequest, readings: ReleaseReadings) => string>
> = {
  nothing_in_flight: (_, { orders }) => `all ${orders.length} have ended`,
  newest: ({ changeOrderId }, { order }) => `${changeOrderId}, of status ${describeStatus(order.status)}`,
  recent: ({ policy }) =>
    `${describeDuration(endedAgoMs)} ago, at most ${describeDuration(policy.withinMs)} (within)`,
  one_version: (_, { state, history }) =>
    state.groups
      .map(({ id, name, versionId }) => {
        const version = history.find((each) => each.id === versionId)?.version;
        return `${name ?? id} runs ${version ?? 'nothing'}`;
      })
      .join(', '),
  began_before_problem: ({ changeOrderId, problemStartedAt }, { orders }) => {
    if (problemStartedAt === undefined) return 'not asked, for the source has no problemStartedAt';
    const { createdAt = 0 } = orders.find((each) => each.changeOrderId === changeOrderId) ?? {};
    return `at ${toIso(createdAt)}, and the problem at ${toIso(problemStartedAt)}`;
  },
  no_recent_rollback: ({ policy }) => `not within ${describeDuration(policy.everyMs)} (every)`,
  previous_version: ({ version }) =>
    version === undefined
      ? 'the deployment before this one succeeded, and its description names the version that the history has next'
      : `the webhook names ${version}; whether the history has it, and once, EDAS alone knows`,
};

function attempt<T>(act: () => T): T | Problem {
  try {
    return act();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

async function readExample(request: ReleaseRequest, at: number): Promise<ReleaseReadings> {
  const { app, changeOrderId, policy, version = 'release-2' } = request;
  const credentials = { accessKeyId: 'STS.example', accessKeySecret: 'example', securityToken: 'example' };
  const edas = await startEdasStandIn({ credentials, now: () => at, signatureNow: () => Date.now() });
  try {
    const groups = policy.group === 'all' ? [{}] : [{}, { id: policy.group }];
    edas.orders.setUp({ appId: app, groups });
    const createdAt = at - endedAgoMs - lastedMs;
    const usual = { appId: app, batches: 2, readyMs: 0, batchMs: lastedMs / 2, pauseMs: 0 };
    edas.orders.add({ ...usual, version: 'release-1', createdAt: createdAt - 2 * dayMs });
    edas.orders.add({ ...usual, version, createdAt: createdAt - dayMs });
    edas.orders.add({ ...usual, version: 'release-3', createdAt, id: changeOrderId });
    const client = createEdasClient(edas.url, { getCredentials: () => Promise.resolve(credentials) });
    const { clock, random } = systemRuntime;
    return await readRelease(
      { app, changeOrderId, deadlineAt: clock.now() + patienceMs },
      { edas: () => Promise.resolve(client), now: () => at, clock, random, warn: () => undefined },
    );
  } finally {
    await edas.close();
  }
}
