import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type {
  ApplicationView,
  ExplanationView,
  RequestView,
  SampleView,
  SentView,
  Stage,
  StageState,
  TaskView,
} from '../../../../local/sandbox/page/view.ts';
import { startLocalPage, type LocalPage } from './local-page.ts';

let page: LocalPage;
const closing: (() => Promise<void>)[] = [];
beforeAll(async () => {
  page = await startLocalPage((close) => closing.push(close));
});
afterAll(async () => {
  await Promise.all(closing.map((close) => close()));
});
beforeEach(async () => {
  await page.act('all-well');
});

/** Begins a release in an application of its own. */
async function release(asked: object = {}): Promise<string> {
  const { status, text } = await page.act('release', { app: null, batches: 2, goesOn: false, ...asked });
  expect([status, text]).toEqual([200, expect.stringContaining('changeOrderId')]);
  const { changeOrderId } = JSON.parse(text) as { changeOrderId: string };
  return changeOrderId;
}

interface Sending {
  source?: string;
  way?: string;
  body?: string;
  contentType?: string;
}

/** Sends, and waits until the page knows the answer and the line of the log. */
async function send({ source = 'pipeline', way = 'right', body = '{}', contentType = '' }: Sending) {
  const { status, text } = await page.act('send', { source, way, body, contentType, app: '' });
  if (status !== 200) throw new Error(text);
  const sent = JSON.parse(text) as SentView;
  return { ...sent, request: await requestWith((_request, key) => key === sent.key) };
}

/** A request, once all is told of it. */
function requestWith(isIt: (request: RequestView, key: string) => boolean): Promise<RequestView> {
  return page.told('request', (request, key) => {
    const isTold = request.answer !== undefined && request.log.length > 0;
    return isTold && isIt(request, key);
  });
}

const statesOf = ({ stages }: RequestView): Record<Stage, StageState> =>
  Object.fromEntries(stages.map(({ stage, state }) => [stage, state])) as Record<Stage, StageState>;
const factsOf = ({ stages }: RequestView, stage: Stage) =>
  stages.find((each) => each.stage === stage)?.facts ?? [];
const textsOf = (request: RequestView, stage: Stage) =>
  Object.fromEntries(factsOf(request, stage).map(({ label, text }) => [label, text]));

test('a signed request passes every stage, and each shows what was seen there', async () => {
  const changeOrderId = await release();
  const body = JSON.stringify({ changeOrderId });
  const { status, request } = await send({ body });
  expect([status, request.answer?.code, request.answer?.tone]).toEqual([202, 'rolling_back', 'good']);
  expect(statesOf(request)).toEqual({
    receive: 'passed',
    verify: 'passed',
    select: 'passed',
    read: 'passed',
    PUT: 'passed',
  });
  expect(textsOf(request, 'receive')).toMatchObject({ request: 'POST /pipeline', 'body, 56 bytes': body });
  expect(textsOf(request, 'verify')).toMatchObject({
    'x-signature-256': expect.stringMatching(/^sha256=[0-9a-f]{64}$/) as string,
    'signed is': '{body}',
    'that is, 56 bytes': body,
  });
  expect(factsOf(request, 'select').filter(({ isDeciding }) => isDeciding)).toEqual([
    { label: 'changeOrderId', text: `the change order ${changeOrderId}`, isDeciding: true },
  ]);
  expect(factsOf(request, 'read')).toEqual([{ label: '→ EDAS', text: 'GetChangeOrderInfo · HTTP 200' }]);
  expect(factsOf(request, 'PUT').map(({ text }) => text)).toEqual([
    `InvokeFunction rollback-${changeOrderId} · HTTP 202`,
    'RollbackChangeOrder · HTTP 200',
    `InvokeFunction follow-${changeOrderId} · HTTP 202`,
  ]);
  expect(request.log.join()).toContain('"msg":"decision"');
});

test('the same bytes again end at read: the work is done', async () => {
  const changeOrderId = await release();
  const first = await send({ body: JSON.stringify({ changeOrderId }) });
  const again = await send({ way: 'repeated', body: 'this is not sent' });
  expect([again.status, again.request.answer?.code]).toEqual([200, 'already_terminated']);
  expect(textsOf(again.request, 'verify')).toEqual(textsOf(first.request, 'verify'));
  expect(statesOf(again.request)).toMatchObject({ select: 'passed', read: 'stopped', PUT: 'not reached' });
  expect(page.edas.orders.rollbacksOf(changeOrderId)).toBe(1);

  const { status } = await page.act('again', { key: first.key });
  expect(status).toBe(200);
  expect((await page.act('again', { key: 'unknown' })).status).toBe(409);
});

test('a forged request ends at verify, and nothing behind it is shown', async () => {
  const changeOrderId = await release();
  const { status, request } = await send({ way: 'forged', body: JSON.stringify({ changeOrderId }) });
  expect([status, request.answer?.tone]).toEqual([401, 'bad']);
  expect(statesOf(request)).toMatchObject({ verify: 'stopped', select: 'not reached', PUT: 'not reached' });
  expect(factsOf(request, 'verify').at(-1)).toMatchObject({
    label: 'signature_mismatch',
    isDeciding: true,
    text: expect.stringContaining('was not made with') as string,
  });
  expect(factsOf(request, 'select')).toEqual([]);
});

test('a stale request ends at verify; where a signature holds no time, there is none', async () => {
  const { request } = await send({ source: 'stamped', way: 'stale' });
  expect(request.answer?.code).toBe('timestamp_out_of_window');
  expect(statesOf(request)).toMatchObject({ verify: 'stopped' });
  expect(textsOf(request, 'verify')).toMatchObject({ 'signed is': '{timestamp}.{body}' });

  const refused = await page.act('send', { source: 'pipeline', way: 'stale', body: '{}', contentType: '' });
  expect(refused).toEqual({
    status: 422,
    text: 'A request of pipeline never expires: what it is proved with holds no time.',
  });
});

test('of a sender whose payload holds the time, a stale request holds an old one, and ends at select', async () => {
  const { request } = await send({ source: 'linear', way: 'stale', body: '{"webhookTimestamp":1}' });
  expect(request.answer?.code).toBe('timestamp_out_of_window');
  expect(request.answer?.detail).toMatch(/is 120 s old/);
  expect(statesOf(request)).toMatchObject({ verify: 'passed', select: 'stopped' });
});

test('an ignored request ends at select, and the rule that decides is marked', async () => {
  const { request } = await send({ source: 'stamped', body: '{"status":"passed"}' });
  expect([request.answer?.code, request.answer?.tone]).toEqual(['ignored', 'quiet']);
  expect(statesOf(request)).toMatchObject({ verify: 'passed', select: 'stopped', read: 'not reached' });
  expect(factsOf(request, 'select').find(({ isDeciding }) => isDeciding)?.label).toBe('when');
});

test('a path that no source has ends at receive', async () => {
  await (await fetch(`${page.url}/nowhere`, { method: 'POST', body: '{}' })).text();
  const request = await requestWith(({ path }) => path === '/nowhere');
  expect(statesOf(request)).toMatchObject({ receive: 'stopped', verify: 'not reached' });
  expect(request.source).toBeUndefined();
});

test('a fault of EDAS is switched on and off, and shown at the call that met it', async () => {
  expect((await page.act('fault', { service: 'edas', id: 'deniedByRam', scope: 'every call' })).status).toBe(
    200,
  );
  const { edas } = await page.told('faults', (faults) => faults.edas !== undefined);
  expect(edas).toMatchObject({ id: 'deniedByRam', scope: 'every call' });
  const changeOrderId = await release();
  const body = JSON.stringify({ changeOrderId });
  const { request } = await send({ body });
  expect([request.answer?.status, request.answer?.code]).toEqual([502, 'edas_denied']);
  expect(factsOf(request, 'PUT')).toContainEqual({
    label: '→ EDAS',
    text: 'RollbackChangeOrder · HTTP 403 · fault: deniedByRam',
    tone: 'bad',
  });
  expect(statesOf(request)).toMatchObject({ read: 'passed', PUT: 'stopped' });

  await page.act('all-well');
  expect(await page.told('faults', ({ edas: fault }) => fault === undefined)).toEqual({});
  expect(page.edas.orders.rollbacksOf(changeOrderId)).toBe(0);
});

test('where KMS does not give the secret, the request ends at verify', async () => {
  await page.act('fault', { service: 'kms', id: 'forbidden', scope: 'every call' });
  const { request } = await send({ source: 'cold', body: '{}' });
  expect(request.answer?.status).toBe(503);
  expect(statesOf(request)).toMatchObject({ verify: 'stopped', select: 'not reached' });
  expect(textsOf(request, 'verify')['→ KMS']).toContain('fault: refusal (Forbidden.NoPermission)');
});

test('where two requests are open, a call is said to be perhaps of the other', async () => {
  const other = { id: 'another request', method: 'POST', path: '/pipeline' };
  page.listener.received?.({ ...other, event: Buffer.from('{}'), at: Date.now() });
  const { request } = await send({ body: JSON.stringify({ changeOrderId: await release() }) });
  expect(factsOf(request, 'read')[0]?.text).toContain('or of another request that was open then');
  page.listener.answer?.(other, { statusCode: 200, headers: {}, isBase64Encoded: false, body: '' }, 1);
});

test.each([
  ['pipeline', 'changeOrderId'],
  ['stamped', 'changeOrder'],
])('a sample of %s asks for the newest release in flight, and is acted on', async (source, field) => {
  const changeOrderId = await release();
  const { text } = await page.act('sample', { source });
  const sample = JSON.parse(text) as SampleView;
  expect(sample).toMatchObject({ target: `the change order ${changeOrderId}` });
  expect(sample).not.toHaveProperty('caution');
  expect(sample.body).toContain(field);
  const { request } = await send({ source, body: sample.body, contentType: sample.contentType });
  expect(request.answer?.code).toBe('rolling_back');
});

test('a sample says where there is nothing to roll back, and takes an application that the source may touch', async () => {
  const app = '3616cdca-0000-4000-8000-0000000000aa';
  const before = JSON.parse((await page.act('sample', { source: 'alerts' })).text) as SampleView;
  expect(before.caution).toBe('No release that it may touch is in flight. Start one first.');
  await release({ app });
  const sample = JSON.parse((await page.act('sample', { source: 'alerts' })).text) as SampleView;
  expect(sample).toMatchObject({ app, target: `the application ${app}` });
});

test('explain shows the rules of a payload, which of them decides, and sends nothing', async () => {
  const calls = page.requests.length;
  const asked = { source: 'stamped', body: '{"status":"failed","changeOrder":{"id":"none"}}' };
  const { text } = await page.act('explain', asked);
  const { facts, verdict, tone } = JSON.parse(text) as ExplanationView;
  expect(facts.filter(({ isDeciding }) => isDeciding).map(({ label }) => label)).toEqual(['changeOrderId']);
  expect(facts.find(({ label }) => label === 'when')?.text).toContain("`when: status == 'failed'` gave true");
  expect([verdict, tone]).toEqual([
    expect.stringContaining('refused with change_order_id_missing (422)'),
    'bad',
  ]);
  expect(page.requests.length).toBe(calls);
});

test('a release goes on by itself, or batch by batch as a person says', async () => {
  const waiting = await release();
  const order = () => page.edas.orders.get(waiting);
  expect(order()).toMatchObject({ waitsForPerson: true });
  expect((await page.act('next-batch', { changeOrderId: waiting })).status).toBe(409);
  expect(page.edas.orders.get(await release({ goesOn: true }))).toMatchObject({ waitsForPerson: false });

  const shown = (applications: ApplicationView[]) =>
    applications.flatMap(({ orders }) => orders).find(({ id }) => id === waiting);
  expect(shown(await page.told('applications', (each) => shown(each) !== undefined))).toMatchObject({
    batches: ['waiting', 'waiting'],
    status: '0 (ready)',
    tone: 'busy',
  });
});

test.each([
  ['no batches', 'release', { app: null, batches: 0 }, 400, '1 to 5 batches'],
  ['half a batch', 'release', { app: null, batches: 1.5 }, 400, '1 to 5 batches'],
  ['an application that is no id', 'release', { app: 'x', batches: 1 }, 400, 'must be an id'],
  ['an unknown source', 'send', { source: 'nobody', way: 'right', body: '' }, 404, 'no source "nobody"'],
  ['an unknown way', 'send', { source: 'pipeline', way: 'wrong', body: '' }, 400, 'one of right, forged'],
  ['a body that is no text', 'send', { source: 'pipeline', way: 'right', body: 1 }, 400, 'must be a text'],
  [
    'a header that cannot be sent',
    'send',
    { source: 'pipeline', way: 'right', body: '', contentType: 'a\nb' },
    422,
    'not a valid header',
  ],
  ['an unknown fault', 'fault', { service: 'edas', id: 'fire', scope: 'reads' }, 400, 'no fault fire'],
  [
    'an unknown service',
    'fault',
    { service: 'toString', id: null, scope: 'reads' },
    400,
    'one of edas, fc, kms',
  ],
])('%s is refused in a sentence', async (_what, action, asked, status, sentence) => {
  expect(await page.act(action, asked)).toEqual({
    status,
    text: expect.stringContaining(sentence) as string,
  });
});

test('a second release of an application has to wait for the first', async () => {
  const app = '3616cdca-0000-4000-8000-0000000000bb';
  await release({ app });
  const { status, text } = await page.act('release', { app, batches: 1, goesOn: true });
  expect([status, text]).toEqual([409, expect.stringContaining('is in flight')]);
});

test('a text that goes to several channels at once is one message', async () => {
  const message = (kind: 'slack' | 'wecom') => ({ kind, text: 'Started: \u202eevil', headers: {}, body: {} });
  page.listener.message?.(message('slack'));
  page.listener.message?.(message('wecom'));
  const { channels, text } = await page.told('message', (each) => each.channels.length > 1);
  expect([channels, text]).toEqual([['slack', 'wecom'], 'Started: \\u{202e}evil']);
});

test('the tasks of the follow function are told with their states', async () => {
  const changeOrderId = await release();
  await send({ body: JSON.stringify({ changeOrderId }) });
  const isThere = (tasks: TaskView[]) => tasks.find(({ taskId }) => taskId === `follow-${changeOrderId}`);
  const tasks = await page.told('tasks', (each) => isThere(each) !== undefined);
  expect(isThere(tasks)).toMatchObject({ status: 'Running', tone: 'busy', retries: 0 });
});
