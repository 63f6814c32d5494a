/** Half of the values are smaller. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value that this fraction of the values is smaller than, between two of them by their distance. */
export function quantile(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * fraction;
  const [low = Number.NaN, high = low] = sorted.slice(Math.floor(at), Math.floor(at) + 2);
  return low + (high - low) * (at - Math.floor(at));
}

/** Of a measured series: its middle, and the borders of its middle half. */
export interface Spread {
  median: number;
  low: number;
  high: number;
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), low: quantile(values, 0.25), high: quantile(values, 0.75) };
}

/**
 * How many times larger each value is than the one of the same round of another series. Other work of the machine in
 * that round fell on both alike.
 */
export function ratiosOf(values: readonly number[], bases: readonly number[]): number[] {
  return values.map((value, round) => value / (bases[round] ?? Number.NaN));
}

/** By how much each value is larger than the one of the same round of another series. */
export function differencesOf(values: readonly number[], bases: readonly number[]): number[] {
  return values.map((value, round) => value - (bases[round] ?? Number.NaN));
}

/** One figure of each thing that was measured, of every series. */
export function figuresOf<Name extends string, Value>(
  series: Readonly<Record<Name, readonly Value[]>>,
  figureOf: (value: Value) => number,
): Record<Name, number[]> {
  const entries = Object.entries<readonly Value[]>(series).map(([name, values]) => [
    name,
    values.map(figureOf),
  ]);
  return Object.fromEntries(entries) as Record<Name, number[]>;
}

/** How often everything is measured, and how often before that without counting it. */
export interface Rounds {
  rounds: number;
  warmUpRounds: number;
}

/**
 * Measures every subject once in each round, so that other work of the machine falls on all of them alike. Every other
 * round goes backwards, and the first ones are not counted.
 */
export async function interleave<Name extends string, Value>(
  names: readonly Name[],
  { rounds, warmUpRounds }: Rounds,
  measure: (name: Name) => Value | Promise<Value>,
): Promise<Record<Name, Value[]>> {
  const series = Object.fromEntries(names.map((name) => [name, [] as Value[]])) as Record<Name, Value[]>;
  for (let round = -warmUpRounds; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const value = await measure(name);
      if (round >= 0) series[name].push(value);
    }
  }
  return series;
}
