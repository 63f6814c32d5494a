// In the place of functions/webhook/execute-ended.ts, where no source has `ended`. Then a change order that has ended is
// refused before, and none in flight is the rollback of a release.

export function executeEnded(): Promise<never> {
  return Promise.reject(new Error('no source has ended'));
}

export function askAboutEnded(): Promise<never> {
  return Promise.reject(new Error('no source has ended'));
}

export function replyToReleaseRollback(): Promise<undefined> {
  return Promise.resolve(undefined);
}
