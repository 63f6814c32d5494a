// An event function: hono behind its adapter for Function Compute 3.0. Bundled, since the adapter cannot be loaded otherwise.
'use strict';

const { Hono } = require('hono');
const { handle } = require('hono-alibaba-cloud-fc3-adapter');
const { isSigned, rollBack } = require('./roll-back.cjs');

const app = new Hono();

app.post('/pipeline', async (c) => {
  const body = Buffer.from(await c.req.arrayBuffer());
  if (!isSigned(c.req.header('x-signature-256'), body)) return c.json({ code: 'signature_mismatch' }, 401);
  const { changeOrderId } = JSON.parse(body);
  const rollbackChangeOrderId = await rollBack(changeOrderId, c.env.context.credentials);
  return c.json({ outcome: 'rolling_back', rollbackChangeOrderId }, 202);
});

exports.handler = handle(app);
