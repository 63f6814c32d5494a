import type { EdasClient } from '../../../functions/edas/client.ts';
import { EdasFailure } from '../../../functions/edas/failure.ts';
import { Problem } from '../../../functions/errors.ts';
import { toIso } from '../../../functions/lib/time.ts';
import { planReleaseRollback } from '../../../functions/rollback/ended-release.ts';
import { isDeployment, newestFirst } from '../../../functions/rollback/listed-orders.ts';
import { sentence } from '../../../functions/rollback/refusal.ts';
import type {
  ReleasePlan,
  ReleaseReadings,
  ReleaseRequest,
  RolledBackBefore,
} from '../../../functions/rollback/release.ts';
import type { EndedPolicy, RollbackPolicy } from '../../../functions/select/policy.ts';
import { describeDuration } from '../../build/duration.ts';
import { right, skipped, unknown, warning, type Finding, type Remark } from './finding.ts';

const hourMs = 3_600_000;

/**
 * Milliseconds. The longest time after which a tool that does the same rolls back.
 * https://github.com/pinterest/teletraan/blob/master/deploy-service/teletraanservice/src/main/java/com/pinterest/teletraan/resource/EnvAlerts.java
 */
const longestWithinMs = 4 * hourMs;

const longestWaitMs = 10_000;

type EndedSource = RollbackPolicy & { ended: EndedPolicy };

function endedSources(sources: readonly RollbackPolicy[]): EndedSource[] {
  return sources.flatMap((source) => (source.ended ? { ...source, ended: source.ended } : []));
}

/** Which sources take a release for the cause of a problem although it ended long ago. */
export function checkWithin(sources: readonly RollbackPolicy[]): Finding[] {
  return endedSources(sources)
    .filter(({ ended }) => ended.withinMs > longestWithinMs)
    .map(({ name, ended }) =>
      warning(
        `${name} rolls back what ended up to ${describeDuration(ended.withinMs)} ago (ended.within)`,
        `The longer ago a release ended, the less likely it is the cause of an alert, and the more has come to rely on it: data that the new version wrote, and other applications. Choose the time after which your alerts come at the latest, and at most ${describeDuration(longestWithinMs)}.`,
      ),
    );
}

/**
 * For each application whose ended releases may be rolled back: which version runs, which one would be gone back to, and
 * whether that is sure. Only reads.
 *
 * @param now epoch milliseconds
 */
export async function* checkEnded(
  edas: EdasClient,
  sources: readonly RollbackPolicy[],
  now: () => number,
): AsyncGenerator<Remark> {
  const ended = endedSources(sources);
  if (ended.length === 0) return;
  for (const { name, apps } of ended) if (!apps) yield withoutApps(name);
  for (const target of targetsOf(ended)) {
    yield { asking: `EDAS, what runs of ${target.app}` };
    yield await checkTarget(edas, target, now);
  }
  yield skipped(
    'whether you may roll back a release that has ended (RollbackApplication): it cannot be tried without doing it. It takes edas:ManageApplication, as the rollback of a release in flight does',
  );
}

function withoutApps(name: string): Finding {
  return skipped(
    `which version ${name} would go back to (ended): it cannot be checked without apps, as only the webhook names the application`,
  );
}

/** An application, and where in it a release is rolled back. */
interface Target {
  app: string;
  policy: EndedPolicy;
}

/** Each application and group once, whichever sources name it. */
function targetsOf(sources: readonly EndedSource[]): Target[] {
  const all = sources.flatMap(({ apps = [], ended }) => apps.map((app) => ({ app, policy: ended })));
  const keyOf = ({ app, policy }: Target) =>
    [app, policy.group, policy.version === undefined ? '' : 'named'].join(' ');
  return [...new Map(all.map((target) => [keyOf(target), target])).values()];
}

async function checkTarget(edas: EdasClient, target: Target, now: () => number): Promise<Finding> {
  const what = describeTarget(target);
  try {
    const orders = await edas.listRecentChangeOrders(target.app, longestWaitMs);
    const [release] = orders.filter(isDeployment).toSorted(newestFirst);
    const [history, state, order] = await Promise.all([
      edas.listHistoryVersions(target.app, longestWaitMs),
      edas.getApplicationState(target.app, longestWaitMs),
      release && edas.getChangeOrderInfo(release.changeOrderId, longestWaitMs),
    ]);
    if (!release || !order) {
      return warning(
        `${what}: EDAS lists no deployment, so it has no release that could be rolled back`,
        'Is its id right? If it is, this changes with its next releases.',
      );
    }
    const readings = { orders, order, history, state, readAt: now() };
    return judge(target, release.changeOrderId, readings);
  } catch (error) {
    if (error instanceof EdasFailure) return notRead(what, error);
    throw error;
  }
}

function describeTarget({ app, policy }: Target): string {
  return policy.group === 'all' ? app : `${app}, group ${policy.group}`;
}

/** What a webhook that comes at the right time would find. */
function judge(target: Target, changeOrderId: string, readings: ReleaseReadings): Finding {
  const what = describeTarget(target);
  const plan = planOf(target, changeOrderId, readings);
  if (plan instanceof Problem) return notSure(what, plan, target.policy);
  if (plan.plan === 'already_rolled_back') {
    return warning(
      `${what}: its newest version runs nowhere any more, so its last release, ${changeOrderId}, was rolled back`,
      'Until the next release, webhooks are answered already_rolled_back.',
    );
  }
  const { finishedAt } = readings.orders.find((each) => each.changeOrderId === changeOrderId) ?? {};
  const ended = finishedAt === undefined ? '' : ` since ${toIso(finishedAt)}`;
  const groups = plan.groups.length === 1 ? '1 group' : `${plan.groups.length} groups`;
  const sure = target.policy.version
    ? 'Without a version in the webhook (ended.version), that is sure'
    : 'That is sure';
  return right(
    `${what}: ${plan.fromVersion} runs in ${groups}${ended}, and ${plan.toVersion} would be gone back to. ${sure}`,
  );
}

/** By the rules of the function, but for those whose answer depends on when a webhook comes. */
function planOf(
  { app, policy }: Target,
  changeOrderId: string,
  readings: ReleaseReadings,
): ReleasePlan | RolledBackBefore | Problem {
  const always = { ...policy, withinMs: Infinity, everyMs: -Infinity };
  const request: ReleaseRequest = { app, changeOrderId, policy: always };
  try {
    return planReleaseRollback(request, readings);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

function notSure(what: string, { code, message }: Problem, { version }: EndedPolicy): Finding {
  // Behind it stands what the sender of a webhook should do.
  const [seen = ''] = message.split(' This request rolled nothing back.');
  const found = seen.replace(/\.$/, '');
  if (code === 'app_has_change_in_flight') {
    return warning(
      `${what}: a change is in flight, so its versions are not settled. ${found}`,
      'Run the doctor again when it has ended.',
    );
  }
  const isNamed = version !== undefined && code === 'previous_version_uncertain';
  const advice = advices[code] ?? '';
  return warning(
    `${what}: it is not sure what to go back to. ${found}`,
    `As long as that is so, ${isNamed ? 'a webhook that names no version (ended.version)' : 'a webhook'} is answered ${code}, and nothing is sent. ${advice}`.trim(),
  );
}

const advices: Partial<Record<Problem['code'], string>> = {
  groups_differ: 'To roll back one group only, set ended.group to its id.',
  no_previous_version: 'The next release changes that.',
  previous_version_uncertain:
    'Two releases in a row that succeed, to the same groups, make it sure; or let the sender name the version (ended.version).',
};

function notRead(what: string, failure: EdasFailure): Finding {
  const found = `${what}: which version runs. ${sentence(failure).replace(/\.$/, '')}`;
  switch (failure.kind) {
    case 'denied':
      return unknown(
        found,
        'Your own credentials need edas:ReadApplication on this application; what the role of the functions may is another question: policy/README.md.',
      );
    case 'rejected':
    case 'not_found':
      return unknown(found, 'Is the id in apps right, and is REGION the region of the application?');
    default:
      return unknown(found, 'Run the doctor again.');
  }
}
