import type { ServerResponse } from 'node:http';
import { jsonAnswer, jsonType, sendAnswer } from '../answers.ts';
import { stopOnClose, type Effect, type InsteadOfAnswer } from '../faults.ts';
import type { ApiError } from '../gateway.ts';
import {
  errorAnswer,
  functionNotFound,
  requestIdHeader,
  taskAlreadyExists,
  taskNotFound,
} from './answers.ts';
import type { FcCall } from './call.ts';

/** Something else than the true answer of Function Compute: sent instead of it, or the true answer late. */
export type Fault = InsteadOfAnswer<FcCall> | LateAnswer;

export { reset, silent, switchingProtocols } from '../faults.ts';

interface LateAnswer {
  /** As that of {@link InsteadOfAnswer}. */
  readonly name: string;
  /** The true answer exists, so the task was taken. */
  readonly takesEffect: true;
  readonly late: (response: ServerResponse, send: () => void) => void;
}

/** The connection is closed in good order, and nothing was said. */
export function closed({ takesEffect = false }: Effect = {}): Fault {
  return { name: 'closed', takesEffect, instead: (response) => response.socket?.end() };
}

/** The true answer, late. */
export function delayed({ byMs }: { readonly byMs: number }): Fault {
  return {
    name: 'delayed',
    takesEffect: true,
    late: (response, send) => {
      stopOnClose(response, setTimeout(send, byMs));
    },
  };
}

/** An answer that begins well, goes on byte by byte, and never ends: no time-out of a silent socket ends it. */
export function trickling({
  everyMs = 20,
  takesEffect = false,
}: Effect & { readonly everyMs?: number } = {}): Fault {
  return {
    name: 'trickling',
    takesEffect,
    instead: (response) => {
      response.writeHead(200, { 'content-type': jsonType });
      const timer = setInterval(() => response.write(' '), everyMs);
      stopOnClose(response, timer);
    },
  };
}

/** The policy does not allow the operation. */
export function denied(): Fault {
  return {
    name: 'denied',
    takesEffect: false,
    instead: error(({ operation }) => ({
      status: 403,
      code: 'AccessDenied',
      message: `the caller is not authorized to do fc:${operation ?? 'InvokeFunction'}`,
    })),
  };
}

/** There is no such function; of a task's state, no such task, which may also be one that was just taken. */
export function notFound(): Fault {
  return {
    name: 'notFound',
    takesEffect: false,
    instead: error(({ operation, functionName = '', taskId = '' }) =>
      operation === 'GetAsyncTask' ? taskNotFound(taskId) : functionNotFound(functionName),
    ),
  };
}

/** Too many calls, or too many instances at work. */
export function throttled(): Fault {
  const message = 'The request is throttled. Please try again later.';
  return {
    name: 'throttled',
    takesEffect: false,
    instead: error(() => ({ status: 429, code: 'ResourceThrottled', message })),
  };
}

/** A fault of Function Compute itself. The text is the documented one. */
export function internalError({ takesEffect = false }: Effect = {}): Fault {
  const message = 'an internal error has occurred. Please retry.';
  return {
    name: 'internalError',
    takesEffect,
    instead: error(() => ({ status: 500, code: 'InternalServerError', message })),
  };
}

/**
 * A task of this id is there, although the stand-in has none.
 *
 * @param spelling the name of the field that holds the code: `Code` in this version of the API, `ErrorCode` in those
 * before, the only one that fc2's own client reads
 */
export function alreadyExists({
  status = 400,
  spelling = 'Code',
  takesEffect = false,
}: Effect & { readonly status?: 400 | 409; readonly spelling?: 'Code' | 'ErrorCode' } = {}): Fault {
  return {
    name: `alreadyExists (${status} ${spelling})`,
    takesEffect,
    instead: (response, { taskId = '' }) => {
      const { code, message } = taskAlreadyExists(taskId, status);
      sendAnswer(response, jsonAnswer(status, { [spelling]: code, Message: message }));
    },
  };
}

/** The page of something that stands between, or in the place, of Function Compute. */
export function htmlPage({
  status = 502,
  takesEffect = false,
}: Effect & { readonly status?: 200 | 202 | 502 } = {}): Fault {
  const page = '<html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>';
  return {
    name: `htmlPage (${status})`,
    takesEffect,
    instead: (response) => {
      response.writeHead(status, { 'content-type': 'text/html' }).end(page);
    },
  };
}

/** JSON that says nothing, and 10 MiB of white space after it. */
export function oversized({
  status = 202,
  takesEffect = false,
}: Effect & { readonly status?: 200 | 202 | 500 } = {}): Fault {
  return {
    name: `oversized (${status})`,
    takesEffect,
    instead: (response) => {
      sendAnswer(response, { status, json: '{}' + ' '.repeat(10 * 1024 * 1024) });
    },
  };
}

function error(describe: (call: FcCall) => ApiError) {
  return (response: ServerResponse, call: FcCall) => {
    sendAnswer(response, errorAnswer(describe(call), String(response.getHeader(requestIdHeader))));
  };
}
