import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startEdasStandIn } from '../../../local/stand-ins/edas/stand-in.ts';
import { cloudEvent, openEvents } from '../../support/events.ts';
import { runs } from '../../support/runs.ts';
import { fakeAccountId, fakeContext, fakeCredentials } from '../../support/webhook.ts';
import { app, changeOrderId, otherApp, sloWith } from './stage.ts';

// 100,000 events in the long run.
vi.setConfig({ testTimeout: 300_000 });

const startedAt = Date.now();
const valid = cloudEvent(startedAt, { data: { labels: { edas_app_id: app } } });

const iso = (ms: number) => new Date(ms).toISOString();

/** Data with something in the place of the application's id. */
const foundId = fc
  .oneof(
    fc.constantFrom<unknown>(app, app.toUpperCase(), app.slice(1), `${app}0`, `${app} ${otherApp}`, otherApp),
    fc.constantFrom<unknown>([app], { app }, true, null, ` ${app}\n`, `x${app}`, app.replaceAll('-', '')),
    fc.jsonValue({ maxDepth: 2 }),
  )
  .map((id) => ({ labels: { edas_app_id: id } }));

/** Values that come close to what an attribute should be, and what JSON has beside. */
const near: Record<string, fc.Arbitrary<unknown>> = {
  specversion: fc.constantFrom('1.0', '1.00', '1', ' 1.0', '0.3', '1.0\0', 1, 1.0),
  id: fc.constantFrom('', ' ', 'x'.repeat(10_000), '__proto__', '\ud800', 0),
  source: fc.constantFrom(
    'acs.sls.alert',
    'acs.sls.alert ',
    'ACS.SLS.ALERT',
    'acs.sls',
    'acs.sls.*',
    '*',
    '',
  ),
  type: fc.constantFrom('sls:AlertEvent:Firing', 'sls:AlertEvent:Resolved', 'sls:AlertEvent:', '*', 'sls:*'),
  time: fc.oneof(
    fc.integer({ min: -1_200_000, max: 1_200_000 }).map((ms) => iso(startedAt + ms)),
    fc.constantFrom(
      '',
      'now',
      iso(startedAt).slice(0, -1),
      `${iso(startedAt)}x`,
      iso(startedAt).replace('T', ' '),
    ),
    fc.constantFrom(iso(startedAt).replace('Z', '+08:00'), iso(startedAt).replace('Z', 'PRC'), startedAt),
  ),
  aliyunaccountid: fc.constantFrom(fakeAccountId, ` ${fakeAccountId}`, Number(fakeAccountId), '', [
    fakeAccountId,
  ]),
  data: fc.oneof(
    fc.constantFrom({}, null, [], { labels: app }, [{ labels: { edas_app_id: app } }]),
    fc.constantFrom(
      JSON.stringify({ labels: { edas_app_id: app } }),
      JSON.stringify({ labels: null }),
      '{',
      '{}',
    ),
    foundId,
  ),
};

type Mutation = (event: Record<string, unknown>) => Record<string, unknown>;

const name = fc.constantFrom(...Object.keys(near));
const other = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(undefined, null, '', 0, [], {}),
);

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  {
    weight: 6,
    arbitrary: name.chain((key) => (near[key] ?? other).map((value): Mutation => withField(key, value))),
  },
  { weight: 2, arbitrary: foundId.map((data): Mutation => withField('data', data)) },
  { weight: 2, arbitrary: fc.tuple(name, other).map(([key, value]): Mutation => withField(key, value)) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.string(), other).map(([key, value]): Mutation => withField(key, value)),
  },
  // One attribute in the place of another.
  {
    weight: 1,
    arbitrary: fc
      .tuple(name, name)
      .map(([to, from]): Mutation => (event) => ({ ...event, [to]: event[from] })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('rawPath', '__proto__', 'constructor', 'Data')
      .map((key): Mutation => (event) => ({ [key]: event, ...event })),
  },
);

function withField(key: string, value: unknown): Mutation {
  return (event) => ({ ...event, [key]: value });
}

const changedEvent = fc
  .array(mutation, { minLength: 1, maxLength: 3 })
  .map((changes) => JSON.stringify(changes.reduce((event, change) => change(event), valid)));

const json = JSON.stringify(valid);

/** The event in a shape in which EventBridge does not send it. */
const wrapped = fc.constantFrom(
  `[${json}]`,
  `${json}${json}`,
  `${json}\n${json}`,
  `\uFEFF${json}`,
  JSON.stringify(json),
  JSON.stringify({ rawPath: '/slo', body: json, headers: {}, requestContext: { http: { method: 'POST' } } }),
  JSON.stringify({ ...valid, rawPath: '/', body: json }),
  JSON.stringify({ event: valid }),
  JSON.stringify({ data: valid, specversion: '1.0' }),
  `{"type":"x",${json.slice(1)}`,
  `${json.slice(0, -1)},"aliyunaccountid":"${fakeAccountId}"}`,
  `{"__proto__":${json}}`,
  json.replace('"data":', `"deep":${'['.repeat(200)}${']'.repeat(200)},"data":`),
);

/** A bit, a byte or a part of its bytes is another one, is gone, or stands there twice. */
const damaged = fc
  .tuple(
    fc.nat({ max: json.length - 1 }),
    fc.nat({ max: 40 }),
    fc.nat({ max: 255 }),
    fc.constantFrom('flip', 'set', 'cut', 'end', 'twice', 'insert'),
  )
  .map(([at, length, byte, how]) => {
    const bytes = Buffer.from(json);
    const [before, rest] = [bytes.subarray(0, at), bytes.subarray(at)];
    switch (how) {
      case 'flip':
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (byte % 8));
        return bytes;
      case 'set':
        bytes[at] = byte;
        return bytes;
      case 'cut':
        return Buffer.concat([before, rest.subarray(length)]);
      case 'end':
        return before;
      case 'twice':
        return Buffer.concat([before, rest.subarray(0, length), rest]);
      default:
        return Buffer.concat([before, Buffer.from([byte]), rest]);
    }
  });

const payload: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 12, arbitrary: changedEvent.map((text) => Buffer.from(text)) },
  { weight: 6, arbitrary: damaged },
  { weight: 1, arbitrary: wrapped.map((text) => Buffer.from(text)) },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((text) => Buffer.from(text)),
    ),
  },
  { weight: 1, arbitrary: fc.anything() },
);

/** Whether an event is one that rolls back, told in another way than the function tells it. */
function mayAct(bytes: unknown): boolean {
  let event: Record<string, unknown>;
  let data: unknown;
  try {
    event = JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes as Buffer),
    ) as typeof event;
    data = typeof event['data'] === 'string' ? JSON.parse(event['data']) : event['data'];
  } catch {
    return false;
  }
  const { specversion, id, source, type, time, aliyunaccountid: account } = event;
  const ageMs =
    typeof time === 'string' && /(Z|\d\d:\d\d)$/.test(time)
      ? startedAt - new Date(time).getTime()
      : Number.NaN;
  const found = (data as { labels?: { edas_app_id?: unknown } } | null)?.labels?.edas_app_id;
  return (
    specversion === '1.0' &&
    typeof id === 'string' &&
    id.length > 0 &&
    source === 'acs.sls.alert' &&
    type === 'sls:AlertEvent:Firing' &&
    ageMs <= 600_000 &&
    ageMs >= -300_000 &&
    (account === fakeAccountId || account === Number(fakeAccountId)) &&
    typeof found === 'string' &&
    found.toLowerCase().includes(app) &&
    !Object.hasOwn(event, 'rawPath')
  );
}

test('no event that is not as it must be comes as far as EDAS, and none makes the function throw', async () => {
  const edas = await startEdasStandIn({ credentials: fakeCredentials });
  onTestFinished(() => edas.close());
  edas.orders.add({
    id: changeOrderId,
    appId: app,
    createdAt: startedAt - 3_600_000,
    readyMs: 0,
    batchMs: 3_600_000,
  });
  const clock = { now: () => startedAt, sleep: () => Promise.resolve() };
  const { handler, lines } = openEvents(edas, {
    sources: sloWith('follow: false'),
    clock,
    env: { LOG_EVENTS: 'true' },
  });
  const context = { ...fakeContext, accountId: fakeAccountId };
  const seen = new Map<string, number>();

  await fc.assert(
    fc.asyncProperty(payload, async (bytes) => {
      lines.length = 0;
      const asked = edas.calls.length;
      const result = await handler(bytes, context);
      const told = 'code' in result ? result.code : result.outcome;
      seen.set(told, (seen.get(told) ?? 0) + 1);
      if (edas.calls.length > asked) expect(mayAct(bytes)).toBe(true);
      expect(lines.filter((line) => line.includes('"msg":"decision"'))).toHaveLength(1);
      expect(Math.max(...lines.map((line) => Buffer.byteLength(line)))).toBeLessThan(32_000);
      // A fault of our own is what a hostile event looks for.
      expect(told).not.toBe('internal');
    }),
    { numRuns: runs(5_000) },
  );

  // They come close: each check has refused some, and those that are as they must be did roll back, once.
  expect([...seen.keys()]).toEqual(
    expect.arrayContaining([
      'event_malformed',
      'event_account_mismatch',
      'event_unexpected',
      'event_out_of_window',
      'ignored',
      'app_missing',
      'app_ambiguous',
      'app_not_allowed',
    ]),
  );
  await handler(Buffer.from(json), context);
  expect(edas.calls.filter(({ method }) => method === 'PUT')).toHaveLength(1);
  expect(edas.orders.rollbacksOf(changeOrderId)).toBe(1);
});

test('whatever the context is, the function answers and throws nothing', async () => {
  const edas = await startEdasStandIn({ credentials: fakeCredentials });
  onTestFinished(() => edas.close());
  const clock = { now: () => startedAt, sleep: () => Promise.resolve() };
  const { handler } = openEvents(edas, { sources: sloWith('follow: false'), clock });
  const own = fc.record(
    { accountId: fc.anything(), requestId: fc.anything(), function: fc.anything() },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.anything(), own), async (context) => {
      expect(await handler(Buffer.from(json), context)).toHaveProperty('code', 'event_account_mismatch');
    }),
    { numRuns: runs(300) },
  );
  expect(edas.calls).toEqual([]);
});
