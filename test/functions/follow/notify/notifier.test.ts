import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { exchange, ExchangeFailure, type Exchange } from '../../../../functions/alibaba/exchange.ts';
import { channelKinds, type CompiledChannel } from '../../../../functions/follow/configuration.ts';
import { messageFor } from '../../../../functions/follow/message.ts';
import { createNotifier } from '../../../../functions/follow/notify/notifier.ts';
import type { SendRuntime, RetryLimits } from '../../../../functions/follow/notify/send.ts';
import type { Language } from '../../../../functions/lib/language.ts';
import type { LogFields } from '../../../../functions/platform/log.ts';
import type { AnswerAddress } from '../../../../functions/task.ts';
import {
  startReceiver,
  type MessageReceiver,
  type ReceiverFault,
  type ReceiverKind,
} from '../../../../local/stand-ins/channels/receiver.ts';
import { askedOf, changeOrderId, fakeLink, notificationOf } from '../../../support/notification.ts';

const secrets = {
  dingtalk: 'SEC-fake-dingtalk-robot-secret',
  feishu: 'fake-feishu-bot-secret',
  webhook: `whsec_${Buffer.from('a fake key of twenty-four by').toString('base64')}`,
};

/** All five, as the build would compile them. */
const channels = channelKinds.map((kind): CompiledChannel => ({
  kind,
  url: `${kind.toUpperCase()}_URL`,
  ...(kind in secrets && { secret: `${kind.toUpperCase()}_SECRET` }),
  language: 'en',
}));

const slackAnswer: AnswerAddress = {
  chat: 'slack',
  url: 'https://hooks.slack.com/commands/T00/0/fakeSlackResponseToken',
};
const dingTalkAnswer: AnswerAddress = {
  chat: 'dingtalk',
  url: 'https://oapi.dingtalk.com/robot/sendBySession?session=fake-dingtalk-session',
};

interface Line extends LogFields {
  msg: string;
  level: string;
}

interface Options {
  env?: Record<string, string | undefined>;
  patience?: RetryLimits;
  answerAt?: AnswerAddress;
  only?: readonly CompiledChannel[];
  runtime?: Partial<SendRuntime>;
}

/** A clock that only sleeping moves. */
function stillClock() {
  const pauses: number[] = [];
  let time = 0;
  return {
    pauses,
    now: () => time,
    sleep: (ms: number) => {
      pauses.push(ms);
      time += ms;
      return Promise.resolve();
    },
  };
}

/** Sends what is for a chat's own host to the stand-in, and notes where anything was sent. */
function exchangeVia(receiver: MessageReceiver, called: string[]): Exchange {
  return (url, request, timeoutMs) => {
    called.push(url);
    const { hostname } = new URL(url);
    const kinds: Record<string, ReceiverKind> = {
      'hooks.slack.com': 'slack-answer',
      'oapi.dingtalk.com': 'dingtalk-answer',
    };
    const kind = kinds[hostname];
    return exchange(kind ? receiver.urlOf(kind) : url, request, timeoutMs);
  };
}

async function open({ env = {}, patience, answerAt, only = channels, runtime }: Options = {}) {
  const receiver = await startReceiver({ secrets });
  onTestFinished(() => receiver.close());
  const lines: Line[] = [];
  const called: string[] = [];
  const clock = stillClock();
  const log = (level: string, msg: string, fields: LogFields = {}) => {
    lines.push({ level, msg, ...fields });
  };
  const values = Object.fromEntries([
    ...channelKinds.map((kind) => [`${kind.toUpperCase()}_URL`, receiver.urlOf(kind)]),
    ...Object.entries(secrets).map(([kind, secret]) => [`${kind.toUpperCase()}_SECRET`, secret]),
  ]) as Record<string, string>;
  const notifier = createNotifier(
    only,
    { ...values, ...env },
    log,
    { now: Date.now, clock, random: () => 0.5, exchange: exchangeVia(receiver, called), ...runtime },
    patience,
  );
  return { receiver, lines, called, clock, notifier, values, tell: notifier.forTask(answerAt, log) };
}

const only = (kind: CompiledChannel['kind']) => channels.filter((channel) => channel.kind === kind);

/** What the log says of a channel that could not be told, but for the reason. */
const untold = {
  level: 'error',
  msg: 'a channel could not be told',
  kind: 'dingtalk',
  variable: 'DINGTALK_URL',
  event: 'succeeded',
  changeOrderId,
};

describe('when all is well', () => {
  test('all five channels and the chat are told, each signed as it should be, and nothing stays open', async () => {
    const { tell, receiver, lines } = await open({ answerAt: slackAnswer });
    expect(await tell(notificationOf())).toEqual({ reached: 5, tried: 5 });
    const texts = receiver.messages.map(({ kind, text }) => [kind, text.split(':')[0]]).sort();
    expect(texts).toEqual(
      ['dingtalk', 'feishu', 'slack', 'slack-answer', 'webhook', 'wecom'].map((kind) => [kind, 'Succeeded']),
    );
    expect(lines).toEqual([]);
    await expect.poll(() => receiver.connections()).toBe(0);
  });

  test("DingTalk's chat is answered at its session", async () => {
    const { tell, receiver } = await open({ answerAt: dingTalkAnswer, only: [] });
    await tell(notificationOf());
    expect(receiver.messages).toMatchObject([{ kind: 'dingtalk-answer' }]);
  });

  test('each channel is told in its language', async () => {
    const chinese = channels.map((channel) => ({ ...channel, language: 'zh' }) as const);
    const { tell, receiver } = await open({ only: chinese, answerAt: slackAnswer });
    await tell(notificationOf());
    expect(receiver.messages.filter(({ text }) => !text.startsWith('成功'))).toEqual([]);
  });

  test.each<[string, CompiledChannel['kind'][], AnswerAddress, Language]>([
    ['the language of the channel of its own kind', ['webhook', 'slack'], slackAnswer, 'zh'],
    ['that of the first channel, where none is of its kind', ['slack', 'webhook'], dingTalkAnswer, 'zh'],
    [
      'that of the first channel, and of no later one of another kind',
      ['webhook', 'slack'],
      dingTalkAnswer,
      'en',
    ],
    ['English, where there is no channel', [], slackAnswer, 'en'],
  ])('a chat is answered in %s', async (_title, kinds, answerAt, language) => {
    const spoken = kinds.flatMap((kind) =>
      only(kind).map((channel) => ({ ...channel, language: kind === 'slack' ? 'zh' : 'en' }) as const),
    );
    const { tell, receiver } = await open({ only: spoken, answerAt });
    await tell(notificationOf());
    const answer = receiver.messages.find(({ kind }) => kind.endsWith('-answer'));
    expect(answer?.text).toBe(messageFor(notificationOf(), language));
  });

  test('without a channel or a chat none is tried', async () => {
    const { tell } = await open({ only: [] });
    expect(await tell(notificationOf())).toEqual({ reached: 0, tried: 0 });
  });
});

describe('a channel that fails', () => {
  const short: RetryLimits = { attempts: 3, attemptMs: 150, totalMs: 15_000 };
  const patienceWith = (fault: ReceiverFault) => (fault === 'hang' ? { patience: short } : {});

  test.each<[ReceiverFault, number, string]>([
    ['hang', 3, 'no answer within 150 ms'],
    ['reset', 3, 'ECONNRESET'],
    ['server-error', 3, 'it answered HTTP 500: internal error'],
    ['redirect', 1, 'no redirect is followed'],
    ['error-code', 1, 'it answered errcode 310000: keywords not in content'],
    ['html', 1, 'it answered HTTP 200 without errcode'],
    ['huge', 1, 'the answer is larger than 64 KiB'],
    ['switching', 3, 'the connection ended without an answer'],
    ['switching-to-nothing', 1, 'it answered HTTP 101'],
  ])('with %s is tried %d times, and told of in the log', async (fault, attempts, reason) => {
    const { tell, receiver, lines } = await open({ ...patienceWith(fault), only: only('dingtalk') });
    receiver.setFault('dingtalk', fault);
    expect(await tell(notificationOf())).toEqual({ reached: 0, tried: 1 });
    expect(receiver.requestsOf('dingtalk')).toBe(attempts);
    expect(lines).toEqual([{ ...untold, reason: expect.stringContaining(reason) as string, attempts }]);
    await expect.poll(() => receiver.connections()).toBe(0);
  });

  test.each(channelKinds)('%s: once too many is tried again, and reached', async (kind) => {
    for (const fault of ['too-many-once', 'rate-limit-once'] as const) {
      const { tell, receiver, lines } = await open({ only: only(kind) });
      receiver.setFault(kind, fault);
      expect(await tell(notificationOf())).toEqual({ reached: 1, tried: 1 });
      expect(receiver.requestsOf(kind)).toBe(2);
      expect(lines).toEqual([]);
    }
  });

  test('is given the time that it asks for', async () => {
    const { tell, receiver, clock } = await open({ only: only('slack') });
    receiver.setFault('slack', 'too-many-once');
    await tell(notificationOf());
    expect(clock.pauses).toEqual([1000]);
  });

  test.each([undefined, 'Wed, 21 Oct 2026 07:28:00 GMT', '-5', '1e9', ''])(
    'is tried again soon where it asks for no number of seconds: %j',
    async (retryAfter) => {
      const busy: Exchange = () => Promise.resolve({ status: 429, retryAfter, text: '' });
      const { tell, clock } = await open({ only: only('slack'), runtime: { exchange: busy } });
      await tell(notificationOf());
      expect(clock.pauses).toEqual([225, 450]);
    },
  );

  test('is left when it asks for more time than there is', async () => {
    const busy: Exchange = () => Promise.resolve({ status: 429, retryAfter: '60', text: '' });
    const { tell, clock, lines } = await open({ only: only('slack'), runtime: { exchange: busy } });
    expect(await tell(notificationOf())).toEqual({ reached: 0, tried: 1 });
    expect(clock.pauses).toEqual([]);
    expect(lines).toMatchObject([{ attempts: 1 }]);
  });

  test('at whose address no server listens is tried three times, with longer pauses', async () => {
    const { tell, clock, lines } = await open({
      only: only('slack'),
      env: { SLACK_URL: `http://127.0.0.1:${await freePort()}/hook` },
    });
    expect(await tell(notificationOf())).toEqual({ reached: 0, tried: 1 });
    expect(lines).toMatchObject([{ reason: 'ECONNREFUSED', attempts: 3 }]);
    expect(clock.pauses).toEqual([225, 450]);
  });

  test('does not keep the others: they are told while it hangs', async () => {
    const told: string[] = [];
    let othersDone: (() => void) | undefined;
    const othersAreTold = new Promise<void>((resolve) => {
      othersDone = resolve;
    });
    const receiver = await startReceiver({
      onMessage: ({ kind }) => {
        if (told.push(kind) === 4) othersDone?.();
      },
    });
    onTestFinished(() => receiver.close());
    const oneHangs: Exchange = async (url, request, timeoutMs) => {
      if (url !== receiver.urlOf('slack')) return exchange(url, request, timeoutMs);
      await othersAreTold;
      throw new TypeError('no answer');
    };
    const urls = channelKinds.map((kind) => [`${kind.toUpperCase()}_URL`, receiver.urlOf(kind)]);
    const { tell } = await open({
      env: Object.fromEntries(urls) as Record<string, string>,
      runtime: { exchange: oneHangs },
    });
    expect(await tell(notificationOf())).toEqual({ reached: 4, tried: 5 });
  });

  test('gets no more than 15 s in all, 5 s at a time', async () => {
    const asked: number[] = [];
    const clock = stillClock();
    const hanging: Exchange = async (_url, _request, timeoutMs) => {
      asked.push(timeoutMs);
      await clock.sleep(timeoutMs);
      throw new ExchangeFailure('no answer', { mayHaveArrived: true, isTooLarge: false });
    };
    const { tell } = await open({ only: only('slack'), runtime: { clock, exchange: hanging } });
    await tell(notificationOf());
    expect(asked).toEqual([5000, 5000, 15_000 - 10_000 - 225 - 450]);
    expect(clock.now()).toBe(15_000);
  });

  test('an error that is not expected is a failure of its class, without its words', async () => {
    const broken: Exchange = (url) => Promise.reject(new TypeError(`Invalid URL ${url}`));
    const { tell, lines } = await open({ only: only('slack'), runtime: { exchange: broken } });
    expect(await tell(notificationOf())).toEqual({ reached: 0, tried: 1 });
    expect(lines).toMatchObject([{ reason: 'the request could not be made (TypeError)' }]);
  });
});

test('the time of day is put back an hour in the middle: the limits stand, and each attempt is signed anew', async () => {
  const start = Date.UTC(2026, 0, 2, 3, 0, 0);
  const clock = stillClock();
  const times = [start, start - 3_600_000, start - 3_600_000 + 1000];
  const asked: { url: string; timeoutMs: number }[] = [];
  const slow: Exchange = async (url, _request, timeoutMs) => {
    asked.push({ url, timeoutMs });
    await clock.sleep(timeoutMs);
    return { status: 503, retryAfter: undefined, text: '' };
  };
  const { tell, lines } = await open({
    only: only('dingtalk'),
    runtime: { clock, exchange: slow, now: () => times.shift() ?? start },
  });
  expect(await tell(notificationOf())).toEqual({ reached: 0, tried: 1 });
  expect(asked.map(({ timeoutMs }) => timeoutMs)).toEqual([5000, 5000, 15_000 - 10_000 - 225 - 450]);
  expect(clock.now()).toBe(15_000);
  expect(asked.map(({ url }) => new URL(url).searchParams.get('timestamp'))).toEqual(
    [start, start - 3_600_000, start - 3_599_000].map(String),
  );
  expect(lines).toMatchObject([{ attempts: 3, reason: 'it answered HTTP 503' }]);
});

describe('a channel stays closed', () => {
  test.each<[string, Record<string, string | undefined>, string]>([
    ['without its address', { DINGTALK_URL: undefined }, 'DINGTALK_URL is not set'],
    ['with an empty address', { DINGTALK_URL: ' ' }, 'DINGTALK_URL is empty'],
    [
      'with a word for an address',
      { DINGTALK_URL: 'fake-robot' },
      'DINGTALK_URL is no address, such as https://example.com/hook',
    ],
    [
      'with plain http',
      { DINGTALK_URL: 'http://chat.example.com/fake-robot' },
      'DINGTALK_URL must be https; plain http is for loopback addresses only',
    ],
    [
      'with another scheme',
      { DINGTALK_URL: 'file:///fake-robot' },
      'DINGTALK_URL must be https; plain http is for loopback addresses only',
    ],
    [
      'with a password in its address',
      { DINGTALK_URL: 'https://user:fake-robot@chat.example.com/' },
      'DINGTALK_URL holds a user name or password, which would not be sent',
    ],
    [
      'with a newline after its address',
      { DINGTALK_URL: 'https://chat.example.com/fake-robot\n' },
      'DINGTALK_URL begins or ends with white space; a newline from a file is a usual reason',
    ],
    ['without the secret that is named', { DINGTALK_SECRET: undefined }, 'DINGTALK_SECRET is not set'],
    ['with an empty secret', { DINGTALK_SECRET: '' }, 'DINGTALK_SECRET is empty'],
  ])('%s', async (_title, env, reason) => {
    const { tell, lines, called } = await open({ env, only: only('dingtalk') });
    const [variable] = Object.keys(env);
    expect(lines).toEqual([
      { level: 'error', msg: 'a channel is closed', kind: 'dingtalk', variable, reason },
    ]);
    expect(await tell(notificationOf())).toEqual({ reached: 0, tried: 1 });
    expect(lines.slice(1)).toEqual([{ ...untold, reason: `it is closed: ${reason}`, attempts: 0 }]);
    expect(JSON.stringify(lines)).not.toContain('fake-robot');
    expect(called).toEqual([]);
  });

  test('that is a webhook whose secret is not one', async () => {
    const { lines } = await open({ env: { WEBHOOK_SECRET: 'not-whsec' }, only: only('webhook') });
    expect(lines).toMatchObject([
      { reason: 'WEBHOOK_SECRET cannot be decoded: it must be base64, with or without whsec_ before it' },
    ]);
  });

  test('that is a webhook without a secret', async () => {
    const [webhook] = only('webhook');
    const { lines } = await open({ only: webhook ? [{ ...webhook, secret: undefined }] : [] });
    expect(lines).toMatchObject([{ msg: 'a channel is closed', variable: 'WEBHOOK_URL' }]);
  });

  test('and the others are told', async () => {
    const { tell } = await open({ env: { SLACK_URL: '' } });
    expect(await tell(notificationOf())).toEqual({ reached: 4, tried: 5 });
  });

  test('but not for plain http to this machine', async () => {
    for (const host of ['localhost', '127.0.0.1', '[::1]']) {
      const { lines } = await open({ env: { SLACK_URL: `http://${host}:1/hook` }, only: only('slack') });
      expect(lines).toEqual([]);
    }
  });
});

describe('the answer in a chat', () => {
  test.each<[AnswerAddress['chat'], string]>([
    ['slack', 'https://hooks.slack.com.example.com/commands/fake'],
    ['slack', 'https://example.com/commands/fake'],
    ['slack', 'http://hooks.slack.com/commands/fake'],
    ['slack', 'https://hooks.slack.com:8443/commands/fake'],
    ['slack', 'https://hooks.slack.com@example.com/commands/fake'],
    ['slack', 'https://hooks.slack.com/services/T00/B00/fake'],
    ['slack', 'https://hooks.slack.com/commands/../services/T00/B00/fake'],
    ['dingtalk', 'https://oapi.dingtalk.com/robot/send?access_token=fake'],
    ['dingtalk', 'https://hooks.slack.com/commands/fake'],
    ['slack', 'not an address, fake'],
  ])('of %s goes nowhere else: %s', async (chat, url) => {
    const { tell, called, lines } = await open({ only: [], answerAt: { chat, url } });
    expect(await tell(notificationOf())).toEqual({ reached: 0, tried: 0 });
    expect(called).toEqual([]);
    const reason = "it is closed: its address is not the chat's own";
    expect(lines).toMatchObject([{ kind: `${chat} answer`, reason, attempts: 0 }]);
    expect(JSON.stringify(lines)).not.toContain('fake');
  });

  test('counts as no channel, whether it is reached or not', async () => {
    for (const fault of [undefined, 'error-code'] as const) {
      const alone = await open({ only: [], answerAt: slackAnswer });
      alone.receiver.setFault('slack-answer', fault);
      expect(await alone.tell(notificationOf())).toEqual({ reached: 0, tried: 0 });
      expect(alone.receiver.requestsOf('slack-answer')).toBe(1);

      const beside = await open({ only: only('slack'), answerAt: slackAnswer });
      beside.receiver.setFault('slack-answer', fault);
      beside.receiver.setFault('slack', 'error-code');
      expect(await beside.tell(notificationOf())).toEqual({ reached: 0, tried: 1 });
    }
  });

  test('goes to Slack four times at most, and one of them is kept for the end', async () => {
    const { tell, receiver, lines } = await open({ only: [], answerAt: slackAnswer });
    const answers = [];
    for (const event of [
      'started',
      'failing',
      'waiting',
      'failing',
      'waiting',
      'failed',
      'out_of_time',
    ] as const) {
      await tell(notificationOf({ event }));
      answers.push(receiver.requestsOf('slack-answer'));
    }
    expect(answers).toEqual([1, 2, 3, 3, 3, 4, 4]);
    expect(receiver.messages.map(({ text }) => text.split(':')[0])).toEqual([
      'Started',
      'Trouble',
      'Waiting',
      'Failed',
    ]);
    expect(lines).toEqual([]);
  });

  test('counts what Slack may have counted: every attempt', async () => {
    const { tell, receiver } = await open({ only: [], answerAt: slackAnswer });
    const requests = () => receiver.requestsOf('slack-answer');
    receiver.setFault('slack-answer', 'server-error');
    await tell(notificationOf({ event: 'started' }));
    expect(requests()).toBe(3);
    receiver.setFault('slack-answer', undefined);
    await tell(notificationOf({ event: 'waiting' }));
    expect(requests()).toBe(3);
    await tell(notificationOf());
    expect(requests()).toBe(4);
    expect(receiver.messages).toMatchObject([{ text: expect.stringContaining('Succeeded') as string }]);
  });

  test('counts for each task anew', async () => {
    const { notifier, receiver } = await open({ only: [] });
    for (let task = 0; task < 5; task += 1) {
      await notifier.forTask(slackAnswer, () => undefined)(notificationOf());
    }
    expect(receiver.messages).toHaveLength(5);
  });

  test('that fails leaves the channels alone', async () => {
    const { tell, receiver, lines } = await open({ answerAt: dingTalkAnswer });
    receiver.setFault('dingtalk-answer', 'error-code');
    expect(await tell(notificationOf())).toEqual({ reached: 5, tried: 5 });
    expect(lines).toMatchObject([
      { kind: 'dingtalk answer', reason: 'it answered errcode 300001: session is expired' },
    ]);
  });
});

describe('secrecy', () => {
  const faults: ReceiverFault[] = [
    ...(['reset', 'server-error', 'redirect', 'error-code', 'html', 'huge'] as const),
    ...(['switching', 'switching-to-nothing'] as const),
  ];

  test.each(faults)('no address and no key is in the log after %s', async (fault) => {
    const { tell, receiver, lines, values } = await open({ answerAt: slackAnswer });
    for (const kind of [...channelKinds, 'slack-answer'] as const) receiver.setFault(kind, fault);
    // Any 2xx of a webhook of one's own is a success, a page too.
    expect(await tell(notificationOf())).toEqual({ reached: fault === 'html' ? 1 : 0, tried: 5 });
    const logged = JSON.stringify(lines);
    const parts = [...Object.values(values), slackAnswer.url].flatMap((value) => value.split(/[/?=&]/));
    const secret = parts.filter((part) => part.length >= 8);
    expect(secret.length).toBeGreaterThan(8);
    expect(secret.filter((part) => logged.includes(part))).toEqual([]);
  });

  test.each([
    ['the whole address', (url: string) => url],
    ['a piece of its key', () => 'gtalk-access-tok'],
    ['the key of the signature', () => secrets.dingtalk],
  ])('words that quote %s are withheld', async (_title, quotation) => {
    const quoting: Exchange = (url) => {
      const text = `${'no '.repeat(50)}such robot: ${quotation(url)}`;
      return Promise.resolve({ status: 400, retryAfter: undefined, text });
    };
    const { tell, lines } = await open({ only: only('dingtalk'), runtime: { exchange: quoting } });
    await tell(notificationOf());
    expect(lines).toMatchObject([
      {
        reason:
          'it answered HTTP 400: its words are withheld, for they quote its address or key, or the link in the message',
      },
    ]);
  });

  test.each([
    ['the whole link', (link: string) => link],
    ['a piece of its token', (link: string) => link.slice(-30, -20)],
    ['the link as DingTalk is given it', (link: string) => encodeURIComponent(link)],
  ])('words that quote %s of a question are withheld', async (_title, quotation) => {
    const quoting: Exchange = () =>
      Promise.resolve({ status: 400, retryAfter: undefined, text: `no such card: ${quotation(fakeLink)}` });
    const { tell, lines } = await open({ runtime: { exchange: quoting } });
    await tell(askedOf());
    expect(lines).toHaveLength(5);
    for (const { reason } of lines) expect(String(reason)).toMatch(/HTTP 400: its words are withheld/);
  });

  test('words are bounded', async () => {
    const talking: Exchange = () =>
      Promise.resolve({ status: 400, retryAfter: undefined, text: 'no '.repeat(10_000) });
    const { tell, lines } = await open({ only: only('dingtalk'), runtime: { exchange: talking } });
    await tell(notificationOf());
    expect(String(lines[0]?.['reason']).length).toBeLessThan(300);
  });
});

/** A port at which nobody listens. */
async function freePort(): Promise<number> {
  const receiver = await startReceiver();
  const port = Number(new URL(receiver.urlOf('slack')).port);
  await receiver.close();
  const socket = connect(port, '127.0.0.1');
  await new Promise((resolve) => socket.once('error', resolve));
  return port;
}
