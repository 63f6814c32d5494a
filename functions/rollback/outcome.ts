import type { ChangeOrderInfo } from '../edas/change-order.ts';
import type { RollbackReceipt } from '../edas/client.ts';
import type { EdasFailure } from '../edas/failure.ts';
import { describeStatus } from '../edas/status.ts';
import { excerpt } from '../lib/text.ts';
import type { ReleaseVersions } from './release.ts';
import { sentence } from './refusal.ts';
import type { Hold, RollbackRequest } from './request.ts';

interface EdasIds {
  requestId: string | undefined;
  traceId: string | undefined;
}

/** What happened to the change order. `message` is the sentence for the person who reads the answer. */
export type RollbackOutcome = { changeOrderId: string; message: string } & (
  | {
      outcome: 'rolling_back';
      /** EDAS said so. */
      evidence: 'reply';
      rollbackChangeOrderId: string | undefined;
      edas: EdasIds;
    }
  | {
      outcome: 'rolling_back';
      /** The order was in flight before and terminated after. */
      evidence: 'order';
    }
  | {
      outcome: 'already_terminated';
      /** The next order of the application, where that is a rollback. */
      rollbackChangeOrderId?: string;
    }
  | {
      /** The release that has ended was rolled back before: its version runs nowhere any more. */
      outcome: 'already_rolled_back';
      /** The order that rolled it back, where that is known. */
      rollbackChangeOrderId?: string;
    }
  | ({ outcome: Hold } & Partial<ReleaseVersions>)
);

/** What an order that ended from outside leaves to be checked by a person. */
export const terminatedAdvice =
  'That is what a rollback leaves, but a change that was only aborted looks the same and leaves the updated instances updated: check the versions in the EDAS console.';

/** EDAS took the rollback. */
export function acceptedByEdas(changeOrderId: string, receipt: RollbackReceipt): RollbackOutcome {
  const { rollbackChangeOrderId, requestId, traceId } = receipt;
  return {
    outcome: 'rolling_back',
    changeOrderId,
    rollbackChangeOrderId,
    edas: { requestId, traceId },
    evidence: 'reply',
    message: 'EDAS accepted the rollback. It runs batch by batch; follow it in the EDAS console.',
  };
}

/** EDAS's answer got lost, but the order has moved. */
export function shownByOrder(changeOrderId: string, failure: EdasFailure): RollbackOutcome {
  return {
    outcome: 'rolling_back',
    changeOrderId,
    evidence: 'order',
    message: `The change order was in flight before the rollback was sent and is terminated now, so the rollback has begun, unless a person stopped the change meanwhile: check the versions in the EDAS console. The answer to the rollback got lost. ${sentence(failure)}`,
  };
}

/** There was nothing left to do. */
export function alreadyTerminated({ changeOrderId, nextRollback }: RollbackRequest): RollbackOutcome {
  if (!nextRollback) {
    const message = `The change order is terminated already. Nothing was sent. ${terminatedAdvice}`;
    return { outcome: 'already_terminated', changeOrderId, message };
  }
  const { changeOrderId: rollbackChangeOrderId, status } = nextRollback;
  const message = `The change order is terminated already, and the next one of its application is a rollback: ${rollbackChangeOrderId}, with status ${describeStatus(status)}. Nothing was sent. ${terminatedAdvice}`;
  return { outcome: 'already_terminated', changeOrderId, rollbackChangeOrderId, message };
}

/** EDAS did not take the rollback, and another request or a person was faster. */
export function terminatedByNow(changeOrderId: string, failure: EdasFailure): RollbackOutcome {
  const message = `The change order is terminated by now. ${sentence(failure)} ${terminatedAdvice}`;
  return { outcome: 'already_terminated', changeOrderId, message };
}

/** All is checked, and a rollback would be due. */
export function held(
  hold: Hold,
  changeOrderId: string,
  before: ChangeOrderInfo | undefined,
): RollbackOutcome {
  const message = `${reasonsOfHold[hold]}: nothing was sent. A rollback would have been sent now; the change order's status is ${describeStatus(before?.status)}.`;
  return { outcome: hold, changeOrderId, message };
}

const reasonsOfHold: Record<Hold, string> = {
  dry_run: 'This source is a dry run',
  suspended: 'ROLLBACK_SUSPENDED is on',
};

/** For a sentence. A deployment may have given its version any name. */
export function fromTo({ fromVersion, toVersion }: ReleaseVersions): string {
  return `from ${excerpt(fromVersion)} to ${excerpt(toVersion)}`;
}

/** All is checked, and the rollback of a release that has ended would be handed over to a task. */
export function heldRelease(hold: Hold, changeOrderId: string, versions: ReleaseVersions): RollbackOutcome {
  const message = `${reasonsOfHold[hold]}: nothing was sent. The release has ended, and would have been rolled back ${fromTo(versions)} now.`;
  return { outcome: hold, changeOrderId, ...versions, message };
}

/** @param rollback the order that rolled the release back, where that is known */
export function releaseRolledBackBefore(
  changeOrderId: string,
  rollback: string | undefined,
): RollbackOutcome {
  const by = rollback === undefined ? '' : ` by the change order ${rollback}`;
  const message = `The release has been rolled back before${by}: as far as EDAS shows it, its version runs nowhere any more. Nothing was sent.`;
  return {
    outcome: 'already_rolled_back',
    changeOrderId,
    ...(rollback !== undefined && { rollbackChangeOrderId: rollback }),
    message,
  };
}
