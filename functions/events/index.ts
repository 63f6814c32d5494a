import configuration from 'virtual:events-configuration';
import { systemRuntime } from '../platform/runtime.ts';
import { createEventHandler } from './handler.ts';

/** The entry point of the events function: `events.handler` in s.yaml. */
export const handler = createEventHandler(configuration, systemRuntime);
