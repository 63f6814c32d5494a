// A web function in a custom runtime: express listens, and the trigger's request comes over HTTP. It says on which port,
// answers one request, says how much CPU time it took, and ends.
'use strict';

const { readFileSync, writeSync } = require('node:fs');
const express = require('express');
const { isSigned, rollBack } = require('./roll-back.cjs');

const { context, status } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const app = express();

app.use((_request, response, next) => {
  response.on('finish', () => {
    const { user, system } = process.cpuUsage();
    writeSync(3, `told ${(user + system) / 1000}\n`);
    process.exit(response.statusCode === status ? 0 : 1);
  });
  next();
});

app.post('/pipeline', express.raw({ type: '*/*', limit: '1mb' }), async (request, response) => {
  if (!isSigned(request.headers['x-signature-256'], request.body)) {
    response.status(401).json({ code: 'signature_mismatch' });
    return;
  }
  const { changeOrderId } = JSON.parse(request.body);
  const rollbackChangeOrderId = await rollBack(changeOrderId, context.credentials);
  response.status(202).json({ outcome: 'rolling_back', rollbackChangeOrderId });
});

const server = app.listen(0, '127.0.0.1', () => {
  writeSync(3, `port ${server.address().port}\n`);
});
