// In the place of functions/execute/ask-people.ts, of its links and settings and of the page, where no source has `confirm`, or none asks there.

export function askPeople(): Promise<never> {
  return Promise.reject(new Error('no source asks people'));
}

export function createMakeLink(): undefined {
  return undefined;
}

export function createConfirm(): never {
  throw new Error('there is no page');
}

export function readConfirmSettings(): never {
  throw new Error('no source asks people');
}

export function faultOfAsking(): undefined {
  return undefined;
}
