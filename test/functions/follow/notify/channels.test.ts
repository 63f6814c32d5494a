import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ChannelKind } from '../../../../functions/follow/configuration.ts';
import { languages } from '../../../../functions/lib/language.ts';
import { protocols } from '../../../../functions/follow/notify/channel-settings.ts';
import type { ChannelRequest } from '../../../../functions/follow/notify/channel.ts';
import { chatAnswers } from '../../../../functions/follow/notify/chat-answer.ts';
import { textsInEnglish } from '../../../../functions/follow/texts-en.ts';
import { startReceiver } from '../../../../local/stand-ins/channels/receiver.ts';
import { dangersIn, dangersInCard, hostileText } from '../../../support/hostile-text.ts';
import {
  askedInChat,
  askedOf,
  choice,
  fakeLink,
  notificationOf,
  releaseNotificationOf,
} from '../../../support/notification.ts';
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

describe('a question', () => {
  const headline =
    'Decide: shall the EDAS rollback stop this change and go back? Nothing is sent until a person says so.';
  const label = textsInEnglish.openPage;

  test('in DingTalk is a card whose button opens the browser, with the plain address in its text', () => {
    expect(bodyOf(request('dingtalk', askedOf()))).toEqual({
      msgtype: 'actionCard',
      actionCard: {
        title: headline,
        text: expect.stringMatching(
          new RegExp(
            `^${headline.replace('?', '\\?')}  \n  Application: .*  \n  \\[${label}\\]\\(${fakeLink}\\)$`,
            's',
          ),
        ) as string,
        singleTitle: label,
        singleURL: `dingtalk://dingtalkclient/page/link?url=${encodeURIComponent(fakeLink)}&pc_slide=false`,
      },
    });
  });

  test('in DingTalk is signed as every message', () => {
    const { url: signed } = request('dingtalk', askedOf(), Buffer.from('fake-robot-secret'));
    expect(signed).toMatch(/&timestamp=1661860880123&sign=/);
  });

  test('in Feishu is a signed card with a button, and the address below it', () => {
    const body = bodyOf(request('feishu', askedOf(), Buffer.from('xxx')));
    expect(body).toEqual({
      timestamp: '1661860880',
      sign: 'QnWVTSBe6FmQDE0bG6X0mURbI+DnvVyu1h+j5dHOjrU=',
      msg_type: 'interactive',
      card: {
        config: { wide_screen_mode: true },
        header: { template: 'orange', title: { tag: 'plain_text', content: headline } },
        elements: [
          {
            tag: 'div',
            text: {
              tag: 'plain_text',
              content: expect.stringMatching(/^Application: .*\nNext: open the page/s) as string,
            },
          },
          {
            tag: 'action',
            actions: [
              { tag: 'button', text: { tag: 'plain_text', content: label }, type: 'primary', url: fakeLink },
            ],
          },
          { tag: 'div', text: { tag: 'lark_md', content: `[${fakeLink}](${fakeLink})` } },
        ],
      },
    });
  });

  test('in WeCom is Markdown with a link', () => {
    const { markdown, msgtype } = bodyOf(request('wecom', askedOf())) as {
      msgtype: string;
      markdown: { content: string };
    };
    expect(msgtype).toBe('markdown');
    expect(markdown.content.split('\n').at(0)).toBe(headline);
    expect(markdown.content.split('\n').at(-1)).toBe(`[${label}](${fakeLink})`);
  });

  test('in WeCom has no more than the 4096 bytes that it takes, however its signs are written', () => {
    const summary = '_*回<@all>'.repeat(2000);
    const notification = askedOf(
      { summary, link: `${fakeLink}${'x'.repeat(300)}` },
      { description: summary },
    );
    const { body } = protocols.wecom.requestFor(notification, { url, language: 'zh' }, now);
    const { content } = (JSON.parse(body) as { markdown: { content: string } }).markdown;
    expect(Buffer.byteLength(content)).toBeLessThanOrEqual(4096);
    expect(Buffer.byteLength(content)).toBeGreaterThan(2048);
  });

  test('in Slack has blocks with a button, the plain link, and all of it as text for who sees no blocks', () => {
    expect(bodyOf(request('slack', askedOf()))).toEqual({
      text: expect.stringMatching(new RegExp(`^Decide: .*\n${label}: ${fakeLink}$`, 's')) as string,
      blocks: [
        {
          type: 'section',
          text: {
            type: 'plain_text',
            text: expect.stringMatching(/^Decide: .*\nNext: open the page/s) as string,
            emoji: false,
          },
        },
        {
          type: 'actions',
          elements: [
            { type: 'button', text: { type: 'plain_text', text: label }, style: 'primary', url: fakeLink },
          ],
        },
        { type: 'section', text: { type: 'mrkdwn', text: `<${fakeLink}>` } },
      ],
    });
  });

  test('to a webhook is JSON with the link, the time to decide, and what the alert says', () => {
    expect(bodyOf(request('webhook', askedOf({ choice })))).toMatchObject({
      type: 'rollback.asked',
      data: {
        event: 'asked',
        by: 'page',
        link: fakeLink,
        people: 1,
        expiresAt: '2026-01-02T03:19:00.000Z',
        problemStartedAt: '2026-01-02T03:01:00.000Z',
        summary: 'Error rate of checkout is 12 %',
        choice,
        ask: 1,
        text: expect.stringMatching(new RegExp(`\n${label}: ${fakeLink}$`)) as string,
      },
    });
    expect(bodyOf(request('webhook', askedOf()))).not.toHaveProperty('data.question');
  });

  test('that comes again has the same id for a webhook, and the next question has another one', () => {
    const idOf = (ask: number, leftMs: number) =>
      request('webhook', askedOf({ leftMs }, { ask })).headers['webhook-id'];
    expect(idOf(1, 900_000)).toBe(idOf(1, 600_000));
    expect(idOf(1, 900_000)).not.toBe(idOf(2, 900_000));
  });

  test.each(['dingtalk', 'feishu', 'wecom', 'slack'] as const)(
    'that is decided in a chat is plain text in %s, with no link',
    (kind) => {
      const { body } = request(kind, askedInChat());
      expect(body).not.toMatch(/actionCard|interactive|markdown|blocks|confirm/);
      expect(body).toContain('type rollback ');
    },
  );

  test('keeps its link whole where the address has signs that end one in a chat', () => {
    const link = 'https://rollback.example.com/a(b)|c/confirm/x.y';
    const { body } = request('wecom', askedOf({ link }));
    expect(body).toContain('](https://rollback.example.com/a%28b%29%7Cc/confirm/x.y)');
  });

  test.each(Object.keys(protocols) as ChannelKind[])(
    'with whatever texts is taken by %s, shows the link, and has nothing live in it',
    async (kind) => {
      const receiver = await startReceiver();
      onTestFinished(() => receiver.close());
      await fc.assert(
        fc.asyncProperty(
          fc.record({
            summary: fc.oneof(hostileText, fc.constantFrom(...longTexts)),
            actor: hostileText,
            description: hostileText,
            version: hostileText,
            language: fc.constantFrom(...languages),
          }),
          async ({ summary, actor, description, version, language }) => {
            const versions = { fromVersion: version, candidates: [version, version] };
            const notification = askedOf({ summary, choice: versions }, { actor, description });
            const address = { url: receiver.urlOf(kind), language };
            const { url: to, body, headers } = protocols[kind].requestFor(notification, address, Date.now());
            const taken = await fetch(to, { method: 'POST', body, headers: { ...headers } });
            expect(await taken.text()).toMatch(/^(ok|.*"(errcode|code)":0.*|)$/);
            const message = receiver.messages.at(-1);
            expect(message?.link).toBe(fakeLink);
            expect(dangersInCard(kind, JSON.parse(body), fakeLink)).toEqual([]);
          },
        ),
        { numRuns: runs(40) },
      );
      expect(receiver.messages).toHaveLength(receiver.requestsOf(kind));
    },
  );
});

const longTexts = ['<at id=all></at>', '\u202e[a](https://evil.example)', '**b**', '回滚\n'].map((piece) =>
  piece.repeat(10_240 / piece.length),
);

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
