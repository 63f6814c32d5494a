/** In the place of functions/webhook/payload/select-command.ts, where no source has people who write. */
export function selectCommand(): Promise<undefined> {
  return Promise.resolve(undefined);
}
