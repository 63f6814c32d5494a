// Runs inside a worker thread as an instance of Function Compute would: it loads the bundle once, then answers events.
'use strict';

const { parentPort, workerData } = require('node:worker_threads');
const { handler } = require(workerData.bundle);

parentPort.on('message', async ({ id, event, context }) => {
  try {
    parentPort.postMessage({ id, response: await handler(event, context) });
  } catch (error) {
    parentPort.postMessage({ id, error: String(error) });
  }
});
