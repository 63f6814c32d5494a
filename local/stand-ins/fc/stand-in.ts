import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { TaskState } from '../../../functions/platform/task-queue.ts';
import type { Answer } from '../edas/answers.ts';
import { splitTarget, type AccessKey } from '../edas/roa-signature.ts';
import type { ApiError } from '../gateway-refusals.ts';
import { listen } from '../listen.ts';
import { noteStatus, serveApi } from '../serve-api.ts';
import {
  accepted,
  errorAnswer,
  functionNotFound,
  requestIdHeader,
  send,
  taskAlreadyExists,
  taskAnswer,
  taskNotFound,
} from './answers.ts';
import type { Fault } from './faults.ts';
import { createFcVerifier, type FcRequest } from './fc-signature.ts';
import { Tasks, type RetryRules, type RunTask, type Task } from './tasks.ts';

/** The operations of Function Compute, version 2023-03-30, that the stand-in knows. */
export type FcOperation = 'InvokeFunction' | 'GetAsyncTask';

/** One request that reached the stand-in. */
export interface RecordedCall {
  /** `undefined` when method and path are none that it knows. */
  readonly operation: FcOperation | undefined;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly functionName: string | undefined;
  readonly taskId: string | undefined;
  /** The body, taken for UTF-8. */
  readonly payload: string;
  /** When it arrived, epoch milliseconds. */
  readonly at: number;
  /** HTTP status of the answer. `undefined` until it begins, and for good when a fault sends none. */
  readonly status: number | undefined;
  /** Name of the fault that the call met. */
  readonly fault: string | undefined;
}

/** Chooses the fault that a call meets, if any. Asked for correctly signed calls only, before anything is done. */
export type ChooseFault = (call: RecordedCall) => Fault | undefined;

/** How {@link startFcStandIn} starts. */
export interface FcStandInOptions extends RetryRules {
  /** The key pair that calls must be signed with. fc2 sends the token of a key whose id begins with `STS` only. */
  readonly credentials: AccessKey;
  /** The account that calls must name. */
  readonly accountId: string;
  /** How the functions that exist run a task, by name. */
  readonly functions: Readonly<Record<string, RunTask>>;
  /** How a task whose id exists is refused: 409 as most pages say, or 400 as an older one does. Default 409. */
  readonly alreadyExistsStatus?: 400 | 409;
  /**
   * Clock of the tasks and of the signature check, epoch milliseconds. Callers sign with the real time, so one that
   * strays from it by more than 15 minutes has them refused.
   */
  readonly now?: () => number;
  readonly fault?: ChooseFault;
  /** Told of each call once it was answered, or met a fault that answers later or never. */
  readonly onCall?: (call: RecordedCall) => void;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
}

/** A running stand-in. */
export interface FcStandIn {
  /** `http://host:port`, an endpoint for fc2's client. */
  readonly url: string;
  /** Every task, in order of arrival. */
  readonly tasks: readonly Task[];
  /** Every call so far, in order of arrival. */
  readonly calls: readonly RecordedCall[];
  /** Replaces the choice of faults; `undefined` ends them. */
  setFault(fault: ChooseFault | undefined): void;
  /**
   * Puts a task into a state, in which it stays. An attempt that is under way is stopped. A task that does not exist
   * begins to, and is never run.
   *
   * @param functionName may be left out where there is one function
   */
  setState(taskId: string, state: TaskState, functionName?: string): void;
  /** Resolves when every task that was taken has ended. Those whose state was set by hand are not waited for. */
  settled: () => Promise<void>;
  /** Stops listening, cuts every connection, and stops every attempt, which kills its process. */
  close: () => Promise<void>;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const maxPayloadBytes = 128 * 1024;

// https://help.aliyun.com/en/functioncompute/fc/developer-reference/api-fc-2023-03-30-invokefunction
// https://alibabacloud.com/help/en/functioncompute/fc-3-0/developer-reference/api-fc-2023-03-30-getasynctask
const invocation = /^POST \/2023-03-30\/functions\/([^/]+)\/invocations$/;
const taskState = /^GET \/2023-03-30\/functions\/([^/]+)\/async-tasks\/([^/]+)$/;

/**
 * Starts a local HTTP server that behaves as Function Compute's API is documented to: it checks the signature of every
 * call, takes each task id once, and runs the tasks, with retries. Rejects with the server's own error when it cannot
 * listen, such as EADDRINUSE.
 */
export async function startFcStandIn(options: FcStandInOptions): Promise<FcStandIn> {
  const { credentials, accountId, functions, now = () => Date.now(), onCall } = options;
  const { alreadyExistsStatus = 409, host = '127.0.0.1', port = 0 } = options;
  const tasks = new Tasks(functions, now, options);
  const verify = createFcVerifier(credentials, accountId, now);
  const calls: RecordedCall[] = [];
  let chooseFault = options.fault;

  function handle(request: FcRequest, response: ServerResponse): void {
    const call = describe(request, now());
    calls.push(call);
    noteStatus(call, response, () => {
      respond(call, request, response);
    });
    onCall?.(call);
  }

  function respond(call: Writable<RecordedCall>, request: FcRequest, response: ServerResponse): void {
    const requestId = randomUUID();
    response.setHeader(requestIdHeader, requestId);
    const refusal = verify(request);
    if (refusal) {
      send(response, errorAnswer(refusal, requestId));
      return;
    }
    const fault = chooseFault?.(call);
    call.fault = fault?.name;
    if (!fault) {
      send(response, perform(call, request, requestId));
    } else if ('late' in fault) {
      const answer = perform(call, request, requestId);
      fault.late(response, () => {
        send(response, answer);
      });
    } else {
      if (fault.takesEffect) perform(call, request, requestId);
      fault.instead(response, call);
    }
  }

  function perform(call: RecordedCall, request: FcRequest, requestId: string): Answer {
    const { functionName, taskId = requestId } = call;
    const refuse = (error: ApiError) => errorAnswer(error, requestId);
    if (!call.operation || functionName === undefined) return refuse(pathNotSupported(call));
    if (!tasks.knows(functionName)) return refuse(functionNotFound(functionName));
    if (call.operation === 'GetAsyncTask') {
      const task = tasks.get(functionName, taskId);
      return task ? taskAnswer(task) : refuse(taskNotFound(taskId));
    }
    const fault = faultOf(request);
    if (fault) return refuse(fault);
    const isNew = tasks.submit(functionName, taskId, request.body, requestId);
    return isNew ? accepted : refuse(taskAlreadyExists(taskId, alreadyExistsStatus));
  }

  const { url, close } = await listen(serveApi(handle), port, host);

  return {
    url,
    get tasks() {
      return tasks.all;
    },
    calls,
    setFault(fault) {
      chooseFault = fault;
    },
    setState(taskId, state, functionName = onlyNameIn(functions)) {
      tasks.setState(functionName, taskId, state);
    },
    settled: () => tasks.settled(),
    close: () => {
      tasks.close();
      return close();
    },
  };
}

function describe({ method, target, headers, body }: FcRequest, at: number): Writable<RecordedCall> {
  const { path } = splitTarget(target);
  const invoked = invocation.exec(`${method} ${path}`);
  const asked = taskState.exec(`${method} ${path}`);
  return {
    operation: invoked ? 'InvokeFunction' : asked ? 'GetAsyncTask' : undefined,
    method,
    path,
    functionName: (invoked ?? asked)?.[1],
    taskId: asked?.[2] ?? headers['x-fc-async-task-id']?.toString(),
    get payload() {
      return body.toString('utf8');
    },
    at,
    status: undefined,
    fault: undefined,
  };
}

/** What is wrong with an invocation. The statuses and codes are documented, the texts of InvalidArgument are ours. */
function faultOf({ headers, body }: FcRequest): ApiError | undefined {
  const type = headers['x-fc-invocation-type'];
  if (type !== 'Async') {
    return invalidArgument('the stand-in runs tasks only: set x-fc-invocation-type to Async');
  }
  // Function Compute makes an id where none is given.
  const taskId = headers['x-fc-async-task-id'] ?? '_';
  if (!/^[A-Za-z_][\w-]{0,127}$/.test(taskId.toString())) {
    return invalidArgument(
      'x-fc-async-task-id must begin with a letter or _, go on with letters, digits, _ and -, and be no longer than 128',
    );
  }
  if (body.length <= maxPayloadBytes) return undefined;
  const message = `payload size exceeds maximum allowed size (${maxPayloadBytes} bytes)`;
  return { status: 400, code: 'EntityTooLarge', message };
}

function invalidArgument(message: string): ApiError {
  return { status: 400, code: 'InvalidArgument', message };
}

function pathNotSupported({ method, path }: RecordedCall): ApiError {
  return { status: 400, code: 'PathNotSupported', message: `'${method}' against '${path}' is not supported` };
}

function onlyNameIn(functions: Readonly<Record<string, RunTask>>): string {
  const [name, ...others] = Object.keys(functions);
  if (name === undefined || others.length > 0) throw new Error('Say which function the task is of.');
  return name;
}
