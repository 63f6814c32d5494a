/** In the place of functions/webhook/decide-in-chat.ts, where no chat decides. */
export function decideInChat(): Promise<undefined> {
  return Promise.resolve(undefined);
}
