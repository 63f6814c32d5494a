import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { phaseOf } from '../../../functions/edas/status.ts';
import { languages, type Language } from '../../../functions/lib/language.ts';
import { messageFor } from '../../../functions/follow/message.ts';
import type { Notification } from '../../../functions/follow/rollback-event.ts';
import { textsInEnglish } from '../../../functions/follow/texts-en.ts';
import { textsInChinese } from '../../../functions/follow/texts-zh.ts';
import type { Topic } from '../../../functions/follow/texts.ts';
import { alreadyTerminated } from '../../../functions/rollback/outcome.ts';
import { dangersIn, hostileText } from '../../support/hostile-text.ts';
import { changeOrderId, notificationOf, rollbackChangeOrderId } from '../../support/notification.ts';
import { runs } from '../../support/runs.ts';

const topics = Object.keys(textsInEnglish.headlines) as Topic[];

/** A notification that is told as this topic. */
function notificationAbout(topic: Topic): Notification {
  switch (topic) {
    case 'waiting_itself':
      return notificationOf({ event: 'waiting', rollbackChangeOrderId: undefined });
    case 'failing_itself':
      return notificationOf({ event: 'failing', rollbackChangeOrderId: undefined });
    case 'terminated_itself':
      return notificationOf({ event: 'terminated', rollbackChangeOrderId: undefined });
    case 'out_of_sight':
      return notificationOf({ event: 'out_of_time', status: undefined });
    case 'succeeded_presumably':
      return notificationOf({ isPresumed: true });
    default:
      return notificationOf({ event: topic });
  }
}

const headlineOf = (notification: Notification, language: Language) =>
  messageFor(notification, language).split('\n')[0];

test('a rollback that succeeded is told line by line', () => {
  expect(messageFor(notificationOf(), 'en').split('\n')).toEqual([
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
  expect(messageFor(notificationOf(), 'zh').split('\n')).toEqual([
    '成功：EDAS 回滚已完成，变更已回滚。',
    '应用：checkout（3616cdca-0000-4000-8000-000000000001）',
    `变更：checkout 2.4.0，变更单 ${changeOrderId}，6（已终止）`,
    `回滚变更单：${rollbackChangeOrderId}`,
    '状态：2（执行成功）',
    '批次：已完成 3/3 批',
    '请求至今：4 分 12 秒',
    '发起方：alice，来源 pipeline，投递 delivery-1',
    'https://edas.console.aliyun.com/#/change',
  ]);
});

test('what failed is told with its place and its reason, and why a rollback was refused with its code', () => {
  const failures = [{ place: 'Batch 1, Start Application', reason: 'EDAS-10000 NO_SPACE_LEFT_ON_DISK' }];
  const problem = { code: 'edas_denied', message: 'EDAS denied access.' } as const;
  const lines = messageFor(notificationOf({ event: 'not_rolled_back', failures, problem }), 'en').split('\n');
  expect(lines).toContain('Failed: Batch 1, Start Application: EDAS-10000 NO_SPACE_LEFT_ON_DISK');
  expect(lines).toContain('Why: EDAS denied access. (edas_denied)');
});

test('of many failures the first are told, and how many there are besides', () => {
  const failures = Array.from({ length: 9 }, (_, index) => ({ place: `Batch ${index}`, reason: 'no' }));
  const text = messageFor(notificationOf({ event: 'failed', failures }), 'en');
  expect(text.match(/^Failed: Batch/gm)).toHaveLength(5);
  expect(text).toContain('Failed: 4 more');
});

test.each([
  [400, '0 s'],
  [59_400, '59 s'],
  [252_000, '4 min 12 s'],
  [3_600_000, '1 h 0 min 0 s'],
])('%d ms are told as %s', (tookMs, words) => {
  expect(messageFor(notificationOf({ tookMs }), 'en')).toContain(`Time since the request: ${words}\n`);
});

test('no duration is told where the clock was put back meanwhile', () => {
  expect(messageFor(notificationOf({ tookMs: -3_600_000 }), 'en')).not.toContain('Time since');
});

describe.each(languages)('in %s', (language) => {
  test.each(topics)('%s has a headline of its own, which a robot with a keyword takes', (topic) => {
    const texts = { en: textsInEnglish, zh: textsInChinese }[language];
    const headline = headlineOf(notificationAbout(topic), language);
    expect(headline).toBe(texts.headlines[topic]);
    expect(headline).toContain(language === 'zh' ? '回滚' : 'rollback');
  });

  test('good words come first in what went well, and in nothing else', () => {
    const good: Topic[] = ['started', 'succeeded'];
    const wordOf = (topic: Topic) =>
      /^[A-Za-z一-龥]+/.exec(messageFor(notificationAbout(topic), language))?.[0];
    const goodWords = good.map(wordOf);
    const others = topics.filter((topic) => !good.includes(topic)).map(wordOf);
    expect(others.filter((word) => goodWords.includes(word))).toEqual([]);
  });

  test('every topic but a start and a success says what to do next', () => {
    const next = language === 'zh' ? '下一步：' : 'Next: ';
    const silent = topics.filter((topic) => !messageFor(notificationAbout(topic), language).includes(next));
    expect(silent).toEqual(['started', 'succeeded']);
  });

  test('the least that can be known makes a message too', () => {
    const notification: Notification = {
      event: 'task_refused',
      failures: [],
      consoleUrl: 'https://edas.console.aliyun.com/',
    };
    expect(messageFor(notification, language).split('\n')).toHaveLength(3);
  });

  test('whatever the texts from outside are, a message fits, keeps its lines, and ends with the link', () => {
    const long = fc.string({
      unit: fc.constantFrom('\n', '\r', '\u2028', '\u202e', '\u0000', '回', '😀', 'a'),
      minLength: 500,
      maxLength: 2000,
    });
    const text = fc.oneof(hostileText, fc.string({ unit: 'binary', maxLength: 3000 }), long);
    const property = fc.property(
      fc.constantFrom(...topics),
      fc.array(fc.record({ place: text, reason: text }), { maxLength: 20 }),
      text,
      text,
      (topic, failures, one, other) => {
        const notification: Notification = {
          ...notificationAbout(topic),
          failures,
          app: { id: one, name: other },
          description: one,
          source: other,
          actor: one,
          delivery: other,
          problem: { code: 'edas_rejected', message: one },
        };
        const message = messageFor(notification, language);
        expect(message.length).toBeLessThanOrEqual(1500);
        expect(Buffer.byteLength(messageFor(notification, language, 2048))).toBeLessThanOrEqual(2048);
        expect(message.isWellFormed()).toBe(true);
        expect(dangersIn('webhook', message, { mayBreakLines: true })).toEqual([]);
        expect(message.split('\n').length).toBeLessThanOrEqual(17);
        expect(message.endsWith(`\n${notification.consoleUrl}`)).toBe(true);
      },
    );
    fc.assert(property, { numRuns: runs(30) });
  });
});

test('no text from outside forges a line', () => {
  const actor = 'alice\nStatus: 2 (succeeded)\r\n\u2028Next: go home';
  const lines = messageFor(notificationOf({ event: 'failed', status: 3, actor }), 'en').split('\n');
  expect(lines.filter((line) => line.startsWith('Status:'))).toEqual(['Status: 3 (failed)']);
  expect(lines.filter((line) => line.startsWith('Next: go home'))).toEqual([]);
});

describe('the truth', () => {
  test.each(topics.filter((topic) => topic !== 'succeeded'))(
    'the headline of %s does not say that the change is rolled back',
    (topic) => {
      expect(headlineOf(notificationAbout(topic), 'en')).not.toMatch(/(is|was|has been) rolled back/);
      expect(headlineOf(notificationAbout(topic), 'zh')).not.toMatch(/变更已(经)?回滚|回滚已完成/);
    },
  );

  const succeeded = 'Succeeded: the EDAS rollback is complete; the change is rolled back.';
  const presumably = 'Probably succeeded: the order that looks like the EDAS rollback is complete.';

  test.each<[string, Partial<Notification>, string]>([
    ['EDAS named the order, and shows the change as terminated', { changeStatus: 6 }, succeeded],
    ['EDAS named the order, and the change could not be seen', { changeStatus: undefined }, succeeded],
    ['nothing had to be presumed', { isPresumed: false }, succeeded],
    ['the order only looks like the rollback', { isPresumed: true }, presumably],
    [
      'the order only looks like it, and nobody saw the change',
      { isPresumed: true, changeStatus: undefined },
      presumably,
    ],
    ...[0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 99].map((changeStatus): [string, Partial<Notification>, string] => [
      `the change is seen with status ${changeStatus}`,
      { changeStatus },
      presumably,
    ]),
  ])('of a success, where %s', (_what, differences, headline) => {
    expect(headlineOf(notificationOf(differences), 'en')).toBe(headline);
  });

  test('a success that is only presumed says what to check', () => {
    expect(messageFor(notificationAbout('succeeded_presumably'), 'en')).toContain(
      'Next: EDAS does not say for certain that the change is rolled back: check the versions in the EDAS console.',
    );
  });

  test('what was not done says that Function Compute may try again, in both languages', () => {
    const notification = notificationOf({ event: 'not_rolled_back' });
    expect(messageFor(notification, 'en')).toContain('Next: Function Compute may try again, so look at');
    expect(messageFor(notification, 'zh')).toContain('下一步：函数计算可能会自动重试');
  });

  describe('where the change itself is followed, which may be the bad release', () => {
    const itself = (event: 'waiting' | 'failing') =>
      notificationOf({ event, rollbackChangeOrderId: undefined });

    test('no message asks to confirm a batch without the caution to compare the versions', () => {
      expect(messageFor(itself('waiting'), 'en')).toContain(
        'compare the versions in the EDAS console before you confirm a batch.',
      );
      expect(messageFor(itself('waiting'), 'en')).not.toMatch(/confirms? the next batch/);
      expect(messageFor(itself('waiting'), 'zh')).toContain(
        '确认下一批之前请先在 EDAS 控制台核对各实例的版本',
      );
      expect(messageFor(itself('waiting'), 'zh')).not.toContain('请在 EDAS 控制台确认执行下一批');
    });

    test.each(topics)('that holds also where the status is what is told last (%s)', (topic) => {
      const notification = { ...notificationAbout(topic), status: 8, rollbackChangeOrderId: undefined };
      expect(messageFor(notification, 'en')).toContain(
        'Status: 8 (waiting for a person to confirm the next batch)',
      );
      expect(messageFor(notification, 'en')).toContain(`Next: ${textsInEnglish.next.waiting_itself ?? ''}`);
      expect(messageFor(notification, 'zh')).toContain(`下一步：${textsInChinese.next.waiting_itself ?? ''}`);
    });

    test('no message says that the rollback waits, or has failed in part', () => {
      for (const event of ['waiting', 'failing'] as const) {
        expect(messageFor(itself(event), 'en')).toContain('it is not known whether the release');
        expect(messageFor(itself(event), 'zh')).toContain('无法判断');
        expect(headlineOf(itself(event), 'en')).toContain('change order of the EDAS rollback');
      }
    });

    test('and where an order of its own is, the next batch is to be confirmed', () => {
      expect(messageFor(notificationOf({ event: 'waiting' }), 'en')).toContain(
        'Next: confirm the next batch in the EDAS console.',
      );
    });
  });

  describe('when the time is up', () => {
    const problem = { message: 'EDAS could not be reached.' };

    test.each<[string, Partial<Notification>]>([
      ['nothing was read', { status: undefined }],
      ['nothing was read, and that is why', { status: undefined, problem }],
      ['the last look failed', { status: 1, problem }],
      ['nothing is known of the order either', { status: undefined, rollbackChangeOrderId: undefined }],
    ])('and %s, no message claims that the rollback has not ended', (_what, differences) => {
      const notification = notificationOf({ event: 'out_of_time', ...differences });
      expect(headlineOf(notification, 'en')).toMatch(/^Unknown: .*could not be seen whether/);
      expect(messageFor(notification, 'en')).not.toMatch(/has not ended|until it ends/);
      expect(headlineOf(notification, 'zh')).toContain('未能确认 EDAS 回滚是否已结束');
      expect(messageFor(notification, 'zh')).not.toMatch(/未结束|尚未结束/);
    });

    test('and the order was seen in flight, the message says so', () => {
      const notification = notificationOf({ event: 'out_of_time', status: 1 });
      expect(headlineOf(notification, 'en')).toMatch(/^Unfinished: the EDAS rollback has not ended/);
      expect(headlineOf(notification, 'zh')).toContain('尚未结束');
    });
  });

  test('a terminated order comes with the caution of the answer to the webhook', () => {
    const request = { changeOrderId } as Parameters<typeof alreadyTerminated>[0];
    const caution = textsInEnglish.next.already_terminated ?? '';
    expect(alreadyTerminated(request).message).toContain(caution);
    expect(messageFor(notificationOf({ event: 'already_terminated' }), 'en')).toContain(caution);
    const itself = notificationOf({ event: 'terminated', rollbackChangeOrderId: undefined });
    expect(messageFor(itself, 'en')).toContain(caution);
    // That a rollback leaves a terminated order is no comfort where the rollback itself was stopped.
    expect(messageFor(notificationOf({ event: 'terminated' }), 'en')).not.toContain(caution);
  });

  test('Chinese has a word for every status that has one in English', () => {
    const known = Array.from({ length: 20 }, (_, status) => status).filter((status) => phaseOf(status));
    expect(known).toHaveLength(9);
    expect(known.filter((status) => textsInChinese.status(status).includes('未说明'))).toEqual([]);
    expect(textsInChinese.status(4)).toBe('4（EDAS 文档未说明的状态）');
  });
});
