import { expect, test } from 'vitest';
import { compileSources } from '../../../../local/build/compile-sources.ts';
import { makeRequest, type SendOptions } from '../../../../local/commands/send/request.ts';

const [one, two] = ['3616cdca-0000-4000-8000-0000000000aa', '3616cdca-0000-4000-8000-0000000000bb'];
const order = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const sources = compileSources(`
sources:
  pipeline: { preset: generic, secrets: [A_SECRET] }
  alerts: { preset: alertmanager, secrets: [A_TOKEN], apps: [${one}] }
  incident: { preset: pagerduty, secrets: [A_SECRET], apps: [${one}] }
  link: { preset: cloudmonitor, secrets: [A_SECRET], apps: [${one}, ${two}] }
  order-link: { verify: { scheme: link }, changeOrderId: order, secrets: [A_SECRET], apps: [${one}] }
  mapped: { preset: generic, secrets: [A_SECRET], app: "labels.service == 'shop' && '${one}' || '${two}'" }
  fixed: { preset: generic, secrets: [A_SECRET], changeOrderId: "lower('${order}')" }
`);

function request(name: string, options: Partial<SendOptions>) {
  const source = sources.find((each) => each.name === name);
  if (!source) throw new Error(`there is no source ${name}`);
  const nothing = { payload: undefined, contentType: undefined, changeOrderId: undefined, app: undefined };
  const at = { url: 'https://fc.example.com', secret: 'fake-secret', now: 1_767_323_045_000 };
  return makeRequest(source, { ...nothing, ...options }, at);
}

test.each<[string, string, Partial<SendOptions>, string]>([
  ['nothing for a change order', 'pipeline', {}, 'use --change-order ID, or --payload FILE'],
  ['an application for a change order', 'pipeline', { app: one }, 'The source pipeline needs a change order'],
  [
    'a change order for an application',
    'alerts',
    { changeOrderId: order },
    'The source alerts needs an application',
  ],
  ['nothing for an application', 'alerts', {}, 'use --app ID, or --payload FILE'],
  ['another application than the only one', 'incident', { app: two }, `is for the application ${one}`],
  [
    'a payload and an id',
    'pipeline',
    { payload: Buffer.from('{}'), changeOrderId: order },
    'leave --change-order',
  ],
  [
    'an application that its source would not read',
    'mapped',
    { app: two },
    `that gives ${two}, so none is sent. Use --payload FILE`,
  ],
  [
    'a change order that its source would not read',
    'fixed',
    { changeOrderId: one },
    `for \`changeOrderId: lower('${order}')\` that gives ${one}`,
  ],
  [
    'a link for one of several applications',
    'link',
    {},
    `needs --app ID, the application of the link. Its apps are ${one}, ${two}.`,
  ],
  ['a link for another application', 'link', { app: order }, `may not touch the application ${order}`],
  [
    'a link whose payload must name an order',
    'order-link',
    {},
    'names a change order: use --change-order ID',
  ],
])('it is refused to send %s', async (_what, source, options, message) => {
  await expect(request(source, options)).rejects.toThrow(message);
});

test('a link is good for 5 minutes, and for the change order alone where one is given', async () => {
  const { address, body } = await request('order-link', { changeOrderId: order });
  const query = new URL(address).searchParams;
  expect(Object.fromEntries(query)).toMatchObject({ app: one, order, exp: '1767323345' });
  expect(body).toBe(`{"order":"${order}"}`);
});

test('a payload goes with a link, under the type that it looks like', async () => {
  const { headers, body } = await request('link', { app: two, payload: Buffer.from('a=b') });
  expect(headers).toEqual({ 'content-type': 'application/x-www-form-urlencoded' });
  expect(body).toEqual(Buffer.from('a=b'));
});

test('a source for one application needs to be told it no second time, and takes it all the same', async () => {
  expect((await request('incident', { app: one })).body).toContain('incident.triggered');
});
