/** Milliseconds since a moment that is the same for all processes of this machine. */
export function momentMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
