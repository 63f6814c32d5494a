import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { phaseOf } from '../../../functions/edas/status.ts';
import { messageFor } from '../../../functions/follow/message.ts';
import type { Notification } from '../../../functions/follow/rollback-event.ts';
import { textsInEnglish } from '../../../functions/follow/texts-en.ts';
import { textsInChinese } from '../../../functions/follow/texts-zh.ts';
import type { Topic } from '../../../functions/follow/texts.ts';
import { languages, type Language } from '../../../functions/lib/language.ts';
import { alreadyTerminated } from '../../../functions/rollback/outcome.ts';
import { dangersIn, hostileText } from '../../support/hostile-text.ts';
import {
  askedInChat,
  askedOf,
  changeOrderId,
  choice,
  fakeLink,
  group,
  notificationOf,
  releaseNotificationOf,
  rollbackChangeOrderId,
} from '../../support/notification.ts';
import { runs } from '../../support/runs.ts';

const topics = Object.keys(textsInEnglish.headlines) as Topic[];

const eventsOfReleases = {
  started_release: 'started',
  not_rolled_back_release: 'not_rolled_back',
  outcome_unknown_release: 'outcome_unknown',
} as const;

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
    case 'started_release':
    case 'not_rolled_back_release':
    case 'outcome_unknown_release':
      return releaseNotificationOf({ event: eventsOfReleases[topic], instances: undefined });
    case 'succeeded_release':
      return releaseNotificationOf();
    case 'succeeded_unhealthy':
      return releaseNotificationOf({ instances: { total: 4, healthy: 3, onVersion: 4 } });
    case 'succeeded_elsewhere':
      return releaseNotificationOf({ instances: { total: 4, healthy: 4, onVersion: 3 } });
    case 'succeeded_unseen':
      return releaseNotificationOf({ instances: undefined });
    case 'already_rolled_back':
      return releaseNotificationOf({ event: topic, rollbackChangeOrderId: undefined, instances: undefined });
    case 'asked_release':
      return askedOf({ choice });
    case 'asked':
      return askedOf();
    case 'not_rolled_back_decided':
      return notificationOf({
        event: 'not_rolled_back',
        decidedBy: { isProved: false },
        problem: { code: 'task_not_taken', message: 'Nothing shows that it has begun.' },
      });
    case 'not_decided_over':
      return notificationOf({ event: 'not_decided', undecided: 'change_over' });
    case 'not_decided_unasked':
      return notificationOf({ event: 'not_decided', undecided: 'never_asked' });
    case 'not_decided_unseen':
      return notificationOf({ event: 'not_decided', undecided: 'unseen' });
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

test('the rollback of a release that had ended is told with its versions, groups and instances', () => {
  expect(messageFor(releaseNotificationOf(), 'en').split('\n')).toEqual([
    'Succeeded: the EDAS rollback has ended; all instances are healthy and run the earlier version.',
    'Application: checkout (3616cdca-0000-4000-8000-000000000001)',
    `Change: Version: 1.8.2 | Package Name: checkout.jar, change order ${changeOrderId}`,
    'Version: from 1.8.2 back to 1.8.1',
    `Groups: ${group}`,
    `Rollback order: ${rollbackChangeOrderId}`,
    'Status: 2 (succeeded)',
    'Batches: 3 of 3 done',
    'Instances: 4 of 4 healthy, 4 of 4 run 1.8.1',
    'Time since the request: 4 min 12 s',
    'Asked for by: alice, source pipeline, delivery delivery-1',
    'Next: check whether the problem is gone. Configuration and database changes are not undone: check whether the older version works with them.',
    'https://edas.console.aliyun.com/#/change',
  ]);
});

test('the same of a release in Chinese', () => {
  expect(messageFor(releaseNotificationOf(), 'zh').split('\n')).toEqual([
    '成功：EDAS 回滚已结束，所有实例状态正常，且运行较早的版本。',
    '应用：checkout（3616cdca-0000-4000-8000-000000000001）',
    `变更：Version: 1.8.2 | Package Name: checkout.jar，变更单 ${changeOrderId}`,
    '版本：从 1.8.2 回到 1.8.1',
    `分组：${group}`,
    `回滚变更单：${rollbackChangeOrderId}`,
    '状态：2（执行成功）',
    '批次：已完成 3/3 批',
    '实例：4/4 个状态正常，4/4 个运行 1.8.1',
    '请求至今：4 分 12 秒',
    '发起方：alice，来源 pipeline，投递 delivery-1',
    '下一步：请确认问题是否已消失。配置和数据库的变更不会随之恢复，请确认较早的版本能否与之配合。',
    'https://edas.console.aliyun.com/#/change',
  ]);
});

test('of many groups the first are told, and how many there are besides; all of them need no line', () => {
  const told = (groups: string[]) => {
    const release = { fromVersion: '1.8.2', toVersion: '1.8.1', groups };
    const lines = messageFor(releaseNotificationOf({ release }), 'en').split('\n');
    return lines.filter((line) => line.startsWith('Groups'));
  };
  expect(told(['a', 'b'])).toEqual(['Groups: a, b']);
  expect(told(['a', 'b', 'c', 'd', 'e', 'f', 'g'])).toEqual(['Groups: a, b, c, d, e, 2 more']);
  expect(told([])).toEqual([]);
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
    const good: Topic[] = ['started', 'succeeded', 'started_release', 'succeeded_release'];
    const wordOf = (topic: Topic) =>
      /^[A-Za-z一-龥]+/.exec(messageFor(notificationAbout(topic), language))?.[0];
    const goodWords = good.map(wordOf);
    const others = topics.filter((topic) => !good.includes(topic)).map(wordOf);
    expect(others.filter((word) => goodWords.includes(word))).toEqual([]);
  });

  test('every topic but a start, a success, and where there is nothing to do, says what to do next', () => {
    const next = language === 'zh' ? '下一步：' : 'Next: ';
    const silent = topics.filter((topic) => !messageFor(notificationAbout(topic), language).includes(next));
    expect(silent).toEqual(['started', 'succeeded', 'already_rolled_back', 'started_release']);
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
      fc.array(text, { maxLength: 9 }),
      text,
      text,
      (topic, failures, groups, one, other) => {
        const notification: Notification = {
          ...notificationAbout(topic),
          failures,
          app: { id: one, name: other },
          description: one,
          source: other,
          actor: one,
          delivery: other,
          problem: { code: 'edas_rejected', message: one },
          release: { fromVersion: one, toVersion: other, groups },
        };
        const message = messageFor(notification, language);
        expect(message.length).toBeLessThanOrEqual(1500);
        expect(Buffer.byteLength(messageFor(notification, language, 2048))).toBeLessThanOrEqual(2048);
        expect(message.isWellFormed()).toBe(true);
        expect(dangersIn('webhook', message, { mayBreakLines: true })).toEqual([]);
        expect(message.split('\n').length).toBeLessThanOrEqual(22);
        const asksOnPage = notification.question !== undefined;
        expect(message.endsWith(`\n${notification.consoleUrl}`)).toBe(!asksOnPage);
      },
    );
    fc.assert(property, { numRuns: runs(30) });
  });
});

test('with every line and the longest texts, a message still fits where a channel takes 2048 bytes', () => {
  const text = '回'.repeat(2000);
  const id = 'f'.repeat(64);
  const whole = (topic: Topic): Notification => ({
    ...notificationAbout(topic),
    operation: 'RollbackApplication',
    changeOrderId: id,
    rollbackChangeOrderId: id,
    app: { id, name: text },
    description: text,
    status: 2,
    changeStatus: 2,
    batches: { done: 5, total: 5 },
    tookMs: 360_000_000,
    failures: Array.from({ length: 20 }, () => ({ place: text, reason: text })),
    problem: { code: 'previous_version_uncertain', message: text },
    release: { fromVersion: text, toVersion: text, groups: Array.from({ length: 20 }, () => id) },
    instances: { total: 1000, healthy: 999, onVersion: 998 },
    source: text,
    actor: text,
    delivery: text,
    consoleUrl: 'https://edas.console.aliyun.com/#/home?regionNo=cn-shanghai-finance-1',
  });
  const tooLong = topics.flatMap((topic) =>
    languages.filter((language) => Buffer.byteLength(messageFor(whole(topic), language, 2048)) > 2048),
  );
  expect(tooLong).toEqual([]);
});

describe('a question', () => {
  test('about a change in flight says what would be stopped, why, until when, and where to decide', () => {
    expect(messageFor(askedOf(), 'en').split('\n')).toEqual([
      'Decide: shall the EDAS rollback stop this change and go back? Nothing is sent until a person says so.',
      'Application: checkout (3616cdca-0000-4000-8000-000000000001)',
      `Change: checkout 2.4.0, change order ${changeOrderId}`,
      'Status: 1 (running)',
      'Batches: 2 of 5 done',
      'Alert: Error rate of checkout is 12 %',
      'Problem since: 2026-01-02 03:01 UTC',
      'Decide until: 2026-01-02 03:19 UTC (in 15 min)',
      'Asked for by: alice, source pipeline, delivery delivery-1',
      'Next: open the page: it shows what would be done, and two buttons. Without a decision in time, nothing is rolled back.',
    ]);
  });

  test('the same in Chinese, with the time of Beijing', () => {
    expect(messageFor(askedOf(), 'zh').split('\n')).toEqual([
      '请决定：是否终止此变更并执行 EDAS 回滚？有人决定之前不会发起任何操作。',
      '应用：checkout（3616cdca-0000-4000-8000-000000000001）',
      `变更：checkout 2.4.0，变更单 ${changeOrderId}`,
      '状态：1（执行中）',
      '批次：已完成 2/5 批',
      '告警内容：Error rate of checkout is 12 %',
      '问题开始于：2026-01-02 11:01（北京时间）',
      '截止时间：2026-01-02 11:19（北京时间），还有 15 分钟',
      '发起方：alice，来源 pipeline，投递 delivery-1',
      '下一步：请打开页面：页面显示将执行的操作，并有两个按钮。截止时间之前无人决定，则不会回滚。',
    ]);
  });

  test('about a release that has ended says from which version to which', () => {
    const lines = messageFor(askedOf({ choice }), 'en').split('\n');
    expect(lines[0]).toMatch(/^Decide: shall the EDAS rollback deploy an earlier version\?/);
    expect(lines).toContain('Version: from 1.8.2 back to 1.8.1');
  });

  test('says which versions there are where a person has to choose', () => {
    const candidates = ['1.8.1', '1.8.0', '1.7.9', '1.7.8', '1.7.7', '1.7.6', '1.7.5'];
    const unsure = askedOf({ choice: { fromVersion: '1.8.2', candidates } });
    expect(messageFor(unsure, 'en')).toContain(
      '\nVersion: from 1.8.2 back to one that you choose: 1.8.1, 1.8.0, 1.7.9, 1.7.8, 1.7.7, 2 more\n',
    );
    expect(messageFor(unsure, 'zh')).toContain(
      '\n版本：从 1.8.2 回到您选择的版本：1.8.1，1.8.0，1.7.9，1.7.8，1.7.7，另有 2 项\n',
    );
  });

  test('in a chat says what to type, and where the console is', () => {
    const lines = messageFor(askedInChat({ people: 2 }), 'en').split('\n');
    expect(lines.slice(-4)).toEqual([
      'People: two different people have to want it, and neither may be the one who asked for it',
      'Asked for by: alice, source pipeline, delivery delivery-1',
      `Next: in a chat that takes rollback commands, type rollback ${changeOrderId} or leave ${changeOrderId}. Without a decision in time, nothing is rolled back.`,
      'https://edas.console.aliyun.com/#/change',
    ]);
    expect(messageFor(askedInChat(), 'en')).not.toContain('two different people');
    expect(messageFor(askedInChat(), 'zh')).toContain(
      `请在可输入回滚命令的聊天中输入 rollback ${changeOrderId} 或 leave ${changeOrderId}。`,
    );
  });

  test.each([
    [20_000, 'in 1 min', '还有 1 分钟'],
    [59 * 60_000, 'in 59 min', '还有 59 分钟'],
    [61 * 60_000, 'in 1 h 1 min', '还有 1 小时 1 分钟'],
    [24 * 3_600_000, 'in 24 h 0 min', '还有 24 小时 0 分钟'],
  ])('with %d ms left says %s', (leftMs, english, chinese) => {
    expect(messageFor(askedOf({ leftMs }), 'en')).toContain(`UTC (${english})\n`);
    expect(messageFor(askedOf({ leftMs }), 'zh')).toContain(`（北京时间），${chinese}\n`);
  });

  test.each(languages)(
    'never has the link in its text in %s: each channel shows it in its own way',
    (language) => {
      expect(messageFor(askedOf(), language)).not.toContain(fakeLink.split('/').at(-1));
    },
  );

  test('without anything from the alert has no line of it', () => {
    const text = messageFor(askedOf({ summary: ' \n', problemStartedAt: undefined }), 'en');
    expect(text).not.toMatch(/^(Alert|Problem since):/m);
  });
});

describe('who decided', () => {
  const decidedBy = (decider: Notification['decidedBy']) => {
    const notification = notificationOf({ event: 'started', decidedBy: decider });
    return languages.map(
      (language) => /^(?:Decided by|决定人).*$/m.exec(messageFor(notification, language))?.[0],
    );
  };

  test.each<[string, Notification['decidedBy'], string | undefined, string | undefined]>([
    [
      'by a name that was typed is told as unchecked',
      { name: 'Li Ming', isProved: false },
      'Decided by: Li Ming (name typed into the page, not checked)',
      '决定人：Li Ming（在页面上填写的姓名，未核实）',
    ],
    [
      'on the page without a name is told as such',
      { isProved: false },
      'Decided by: a person on the page, who gave no name',
      '决定人：在页面上决定的人，未填写姓名',
    ],
    [
      'in a chat is told with the source that proves it',
      { name: 'U024BE7LH', isProved: true, source: 'ops-chat' },
      'Decided by: U024BE7LH (source ops-chat)',
      '决定人：U024BE7LH（来源 ops-chat）',
    ],
    ['is not told where people were not asked', undefined, undefined, undefined],
  ])('%s', (_what, decider, english, chinese) => {
    expect(decidedBy(decider)).toEqual([english, chinese]);
  });

  test('cannot be made to look proved by what was typed', () => {
    const [line] = decidedBy({ name: 'U024BE7LH (source ops-chat)\nDecided by: root', isProved: false });
    expect(line).toBe(
      'Decided by: U024BE7LH (source ops-chat) Decided by: root (name typed into the page, not checked)',
    );
  });

  test('the first of two is told with what the other one has to type', () => {
    const approved = notificationOf({
      event: 'approved',
      decidedBy: { name: 'U024BE7LH', isProved: true, source: 'ops-chat' },
    });
    expect(messageFor(approved, 'en')).toContain(
      `Next: one more person, who did not ask for it, has to type rollback ${changeOrderId} before the time is over. To stop it, type leave ${changeOrderId}.`,
    );
    expect(messageFor(approved, 'zh')).toContain(
      `还需另一人（不能是发起方）在截止时间之前输入 rollback ${changeOrderId}`,
    );
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

  const all =
    'Succeeded: the EDAS rollback has ended; all instances are healthy and run the earlier version.';
  const unhealthy = 'Trouble: the EDAS rollback has ended, but not all instances are healthy.';
  const elsewhere = 'Trouble: the EDAS rollback has ended, but not all instances run the earlier version.';
  const unseen =
    'Probably succeeded: the EDAS rollback has ended, but what the instances run now could not be seen.';

  test.each<[string, Partial<Notification>, string]>([
    ['all instances are healthy and run the version', {}, all],
    ['that is so, and the order only looks like the rollback', { isPresumed: true }, all],
    ['the release is seen as it ended', { changeStatus: 2 }, all],
    ['one is not healthy', { instances: { total: 4, healthy: 3, onVersion: 4 } }, unhealthy],
    [
      'none is healthy, and no version is shown',
      { instances: { total: 4, healthy: 0, onVersion: undefined } },
      unhealthy,
    ],
    ['one runs another version', { instances: { total: 4, healthy: 4, onVersion: 3 } }, elsewhere],
    [
      'one runs another, and one is not healthy',
      { instances: { total: 4, healthy: 3, onVersion: 3 } },
      elsewhere,
    ],
    ['no version is shown', { instances: { total: 4, healthy: 4, onVersion: undefined } }, unseen],
    ['there is no instance', { instances: { total: 0, healthy: 0, onVersion: undefined } }, unseen],
    ['they could not be read', { instances: undefined }, unseen],
    [
      'they could not be read, and the order only looks like it',
      { instances: undefined, isPresumed: true },
      presumably,
    ],
  ])('of the success of a release, where %s', (_what, differences, headline) => {
    expect(headlineOf(releaseNotificationOf(differences), 'en')).toBe(headline);
  });

  test.each<[Notification['instances'], string, string]>([
    [
      { total: 4, healthy: 3, onVersion: 4 },
      '3 of 4 healthy, 4 of 4 run 1.8.1',
      '3/4 个状态正常，4/4 个运行 1.8.1',
    ],
    [
      { total: 4, healthy: 4, onVersion: undefined },
      '4 of 4 healthy, EDAS does not show which version they run',
      '4/4 个状态正常，EDAS 未显示各实例运行的版本',
    ],
  ])('the instances %j are told in numbers', (instances, english, chinese) => {
    expect(messageFor(releaseNotificationOf({ instances }), 'en')).toContain(`\nInstances: ${english}\n`);
    expect(messageFor(releaseNotificationOf({ instances }), 'zh')).toContain(`\n实例：${chinese}\n`);
  });

  test('every message that an earlier version is deployed says that configuration and database changes are not undone', () => {
    const deployed = [
      ...topics.filter((topic) => topic.startsWith('succeeded_')).map(notificationAbout),
      releaseNotificationOf({ instances: undefined, isPresumed: true }),
      releaseNotificationOf({ event: 'partly_succeeded' }),
    ].filter(({ release }) => release);
    expect(deployed).toHaveLength(6);
    for (const notification of deployed) {
      expect(messageFor(notification, 'en')).toMatch(
        /^Next: .+ Configuration and database changes are not undone/m,
      );
      expect(messageFor(notification, 'zh')).toMatch(/^下一步：.+。配置和数据库的变更不会随之恢复/m);
    }
    expect(messageFor(notificationOf(), 'en')).not.toContain('not undone');
  });

  test.each(['not_rolled_back', 'outcome_unknown'] as const)(
    '%s of a release never advises to ask for the rollback again, also where the versions are not known',
    (event) => {
      const told = (language: Language) =>
        messageFor(releaseNotificationOf({ event, release: undefined, instances: undefined }), language);
      expect(told('en')).not.toMatch(/ask for the rollback again/);
      expect(told('en')).toContain('in the EDAS console');
      expect(told('en')).toMatch(/at most one rollback for a release|does not send the rollback again/);
      expect(told('zh')).not.toContain('并重新请求回滚');
      expect(told('zh')).toMatch(/最多发起一次回滚|不会再次发起/);
    },
  );

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

    const others = topics.filter((topic) => !/^(asked|approved|not_decided)/.test(topic));
    test.each(others)('that holds also where the status is what is told last (%s)', (topic) => {
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
