import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readChatCommand } from '../../../../functions/webhook/payload/chat-command.ts';
import { runs } from '../../../support/runs.ts';

const id = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';

describe('a command', () => {
  test.each([
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
  ])('%j asks for the change order', (message) => {
    expect(readChatCommand(message)).toBe(id);
  });

  test.each([
    ['rollback', ''],
    ['@bot 回滚!', ''],
    ['/rollback', ''],
    ['rollback checkout', 'checkout'],
    [`rollback ${id} please`, `${id} please`],
    [`/rollback rollback ${id}`, `rollback ${id}`],
    [`rollback ${id} 👎`, `${id} 👎`],
  ])('%j is followed by %j', (message, rest) => {
    expect(readChatCommand(message)).toBe(rest);
  });
});

describe('no command', () => {
  test.each([
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
  ])('is %j', (message) => {
    expect(readChatCommand(message)).toBeUndefined();
  });
});

test('a message of any kind is read in bounded time, and never throws', () => {
  const hostile = [
    '@a'.repeat(500_000),
    '! '.repeat(500_000),
    `x${'!'.repeat(500_000)}x`,
    '<'.repeat(500_000),
  ];
  for (const message of hostile) expect(readChatCommand(message)).toBeUndefined();
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (message) => {
      expect(['string', 'undefined']).toContain(typeof readChatCommand(message));
    }),
    { numRuns: runs(300) },
  );
});

test('what is said before the verb makes it no command, unless it is a mention of somebody', () => {
  const word = fc.stringMatching(/^[a-z]{1,10}$/).filter((text) => !/^roll(back)?$/.test(text));
  const isProhibition = (text: string) => /^(no|not|dont|never|stop|cancel)$/.test(text);
  fc.assert(
    fc.property(word, (text) => {
      expect(readChatCommand(`${text} rollback ${id}`)).toBeUndefined();
      expect(readChatCommand(`@${text} rollback ${id}`)).toBe(isProhibition(text) ? undefined : id);
    }),
    { numRuns: runs(200), examples: [['no'], ['never'], ['nobody']] },
  );
});
