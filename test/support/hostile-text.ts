import fc from 'fast-check';
import type { ChannelKind } from '../../functions/follow/configuration.ts';

/** Ranges of what cannot be seen, by code point, written out by hand: blanks are not among them. */
export const unseenRanges: readonly (readonly [what: string, first: number, last: number])[] = [
  ['control characters', 0x00, 0x1f],
  ['more control characters, such as the one that begins an escape sequence', 0x7f, 0x9f],
  ['the soft hyphen', 0xad, 0xad],
  ['the joiner of graphemes', 0x34f, 0x34f],
  ['the Arabic mark of direction', 0x61c, 0x61c],
  ['fillers of Hangul', 0x115f, 0x1160],
  ['vowels of Khmer that are not shown', 0x17b4, 0x17b5],
  ['selectors and the vowel separator of Mongolian', 0x180b, 0x180f],
  ['blanks without width, joiners and marks of direction', 0x200b, 0x200f],
  ['separators of lines and paragraphs', 0x2028, 0x2029],
  ['embeddings and overrides of direction', 0x202a, 0x202e],
  ['the word joiner, operators without a sign, isolates of direction', 0x2060, 0x206f],
  ['the empty pattern of Braille', 0x2800, 0x2800],
  ['the filler of Hangul in full width', 0x3164, 0x3164],
  ['halves of a surrogate pair', 0xd800, 0xdfff],
  ['selectors of variations', 0xfe00, 0xfe0f],
  ['the byte order mark', 0xfeff, 0xfeff],
  ['the filler of Hangul in half width', 0xffa0, 0xffa0],
  ['anchors of annotations', 0xfff9, 0xfffb],
  ['beams of music', 0x1d173, 0x1d17a],
  ['tags, and more selectors of variations', 0xe0000, 0xe01ef],
];

/** What mentions people, or hides a link, in a text of each kind of channel. A webhook's receiver is no chat. */
const live: Record<ChannelKind, RegExp | undefined> = {
  slack: /[<>]|&(?!(?:amp|lt|gt);)/,
  dingtalk: /@/,
  // But for placeholders that our own sentences have.
  feishu: /<(?!(?:change order id|application|namespace|region|account)>)|\]\(/,
  wecom: /<@/,
  webhook: undefined,
};

/** What people should not meet in a text for one kind of channel: nothing, where the text is as it must be. */
export function dangersIn(kind: ChannelKind, text: string, { mayBreakLines = false } = {}): string[] {
  const unseen = Array.from(text)
    .filter((character) => !(mayBreakLines && character === '\n'))
    .flatMap((character) => {
      const code = character.codePointAt(0) ?? 0;
      const [range] = unseenRanges.filter(([, first, last]) => code >= first && code <= last);
      return range ? [`${range[0]}: U+${code.toString(16)}`] : [];
    });
  return [...unseen, ...(live[kind]?.exec(text) ?? []).map((each) => `it is live: ${each}`)];
}

/**
 * What people should not meet in a card for one kind of channel. Of the lines of a card, the one with our own link is left
 * out, and what a client shows as plain text cannot be live: there only what cannot be seen counts.
 */
export function dangersInCard(kind: ChannelKind, body: unknown, link: string): string[] {
  const lines = textsIn(body)
    .flatMap((text) => text.split('\n'))
    .filter((line) => !line.includes(link) && !line.includes(encodeURIComponent(link)))
    .map((line) => line.trim());
  const unseen = lines.flatMap((line) => dangersIn('webhook', line));
  const isMarkdown = kind === 'dingtalk' || kind === 'wecom';
  const marks = isMarkdown ? lines.filter((line) => /[\\`*_[\]<>~|@&]|^[#>+-]|^\d+\./.test(line)) : [];
  // What is shown where there are no blocks: as live as every message.
  const fallback = kind === 'slack' ? textsIn((body as { text?: unknown }).text).join('\n') : '';
  const live = fallback
    .split('\n')
    .filter((line) => !line.includes(link))
    .flatMap((line) => dangersIn('slack', line));
  return [...unseen, ...live, ...marks.map((line) => `it is marked up: ${line}`)];
}

/** The texts that a card shows; a webhook's receiver gets more, which it does not show. */
function textsIn(body: unknown): string[] {
  if (typeof body === 'string') return [body];
  if (typeof body !== 'object' || body === null) return [];
  const { data, ...fields } = body as Record<string, unknown>;
  if (data !== undefined) return textsIn((data as { text?: unknown }).text);
  return (Array.isArray(body) ? body : Object.values(fields)).flatMap(textsIn);
}

const mentions = [
  ...['@all', '@channel', '@所有人', '@13800000000', '<@all>', '<@U1>', '<!here>', '<!channel|x>', '<#C1>'],
  ...[
    '<at user_id="all">x</at>',
    '<at id=all></at>',
    '<AT user_id="all">',
    '<at user>',
    '< at>',
    '<s>',
    '</b>',
  ],
  ...['[text](https://example.com)', '<https://example.com|text>', '&lt;!here&gt;', '<', '@', '](', '&'],
];
const breaks = [
  '\n',
  '\r\n',
  '\u2028',
  '\u0085',
  '\u001b[31m',
  '\u009b2J',
  '\u0007',
  '\u0000',
  '\ud83d',
  '\udb40',
];

/** Text as somebody writes it who wants a message to be other than it is. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 50 }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(...mentions, ...breaks, 'a', ' ', '回滚', '😀'),
        fc
          .constantFrom(...unseenRanges)
          .chain(([, first, last]) => fc.integer({ min: first, max: last }))
          .map((code) => String.fromCodePoint(code)),
      ),
      { maxLength: 30 },
    )
    .map((pieces) => pieces.join('')),
  fc.constantFrom(...mentions, ...breaks).map((piece) => piece.repeat(1500)),
);
