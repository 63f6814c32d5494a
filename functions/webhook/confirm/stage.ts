import { createHash } from 'node:crypto';
import type { ChangeOrderProgress } from '../../edas/change-order.ts';
import { endOf, phaseOf, type ChangeOrderEnd } from '../../edas/status.ts';
import { errorCatalogue } from '../../errors.ts';
import type { Hold } from '../../rollback/request.ts';
import type { ConfirmPolicy } from '../../select/policy.ts';
import { doubtTimeoutMs, type RollbackDecided, type RollbackTask } from '../../task.ts';
import type {
  ChangeView,
  ClosedStage,
  DecisionView,
  InstancesView,
  OpenStage,
  OverStage,
  Stage,
} from './page/view.ts';
import type { Due, Reading } from './read-state.ts';

/** What decides about the stage beside what was read. */
export interface Terms {
  changeOrderId: string;
  /** Epoch milliseconds: the end of the time to decide. */
  expiresAt: number;
  hold: Hold | undefined;
  by: ConfirmPolicy['by'];
  /** Whether the request of the person who decided is known to be over: it failed, and that person has seen it. */
  hasSeenFailure?: boolean;
}

/**
 * How far it is with what people were asked about.
 *
 * @param now epoch milliseconds
 */
export function stageOf(reading: Reading, terms: Terms, now: number): Stage {
  return (
    rollbackStage(reading, terms, now) ??
    overStage(reading) ??
    closedStage(reading, terms, now) ??
    openStage(reading, terms)
  );
}

const results: Record<ChangeOrderEnd, OverStage['result']> = {
  succeeded: 'rolled_back',
  partly_succeeded: 'partly',
  failed: 'failed',
  terminated: 'terminated',
};

/** A rollback that is complete has not helped where instances are not well. */
function resultOf(end: ChangeOrderEnd, instances: InstancesView | undefined): OverStage['result'] {
  const isUnhealthy = instances !== undefined && instances.healthy < instances.total;
  return end === 'succeeded' && isUnhealthy ? 'unhealthy' : results[end];
}

/** Of a rollback that was sent, or is to be. */
function rollbackStage(reading: Reading, { hasSeenFailure = false }: Terms, now: number): Stage | undefined {
  const { rollback, order, instances } = reading;
  const decision = viewOf(lastDecision(reading));
  if (rollback) {
    const view = changeView(rollback.changeOrderId, rollback.progress);
    const end = endOf(rollback.progress?.status);
    return end === undefined
      ? { stage: 'moving', decision, rollback: view, isInDoubt: false }
      : { stage: 'over', result: resultOf(end, instances), decision, rollback: view, instances };
  }
  // A change that is terminated is over, by a rollback or by a person.
  if (phaseOf(order?.status) === 'terminated') return undefined;
  const doubt = doubtSince(reading);
  if (doubt !== undefined) {
    return now <= doubt + doubtTimeoutMs
      ? { stage: 'moving', decision, isInDoubt: true }
      : { stage: 'over', result: 'unknown', decision };
  }
  if (hasVanished(reading)) return { stage: 'over', result: 'unknown', decision };
  const isAtWork = !hasSeenFailure && isBeingDone(reading, now);
  return isUnderWay(reading) || isAtWork ? { stage: 'moving', decision, isInDoubt: false } : undefined;
}

/** Milliseconds after a decision within which the request of the person who decided is still at work. */
const timeOfRequestMs = 10_000;

function isBeingDone(reading: Reading, now: number): boolean {
  const last = lastDecision(reading);
  return last?.decision === 'roll_back' && now - last.decidedAt < timeOfRequestMs && !hasFailed(reading);
}

/** Whether a rollback that a person wanted was refused: its request says so, and is at work no more. */
function hasFailed({ claim }: Reading): boolean {
  return claim?.reasonOfEnd !== undefined && claim.task?.decidedBy !== undefined;
}

/** When a rollback was sent of which nothing more is known, epoch milliseconds. */
function doubtSince({ claim, release }: Reading): number | undefined {
  if (claim?.task?.rollback === 'unknown' && claim.reasonOfEnd === undefined) return claim.task.sentBefore;
  if (release.call !== 'claimed' || release.report?.rollback === 'refused') return undefined;
  const { report, claim: call } = release;
  return report?.rollback === 'unknown' ? report.sentBefore : (call?.sendsUntil ?? report?.requestedAt);
}

/** Whether a task or another request is about to roll back, or has, and EDAS does not show it yet. */
function isUnderWay({ claim, hasReleaseTask, release }: Reading): boolean {
  if (hasReleaseTask && release.call === 'none') return true;
  if (claim === undefined || claim.reasonOfEnd !== undefined) return false;
  // A task that had to roll back, and has ended: it found nothing to do, or handed a release on.
  const hasGivenUp = isToRollBack(claim.task) && claim.state === 'Succeeded';
  return !hasGivenUp;
}

function isToRollBack(task: RollbackTask | undefined): boolean {
  return task?.rollback === 'due' || task?.rollback === 'overdue';
}

/** EDAS accepted the rollback, shows no order of it, and the change has ended without being terminated. */
function hasVanished({ claim, order }: Reading): boolean {
  return claim?.task?.rollback === 'done' && endOf(order?.status) !== undefined;
}

/** Where there is nothing left to do. */
function overStage(reading: Reading): OverStage | undefined {
  const { due, order } = reading;
  if (due.due !== 'nothing' && phaseOf(order?.status) !== 'terminated') return undefined;
  const rolledBack = due.due === 'nothing' ? due.rolledBack?.rollbackChangeOrderId : undefined;
  return {
    stage: 'over',
    result: 'already_over',
    decision: viewOf(lastDecision(reading)),
    rollback: rolledBack === undefined ? undefined : { changeOrderId: rolledBack },
  };
}

function closedStage(reading: Reading, terms: Terms, now: number): ClosedStage | undefined {
  const { due } = reading;
  const left = viewOf(leaveIn(reading));
  if (due.due === 'refused') {
    const { code, message } = due.problem;
    // A failure of EDAS or of Function Compute is no rule: a look later may find another answer.
    const reason = errorCatalogue[code].status >= 500 ? 'unreadable' : 'refused';
    return { stage: 'closed', reason, problem: { kind: 'problem', code, message }, left };
  }
  if (terms.hold) return { stage: 'closed', reason: terms.hold, left };
  if (now > terms.expiresAt) return { stage: 'closed', reason: left ? 'left_alone' : 'expired', left };
  return terms.by === 'chat' ? { stage: 'closed', reason: 'in_chat', left } : undefined;
}

function openStage(reading: Reading, { changeOrderId }: Terms): OpenStage {
  const { due } = reading;
  const last = lastDecision(reading);
  const choice = due.due === 'roll_back_release' ? due.choice : undefined;
  return {
    stage: 'open',
    does: choice ? 'roll_back_release' : due.due === 'stop_change' ? 'stop_change' : 'brake',
    shown: shownOf(changeOrderId, due, last),
    instances: reading.instances,
    choice: choice && {
      fromVersion: choice.fromVersion,
      toVersion: choice.toVersion,
      candidates: choice.candidates,
    },
    left: last?.decision === 'leave' ? viewOf(last) : undefined,
    tried: last?.decision === 'roll_back' ? viewOf(last) : undefined,
  };
}

/**
 * What a person who decides has seen, as a digest: names of versions may be of any length. That one more batch is done changes nothing about it; that EDAS can be read again,
 * or cannot any more, changes nothing about what a change in flight is.
 */
function shownOf(changeOrderId: string, due: Due, last: RollbackDecided | undefined): string {
  const what =
    due.due === 'roll_back_release'
      ? ['release', due.choice.fromVersion, due.choice.toVersion ?? '', ...due.choice.candidates]
      : ['change'];
  const seen = JSON.stringify([changeOrderId, last?.decision ?? 'undecided', ...what]);
  return createHash('sha256').update(seen).digest('base64url');
}

function lastDecision({ decisions }: Reading): RollbackDecided | undefined {
  return decisions.at(-1);
}

function leaveIn({ decisions }: Reading): RollbackDecided | undefined {
  const last = decisions.at(-1);
  return last?.decision === 'leave' ? last : undefined;
}

function viewOf(decided: RollbackDecided | undefined): DecisionView | undefined {
  if (!decided) return undefined;
  const { decision, decidedBy, decidedAt } = decided;
  return { decision, name: decidedBy.name, isProved: decidedBy.isProved, decidedAt };
}

/** A change order, for the page. */
export function changeView(changeOrderId: string, progress: ChangeOrderProgress | undefined): ChangeView {
  if (!progress) return { changeOrderId };
  const { description, status, batches, startedAt } = progress;
  return { changeOrderId, description, status, batches, startedAt };
}
