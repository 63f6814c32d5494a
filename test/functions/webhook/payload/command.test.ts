import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isNoCommand } from '../../../../functions/webhook/payload/command-fault.ts';
import { readCommand } from '../../../../functions/webhook/payload/command.ts';
import { root } from '../../../../local/build/bundle.ts';
import { runs } from '../../../support/runs.ts';

const id = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
/** What people write that is no command, and what is one. */
const prose = JSON.parse(readFileSync(path.join(root, 'test/data/prose.json'), 'utf8')) as {
  commands: string[];
  prose: string[];
};
const otherId = '5ba3b2f4-1c7e-4a6d-8f00-000000000001';

function asksForNothing(message: string): boolean {
  const command = readCommand(message);
  return 'fault' in command && isNoCommand(command.fault);
}

const commands = [
  `rollback ${id}`,
  `Rollback ${id}`,
  `ROLL BACK ${id}`,
  `roll-back ${id}`,
  `回滚 ${id}`,
  `回滚${id}`,
  ` 回滚 ${id}`,
  `@bot 回滚 ${id}`,
  `@bot\n回滚\r\n${id}\n`,
  `@bot, rollback ${id}!`,
  `@_user_1 rollback ${id}`,
  `<@U0123ABC> rollback \`${id}\``,
  `<@U0123ABC|roadrunner>: rollback ${id}`,
  `@bot @someone rollback ${id}`,
  `＠bot\u3000回滚：ｄｃ５１３３ｄ７－７７３ｆ－４ｃ８１－９ｃ５ａ－ｅ２１０３ｄｃｅ０ｆ６ａ。`,
  `rollback dc5133d7–773f–4c81–9c5a–e2103dce0f6a`,
  `rollback: “${id}”`,
  `*rollback* ${id}`,
  `rollback \u200b${id}\ufeff`,
  `/rollback ${id}`,
  `/回滚 ${id}`,
];

const otherCommands = [
  `@_user_1回滚 ${id}`,
  `@_user_12 rollback ${id}`,
  `@_all 回滚 ${id}`,
  `回滾 ${id}`,
  `回滾${id}`,
  `/回滾 ${id}`,
  `rollback ${id} @bot`,
  `rollback ${id}@bot`,
  `回滚 ${id} @_user_1`,
  `@alice rollback ${id} @bot, <@U0123ABC>.`,
  `rollback rollback ${id}`,
  `/rollback /rollback ${id}`,
  `回滚 回滚 ${id}`,
];

const refusedCommands = [
  ['rollback', 'id_missing', ''],
  ['@bot 回滚!', 'id_missing', ''],
  ['/rollback', 'id_missing', ''],
  ['rollback @bot', 'id_missing', ''],
  ['rollback checkout', 'id_malformed', 'checkout'],
  ['rollback dc5133d7', 'id_malformed', 'dc5133d7'],
  [`rollback ${id.slice(0, -1)}`, 'id_malformed', id.slice(0, -1)],
  [`rollback ${id}0`, 'id_malformed', `${id}0`],
  [`rollback ${id} ${otherId}`, 'several_ids', `${id}, ${otherId}`],
  [`rollback ${id} please`, 'words_beside_id', 'please'],
  [`rollback of ${id} is NOT needed`, 'words_beside_id', 'of … is NOT needed'],
  [`rollback ${id} 👎`, 'words_beside_id', '👎'],
  [`rollback ${id} ${id}`, 'words_beside_id', `${id} ${id}`],
  [`rollback "roll back ${id}"`, 'words_beside_id', 'roll back'],
];

const noCommands = [
  '',
  '   ',
  '/',
  '@bot',
  id,
  `@bot ${id}`,
  `what is ${id}?`,
  `rollback ${id}?`,
  `回滚 ${id}？ `,
  `do not rollback ${id}`,
  `please rollback ${id}`,
  `不要回滚 ${id}`,
  `回滚了吗 ${id}`,
  `rollbacks ${id}`,
  `rollback2 ${id}`,
  `unroll back ${id}`,
  `/edas ${id}`,
  `/edas rollback ${id}`,
  `/help rollback ${id}`,
  `/取消 回滚 ${id}`,
  `@bot /stop rollback ${id}`,
  `rollback? ${id}`,
  `"rollback ${id}?"`,
  `rollback ${id}؟`,
  `@小助手，不要 回滚 ${id}`,
  `@小助手不要 回滚 ${id}`,
  `@bot别 回滚 ${id}`,
  `@bot,don't rollback ${id}`,
  `@bot:don't rollback ${id}`,
  `@_user_1,never rollback ${id}`,
  `@bot-dont rollback ${id}`,
  `~~rollback ${id}~~`,
  `> rollback ${id}`,
  `❌ rollback ${id}`,
  `<!-- rollback ${id} -->`,
  `rollback ${id} ${'x'.repeat(500)}`,
];

const reasons = [
  ['', 'no_text', ''],
  ['@bot', 'no_text', ''],
  ['x'.repeat(501), 'too_long', ''],
  [`rollback ${id}?`, 'question', ''],
  [`rollback ${id}…`, 'question', ''],
  [`"rollback ${id}"`, 'quotation', ''],
  [`“回滚 ${id}”`, 'quotation', ''],
  [`「回滾 ${id}」`, 'quotation', ''],
  [`\`rollback ${id}\``, 'quotation', ''],
  [`\`\`\`\nrollback ${id}\n\`\`\``, 'quotation', ''],
  [`    rollback ${id}`, 'quotation', ''],
  [`\trollback ${id}`, 'quotation', ''],
  [`> rollback ${id}`, 'quotation', ''],
  [`@bot > rollback ${id}`, 'quotation', ''],
  [`~~rollback ${id}~~`, 'quotation', ''],
  [`@bot不要 回滚 ${id}`, 'not_only_a_name', '@bot不要'],
  [`@bot別 回滾 ${id}`, 'not_only_a_name', '@bot別'],
  [`@bot取消 回滚 ${id}`, 'not_only_a_name', '@bot取消'],
  [`回滚 ${id} @bot不要`, 'not_only_a_name', '@bot不要'],
  [`please rollback ${id}`, 'other_words', 'please'],
  [`* rollback ${id}`, 'other_words', '*'],
  [`[ ] rollback ${id}`, 'other_words', '[ ]'],
  [`Revert "Roll back ${id}"`, 'other_words', 'Revert'],
  ['status', 'other_words', 'status'],
  ...['help', '/rollback help', '@bot help!', 'rollback ?', '/rollback -h', '回滚 帮助', '幫助'].map(
    (message) => [message, 'help', ''] as const,
  ),
] as const;

describe('a command', () => {
  test.each(commands)('%j asks for the change order', (message) => {
    expect(readCommand(message)).toMatchObject({ changeOrderId: id });
  });

  test.each(otherCommands)('%j asks for it as well', (message) => {
    expect(readCommand(message)).toMatchObject({ changeOrderId: id });
  });

  test.each(refusedCommands)('%j is one that is refused: %s, %j', (message, fault, words) => {
    const command = readCommand(message);
    expect(command).toMatchObject({ fault, words });
    expect('fault' in command && isNoCommand(command.fault)).toBe(false);
  });

  test.each([
    [`rollback ${id}`, 'en'],
    [`@小助手 rollback ${id}`, 'en'],
    [`回滚 ${id}`, 'zh'],
    [`@bot 回滾 ${id}`, 'zh'],
    ['please', 'en'],
    ['请回滚', 'zh'],
  ])('%j is in the language %s', (message, language) => {
    expect(readCommand(message).language).toBe(language);
  });
});

describe('no command', () => {
  test.each(noCommands)('is %j', (message) => {
    expect(asksForNothing(message)).toBe(true);
  });

  test.each(reasons)('%j, for: %s, %j', (message, fault, words) => {
    const command = readCommand(message);
    expect(command).toMatchObject({ fault, words });
    expect('fault' in command && isNoCommand(command.fault)).toBe(true);
  });

  test('shows of a message no more than 80 characters, on one line', () => {
    const command = readCommand(`please\u202e\n${'x'.repeat(200)} rollback`);
    expect(command).toMatchObject({ words: `please ${'x'.repeat(73)}…` });
  });
});

test('a message of any kind is read in bounded time, and never throws', () => {
  const hostile = [
    '@a'.repeat(500_000),
    '! '.repeat(500_000),
    `x${'!'.repeat(500_000)}x`,
    '<'.repeat(500_000),
  ];
  for (const message of hostile) expect(asksForNothing(message)).toBe(true);
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (message) => {
      expect(['en', 'zh']).toContain(readCommand(message).language);
    }),
    { numRuns: runs(300) },
  );
});

test('what is said before the verb makes it no command, unless it is a mention of somebody', () => {
  const word = fc.stringMatching(/^[a-z]{1,10}$/).filter((text) => !/^roll(back)?$/.test(text));
  const isProhibition = (text: string) => /^(no|not|dont|never|stop|cancel)$/.test(text);
  fc.assert(
    fc.property(word, (text) => {
      expect(asksForNothing(`${text} rollback ${id}`)).toBe(true);
      expect(asksForNothing(`@${text} rollback ${id}`)).toBe(isProhibition(text));
    }),
    { numRuns: runs(200), examples: [['no'], ['never'], ['nobody']] },
  );
});

describe('where people decide', () => {
  test.each([
    `leave ${id}`,
    `Leave ${id}`,
    `LEAVE ${id}`,
    `leave: “${id}”`,
    `*leave* ${id}`,
    `/leave ${id}`,
    `rollback leave ${id}`,
    `/rollback leave ${id}`,
    `/回滚 保留 ${id}`,
    `@bot leave ${id} @bot`,
    `@_user_1保留 ${id}`,
    `保留 ${id}`,
    `保留${id}`,
    `忽略 ${id}`,
    `忽略：${id}。`,
  ])('%j leaves the change order alone', (message) => {
    expect(readCommand(message, true)).toMatchObject({ verb: 'leave', changeOrderId: id });
    const elsewhere = readCommand(message);
    expect(elsewhere).not.toHaveProperty('changeOrderId');
  });

  test.each([
    [`leave`, 'id_missing'],
    [`leave it`, 'id_malformed'],
    [`leave ${id} alone`, 'words_beside_id'],
    [`leave ${id} ${otherId}`, 'several_ids'],
    [`leave rollback ${id}`, 'words_beside_id'],
    [`保留 ${id} 不要`, 'words_beside_id'],
    [`保留 ${id} @bot不要`, 'not_only_a_name'],
    [`leave ${id}?`, 'question'],
    [`"leave ${id}"`, 'quotation'],
    [`leaves ${id}`, 'other_words'],
    [`do not leave ${id}`, 'other_words'],
    [`不保留 ${id}`, 'other_words'],
    [`不要忽略 ${id}`, 'other_words'],
    [`不回滚 ${id}`, 'other_words'],
    [`保留意见 ${id}`, 'other_words'],
    [`@bot不要 保留 ${id}`, 'not_only_a_name'],
    [`rollback, leave ${id}`, 'words_beside_id'],
  ])('%j is no such command: %s', (message, fault) => {
    expect(readCommand(message, true)).toMatchObject({ fault });
  });

  test('every sentence without that verb means what it means elsewhere', () => {
    const sentences = [
      ...[...prose.commands, ...prose.prose].map((text) => text.replaceAll('{id}', id)),
      ...[...commands, ...otherCommands, ...noCommands],
      ...[...refusedCommands, ...reasons].map(([message]) => message),
    ];
    expect(sentences.length).toBeGreaterThan(350);
    for (const message of sentences) expect(readCommand(message, true)).toEqual(readCommand(message));
  });

  test('whatever stands around that verb, no command rolls back', () => {
    const verb = fc.constantFrom('leave', 'LEAVE', '保留', '忽略', '/rollback leave', 'rollback leave');
    const text = fc.string({ unit: 'grapheme', maxLength: 20 });
    fc.assert(
      fc.property(text, verb, text, (before, leave, behind) => {
        const command = readCommand(`${before}${leave} ${behind}${id}`, true);
        expect('changeOrderId' in command && command.verb).not.toBe('rollback');
      }),
      {
        numRuns: runs(300),
        examples: [
          ['', 'leave', 'rollback '],
          ['rollback ', 'leave', ''],
        ],
      },
    );
  });
});
