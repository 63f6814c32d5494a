import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { languages } from '../../../functions/follow/configuration.ts';
import { messageFor } from '../../../functions/follow/message.ts';
import type { News, NewsEvent } from '../../../functions/follow/news.ts';
import { textsInChinese } from '../../../functions/follow/texts-zh.ts';
import { textsInEnglish } from '../../../functions/follow/texts-en.ts';
import { alreadyTerminated } from '../../../functions/rollback/outcome.ts';
import { phaseOf } from '../../../functions/rollback/states.ts';
import { changeOrderId, newsOf, rollbackChangeOrderId } from './notify/news.ts';

const events = Object.keys(textsInEnglish.headlines).filter((topic) => !topic.endsWith('_itself'));

test('a rollback that succeeded is told line by line', () => {
  expect(messageFor(newsOf(), 'en').split('\n')).toEqual([
    'Succeeded: the EDAS rollback is complete; the change is rolled back.',
    'Application: checkout (3616cdca-0000-4000-8000-000000000001)',
    `Change: checkout 2.4.0, change order ${changeOrderId}, 6 (terminated)`,
    `Rollback order: ${rollbackChangeOrderId}`,
    'Status: 2 (succeeded)',
    'Batches: 3 of 3 done',
    'Time since the request: 4 min 12 s',
    'Asked for by: alice, source pipeline, delivery delivery-1',
    'https://edas.console.aliyun.com/#/change',
  ]);
});

test('the same in Chinese', () => {
  expect(messageFor(newsOf(), 'zh').split('\n')).toEqual([
    '成功：EDAS 回滚已完成，变更已回滚。',
    '应用：checkout（3616cdca-0000-4000-8000-000000000001）',
    `变更：checkout 2.4.0，变更流程 ${changeOrderId}，6（已终止）`,
    `回滚流程：${rollbackChangeOrderId}`,
    '状态：2（执行成功）',
    '批次：已完成 3/3 批',
    '距请求已过：4 分 12 秒',
    '发起方：alice，来源 pipeline，投递 delivery-1',
    'https://edas.console.aliyun.com/#/change',
  ]);
});

test('what failed is told with its place and its reason, and why a rollback was refused with its code', () => {
  const failures = [{ place: 'Batch 1, Start Application', reason: 'EDAS-10000 NO_SPACE_LEFT_ON_DISK' }];
  const problem = { code: 'edas_denied', message: 'EDAS denied access.' } as const;
  const lines = messageFor(newsOf({ event: 'not_rolled_back', failures, problem }), 'en').split('\n');
  expect(lines).toContain('Failed: Batch 1, Start Application: EDAS-10000 NO_SPACE_LEFT_ON_DISK');
  expect(lines).toContain('Why: EDAS denied access. (edas_denied)');
});

test('of many failures the first are told, and how many there are besides', () => {
  const failures = Array.from({ length: 9 }, (_, index) => ({ place: `Batch ${index}`, reason: 'no' }));
  const text = messageFor(newsOf({ event: 'failed', failures }), 'en');
  expect(text.match(/^Failed: Batch/gm)).toHaveLength(5);
  expect(text).toContain('Failed: 4 more');
});

test.each([
  [400, '0 s'],
  [59_400, '59 s'],
  [252_000, '4 min 12 s'],
  [3_600_000, '1 h 0 min 0 s'],
])('%d ms are told as %s', (tookMs, words) => {
  expect(messageFor(newsOf({ tookMs }), 'en')).toContain(`Time since the request: ${words}\n`);
});

test('no duration is told where the clock was put back meanwhile', () => {
  expect(messageFor(newsOf({ tookMs: -3_600_000 }), 'en')).not.toContain('Time since');
});

describe.each(languages)('in %s', (language) => {
  test.each(events)('%s has a headline that a robot with a keyword takes', (event) => {
    const [headline = ''] = messageFor(newsOf({ event: event as NewsEvent }), language).split('\n');
    expect(headline).toContain(language === 'zh' ? '回滚' : 'rollback');
  });

  test('good words come first in what went well, and in nothing else', () => {
    const good = ['started', 'succeeded'];
    const wordOf = (event: string) =>
      /^[A-Za-z一-龥]+/.exec(messageFor(newsOf({ event: event as NewsEvent }), language))?.[0];
    const goodWords = good.map(wordOf);
    const others = events.filter((event) => !good.includes(event)).map(wordOf);
    expect(others.filter((word) => goodWords.includes(word))).toEqual([]);
  });

  test('every event but a start and a success says what to do next', () => {
    const next = language === 'zh' ? '下一步：' : 'Next: ';
    const silent = events.filter(
      (event) => !messageFor(newsOf({ event: event as NewsEvent }), language).includes(next),
    );
    expect(silent).toEqual(['started', 'succeeded']);
  });

  test('the least that can be known makes a message too', () => {
    const news: News = {
      event: 'task_refused',
      failures: [],
      consoleUrl: 'https://edas.console.aliyun.com/',
    };
    expect(messageFor(news, language).split('\n')).toHaveLength(3);
  });

  test('whatever the texts from outside are, a message fits, keeps its lines, and ends with the link', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 3000 }),
      fc.string({
        unit: fc.constantFrom('\n', '\r', '\u2028', '\u202e', '\u0000', '回', '😀', 'a'),
        minLength: 500,
        maxLength: 2000,
      }),
    );
    const property = fc.property(
      fc.constantFrom(...(events as NewsEvent[])),
      fc.array(fc.record({ place: text, reason: text }), { maxLength: 20 }),
      text,
      text,
      (event, failures, one, other) => {
        const news = newsOf({
          event,
          failures,
          app: { id: one, name: other },
          description: one,
          source: other,
          actor: one,
          delivery: other,
          problem: { code: 'edas_rejected', message: one },
        });
        const message = messageFor(news, language);
        expect(message.length).toBeLessThanOrEqual(1500);
        expect(Buffer.byteLength(messageFor(news, language, 2048))).toBeLessThanOrEqual(2048);
        expect(message.isWellFormed()).toBe(true);
        // eslint would have no control characters in a pattern, so they are looked for one by one.
        const isControl = (letter: string) =>
          letter !== '\n' && (letter < ' ' || '\u007f\u2028\u2029\u202e\u200b'.includes(letter));
        expect(Array.from(message).filter(isControl)).toEqual([]);
        expect(message.split('\n').length).toBeLessThanOrEqual(17);
        expect(message.endsWith(`\n${news.consoleUrl}`)).toBe(true);
      },
    );
    fc.assert(property, { numRuns: 60 });
  });
});

test('nobody forges a line', () => {
  const actor = 'alice\nStatus: 2 (succeeded)\r\n\u2028Next: go home';
  const lines = messageFor(newsOf({ event: 'failed', status: 3, actor }), 'en').split('\n');
  expect(lines.filter((line) => line.startsWith('Status:'))).toEqual(['Status: 3 (failed)']);
  expect(lines.filter((line) => line.startsWith('Next: go home'))).toEqual([]);
});

describe('the truth', () => {
  const goodWords = /is rolled back|is complete/;

  test.each(events.filter((event) => event !== 'succeeded'))(
    '%s does not say that it was rolled back',
    (event) => {
      expect(messageFor(newsOf({ event: event as NewsEvent }), 'en')).not.toMatch(goodWords);
      expect(messageFor(newsOf({ event: event as NewsEvent }), 'zh')).not.toContain('变更已回滚');
    },
  );

  test('a terminated order comes with the caution of the answer to the webhook', () => {
    const request = { changeOrderId } as Parameters<typeof alreadyTerminated>[0];
    const caution = textsInEnglish.next.already_terminated ?? '';
    expect(alreadyTerminated(request).message).toContain(caution);
    expect(messageFor(newsOf({ event: 'already_terminated' }), 'en')).toContain(caution);
    const itself = newsOf({ event: 'terminated', rollbackChangeOrderId: undefined });
    expect(messageFor(itself, 'en')).toContain(caution);
    // That a rollback leaves a terminated order is no comfort where the rollback itself was stopped.
    expect(messageFor(newsOf({ event: 'terminated' }), 'en')).not.toContain(caution);
  });

  test('Chinese has a word for every status that has one in English', () => {
    const known = Array.from({ length: 20 }, (_, status) => status).filter((status) => phaseOf(status));
    expect(known).toHaveLength(9);
    expect(known.filter((status) => textsInChinese.status(status).includes('未说明'))).toEqual([]);
    expect(textsInChinese.status(4)).toBe('4（EDAS 文档未说明的状态）');
  });
});
