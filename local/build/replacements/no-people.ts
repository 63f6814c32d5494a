// In the place of functions/webhook/ask-people.ts, where no source has `confirm`.

export function askPeople(): Promise<never> {
  return Promise.reject(new Error('no source asks people'));
}

export function createMakeLink(): undefined {
  return undefined;
}
