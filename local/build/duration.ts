const unitsMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A whole number and its unit. */
export const durationPattern = /^(\d{1,6})(s|m|h|d)$/;

/** Milliseconds of a text such as `45s`, `30m`, `4h` or `1d`; undefined where it is none. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit] = durationPattern.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * unitsMs[unit as keyof typeof unitsMs];
}

/** The same of a text that the schema has checked. */
export function checkedDuration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new Error(`${text} is no duration`);
  return ms;
}

/** The same in words, in the largest unit in which it is a whole number: `90 min`. */
export function describeDuration(ms: number): string {
  const [words, unitMs] = [
    ['d', unitsMs.d] as const,
    ['h', unitsMs.h] as const,
    ['min', unitsMs.m] as const,
  ].find(([, each]) => ms > 0 && ms % each === 0) ?? ['s', unitsMs.s];
  return `${ms / unitMs} ${words}`;
}
