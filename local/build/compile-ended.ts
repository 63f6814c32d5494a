import type { EndedPolicy, RollbackPolicy } from '../../functions/select/policy.ts';
import { compileExpression } from './compile-expression.ts';
import { checkedDuration } from './duration.ts';
import type { Report } from './position.ts';
import type { SourceSettings } from './sources-schema.ts';

type Ended = NonNullable<SourceSettings['ended']>;

/** What the rest of the source says, on which it depends whether an ended release can be rolled back. */
interface RestOfSource extends Pick<RollbackPolicy, 'app' | 'apps' | 'cluster' | 'follow'> {
  /** Whether it acts on what people write. */
  hasCommands: boolean;
  /** Whether what proves who sends covers the payload, too. */
  coversPayload: boolean;
}

/** How a source rolls releases back that have ended, as the function reads it. Reports what cannot work. */
export function compileEnded(ended: Ended, rest: RestOfSource, report: Report): EndedPolicy {
  for (const { path, message } of faultsOf(rest)) report(path, message);
  const { within, every, group, batches, batchWaitMinutes, version } = ended;
  if (version !== undefined && !rest.coversPayload) {
    report(
      ['ended', 'version'],
      'the sender does not sign its payload, so everyone who has seen one of its requests could choose any version: take version out, and the version before is found in EDAS',
    );
  }
  return {
    withinMs: checkedDuration(within),
    everyMs: checkedDuration(every),
    group,
    batches,
    batchWaitMinutes,
    version:
      version === undefined
        ? undefined
        : compileExpression(version, 'version', (message) => {
            report(['ended', 'version'], message);
          }),
  };
}

function faultsOf({ app, apps, cluster, hasCommands, follow, coversPayload }: RestOfSource) {
  const faults = [];
  // https://github.com/aliyun/aliyun-openapi-meta has RollbackApplication, documented for ECS clusters, and no such
  // operation for Kubernetes. DeployK8sApplication does not say whether what is left out keeps its value.
  if (cluster === 'k8s') {
    faults.push({
      path: ['ended'],
      message:
        'EDAS has no operation that rolls an ended release back in Kubernetes, and does not say whether DeployK8sApplication keeps the settings that are left out of it: take ended out. In the EDAS console, "Deploy a historical version" does it',
    });
  }
  if (!follow) {
    faults.push({
      path: ['ended'],
      message: 'a task of the follow function rolls the ended release back: add follow: true to the source',
    });
  }
  // A sender that does not sign its payload is told to name its applications for that reason.
  if (app === undefined && apps === undefined && coversPayload) {
    faults.push({
      path: ['ended'],
      message: `EDAS does not say of a change order which application it is of, and that is what is rolled back: add apps: [<id>]${!hasCommands ? ', or app in the place of changeOrderId' : ''}`,
    });
  }
  return faults;
}

/** Where any source rolls ended releases back, each of them may meet such a rollback in flight. */
export function markReleaseRollbacks<Policy extends RollbackPolicy>(
  sources: readonly Policy[],
  all: readonly RollbackPolicy[],
): Policy[] {
  const may = all.some(({ ended }) => ended !== undefined);
  return sources.map((source) => (may ? { ...source, mayMeetReleaseRollback: true } : source));
}
