// One measured run of an event function: loads it, gives it one event, checks the status, says how much CPU time it took
// so far, and ends.
'use strict';

const { readFileSync, writeSync } = require('node:fs');

const { bundle, event, context, status } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { handler } = require(bundle);

handler(Buffer.from(event), context).then(({ statusCode }) => {
  const { user, system } = process.cpuUsage();
  writeSync(3, `told ${(user + system) / 1000}\n`);
  process.exit(statusCode === status ? 0 : 1);
});
