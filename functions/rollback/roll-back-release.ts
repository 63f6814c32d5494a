import type { RollbackReceipt } from '../edas/client.ts';
import { EdasFailure } from '../edas/failure.ts';
import { Problem } from '../errors.ts';
import { backoffMs } from '../lib/time.ts';
import { leastCallMs, timeLeft } from './budget.ts';
import type { ReleasePlan } from './release.ts';
import type { ReleaseDependencies, ReleaseSearch } from './read-release.ts';
import { outOfTime, problemFromFailure, refusal, sentence } from './refusal.ts';

/** EDAS accepted the rollback of a release, and named the order that carries it out. */
export interface ReleaseReceipt extends RollbackReceipt {
  rollbackChangeOrderId: string;
}

/** The share of the time for one try: a connection may fail at its end, and the next one needs time too. */
const shareOfTry = 0.8;

/**
 * Sends the one call that deploys the version before. It is sent again only where it certainly never left: a second one
 * could go a version further back. What came of it otherwise is found out by reading, and not here.
 *
 * @throws Problem `edas_outcome_unknown` where EDAS may have taken it; else why it was not carried out
 */
export async function rollBackRelease(
  plan: ReleasePlan,
  search: ReleaseSearch,
  dependencies: ReleaseDependencies,
): Promise<ReleaseReceipt> {
  const { clock, random, warn } = dependencies;
  const subject = { app: search.app, changeOrderId: search.changeOrderId };
  for (let attempt = 0; ; attempt += 1) {
    if (timeLeft(search, clock) < leastCallMs) throw outOfTime(subject);
    const result = await send(plan, search, dependencies);
    if (!(result instanceof EdasFailure)) return requireOrder(result, subject);
    const pauseMs = backoffMs(attempt, random);
    if (result.kind !== 'not_sent' || timeLeft(search, clock) - pauseMs < leastCallMs) {
      throw problemOf(result, subject);
    }
    warn('EDAS could not be reached, and the rollback is sent again', { ...subject, reason: result.message });
    await clock.sleep(pauseMs);
  }
}

async function send(
  { group, toVersion, batches, batchWaitMinutes }: ReleasePlan,
  search: ReleaseSearch,
  { edas, clock }: ReleaseDependencies,
): Promise<RollbackReceipt | EdasFailure> {
  const order = { appId: search.app, groupId: group, version: toVersion, batches, batchWaitMinutes };
  try {
    return await (await edas()).rollBackApplication(order, timeLeft(search, clock) * shareOfTry);
  } catch (error) {
    if (error instanceof EdasFailure) return error;
    throw error;
  }
}

interface Subject {
  app: string;
  changeOrderId: string;
}

/** EDAS may say yes and name no order. Then only the application shows whether a rollback has begun. */
function requireOrder({ rollbackChangeOrderId, ...ids }: RollbackReceipt, subject: Subject): ReleaseReceipt {
  if (rollbackChangeOrderId !== undefined) return { ...ids, rollbackChangeOrderId };
  const detail =
    'EDAS answered that the rollback of the release has begun, and named no change order for it. It is not sent again.';
  throw new Problem('edas_outcome_unknown', detail, { ...subject, edas: ids });
}

function problemOf(failure: EdasFailure, subject: Subject): Problem {
  // Nothing documents that EDAS does nothing where it throttles.
  if (failure.kind !== 'doubt' && failure.kind !== 'throttled') return refusal(failure, 'rollback', subject);
  const detail = `The rollback of the release was sent, and it is not known whether it began. It is not sent again. ${sentence(failure)}`;
  return problemFromFailure('edas_outcome_unknown', detail, failure, subject);
}
