/**
 * What the webhook and the events function share is nearly all of both, so where there are both, it is in one file beside them:
 * dist/functions.js. Each of the two is then its configuration, and the first line that makes its handler.
 */
export { createEventHandler } from '../../functions/events/handler.ts';
export { systemRuntime } from '../../functions/platform/runtime.ts';
export { createHandler } from '../../functions/webhook/handler.ts';
