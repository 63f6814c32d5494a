/** How often a property is tried: so often by `npm test`, and twenty times as often by `npm run test:long`. */
export function runs(short: number): number {
  return process.env['TEST_RUNS'] === 'long' ? 20 * short : short;
}

/** All rows of a table in `npm run test:long`; in `npm test` each so many-th of them, other ones for another table. */
export function someOf<T>(rows: readonly T[], every: number, first = 0): T[] {
  return rows.filter((_, index) => process.env['TEST_RUNS'] === 'long' || index % every === first % every);
}
