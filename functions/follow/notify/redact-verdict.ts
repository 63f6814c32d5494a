import { excerpt, holdsPieceOf } from '../../lib/text.ts';
import type { ChannelAddress, Verdict } from './channel.ts';

/** Characters of what a channel said that are passed on. */
const longestWords = 200;
/** A piece of a key of this length is taken for a quotation of it. */
const quotationLength = 8;

/**
 * The verdict with the channel's words, as far as they are fit for a log, in its reason.
 *
 * @param token of the link in the message, where it has one
 */
export function redactVerdict(verdict: Verdict, address: ChannelAddress, token?: string): Verdict {
  if (verdict.accepted) return verdict;
  const { words, ...rest } = verdict;
  // A little more than is passed on, so that a quotation is seen as such also where the text is cut.
  const text = words?.slice(0, 5 * longestWords).trim();
  if (!text) return rest;
  const quoted = [...secretsOf(address), token ?? ''].some((secret) =>
    holdsPieceOf(text, secret, quotationLength),
  )
    ? 'its words are withheld, for they quote its address or key, or the link in the message'
    : excerpt(text, longestWords);
  return { ...rest, reason: `${rest.reason}: ${quoted}` };
}

/** The parts of an address in which a key can be, as they stand and decoded, and the key of the signature. */
function secretsOf({ url, key }: ChannelAddress): string[] {
  const { pathname, search, searchParams } = new URL(url);
  const parts = [...pathname.split('/'), ...search.split(/[?&=]/), ...searchParams.values()];
  const keys = key ? [key.toString('utf8'), key.toString('base64')] : [];
  return [...parts, ...keys].filter((part) => part.length >= quotationLength);
}
