// Runs inside a worker thread: loads the bundle once, then answers events. Function Compute would give an instance one
// event at a time and start another one for the next; the function keeps nothing between events, so it is the same.
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
