import { longestLinkSeconds } from '../../functions/webhook/verify/link.ts';
import { CliError } from '../cli/cli.ts';

/**
 * When a link ends, epoch seconds: `90d` and `12h` from now, or a date, at its beginning in UTC.
 *
 * @param now epoch milliseconds
 * @throws CliError for what is no such time, past, or later than any link may end
 */
export function readExpiry(text: string | undefined, now: number): number {
  if (text === undefined) {
    throw new CliError(
      '--expires is missing: every link expires. Say 90d, 12h, or a date such as 2026-12-31.',
    );
  }
  const nowSeconds = Math.floor(now / 1000);
  const expiresAtSeconds = fromNow(text, nowSeconds) ?? beginningOf(text);
  if (expiresAtSeconds === undefined) {
    throw new CliError(
      `--expires must be days (90d), hours (12h), or a date (2026-12-31), not ${JSON.stringify(text)}.`,
    );
  }
  if (expiresAtSeconds <= nowSeconds) throw new CliError(`--expires ${text} is not in the future.`);
  if (expiresAtSeconds > nowSeconds + longestLinkSeconds) {
    throw new CliError(`--expires ${text} is later than any link may end: 400 days from now (400d).`);
  }
  return expiresAtSeconds;
}

const unitSeconds: Record<string, number> = { d: 86_400, h: 3600 };

function fromNow(text: string, nowSeconds: number): number | undefined {
  const [, count, unit = ''] = /^(\d{1,6})([dh])$/.exec(text) ?? [];
  const seconds = unitSeconds[unit];
  return count === undefined || seconds === undefined ? undefined : nowSeconds + Number(count) * seconds;
}

function beginningOf(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const time = Date.parse(`${text}T00:00:00Z`);
  // February 31st is a day of March to some, and none to this.
  const isDay = !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
  return isDay ? time / 1000 : undefined;
}
