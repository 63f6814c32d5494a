import type { EdasClient } from '../../functions/edas/client.ts';

const notCalled = () => Promise.reject(new Error('Only a release that has ended needs this call.'));

/** What an EDAS without releases that have ended is not asked for: a call fails the test. */
export const noReleases: Pick<
  EdasClient,
  'listHistoryVersions' | 'getApplicationState' | 'rollBackApplication'
> = {
  listHistoryVersions: notCalled,
  getApplicationState: notCalled,
  rollBackApplication: notCalled,
};
