import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChannelKind } from '../../../../functions/follow/configuration.ts';
import { languages } from '../../../../functions/lib/language.ts';
import { protocols } from '../../../../functions/follow/notify/channel-settings.ts';
import type { ChannelRequest } from '../../../../functions/follow/notify/channel.ts';
import { chatAnswers } from '../../../../functions/follow/notify/chat-answer.ts';
import { dangersIn, hostileText } from '../../../support/hostile-text.ts';
import { notificationOf, releaseNotificationOf } from '../../../support/notification.ts';
import { runs } from '../../../support/runs.ts';

const url = 'https://chat.example.com/send?token=fake-token';
const now = Date.UTC(2022, 7, 30, 12, 1, 20, 123);
const request = (kind: ChannelKind, notification = notificationOf(), key?: Buffer) =>
  protocols[kind].requestFor(notification, { url, key, language: 'en' }, now);
/** As HTTP brings it. */
const answer = (status: number, text: string) => ({ status, text, retryAfter: undefined });
const bodyOf = ({ body }: ChannelRequest): unknown => JSON.parse(body);

describe('DingTalk', () => {
  test('signs time and secret in the address', () => {
    const { url: signed } = request('dingtalk', notificationOf(), Buffer.from('fake-robot-secret'));
    const sign = createHmac('sha256', 'fake-robot-secret')
      .update(`${now}\nfake-robot-secret`)
      .digest('base64');
    expect(signed).toBe(`${url}&timestamp=${now}&sign=${encodeURIComponent(sign)}`);
  });

  test('sends text, and leaves the address alone without a secret', () => {
    expect(request('dingtalk').url).toBe(url);
    expect(bodyOf(request('dingtalk'))).toMatchObject({
      msgtype: 'text',
      text: { content: expect.stringMatching(/^Succeeded/) as string },
    });
  });
});

describe('Feishu', () => {
  test('signs time and secret in the body', () => {
    const { body, url: address } = request('feishu', notificationOf(), Buffer.from('xxx'));
    expect(address).toBe(url);
    expect(JSON.parse(body)).toMatchObject({
      timestamp: '1661860880',
      sign: 'QnWVTSBe6FmQDE0bG6X0mURbI+DnvVyu1h+j5dHOjrU=',
      msg_type: 'text',
      content: { text: expect.stringMatching(/^Succeeded/) as string },
    });
  });

  test('signs nothing without a secret', () => {
    expect(bodyOf(request('feishu'))).not.toHaveProperty('sign');
  });
});

test('WeCom takes 2048 bytes, and gets no more', () => {
  const { body } = protocols.wecom.requestFor(
    notificationOf({ description: '回滚'.repeat(500), actor: '<@all>'.repeat(500), event: 'failed' }),
    { url, language: 'zh' },
    now,
  );
  const { content } = (JSON.parse(body) as { text: { content: string } }).text;
  expect(Buffer.byteLength(content)).toBeLessThanOrEqual(2048);
  expect(content).toContain('(@all');
});

describe('whatever a sender or EDAS wrote', () => {
  /** Where each has the text that people read, and nothing else that they read. */
  const texts: Record<ChannelKind, (body: never) => unknown> = {
    dingtalk: ({ text: { content } }: { text: { content: string } }) => content,
    feishu: ({ content: { text } }: { content: { text: string } }) => text,
    wecom: ({ text: { content } }: { text: { content: string } }) => content,
    slack: ({ text }: { text: string }) => text,
    webhook: ({ data: { text } }: { data: { text: string } }) => text,
  };
  const channels = Object.entries(protocols).map(
    ([kind, { requestFor }]) => [kind, kind as ChannelKind, requestFor] as const,
  );
  const answers = Object.entries(chatAnswers).map(
    ([chat, { requestFor }]) => [`${chat} that asked`, chat as ChannelKind, requestFor] as const,
  );
  const notification = fc
    .record({
      event: fc.constantFrom('failed', 'not_rolled_back', 'task_refused'),
      changeOrderId: hostileText,
      rollbackChangeOrderId: hostileText,
      app: fc.record({ id: hostileText, name: hostileText }),
      description: hostileText,
      failures: fc.array(fc.record({ place: hostileText, reason: hostileText }), { maxLength: 2 }),
      problem: fc.record({ message: hostileText }),
      source: hostileText,
      actor: hostileText,
      delivery: hostileText,
      release: fc.record({
        fromVersion: hostileText,
        toVersion: hostileText,
        groups: fc.array(hostileText, { maxLength: 2 }),
      }),
      instances: fc.constant({ total: 4, healthy: 3, onVersion: 2 }),
    })
    .map((hostile) => notificationOf(hostile));

  test.each([...channels, ...answers])(
    'the message in %s keeps its lines, mentions nobody and hides nothing',
    (_name, kind, requestFor) => {
      fc.assert(
        fc.property(notification, fc.constantFrom(...languages), (hostile, language) => {
          const { body } = requestFor(hostile, { url, language }, now);
          const text = String(texts[kind](JSON.parse(body) as never));
          expect(dangersIn(kind, text, { mayBreakLines: true })).toEqual([]);
          expect(text.isWellFormed()).toBe(true);
          expect(text.split('\n').length).toBeLessThanOrEqual(17);
        }),
        { numRuns: runs(50) },
      );
    },
  );
});

describe('a webhook', () => {
  const secret = Buffer.from('a fake key of twenty-four by').toString('base64');
  const key = protocols.webhook.readKey?.(`whsec_${secret}`);

  test('is signed as Standard Webhooks says', () => {
    const { headers, body } = request('webhook', notificationOf(), key);
    const signed = `${headers['webhook-id'] ?? ''}.1661860880.${body}`;
    const expected = createHmac('sha256', Buffer.from(secret, 'base64')).update(signed).digest('base64');
    expect(headers).toMatchObject({
      'webhook-timestamp': '1661860880',
      'webhook-signature': `v1,${expected}`,
    });
  });

  test('gets all that is known, and the text', () => {
    const notification = notificationOf({ event: 'failed', failures: [{ place: 'Batch 1', reason: 'no' }] });
    expect(bodyOf(request('webhook', notification, key))).toEqual({
      type: 'rollback.failed',
      timestamp: '2022-08-30T12:01:20.123Z',
      data: { ...notification, text: expect.stringMatching(/^Failed/) as string },
    });
  });

  test('gets the versions, the groups and the instances of a release that had ended', () => {
    expect(bodyOf(request('webhook', releaseNotificationOf(), key))).toMatchObject({
      data: {
        operation: 'RollbackApplication',
        release: {
          fromVersion: '1.8.2',
          toVersion: '1.8.1',
          groups: ['8123db90-0000-4000-8000-000000000003'],
        },
        instances: { total: 4, healthy: 4, onVersion: 4 },
      },
    });
  });

  test('gets the same id when the same notification is sent again, later and with other numbers', () => {
    const idOf = (differences: Parameters<typeof notificationOf>[0]) =>
      protocols.webhook.requestFor(notificationOf(differences), { url, key, language: 'zh' }, now + 60_000)
        .headers['webhook-id'];
    expect(idOf({ tookMs: 99_000, delivery: 'delivery-2' })).toBe(
      request('webhook', notificationOf(), key).headers['webhook-id'],
    );
    expect(idOf({ instances: { total: 4, healthy: 3, onVersion: 4 } })).toBe(idOf({}));

    const distinct = [
      idOf({}),
      idOf({ event: 'failed' }),
      idOf({ changeOrderId: 'dc5133d7-773f-4c81-9c5a-000000000000' }),
      // A second rollback of the same change, or one whose order nobody knew, is another notification.
      idOf({ rollbackChangeOrderId: 'dc5133d7-773f-4c81-9c5a-000000000001' }),
      idOf({ rollbackChangeOrderId: undefined }),
      idOf({ event: 'waiting', batches: { done: 1, total: 3 } }),
      idOf({ event: 'waiting', batches: { done: 2, total: 3 } }),
      idOf({ event: 'failing', failures: [{ place: 'Batch 1', reason: 'no' }] }),
      idOf({ event: 'failing', failures: [{ place: 'Batch 2', reason: 'no' }] }),
      idOf({ event: 'not_rolled_back', problem: { code: 'edas_denied', message: 'no' } }),
      idOf({ event: 'not_rolled_back', problem: { code: 'edas_throttled', message: 'no' } }),
      idOf({ event: 'task_refused', changeOrderId: undefined }),
    ];
    expect(new Set(distinct)).toHaveProperty('size', distinct.length);
    expect(distinct.filter((id) => !/^rollback_[a-z_]+_[0-9a-f]{32}$/.test(id ?? ''))).toEqual([]);
  });

  test('gets another id for each task that was refused, and the same one when such a task is tried again', () => {
    const idOf = (requestId: string) => {
      const problem = { code: 'task_malformed', message: 'no' } as const;
      const notification = notificationOf({
        event: 'task_refused',
        changeOrderId: undefined,
        requestId,
        problem,
      });
      return request('webhook', notification, key).headers['webhook-id'];
    };
    expect(idOf('request-1')).toBe(idOf('request-1'));
    expect(idOf('request-2')).not.toBe(idOf('request-1'));
  });
});

test('the answer in Slack is for everybody and replaces nothing', () => {
  const { body } = chatAnswers.slack.requestFor(notificationOf(), { url, language: 'en' }, now);
  expect(JSON.parse(body)).toMatchObject({ response_type: 'in_channel', replace_original: false });
});

describe('an answer is judged', () => {
  const taken = {
    dingtalk: '{"errcode":0,"errmsg":"ok"}',
    feishu: '{"code":0,"msg":"success"}',
    wecom: '{"errcode":0}',
    slack: 'ok',
    webhook: 'anything',
  };

  test.each(Object.entries(taken))('%s: %s is success', (kind, body) => {
    expect(protocols[kind as ChannelKind].judge(answer(200, body))).toEqual({ accepted: true });
  });

  test('Feishu: under the old names too', () => {
    expect(protocols.feishu.judge(answer(200, '{"StatusCode":0}'))).toEqual({ accepted: true });
    expect(protocols.feishu.judge(answer(200, '{"StatusCode":1}'))).toMatchObject({
      accepted: false,
    });
  });

  test.each<[ChannelKind, string, boolean]>([
    ['dingtalk', '{"errcode":310000,"errmsg":"sign not match"}', false],
    ['dingtalk', '{"errcode":"0"}', false],
    ['dingtalk', '{"errcode":130101,"errmsg":"send too fast"}', true],
    ['dingtalk', '{"errcode":410100}', true],
    ['dingtalk', '{"errcode":-1}', true],
    ['dingtalk', '', false],
    ['dingtalk', '{}', false],
    ['dingtalk', 'null', false],
    ['dingtalk', '<html></html>', false],
    ['feishu', '{"code":19021,"msg":"sign match fail"}', false],
    ['feishu', '{"code":11232,"msg":"frequency limited"}', true],
    ['feishu', '{"code":9499,"msg":"too many request"}', true],
    ['feishu', '{"code":9499,"msg":"Bad Request"}', false],
    ['feishu', '{"errcode":0}', false],
    ['wecom', '{"errcode":93000,"errmsg":"invalid webhook url"}', false],
    ['wecom', '{"errcode":45009}', true],
    ['slack', 'invalid_token', false],
    ['slack', '', false],
  ])('%s: HTTP 200 with %j is a failure', (kind, body, retryable) => {
    expect(protocols[kind].judge(answer(200, body))).toMatchObject({ accepted: false, retryable });
  });

  test.each([
    [301, false],
    [400, false],
    [401, false],
    [404, false],
    [410, false],
    [408, true],
    [429, true],
    [500, true],
    [503, true],
    [0, false],
  ])('HTTP %d is a failure for everybody, and another attempt may help: %s', (status, retryable) => {
    const judges = [...Object.values(protocols), ...Object.values(chatAnswers)];
    for (const { judge } of judges)
      expect(judge(answer(status, ''))).toMatchObject({ accepted: false, retryable });
  });

  test('a redirect says that none is followed', () => {
    expect(protocols.webhook.judge(answer(302, ''))).toMatchObject({
      reason: 'it answered HTTP 302, and no redirect is followed: configure the address that it leads to',
    });
  });

  test('Slack says under a 200 that an address has expired', () => {
    const body = '{"ok":false,"error":"expired_url"}';
    expect(chatAnswers.slack.judge(answer(200, body))).toMatchObject({
      accepted: false,
      retryable: false,
    });
  });
});
