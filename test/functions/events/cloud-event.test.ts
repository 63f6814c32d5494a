import { describe, expect, test } from 'vitest';
import { readCloudEvent } from '../../../functions/events/cloud-event.ts';
import { codeOf, problemOf } from '../../support/problem.ts';

const event = {
  specversion: '1.0',
  id: 'fake-event-id',
  source: 'acs.sls.alert',
  type: 'sls:AlertEvent:Firing',
  time: '2026-01-02T03:04:05Z',
  aliyunaccountid: '1234567890123456',
  data: { app: 'x' },
};

const read = (value: unknown) => readCloudEvent(Buffer.from(JSON.stringify(value)));
const readText = (text: string) => readCloudEvent(Buffer.from(text));
const detailOf = (work: () => unknown) => problemOf(work)?.message;

test('an event is read as EventBridge sends it', () => {
  expect(read(event)).toEqual({
    id: 'fake-event-id',
    source: 'acs.sls.alert',
    type: 'sls:AlertEvent:Firing',
    time: '2026-01-02T03:04:05Z',
    accountId: '1234567890123456',
    payload: event,
  });
});

test('bytes that are a view into a larger buffer are read, and nothing beside them', () => {
  const json = JSON.stringify(event);
  const whole = Buffer.from(`xxx${json}yyy`);
  const view = new Uint8Array(whole.buffer, whole.byteOffset + 3, Buffer.byteLength(json));
  expect(readCloudEvent(view).payload).toEqual(event);
});

describe('what is no event is refused, with what is wrong', () => {
  test.each<[string, unknown, string]>([
    ['undefined', undefined, 'it is no bytes'],
    ['a text', JSON.stringify(event), 'it is no bytes'],
    ['an object', event, 'it is no bytes'],
    ['nothing', Buffer.from(''), 'it is not JSON'],
    ['half of JSON', Buffer.from('{"specversion":"1.0"'), 'it is not JSON'],
    ['a byte order mark before it', Buffer.from(`\uFEFF${JSON.stringify(event)}`), 'it is not JSON'],
    ['Latin-1', Buffer.from('{"id":"\xe9"}', 'latin1'), 'it is not UTF-8'],
    [
      'a list',
      Buffer.from(JSON.stringify([event])),
      'it is a list: set the mode of the trigger to event-driven',
    ],
    ['null', Buffer.from('null'), 'it is no object'],
    ['a number', Buffer.from('7'), 'it is no object'],
    ['an HTTP event', Buffer.from('{"rawPath":"/","body":"{}"}'), 'it is the event of an HTTP trigger'],
    [
      'both shapes at once',
      Buffer.from(JSON.stringify({ ...event, rawPath: '/', body: '{}' })),
      'it is the event of an HTTP trigger',
    ],
    ['a key twice', Buffer.from('{"id":"a","id":"b"}'), 'it has the key "id" twice in one object'],
    ['no end of levels', Buffer.from(`{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`), 'is nested deeper'],
  ])('%s', (_what, payload, fault) => {
    const problem = problemOf(() => readCloudEvent(payload));
    expect(problem?.code).toBe('event_malformed');
    expect(problem?.message).toContain(fault);
    expect(problem?.message).toMatch(
      / Nothing was done\. Only EventBridge is meant to call this function\.$/,
    );
  });

  test('so large that EventBridge cannot have sent it', () => {
    const bytes = Buffer.alloc(512 * 1024 + 1, ' ');
    expect(codeOf(() => readCloudEvent(bytes))).toBe('body_too_large');
    expect(codeOf(() => readCloudEvent(bytes.subarray(1)))).toBe('event_malformed');
  });

  test.each([
    [undefined, 'its specversion is missing'],
    [1, 'its specversion is no text'],
    ['0.3', 'its specversion is "0.3"'],
    ['1.0 ', 'its specversion is "1.0 "'],
    ['x'.repeat(300), `its specversion is "${'x'.repeat(20)}…"`],
  ])('of another version of CloudEvents: %j', (specversion, fault) => {
    expect(detailOf(() => read({ ...event, specversion }))).toContain(
      `${fault}, and not "1.0": set the event`,
    );
  });

  test.each(['id', 'source', 'type', 'time'] as const)('without its %s as a text', (name) => {
    const detail = (value: unknown) => detailOf(() => read({ ...event, [name]: value }));
    expect(detail(null)).toContain(`its ${name} is no text`);
    expect(detail(7)).toContain(`its ${name} is no text`);
    expect(detail(['x'])).toContain(`its ${name} is no text`);
    expect(detail('')).toContain(`its ${name} is empty`);
    if (name !== 'time') expect(detail(undefined)).toContain(`its ${name} is missing`);
  });

  test('whose attributes stand in its prototype only', () => {
    const inherited = `{"__proto__":${JSON.stringify(event)},"constructor":{}}`;
    expect(detailOf(() => readText(inherited))).toContain('its specversion is missing');
  });
});

describe('the account', () => {
  test.each([
    ['1234567890123456', '1234567890123456'],
    [1_234_567_890_123_456, '1234567890123456'],
    // A number of more digits has lost some.
    [2 ** 60, undefined],
    [1.5, undefined],
    [null, undefined],
    [['1234567890123456'], undefined],
    [undefined, undefined],
  ])('%j is read as %j', (aliyunaccountid, accountId) => {
    expect(read({ ...event, aliyunaccountid }).accountId).toBe(accountId);
  });
});

describe('data', () => {
  const dataOf = (data: unknown) => (read({ ...event, data }).payload as { data: unknown }).data;

  test('that is JSON in a text is read, so that a path leads into it', () => {
    expect(dataOf('{"labels":{"edas_app_id":"x"}}')).toEqual({ labels: { edas_app_id: 'x' } });
    expect(dataOf(' \n{"a":1}')).toEqual({ a: 1 });
  });

  test.each([
    ['no JSON', '{"a":'],
    ['words', 'CPU is high'],
    ['a list', '[{"a":1}]'],
    ['a key twice', '{"app":"one","app":"two"}'],
    ['no end of levels', `{"a":${'['.repeat(200)}${']'.repeat(200)}}`],
  ])('is left as it is where the text is %s', (_what, data) => {
    expect(dataOf(data)).toBe(data);
  });

  test('does not replace another attribute, whatever keys it has', () => {
    const text = '{"__proto__":{"specversion":"0"},"aliyunaccountid":"6543210987654321"}';
    const { accountId, payload } = read({ ...event, data: text });
    expect(accountId).toBe('1234567890123456');
    expect(Object.getPrototypeOf((payload as { data: object }).data)).toBe(Object.prototype);
    expect(({} as { specversion?: string }).specversion).toBeUndefined();
  });
});
