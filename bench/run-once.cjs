// One measured run of an event function: loads it, gives it one event, says when it has answered and how much CPU time it took
// until then, checks the status, and ends.
'use strict';

const { readFileSync, writeSync } = require('node:fs');

const { bundle, event, context, status } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { handler } = require(bundle);

handler(Buffer.from(event), context).then(({ statusCode }) => {
  const answeredAt = Number(process.hrtime.bigint()) / 1e6;
  const { user, system } = process.cpuUsage();
  writeSync(3, `answered ${answeredAt}\ntold ${(user + system) / 1000}\n`);
  process.exit(statusCode === status ? 0 : 1);
});
