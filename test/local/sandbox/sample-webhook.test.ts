import { expect, test } from 'vitest';
import { compileSources } from '../../../local/build/compile-sources.ts';
import { payloadFor } from '../../../local/sandbox/sample-webhook.ts';

test.each([
  ['', { changeOrderId: 'the-id' }],
  ['changeOrderId: order', { order: 'the-id' }],
  [
    'changeOrderId: deployment.payload.changeOrderId',
    { deployment: { payload: { changeOrderId: 'the-id' } } },
  ],
  [`changeOrderId: labels."order-id"`, { labels: { 'order-id': 'the-id' } }],
])('a payload has the id where the source looks for it: %s', (settings, payload) => {
  const [source] = compileSources(
    `sources:\n  pipeline:\n    preset: generic\n    secrets: [PIPELINE_SECRET]\n    ${settings}\n`,
  );
  expect(source && JSON.parse(payloadFor(source, 'the-id'))).toEqual(payload);
});
