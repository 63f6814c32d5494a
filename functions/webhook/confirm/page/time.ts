import { toIso } from '../../../lib/time.ts';
import { html, type Markup } from './html.ts';
import type { DateAndTime, Texts } from './texts.ts';

const minuteMs = 60_000;
const chinaOffsetMs = 8 * 60 * minuteMs;

/** A time in UTC and in China, for the server does not know where the reader is; the script writes it in the reader's terms. */
export function timeMarkup(epochMs: number, texts: Texts): Markup {
  const text = texts.time(dateAndTimeOf(epochMs), dateAndTimeOf(epochMs + chinaOffsetMs));
  return html`<time datetime="${toIso(epochMs)}">${text}</time>`;
}

/** So long in words; undefined where nothing, or less, is left. */
export function durationText(ms: number, texts: Texts): string | undefined {
  if (!(ms > 0)) return undefined;
  const minutes = Math.floor(ms / minuteMs);
  return texts.duration(Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60);
}

/** Whether JavaScript has a date for it: a payload may hold any number. */
export function isDate(epochMs: number | undefined): epochMs is number {
  return epochMs !== undefined && !Number.isNaN(new Date(epochMs + chinaOffsetMs).getTime());
}

function dateAndTimeOf(epochMs: number): DateAndTime {
  const date = new Date(epochMs);
  return {
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    time: toIso(epochMs).slice(-13, -8),
  };
}
