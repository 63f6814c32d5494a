import { readOrigin } from '../alibaba/origin.ts';
import type { FunctionContext } from './context.ts';
import type { TaskFunction } from './fc2-task-queue.ts';
import { invocationCredentials } from './invocation-credentials.ts';
import { setting, type Environment } from './settings.ts';
import { TaskQueueFailure, type TaskQueue } from './task-queue.ts';

/**
 * The queue of the follow function, with the credentials of this invocation. Loads fc2.
 *
 * @param functionName of the follow function
 * @throws TaskQueueFailure where it is not known which function that is; Problem `credentials_missing`
 */
export async function openTaskQueue(
  context: FunctionContext,
  env: Environment,
  functionName = setting(env, 'FOLLOW_FUNCTION'),
): Promise<TaskQueue> {
  const target = taskFunction(context, env, functionName);
  const credentials = await invocationCredentials(context, env);
  const { createTaskQueue } = await import('./fc2-task-queue.ts');
  return createTaskQueue(target, credentials);
}

function taskFunction(
  context: FunctionContext,
  env: Environment,
  functionName: string | undefined,
): TaskFunction {
  return {
    name: required(functionName, 'FOLLOW_FUNCTION is not set: set it to the name of the follow function'),
    accountId: required(
      context.accountId ?? setting(env, 'FC_ACCOUNT_ID'),
      'the account is not known: outside Function Compute, set FC_ACCOUNT_ID',
    ),
    region: required(
      context.region ?? setting(env, 'FC_REGION') ?? setting(env, 'REGION'),
      'the region is not known: set REGION',
    ),
    endpoint: endpointOf(setting(env, 'FUNCTION_ENDPOINT')),
  };
}

function required(value: string | undefined, fault: string): string {
  if (value !== undefined) return value;
  throw new TaskQueueFailure(`No task can be handed over: ${fault}.`, false);
}

function endpointOf(override: string | undefined): string | undefined {
  if (override === undefined) return undefined;
  const read = readOrigin(override);
  if ('origin' in read) return read.origin;
  throw new TaskQueueFailure(`No task can be handed over: FUNCTION_ENDPOINT ${read.fault}.`, false);
}
