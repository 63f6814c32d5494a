// One measured run: loads the built function, gives it one event, checks the status, and ends.
'use strict';

const { Buffer } = require('node:buffer');
const { readFileSync } = require('node:fs');

const { bundle, event, context, status } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { handler } = require(bundle);

handler(Buffer.from(event), context).then(({ statusCode }) => {
  process.exit(statusCode === status ? 0 : 1);
});
