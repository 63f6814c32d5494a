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
