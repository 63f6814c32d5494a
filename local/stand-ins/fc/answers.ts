import type { ServerResponse } from 'node:http';
import { jsonAnswer, sendAnswer, type Answer } from '../answers.ts';
import type { ApiError } from '../gateway.ts';
import type { StoredTrigger } from './function-settings.ts';
import type { Task } from './tasks.ts';

/** The header in which the id of each request is answered. */
export const requestIdHeader = 'x-fc-request-id';

/** Sends a true answer. An accepted task is answered with no body, which is not announced as JSON either. */
export function send(response: ServerResponse, answer: Answer): void {
  if (answer.json) sendAnswer(response, answer);
  else response.writeHead(answer.status, { 'content-length': 0 }).end();
}

/** The answer to a task that was taken. */
export const accepted: Answer = { status: 202, json: '' };

/**
 * A failure, in the shape of the API of 2023-03-30.
 * https://help.aliyun.com/zh/functioncompute/fc/developer-reference/api-fc-2023-03-30-struct-error
 */
export function errorAnswer({ status, code, message }: ApiError, requestId: string): Answer {
  return jsonAnswer(status, { RequestId: requestId, Code: code, Message: message });
}

/**
 * What GetAsyncTask answers. A caller that may read a task reads its payload, too.
 * https://alibabacloud.com/help/en/functioncompute/fc-3-0/developer-reference/api-fc-2023-03-30-struct-asynctask
 */
export function taskAnswer(task: Task): Answer {
  const { taskId, requestId, status, startedAt, endedAt } = task;
  return jsonAnswer(200, {
    qualifier: 'LATEST',
    taskId,
    requestId,
    status,
    startedTime: startedAt,
    endTime: endedAt,
    ...(startedAt !== undefined && endedAt !== undefined && { durationMs: endedAt - startedAt }),
    alreadyRetriedTimes: task.alreadyRetriedTimes,
    taskErrorMessage: task.errorMessage,
    taskPayload: task.payload.toString('utf8'),
  });
}

/**
 * What ListTriggers answers: the configuration of each is a text.
 * https://www.alibabacloud.com/help/en/functioncompute/fc/developer-reference/api-fc-2023-03-30-listtriggers
 */
export function triggersAnswer(triggers: readonly StoredTrigger[]): Answer {
  const stored = triggers.map((trigger) => ({
    ...trigger,
    qualifier: 'LATEST',
    triggerConfig: JSON.stringify(trigger.triggerConfig),
  }));
  return jsonAnswer(200, { triggers: stored });
}

/** Code and text are ours: what is answered where no configuration was set stands on no page. */
export function asyncConfigNotFound(name: string): ApiError {
  return { status: 404, code: 'AsyncConfigNotExists', message: `async config of '${name}' does not exist` };
}

/** `function 'NAME' does not exist.`, as documented. */
export function functionNotFound(name: string): ApiError {
  return { status: 404, code: 'FunctionNotFound', message: `function '${name}' does not exist.` };
}

/** The code is seen in the field; the text is ours. */
export function taskNotFound(taskId: string): ApiError {
  return { status: 404, code: 'AsyncTaskNotFound', message: `async task '${taskId}' does not exist` };
}

/** The code is seen in the field, 409 documented in one place and 400 in another; the text is ours. */
export function taskAlreadyExists(taskId: string, status: 400 | 409): ApiError {
  const code = 'StatefulAsyncInvocationAlreadyExists';
  return { status, code, message: `the async invocation '${taskId}' already exists` };
}
