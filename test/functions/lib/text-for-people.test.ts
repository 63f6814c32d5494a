import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  escapeForCard,
  escapeForDingTalk,
  escapeForFeishu,
  escapeForSlack,
  escapeForWeCom,
  onOneLine,
  showUnseen,
} from '../../../functions/lib/text-for-people.ts';
import { dangersIn, hostileText, unseenRanges } from '../../support/hostile-text.ts';
import { runs } from '../../support/runs.ts';

/** Every character of a range, each between two letters. */
const between = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => `a${String.fromCodePoint(first + index)}b`);

const visible = [
  'Zoë O’Brien, 小王，王𮯰, Дмитрий, עברית, 한국어, नमस्ते',
  '😀👍🏽 ＠all ✓ … “x” — {"a": [1]} \\u202e ~!#$%^&*()_+`\'',
  '\ufffd\ufffc',
];

describe('text from outside on one line', () => {
  test.each(unseenRanges)('has a blank for %s', (_what, first, last) => {
    const lines = between(first, last).map((text) => onOneLine(text, 100));
    expect(lines.filter((line) => line !== 'a b')).toEqual([]);
  });

  test.each(['\u00a0', '\u1680', '\u2003', '\u202f', '\u205f', '\u3000'])(
    'has a usual blank for the blank %j',
    (blank) => {
      expect(onOneLine(`a${blank}b`, 100)).toBe('a b');
    },
  );

  test.each(visible)('stays as it is where all of it can be seen: %s', (text) => {
    expect(onOneLine(text, 100)).toBe(text);
  });

  test('has one blank for a run of them, and none at its ends', () => {
    expect(onOneLine(' \r\n a \u200b\n\t \u202e b\u2028', 100)).toBe('a b');
  });

  test.each(['', ' ', '\n', '\u200b\u202e\u3164\u2800'])(
    'is empty where nothing of it can be seen: %j',
    (text) => {
      expect(onOneLine(text, 100)).toBe('');
    },
  );

  test('is cut where it is too long, and says so', () => {
    expect(onOneLine('abcdef', 6)).toBe('abcdef');
    expect(onOneLine('abcdefg', 6)).toBe('abcdef…');
  });

  test('is cut beside a character, not in the middle of it', () => {
    expect(onOneLine('abcde😀', 6)).toBe('abcde …');
  });

  test('whatever the text is, it is no longer than it may be, and all of it can be seen', () => {
    fc.assert(
      fc.property(hostileText, fc.integer({ min: 1, max: 200 }), (text, length) => {
        const line = onOneLine(text, length);
        expect(line.length).toBeLessThanOrEqual(length + 1);
        expect(dangersIn('webhook', line)).toEqual([]);
        expect(onOneLine(line, length + 1)).toBe(line);
      }),
      { numRuns: runs(500) },
    );
  });
});

describe('text from outside on a line of a terminal', () => {
  test.each(unseenRanges)('shows %s by number', (_what, first, last) => {
    const shown = between(first, last).map(showUnseen);
    const expected = between(first, last).map((text) => {
      const code = text.codePointAt(1) ?? 0;
      return code === 9 ? text : `a\\u{${code.toString(16)}}b`;
    });
    expect(shown).toEqual(expected);
  });

  test.each([...visible, '\t{"a":  1}'])('stays as it is where it is harmless: %j', (text) => {
    expect(showUnseen(text)).toBe(text);
  });

  test('shows a blank of another width, which cannot be told from a usual one', () => {
    expect(showUnseen('a\u00a0b')).toBe('a\\u{a0}b');
  });

  test('whatever it is, nothing of it is obeyed', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(dangersIn('webhook', showUnseen(text).replaceAll('\t', ' '))).toEqual([]);
      }),
      { numRuns: runs(300) },
    );
  });
});

describe('the escape of a chat', () => {
  const escapes = {
    slack: escapeForSlack,
    dingtalk: escapeForDingTalk,
    feishu: escapeForFeishu,
    wecom: escapeForWeCom,
  };
  type Escaped = keyof typeof escapes;
  const kinds = Object.keys(escapes) as Escaped[];

  test.each<[Escaped, string, string]>([
    ['slack', '<!here> & <@U1>', '&lt;!here&gt; &amp; &lt;@U1&gt;'],
    ['slack', '&lt;!here&gt;', '&amp;lt;!here&amp;gt;'],
    ['dingtalk', '@all @13800000000', '＠all ＠13800000000'],
    ['feishu', '<at user_id="all">x</at>', '＜at user_id="all">x＜/at>'],
    ['feishu', '<at id=all></at>', '＜at id=all>＜/at>'],
    ['feishu', '<at user all>', '＜at user all>'],
    ['feishu', '<title>', '＜title>'],
    ['feishu', '<person id="all">', '＜person id="all">'],
    ['feishu', '<s>x</s> <strong', '＜s>x＜/s> ＜strong'],
    ['feishu', '[text](https://example.com) [x](y)', '[text］(https://example.com) [x］(y)'],
    ['wecom', '<@all><@zhang>', '(@all>(@zhang>'],
  ])('of %s makes of %s a mere text', (kind, text, expected) => {
    expect(escapes[kind](text)).toBe(expected);
  });

  test.each(['dingtalk', 'feishu', 'wecom'] as const)(
    'of %s leaves placeholders of our own alone',
    (kind) => {
      const text =
        'Type: rollback <change order id>. The role needs edas:ReadApplication on acs:edas:<region>:<account>:namespace/<namespace>/application/<application>.';
      expect(escapes[kind](text)).toBe(text);
    },
  );

  test.each([
    ['**bold** _it_ ~~gone~~ `code`', '＊＊bold＊＊ ＿it＿ ～～gone～～ ｀code｀'],
    ['[text](https://evil.example) ![x](y)', '［text］(https://evil.example) !［x］(y)'],
    [
      '<at id=all></at> <@all> @all <font color="red">',
      '＜at id=all＞＜/at＞ ＜＠all＞ ＠all ＜font color="red"＞',
    ],
    ['&lt;!channel&gt; a|b \\*', '＆lt;!channel＆gt; a｜b ＼＊'],
  ])('of a card makes of %s a mere text', (text, expected) => {
    expect(escapeForCard(text)).toBe(expected);
  });

  test('of a card leaves a notes, numbers, versions and addresses as they are', () => {
    const text =
      '回滚 checkout 2.4.0-rc1+7 (12 %): https://grafana.example.com/d/a?x=1#y "x" \'y\' $1 ^ {};,!';
    expect(escapeForCard(text)).toBe(text);
  });

  test('of WeCom makes no text longer, as its bytes are counted before', () => {
    expect(Buffer.byteLength(escapeForWeCom('回滚<@all>'))).toBe(Buffer.byteLength('回滚<@all>'));
  });

  test.each(kinds)('of %s leaves nothing live, whatever the text is', (kind) => {
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(dangersIn(kind, escapes[kind](onOneLine(text, 1000)))).toEqual([]);
      }),
      { numRuns: runs(300) },
    );
  });
});
