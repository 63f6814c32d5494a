import { describe, expect, test } from 'vitest';
import { compileSources, SourcesError } from '../../../local/build/compile-sources.ts';
import { configurationDigest } from '../../../local/build/configuration-digest.ts';

const app = '3616cdca-0000-4000-8000-000000000001';
const notify = 'notify: [{ kind: dingtalk, url: DINGTALK_ROBOT_URL }]';

/** A file with one source, of which the lines stand on line 6 and below, from column 5. */
const withoutChannel = (...lines: string[]) =>
  [
    'sources:',
    '  shop:',
    '    preset: alertmanager',
    '    secrets: [SECRET_SHOP]',
    `    apps: [${app}]`,
    ...lines.map((line) => `    ${line}`),
    '',
  ].join('\n');

const asking = (...lines: string[]) => `${withoutChannel(...lines)}${notify}\n`;

/** The same, and a chat beside it. */
const besideChat = (chat: string, ...lines: string[]) =>
  `${withoutChannel(...lines)}  chat: { secrets: [SECRET_CHAT], apps: [${app}], ${chat} }\n${notify}\n`;

const allowed = "allow: senderStaffId == 'manager1'";

/** What the build says, `line:column message`. */
function told(text: string): string[] {
  try {
    compileSources(text);
  } catch (error) {
    if (!(error instanceof SourcesError)) throw error;
    return error.faults.map(({ line, column, message }) => `${line}:${column} ${message}`);
  }
  return [];
}

describe('a source that asks people first', () => {
  test('asks before each rollback, for a quarter of an hour, on the page, and one person is enough', () => {
    const [source] = compileSources(asking('confirm: all'));
    expect(source?.confirm).toEqual({ of: 'all', withinMs: 900_000, by: 'page', people: 1 });
  });

  test.each<[confirm: string, more: string[], policy: Record<string, unknown>]>([
    ['ended', ['ended: { within: 30m }'], { of: 'ended' }],
    ['{}', [], {}],
    ['{ of: all, people: 1 }', ['confirmBy: page'], {}],
    [
      '{ of: ended }',
      ['ended: { within: 30m }', 'confirmWithin: 24h'],
      { of: 'ended', withinMs: 86_400_000 },
    ],
    ['all', ['confirmWithin: 1m', 'mode: deferred'], { withinMs: 60_000 }],
    ['all', ['dryRun: true'], {}],
  ])('asks as it says: %s, %j', (confirm, more, policy) => {
    const [source] = compileSources(asking(`confirm: ${confirm}`, ...more));
    expect(source?.confirm).toEqual({ of: 'all', withinMs: 900_000, by: 'page', people: 1, ...policy });
  });

  test('is followed, for a task asks', () => {
    expect(compileSources(asking('confirm: all'))[0]?.follow).toBe(true);
  });

  test('may be called confirm: its path has one part, and that of the page has two', () => {
    const [source] = compileSources(asking('confirm: all').replace('  shop:', '  confirm:'));
    expect([source?.name, source?.confirm?.of]).toEqual(['confirm', 'all']);
  });

  test('says what the alert says by its preset, or by an expression of its own', () => {
    const [preset] = compileSources(asking('confirm: all'));
    const [own] = compileSources(asking('confirm: all', 'summary: alerts[0].annotations.what'));
    expect(preset?.summary?.text).toContain('commonAnnotations');
    expect(own?.summary?.text).toBe('alerts[0].annotations.what');
  });

  test('alone carries a summary: every other one would carry it for nothing', () => {
    const [source] = compileSources(asking());
    expect([source?.confirm, source?.summary]).toEqual([undefined, undefined]);
  });

  test.each(['confirmWithin: 20m', 'confirm: { people: 2 }', 'confirmBy: chat', 'summary: status'])(
    'gives the configuration another digest with %s',
    (line) => {
      const rest = line.startsWith('confirm:') ? [line, 'confirmBy: chat'] : ['confirm: all', line];
      const digestOf = (...lines: string[]) =>
        configurationDigest(compileSources(besideChat(`preset: dingtalk, ${allowed}`, ...lines)));
      const base = line.startsWith('confirm:') ? ['confirm: all', 'confirmBy: chat'] : ['confirm: all'];
      expect(digestOf(...rest)).not.toBe(digestOf(...base));
    },
  );
});

describe('a chat in which people decide', () => {
  test.each(['slack', 'feishu', 'dingtalk'])('is every %s source that says whose word counts', (preset) => {
    const chat = `preset: ${preset}, ${allowed}`;
    const sources = compileSources(besideChat(chat, 'confirm: { people: 2 }', 'confirmBy: chat'));
    expect(sources.map(({ name, decides }) => [name, decides])).toEqual([
      ['shop', undefined],
      ['chat', { people: 2 }],
    ]);
    expect(sources[0]?.confirm).toEqual({ of: 'all', withinMs: 900_000, by: 'chat', people: 2 });
  });

  test.each([
    ['slack', 'user_id || user.id || event.user'],
    ['feishu', 'event.sender.sender_id.open_id || event.operator.open_id'],
    ['dingtalk', 'senderStaffId || senderId'],
  ])('tells people of %s apart by what they cannot change, and only where it decides', (preset, path) => {
    const chat = `preset: ${preset}, ${allowed}`;
    const personOf = (...lines: string[]) => compileSources(besideChat(chat, ...lines))[1]?.person?.text;
    expect(personOf('confirm: all', 'confirmBy: chat')).toBe(path);
    expect(personOf('confirm: all')).toBeUndefined();
  });

  test('may be the source itself that asks', () => {
    const text = `sources: { chat: { preset: slack, secrets: [A], allow: "user_id == 'U1'", confirm: all, confirmBy: chat } }\n${notify}\n`;
    expect(compileSources(text)[0]?.decides).toEqual({ people: 1 });
  });

  test('is none where no source leaves it to a chat', () => {
    const sources = compileSources(besideChat(`preset: dingtalk, ${allowed}`, 'confirm: all'));
    expect(sources.map(({ decides }) => decides)).toEqual([undefined, undefined]);
  });

  test('is none that lets everyone write', () => {
    const text = besideChat(`preset: dingtalk, ${allowed}`, 'confirm: all', 'confirmBy: chat').replace(
      '  chat:',
      '  open: { preset: slack, secrets: [B] }\n  chat:',
    );
    expect(compileSources(text).map(({ name, decides }) => [name, decides])).toEqual([
      ['shop', undefined],
      ['open', undefined],
      ['chat', { people: 1 }],
    ]);
  });
});

const noChannel =
  'people are asked in the channels of notify, and this file has none: add notify: [{ kind: dingtalk';
const asksNoOne =
  'this is for the people who decide first, and this source asks no one: add confirm: all, or take this out';
const nothingEnded =
  'this source refuses releases that have ended, so there is nothing to ask about: add ended: { within: 30m }, or write confirm: all';
const noTwo =
  'on the page anyone can type any name, so it cannot tell two people apart: add confirmBy: chat, or take people: 2 out';
const noForm = '"confirm" must be all, ended, or { of: all, people: 2 }';

describe('asking people does not build, and the place and the way out are told:', () => {
  test.each<[what: string, text: string, expected: string[]]>([
    ['without a channel', withoutChannel('confirm: all'), [`6:5 ${noChannel}`]],
    [
      'without a follow function',
      asking('confirm: all', 'follow: false'),
      [
        '7:5 with confirm, a task of the follow function asks people and waits: take this out',
        '8:1 no source is followed',
      ],
    ],
    ['before ended releases that are refused anyway', asking('confirm: ended'), [`6:5 ${nothingEnded}`]],
    ['before ended releases, in a map', asking('confirm: { of: ended }'), [`6:16 ${nothingEnded}`]],
    ['a time without asking', asking('confirmWithin: 15m'), [`6:5 ${asksNoOne}`]],
    ['a place without asking', asking('confirmBy: page'), [`6:5 ${asksNoOne}`]],
    ['a summary without asking', asking('summary: status'), [`6:5 ${asksNoOne}`]],
    ['two people on the page', asking('confirm: { people: 2 }'), [`6:16 ${noTwo}`]],
    [
      'two people on the page, spelt out',
      asking('confirm: { people: 2 }', 'confirmBy: page'),
      [`6:16 ${noTwo}`],
    ],
    [
      'by chat, and there is none',
      asking('confirm: all', 'confirmBy: chat'),
      [
        '7:5 people decide by a command in a chat, and this file has none: add a source with preset: slack, feishu or dingtalk, and with allow',
      ],
    ],
    [
      'by chat, and everyone may write there',
      besideChat('preset: dingtalk', 'confirm: all', 'confirmBy: chat'),
      ['7:5 people decide by a command in a chat, and no chat says whose word counts: add allow to chat'],
    ],
    [
      'by comments, which are no chat that can answer',
      besideChat('preset: codeup, allow: user.username', 'confirm: all', 'confirmBy: chat'),
      ['7:5 people decide by a command in a chat, and this file has none'],
    ],
    ['nothing', asking('confirm: ~'), ['6:5 "confirm" is empty']],
    ...['true', 'yes', 'All', '2', '[all]', 'page'].map((value): [string, string, string[]] => [
      value,
      asking(`confirm: ${value}`),
      [`6:5 ${noForm}`],
    ]),
    ['three people', asking('confirm: { people: 3 }'), ['6:16 "people" must be one of 1, 2']],
    [
      'a misspelt key',
      asking('confirm: { peopel: 2 }'),
      ['6:16 "peopel" is not a key here; did you mean "people"?'],
    ],
    [
      'a key of the source in the map',
      asking('confirm: { of: all, confirmWithin: 1m }'),
      ['6:25 "confirmWithin" is not a key here; there are of, people'],
    ],
    ['another of', asking('confirm: { of: some }'), ['6:16 "of" must be one of all, ended']],
    [
      'a time without its unit',
      asking('confirm: all', 'confirmWithin: 15'),
      ['7:5 "confirmWithin" must have its unit, s, m, h or d: write 15m for minutes'],
    ],
    ...['59s', '25h'].map((time): [string, string, string[]] => [
      `a time of ${time}`,
      asking('confirm: all', `confirmWithin: ${time}`),
      ['7:5 "confirmWithin" must be from 1m to 24h'],
    ]),
    [
      'another place',
      asking('confirm: all', 'confirmBy: phone'),
      ['7:5 "confirmBy" must be one of page, chat'],
    ],
    ['a summary that is no JMESPath', asking('confirm: all', 'summary: a =='), ['7:5 this is not JMESPath']],
    [
      'a summary that is a list',
      asking('confirm: all', 'summary: alerts[].labels'),
      ['7:5 this gives a list, and people are shown text: take one of it, such as [0]'],
    ],
    [
      'the key of the links as the secret of a source',
      asking().replace('SECRET_SHOP', 'CONFIRM_SECRET'),
      ['4:15 "secrets" signs the links on which people decide, and is nothing else: take another variable'],
    ],
    [
      'the key of the links as that of a channel',
      asking().replace('DINGTALK_ROBOT_URL }', 'DINGTALK_ROBOT_URL, secret: CONFIRM_SECRET }'),
      ['6:53 "secret" signs the links on which people decide'],
    ],
    [
      'the address of the page as a secret',
      asking().replace('SECRET_SHOP', 'PUBLIC_URL'),
      ['4:15 "secrets" is a setting, and no secret: anybody could sign with it'],
    ],
  ])('%s', (_what, text, expected) => {
    expect(told(text)).toEqual(expected.map((line) => expect.stringContaining(line) as string));
  });
});
