// Serves webhooks one after the other, and says how much memory the process took at most, in KiB. Without any, it says what
// Node.js takes.
'use strict';

const { readFileSync, writeSync } = require('node:fs');

async function serve(run) {
  const { bundle, event, context, status, times } = JSON.parse(readFileSync(run, 'utf8'));
  const { handler } = require(bundle);
  for (let time = 0; time < times; time += 1) {
    const { statusCode } = await handler(Buffer.from(event), context);
    if (statusCode !== status) throw new Error(`answered ${statusCode}`);
  }
}

Promise.resolve(process.argv[2] && serve(process.argv[2])).then(() => {
  writeSync(3, `told ${process.resourceUsage().maxRSS}\n`);
});
