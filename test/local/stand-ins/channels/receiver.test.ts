import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { showMessage } from '../../../../local/sandbox/show-message.ts';
import {
  startReceiver,
  type ReceiverKind,
  type ReceiverOptions,
} from '../../../../local/stand-ins/channels/receiver.ts';

const secrets = { dingtalk: 'SEC-fake', feishu: 'fake-secret', webhook: 'whsec_c2VjcmV0LWE=' };

async function start(options: ReceiverOptions = {}) {
  const receiver = await startReceiver(options);
  onTestFinished(() => receiver.close());
  const send = async (kind: ReceiverKind, body: unknown, { query = '', headers = {} } = {}) => {
    const answer = await fetch(receiver.urlOf(kind) + query, {
      method: 'POST',
      headers,
      body: typeof body === 'string' ? body : JSON.stringify(body),
      redirect: 'manual',
    });
    return { status: answer.status, body: await answer.text() };
  };
  return { receiver, send };
}

const text = { msgtype: 'text', text: { content: 'hello' } };

describe('what is not signed', () => {
  test('DingTalk refuses under a 200', async () => {
    const { send, receiver } = await start({ secrets });
    const refused = { status: 200, body: '{"errcode":310000,"errmsg":"sign not match"}' };
    expect(await send('dingtalk', text)).toEqual(refused);
    expect(await send('dingtalk', text, { query: `&timestamp=${Date.now()}&sign=forged` })).toEqual(refused);
    expect(receiver.messages).toEqual([]);
  });

  test('Feishu refuses under a 200', async () => {
    const { send } = await start({ secrets });
    const body = { timestamp: '1661860880', sign: 'forged', msg_type: 'text', content: { text: 'hello' } };
    expect(await send('feishu', body)).toMatchObject({
      status: 200,
      body: expect.stringContaining('19021') as string,
    });
  });

  test('a webhook refuses', async () => {
    const { send } = await start({ secrets });
    expect(await send('webhook', { data: { text: 'hello' } })).toMatchObject({ status: 401 });
  });
});

test('a signature of yesterday is refused: the published one of Feishu is good at its time only', async () => {
  const body = {
    timestamp: '1661860880',
    sign: 'QnWVTSBe6FmQDE0bG6X0mURbI+DnvVyu1h+j5dHOjrU=',
    msg_type: 'text',
    content: { text: 'hello' },
  };
  const then = await start({ secrets: { feishu: 'xxx' }, now: () => 1_661_860_880_000 });
  expect((await then.send('feishu', body)).body).toContain('"code":0');
  const nextDay = await start({ secrets: { feishu: 'xxx' }, now: () => 1_661_947_280_000 });
  expect((await nextDay.send('feishu', body)).body).toContain('19021');
});

test("DingTalk's published signature is taken", async () => {
  const { send } = await start({ secrets: { dingtalk: 'this is secret' }, now: () => 1_577_262_236_757 });
  const query = '&timestamp=1577262236757&sign=hmPWwU%2B7lVdm3ZZz0r9tSfx0L4Q26jWOZr9%2BGs6EZQM%3D';
  expect((await send('dingtalk', text, { query })).body).toBe('{"errcode":0,"errmsg":"ok"}');
});

test('WeCom refuses a text of more than 2048 bytes, an unknown key, and what is no text', async () => {
  const { send } = await start();
  expect((await send('wecom', text)).body).toBe('{"errcode":0,"errmsg":"ok"}');
  expect((await send('wecom', { msgtype: 'text', text: { content: '回'.repeat(683) } })).body).toContain(
    '40058',
  );
  expect((await send('wecom', text, { query: 'x' })).body).toContain('93000');
  expect((await send('wecom', '{')).body).toContain('40035');
});

test('Slack says ok, and takes five answers at one address', async () => {
  const { send } = await start();
  expect(await send('slack', { text: 'hello' })).toEqual({ status: 200, body: 'ok' });
  expect(await send('slack', {})).toEqual({ status: 400, body: 'no_text' });
  for (let use = 0; use < 5; use += 1) await send('slack-answer', { text: 'hello' });
  expect(await send('slack-answer', { text: 'hello' })).toMatchObject({ status: 404 });
});

describe('a card', () => {
  const link = 'https://rollback.example.com/confirm/fake.token';
  const page = `dingtalk://dingtalkclient/page/link?url=${encodeURIComponent(link)}&pc_slide=false`;
  const actionCard = {
    title: 'Decide',
    text: `Decide  \n  [Open](${link})`,
    singleTitle: 'Open',
    singleURL: page,
  };
  const plain = (content: string) => ({ tag: 'plain_text', content });
  const button = { tag: 'button', text: plain('Open'), type: 'primary', url: link };
  const feishuCard = {
    header: { title: plain('Decide') },
    elements: [
      { tag: 'div', text: plain('Alert: x') },
      { tag: 'action', actions: [button] },
      { tag: 'div', text: { tag: 'lark_md', content: `[${link}](${link})` } },
    ],
  };
  const slackButton = { type: 'button', text: { type: 'plain_text', text: 'Open' }, url: link };
  const section = (words: string) => ({ type: 'section', text: { type: 'plain_text', text: words } });
  const blocks = [section('Decide'), { type: 'actions', elements: [slackButton] }];
  const feishu = (card: unknown) => ({ msg_type: 'interactive', card });
  const dingtalk = (card: unknown) => ({ msgtype: 'actionCard', actionCard: card });
  const wecom = (content: unknown) => ({ msgtype: 'markdown', markdown: { content } });

  test.each<[ReceiverKind, unknown, string]>([
    ['dingtalk', dingtalk(actionCard), `Decide\nOpen: ${link}`],
    ['feishu', feishu(feishuCard), `Decide\nAlert: x\nOpen: ${link}`],
    ['wecom', wecom(`Decide\n[Open](${link})`), `Decide\nOpen: ${link}`],
    ['slack', { text: 'Decide', blocks }, `Decide\nOpen: ${link}`],
    ['webhook', { data: { text: 'Decide', link } }, 'Decide'],
  ])('of %s is handed out with its text and its link', async (kind, body, read) => {
    const { send, receiver } = await start();
    await send(kind, body);
    expect(receiver.messages).toMatchObject([{ kind, text: read, link }]);
  });

  test.each<[string, ReceiverKind, unknown, string]>([
    ...(['title', 'text', 'singleTitle', 'singleURL'] as const).map(
      (name): [string, ReceiverKind, unknown, string] => [
        `has no ${name}`,
        'dingtalk',
        dingtalk({ ...actionCard, [name]: undefined }),
        `缺少参数 ${name}`,
      ],
    ),
    [
      'opens no web page',
      'dingtalk',
      dingtalk({ ...actionCard, singleURL: 'dingtalk://dingtalkclient/page/link?url=x' }),
      'singleURL',
    ],
    [
      'opens beside the chat',
      'dingtalk',
      dingtalk({ ...actionCard, singleURL: page.replace('false', 'true') }),
      'singleURL',
    ],
    [
      'is too long',
      'dingtalk',
      dingtalk({ ...actionCard, text: 'x'.repeat(20_000) }),
      'exceed max length 20000',
    ],
    ['is of an unknown type', 'dingtalk', { msgtype: 'card', actionCard }, '40035'],
    ['is none', 'feishu', feishu(undefined), 'unknown card value'],
    ['has no title', 'feishu', feishu({ ...feishuCard, header: {} }), 'parse card json err'],
    ['has no elements', 'feishu', feishu({ ...feishuCard, elements: [] }), 'parse card json err'],
    [
      'has a button without an address',
      'feishu',
      feishu({ ...feishuCard, elements: [{ tag: 'action', actions: [{ ...button, url: undefined }] }] }),
      'parse card json err',
    ],
    [
      'has a button that reports to an application',
      'feishu',
      feishu({ ...feishuCard, elements: [{ tag: 'action', actions: [{ ...button, value: {} }] }] }),
      'parse card json err',
    ],
    [
      'has an element that is not known',
      'feishu',
      feishu({ ...feishuCard, elements: [...feishuCard.elements, { tag: 'video' }] }),
      'parse card json err',
    ],
    [
      'is too long',
      'feishu',
      feishu({ ...feishuCard, elements: [{ tag: 'div', text: plain('x'.repeat(20_480)) }] }),
      'Bad Request',
    ],
    ['is of an unknown type', 'feishu', { msg_type: 'card', card: feishuCard }, 'Bad Request'],
    ['is too long', 'wecom', wecom('x'.repeat(4097)), 'markdown.content exceed max length 4096'],
    ['is empty', 'wecom', wecom(''), '40035'],
    ['is of an unknown type', 'wecom', { msgtype: 'card', markdown: { content: 'x' } }, '40035'],
    [
      'has too long a section',
      'slack',
      { text: 'x', blocks: [section('x'.repeat(3001)), blocks[1]] },
      'invalid_blocks',
    ],
    ['has no button', 'slack', { text: 'x', blocks: [section('x')] }, 'invalid_blocks'],
    [
      'has a button that says too much',
      'slack',
      {
        text: 'x',
        blocks: [
          section('x'),
          {
            type: 'actions',
            elements: [{ ...slackButton, text: { type: 'plain_text', text: 'x'.repeat(76) } }],
          },
        ],
      },
      'invalid_blocks',
    ],
    [
      'has a button with too long an address',
      'slack',
      {
        text: 'x',
        blocks: [
          section('x'),
          { type: 'actions', elements: [{ ...slackButton, url: link + 'x'.repeat(3000) }] },
        ],
      },
      'invalid_blocks',
    ],
    [
      'has a block that is not known',
      'slack',
      { text: 'x', blocks: [...blocks, { type: 'x' }] },
      'invalid_blocks',
    ],
    ['has no text for who sees no blocks', 'slack', { blocks }, 'no_text'],
  ])('that %s is refused by %s', async (_what, kind, body, words) => {
    const { send, receiver } = await start();
    expect((await send(kind, body)).body).toContain(words);
    expect(receiver.messages).toEqual([]);
  });
});

test.each(['switching', 'switching-to-nothing'] as const)(
  'another protocol is a fault that takes no message, and leaves the connection open (%s)',
  async (fault) => {
    const { receiver } = await start();
    receiver.setFault('slack', fault);
    const { host, hostname, port, pathname } = new URL(receiver.urlOf('slack'));
    const socket = connect(Number(port), hostname);
    onTestFinished(() => void socket.destroy());
    socket.write(`POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 2\r\n\r\n{}`);
    const [head] = (await once(socket, 'data')) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1\.1 101 .*\r\n\r\n$/s);
    expect(/^upgrade: /m.test(head.toString())).toBe(fault === 'switching');
    expect(await receiver.connections()).toBe(1);
    expect([receiver.requestsOf('slack'), receiver.messages]).toEqual([1, []]);
  },
);

test('who listens is told what people would read', async () => {
  const heard: string[] = [];
  const { send } = await start({ onMessage: (message) => heard.push(message.text) });
  await send('slack', { text: '&lt;b&gt; &amp;amp;' });
  expect(heard).toEqual(['<b> &amp;']);
});

test('a message is shown under the name of its channel', () => {
  expect(showMessage('slack', 'Succeeded: x\nStatus: 2\nhttps://example.com')).toBe(
    ['slack ┌ Succeeded: x', '      │ Status: 2', '      └ https://example.com'].join('\n'),
  );
});
