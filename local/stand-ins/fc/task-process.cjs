// Runs as a process of its own: loads the bundle, gives it one event, and tells how that ended. The parent ends
// it at its first message, so that message is sent after all output.
'use strict';

const reply = (message) => process.stdout.write('', () => process.send(message));
const fail = (error) => reply({ error: String(error) });

process.on('message', async ({ bundle, event, context }) => {
  try {
    const { handler } = require(bundle);
    await handler(event, context);
    reply({});
  } catch (error) {
    fail(error);
  }
});
process.on('uncaughtException', fail);
process.on('disconnect', () => process.exit());
