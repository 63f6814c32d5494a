import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileConfiguration } from '../../../../local/build/compile-sources.ts';
import type { ExplanationView, RequestView, SampleView } from '../../../../local/sandbox/page/view.ts';
import { eventPresets } from '../../../../presets/events/index.ts';
import { startLocalPage, type LocalPage } from './local-page.ts';

const app = '3616cdca-0000-4000-8000-0000000000e1';
const { events } = compileConfiguration(`events: { slo: { preset: sls-event, apps: [${app}] } }`);
const ofEvents = {
  sources: events,
  presets: new Map([['slo', eventPresets['sls-event']]]),
  accountId: '1234567890123456',
  region: 'cn-fake',
};

let page: LocalPage;
const atEnd: (() => Promise<void>)[] = [];

beforeAll(async () => {
  page = await startLocalPage((close) => atEnd.push(close), ofEvents);
});

afterAll(async () => {
  await Promise.all(atEnd.map((close) => close()));
});

const answerOf = async <View>(action: string, asked: object): Promise<View> => {
  const { status, text } = await page.act(action, asked);
  expect(status, text).toBe(200);
  return JSON.parse(text) as View;
};
const sample = () => answerOf<SampleView>('sample', { source: 'slo' });
const send = (way: string, body: string) =>
  page.act('send', { source: 'slo', way, body, contentType: '', app: '' });
/** The deliveries that ended so, as the page is told of them. */
const ended = (code: string, delivery: number): Promise<RequestView> =>
  page.told(
    'request',
    ({ method, path, answer }) =>
      method === 'EVENT' && path.endsWith(`delivery ${delivery}`) && answer?.code === code,
  );
/** The same alert, a few seconds on: a release that was started a moment ago may begin after the alert of the sample. */
const firingLater = (body: string) =>
  body.replace(/"fire_time":\s*(\d+)/, (_, seconds: string) => `"fire_time": ${Number(seconds) + 10}`);
const stateOf = ({ stages }: RequestView) =>
  Object.fromEntries(stages.map(({ stage, state }) => [stage, state]));

describe('the page', () => {
  test('has the sources of events beside the others', async () => {
    const { sources, applications } = await page.told('sandbox');
    expect(sources.find(({ name }) => name === 'slo')).toEqual({
      name: 'slo',
      proof: ['nothing: RAM says who may publish an event'],
      isByApplication: true,
      secondsValid: 600,
      isOfEvents: true,
    });
    expect(sources.find(({ name }) => name === 'pipeline')).toMatchObject({ isOfEvents: false });
    expect(applications).toContain(app);
  });

  test('makes a sample, and says that no release is in flight', async () => {
    expect(await sample()).toMatchObject({
      target: `the application ${app}`,
      caution: 'No release that it may touch is in flight. Start one first.',
    });
  });

  test('publishes an event, and shows each delivery on its way', async () => {
    await answerOf('release', { app, batches: 2, goesOn: false });
    const { body, caution } = await sample();
    expect(caution).toBeUndefined();
    expect((await send('right', firingLater(body))).status).toBe(200);
    // Events come in any order: either delivery may be the one that rolls back.
    const first = await page.told(
      'request',
      ({ method, answer }) => method === 'EVENT' && answer?.code === 'rolling_back',
    );
    expect(stateOf(first)).toEqual({
      receive: 'passed',
      verify: 'passed',
      select: 'passed',
      read: 'passed',
      PUT: 'passed',
    });
    expect(first.isRepeatable).toBe(false);
    const facts = first.stages.find(({ stage }) => stage === 'select')?.facts ?? [];
    expect(facts.find(({ label }) => label === 'sources')?.text).toBe('slo takes it');
    const second = await page.told(
      'request',
      ({ method, path, answer }) => method === 'EVENT' && path !== first.path && answer !== undefined,
    );
    expect(second.answer?.code).not.toBe('rolling_back');
  });

  test.each([
    ['forged', 'event_account_mismatch', 'verify'],
    ['stale', 'event_out_of_window', 'select'],
  ])('publishes it %s, and shows where it ends', async (way, code, stage) => {
    const { body } = await sample();
    expect((await send(way, body)).status).toBe(200);
    const request = await ended(code, 1);
    expect(stateOf(request)).toMatchObject({ [stage]: 'stopped', read: 'not reached' });
    expect(request.answer).toMatchObject({ status: 200, tone: 'bad' });
  });

  test('publishes the newest event of the source once more', async () => {
    const { body } = await sample();
    await send('stale', body);
    await ended('event_out_of_window', 2);
    expect((await send('repeated', '')).status).toBe(200);
    expect((await ended('event_out_of_window', 4)).answer?.tone).toBe('bad');
  });

  test('explains an event with what EventBridge adds, and publishes nothing', async () => {
    const { body } = await sample();
    const { verdict, tone, facts } = await answerOf<ExplanationView>('explain', { source: 'slo', body });
    expect({ verdict, tone }).toEqual({
      verdict: expect.stringMatching(/^The rule "app" decides: acted on\./) as string,
      tone: 'good',
    });
    expect(facts.find(({ label }) => label === 'account')?.text).toBe(
      '1234567890123456, that of the function',
    );
  });

  test.each([
    ['no JSON', '{', 400, 'The event is not JSON'],
    ['no event', '{}', 400, 'The specversion of an event must be "1.0".'],
  ])('says what EventBridge does not take: %s', async (_what, body, status, beginning) => {
    const refused = await send('right', body);
    expect(refused.status).toBe(status);
    expect(refused.text).toContain(beginning);
  });
});
