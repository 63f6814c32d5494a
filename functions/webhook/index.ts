import configuration from 'virtual:configuration';
import { systemRuntime } from '../platform/runtime.ts';
import { createHandler } from './handler.ts';

/** The entry point of the webhook function: `webhook.handler` in s.yaml. */
export const handler = createHandler(configuration, systemRuntime);
