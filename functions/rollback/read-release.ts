import type { EdasClient } from '../edas/client.ts';
import { EdasFailure } from '../edas/failure.ts';
import { leastCallMs, shareOf, timeLeft } from './budget.ts';
import type { RollbackDependencies } from './dependencies.ts';
import type { ReleaseReadings } from './release.ts';
import { readWithRetries } from './read-with-retries.ts';
import { outOfTime, refusal } from './refusal.ts';

/** A release, and until when EDAS can be asked about it. */
export interface ReleaseSearch {
  app: string;
  changeOrderId: string;
  /** Milliseconds, on the clock. */
  deadlineAt: number;
}

/** What reading and rolling back a release takes. */
export interface ReleaseDependencies extends Omit<RollbackDependencies, 'changeOrders'> {
  edas: () => Promise<EdasClient>;
  /** Epoch milliseconds. */
  now: () => number;
}

/**
 * Reads all that the rules for a release need, at the same time. Each of them is required.
 *
 * @throws Problem why EDAS could not be asked
 */
export async function readRelease(
  search: ReleaseSearch,
  { edas, now, clock, random }: ReleaseDependencies,
): Promise<ReleaseReadings> {
  const { app, changeOrderId } = search;
  const subject = { app, changeOrderId };
  if (timeLeft(search, clock) < leastCallMs) throw outOfTime(subject);
  const deadlineAt = clock.now() + shareOf('requiredRead', search, clock);
  const read = <T>(question: (client: EdasClient, timeoutMs: number) => Promise<T>) =>
    readWithRetries(async (timeoutMs) => question(await edas(), timeoutMs), deadlineAt, { clock, random });
  try {
    const [orders, order, history, state] = await Promise.all([
      read((client, timeoutMs) => client.listRecentChangeOrders(app, timeoutMs)),
      read((client, timeoutMs) => client.getChangeOrderInfo(changeOrderId, timeoutMs)),
      read((client, timeoutMs) => client.listHistoryVersions(app, timeoutMs)),
      read((client, timeoutMs) => client.getApplicationState(app, timeoutMs)),
    ]);
    return { orders, order, history, state, readAt: now() };
  } catch (error) {
    throw error instanceof EdasFailure ? refusal(error, 'read', subject) : error;
  }
}
