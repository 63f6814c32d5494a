import configuration from 'virtual:follow-configuration';
import { exchange } from '../alibaba/exchange.ts';
import { systemRuntime } from '../platform/runtime.ts';
import { createTaskHandler } from './handler.ts';

/** The entry point of the follow function: `follow.handler` in s.yaml. */
export const handler = createTaskHandler(configuration, { ...systemRuntime, exchange });
