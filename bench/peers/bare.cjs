// The least that a program can do that answers so: one HMAC, one line of log, and, where it is signed, the two calls that a
// rollback takes, over node:http with nothing around them, each over a connection of its own. With node:https loaded, as EDAS
// needs it.
'use strict';

const { createHmac, timingSafeEqual } = require('node:crypto');

const secret = process.env.SECRET_PIPELINE;

exports.handler = async (event) => {
  const { headers, body } = JSON.parse(event);
  const expected = createHmac('sha256', secret).update(body).digest();
  const given = Buffer.from(headers['X-Signature-256'].slice('sha256='.length), 'hex');
  const isSigned = given.length === expected.length && timingSafeEqual(given, expected);
  if (isSigned) await rollBack(JSON.parse(body).changeOrderId);
  const statusCode = isSigned ? 202 : 401;
  process.stdout.write(`${JSON.stringify({ time: new Date(), statusCode })}\n`);
  return { statusCode };
};

async function rollBack(changeOrderId) {
  await call('POST', `/pop/v5/changeorder/change_order_info?ChangeOrderId=${changeOrderId}`);
  await call('PUT', `/pop/v5/oam/changeorder/rollback?ChangeOrderId=${changeOrderId}`);
}

async function call(method, target) {
  const endpoint = process.env.EDAS_ENDPOINT;
  const { request } = require(endpoint.startsWith('https:') ? 'node:https' : 'node:http');
  require('node:https');
  await new Promise((resolve, reject) => {
    request(endpoint + target, { method, agent: false }, (response) => response.resume().on('end', resolve))
      .on('error', reject)
      .end();
  });
}
