import { Problem } from '../../errors.ts';
import { parseTime, type TimeUnit } from '../../lib/time.ts';

export interface TimestampParameters {
  unit: TimeUnit;
  /** How far the sender's clock may be from ours, in either direction. */
  toleranceSeconds: number;
}

export interface TimestampHeader extends TimestampParameters {
  /** In lower case. */
  header: string;
}

const unitDescriptions: Record<TimeUnit, string> = {
  s: 'a time in whole seconds since 1970',
  ms: 'a time in whole milliseconds since 1970',
  iso: 'an ISO 8601 time with a time zone',
};

/** Seconds. A time that is ten years off comes from a wrong unit, not from a wrong clock. */
const tenYears = 10 * 365 * 86_400;

/**
 * Refuses a request whose timestamp is missing, unreadable, too old or from the future. It proves nothing by itself:
 * only a timestamp that the signature covers counts.
 *
 * @param now epoch milliseconds
 * @returns the header's value, the text that the sender signed
 * @throws Problem `timestamp_missing`, `timestamp_malformed`, `timestamp_out_of_window`
 */
export function requireFreshHeader(
  { header, ...parameters }: TimestampHeader,
  headers: ReadonlyMap<string, string>,
  now: number,
): string {
  const text = headers.get(header);
  if (text === undefined) throw new Problem('timestamp_missing', `The header ${header} is missing.`);
  requireFresh(text, `The header ${header}`, parameters, now);
  return text;
}

/**
 * The same for a time that stands elsewhere.
 *
 * @param place the beginning of a sentence about it
 * @throws Problem `timestamp_malformed`, `timestamp_out_of_window`
 */
export function requireFresh(
  text: string,
  place: string,
  { unit, toleranceSeconds }: TimestampParameters,
  now: number,
): void {
  const time = parseTime(text, unit);
  if (time === undefined) {
    throw new Problem('timestamp_malformed', `${place} is not ${unitDescriptions[unit]}.`);
  }
  const offSeconds = (now - time) / 1000;
  if (Math.abs(offSeconds) <= toleranceSeconds) return;
  const side = offSeconds > 0 ? 'old' : 'in the future';
  const advice =
    Math.abs(offSeconds) > tenYears
      ? `Is it really ${unitDescriptions[unit]}?`
      : "Check the sender's clock, and that it does not repeat old requests.";
  throw new Problem(
    'timestamp_out_of_window',
    `${place} is ${Math.round(Math.abs(offSeconds))} s ${side}; ${toleranceSeconds} s are allowed. ${advice}`,
  );
}
