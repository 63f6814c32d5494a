/** How often a property is tried: so often by `npm test`, and twenty times as often by `npm run test:long`. */
export function runs(short: number): number {
  return process.env['TEST_RUNS'] === 'long' ? 20 * short : short;
}
