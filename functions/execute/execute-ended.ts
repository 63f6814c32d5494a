import { deploymentsLookedAt, planRelease, runsStill } from '../claim/plan-release.ts';
import {
  handOverReleaseRollback,
  lookAtRelease,
  mayBeRollbackOf,
  rollbackOrderIn,
  type ReleaseRecord,
} from '../claim/release-tasks.ts';
import type { QueueAccess } from '../claim/task-calls.ts';
import { describeStatus, endOf } from '../edas/status.ts';
import { Problem } from '../errors.ts';
import { reasonOf } from '../lib/text.ts';
import { TaskQueueFailure } from '../platform/task-queue.ts';
import { leastCallMs, timeLeft } from '../rollback/budget.ts';
import { planReleaseChoice, planReleaseRollback } from '../rollback/ended-release.ts';
import type { FoundChangeOrder } from '../rollback/find-change-order.ts';
import { fromTo, heldRelease, releaseRolledBackBefore, type RollbackOutcome } from '../rollback/outcome.ts';
import type { ReleaseDependencies } from '../rollback/read-release.ts';
import {
  versionsOf,
  type ReleaseChoice,
  type ReleasePlan,
  type ReleaseReadings,
  type ReleaseRequest,
  type RolledBackBefore,
} from '../rollback/release.ts';
import type { Hold } from '../rollback/request.ts';
import {
  doubtTimeoutMs,
  type ReleaseFacts,
  type ReleaseRollbackDue,
  type ReleaseTerms,
  type TaskFacts,
  type VersionChoice,
} from '../task.ts';
import type { Deferred } from './hand-over.ts';
import type { Outcome } from './outcome.ts';

/** A release that has ended, and that a webhook or an event may roll back. */
export interface EndedReleaseInput {
  app: string;
  task: TaskFacts;
  ended: ReleaseTerms;
  problemStartedAt: number | undefined;
  hold: Hold | undefined;
  /** Milliseconds, on the clock. */
  deadlineAt: number;
}

export interface EndedReleaseDependencies extends ReleaseDependencies {
  queue: QueueAccess;
}

/**
 * Checks every rule for a release that has ended, and hands its rollback over to a task, which checks them again and makes
 * the one call. Nothing is sent here: without a task, the one call could be made twice.
 *
 * @throws Problem with the rule that fails; `release_already_tried`; `task_not_taken`
 */
export async function executeEnded(
  input: EndedReleaseInput,
  dependencies: EndedReleaseDependencies,
): Promise<Outcome> {
  const { app, task, ended, problemStartedAt, hold } = input;
  const plan = await planOrReply(input, planReleaseRollback, dependencies);
  if ('outcome' in plan) return plan;
  if (hold) return heldRelease(hold, task.changeOrderId, versionsOf(plan));
  const due: ReleaseRollbackDue = { ...task, rollback: 'ended', app, ended, problemStartedAt };
  return handOver(due, plan, dependencies.queue);
}

/**
 * Checks every rule, and asks people instead of acting. They may also choose the version, if it is not certain which one ran
 * before.
 *
 * @throws Problem with the rule that fails; `release_already_tried`; `task_not_taken`
 */
export async function askAboutEnded<T>(
  input: EndedReleaseInput,
  ask: (choice: VersionChoice) => Promise<T>,
  dependencies: EndedReleaseDependencies,
): Promise<Outcome | T> {
  const plan = await planOrReply(input, planReleaseChoice, dependencies);
  if ('outcome' in plan) return plan;
  const { fromVersion, toVersion, candidates } = plan;
  return ask({ fromVersion, toVersion, candidates });
}

/** The plan, or the answer where the release was rolled back before, or its one call was made. */
async function planOrReply<Plan extends ReleasePlan | ReleaseChoice>(
  input: EndedReleaseInput,
  decide: (request: ReleaseRequest, readings: ReleaseReadings) => Plan | RolledBackBefore,
  dependencies: EndedReleaseDependencies,
): Promise<Plan | Outcome> {
  const { app, task, ended, problemStartedAt, deadlineAt } = input;
  const { changeOrderId } = task;
  const request = { ...ended, app, changeOrderId, problemStartedAt };
  const [record, plan] = await Promise.all([
    lookAtRelease(changeOrderId, dependencies.queue),
    planOrProblem(planRelease(request, decide, deadlineAt, dependencies)),
  ]);
  if (plan instanceof Problem) {
    if (record.call === 'claimed') return replyToCall(record, plan, input, dependencies);
    throw plan;
  }
  if (plan.plan === 'already_rolled_back') {
    const rollback = plan.rollbackChangeOrderId ?? rollbackOrderIn(record);
    return releaseRolledBackBefore(plan.changeOrderId, rollback);
  }
  return record.call === 'claimed' ? replyToCall(record, undefined, input, dependencies) : plan;
}

async function planOrProblem<Plan>(plan: Promise<Plan>): Promise<Plan | Problem> {
  try {
    return await plan;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

async function handOver(task: ReleaseRollbackDue, plan: ReleasePlan, queue: QueueAccess): Promise<Deferred> {
  const { app, changeOrderId } = task;
  const submission = await handOverReleaseRollback(task, queue);
  switch (submission) {
    case 'accepted':
    case 'settled': {
      const message = `The release has ended. A task rolls it back ${fromTo(plan)}, once, and another one then follows the rollback to its end. Changes of configuration and of databases are not undone.`;
      return { outcome: 'deferred', changeOrderId, ...versionsOf(plan), message };
    }
    case 'exists':
      return duplicateOf(
        changeOrderId,
        'A task has to roll this release back, or has ended without sending anything: its messages and its log say which.',
      );
    case 'failed':
      throw new Problem(
        'task_not_taken',
        'A release that has ended is rolled back by a task only, and Function Compute took none: the log says why. This request rolled nothing back. Ask for the rollback again, or roll back in the EDAS console.',
        { app, changeOrderId },
      );
    case 'in_doubt':
      throw new Problem(
        'edas_outcome_unknown',
        'A release that has ended is rolled back by a task only, and it is not known whether Function Compute took one: the log says why. Ask for the rollback again: a second task sends nothing. Or look at the application in the EDAS console.',
        { app, changeOrderId },
        // Tells this doubt from one about EDAS: nothing was sent there.
        { cause: new TaskQueueFailure('Each answer of Function Compute got lost.', true) },
      );
  }
}

function duplicateOf(changeOrderId: string, what: string): Deferred {
  const message = `${what} This delivery did nothing.`;
  return { outcome: 'deferred', changeOrderId, duplicate: true, message };
}

/**
 * The answer to a delivery for whose release the one call was made before, or is being made.
 *
 * @param refusal of the rules, where they refuse the rollback now
 * @throws Problem `release_already_tried`, or `edas_outcome_unknown` as long as a task still finds out
 */
async function replyToCall(
  { claim, report }: Extract<ReleaseRecord, { call: 'claimed' }>,
  refusal: Problem | undefined,
  { app, task, deadlineAt }: EndedReleaseInput,
  dependencies: EndedReleaseDependencies,
): Promise<Deferred | RollbackOutcome> {
  const { changeOrderId } = task;
  const { now } = dependencies;
  const tried = (what: string) =>
    new Problem(
      'release_already_tried',
      `A release is rolled back once, and this one was tried before: ${what} This request rolled nothing back. Decide in the EDAS console.`,
      { app, changeOrderId },
    );
  const release = report?.release ?? claim?.release;
  const stillRuns = () => runsIn(release, app, deadlineAt, dependencies);
  switch (report?.rollback) {
    case 'done': {
      const { rollbackChangeOrderId: id = '' } = report;
      const status = await statusOf(id, deadlineAt, dependencies);
      if (endOf(status) === undefined) {
        const what = `EDAS accepted the rollback of this release for an earlier delivery (rollback order ${id}), and a task follows it.`;
        return duplicateOf(changeOrderId, what);
      }
      const runs = await stillRuns();
      if (runs === false) return releaseRolledBackBefore(changeOrderId, id);
      if (runs === undefined && refusal) throw refusal;
      const seen = runs === true ? ', and the release still runs' : '';
      throw tried(`its rollback, ${id}, has status ${describeStatus(status)}${seen}.`);
    }
    case 'unknown': {
      if ((await stillRuns()) === false) return releaseRolledBackBefore(changeOrderId, undefined);
      if (now() <= report.sentBefore + doubtTimeoutMs) {
        throw new Problem(
          'edas_outcome_unknown',
          'An earlier delivery had the rollback of this release sent, and it is not known yet whether it began. A task looks at the application for two minutes, and tells people. Nothing sends it again.',
          { app, changeOrderId },
        );
      }
      if (refusal?.code === 'app_has_change_in_flight') throw refusal;
      throw tried('the rollback was sent, and it is not known whether it began.');
    }
    case 'refused':
      throw tried(report.reason ?? 'EDAS refused the rollback.');
    default:
      if (!claim || now() <= claim.sendsUntil + doubtTimeoutMs) {
        return duplicateOf(changeOrderId, 'A task is sending the rollback of this release.');
      }
      if ((await stillRuns()) === false) return releaseRolledBackBefore(changeOrderId, undefined);
      throw tried(
        'the function that had to send the rollback was cut off, and it is not known whether it did.',
      );
  }
}

/** Whether the version of a release runs anywhere; undefined where EDAS does not show it. */
async function runsIn(
  release: ReleaseFacts | undefined,
  app: string,
  deadlineAt: number,
  { edas, clock, warn }: EndedReleaseDependencies,
): Promise<boolean | undefined> {
  const leftMs = timeLeft({ deadlineAt }, clock);
  if (!release || leftMs < leastCallMs) return undefined;
  try {
    const client = await edas();
    const [state, history] = await Promise.all([
      client.getApplicationState(app, leftMs),
      client.listHistoryVersions(app, leftMs),
    ]);
    return runsStill(release, { state, history });
  } catch (error) {
    warn('what runs of the application could not be read', { app, reason: reasonOf(error) });
    return undefined;
  }
}

/** The status of the order that carries the rollback out; undefined where it cannot be read. */
async function statusOf(
  changeOrderId: string,
  deadlineAt: number,
  { edas, clock, warn }: EndedReleaseDependencies,
): Promise<number | undefined> {
  const leftMs = timeLeft({ deadlineAt }, clock);
  if (leftMs < leastCallMs) return undefined;
  try {
    return (await (await edas()).getChangeOrderInfo(changeOrderId, leftMs)).status;
  } catch (error) {
    warn('the order of the rollback could not be read', { changeOrderId, reason: reasonOf(error) });
    return undefined;
  }
}

/**
 * The answer where a deployment in flight is, or may be, the rollback of a release before it: EDAS may list it as a
 * deployment like any other, and rolling it back would bring the bad version back. Another deployment may stand between them.
 *
 * @param before the deployments before it, the newest first
 * @returns undefined where it is a deployment like any other, or Function Compute cannot be asked: the brake goes first
 */
export async function replyToReleaseRollback(
  found: Pick<FoundChangeOrder, 'changeOrderId' | 'createdAt'>,
  before: readonly string[],
  queue: QueueAccess,
): Promise<Deferred | undefined> {
  const rolledBack = await Promise.all(
    before.slice(0, deploymentsLookedAt).map(async (release) => {
      const record = await lookAtRelease(release, queue);
      return mayBeRollbackOf(record, found) ? release : undefined;
    }),
  );
  const release = rolledBack.find((each) => each !== undefined);
  if (release === undefined) return undefined;
  const what = `The deployment in flight, ${found.changeOrderId}, is the rollback of the release ${release}, as far as the tasks show it: so it is not rolled back itself.`;
  return duplicateOf(release, what);
}
