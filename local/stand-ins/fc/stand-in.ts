import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { TaskState } from '../../../functions/platform/task-queue.ts';
import { jsonAnswer, type Answer } from '../answers.ts';
import type { AccessKey, ApiError } from '../gateway.ts';
import type { ApiRequest } from '../request.ts';
import { startApi, type ApiCall, type ApiStandIn, type FaultChoice } from '../stand-in.ts';
import {
  accepted,
  asyncConfigNotFound,
  errorAnswer,
  functionNotFound,
  requestIdHeader,
  send,
  taskAlreadyExists,
  taskAnswer,
  taskNotFound,
  triggersAnswer,
} from './answers.ts';
import { readCall, type FcCall } from './call.ts';
import type { Fault } from './faults.ts';
import { createFcVerifier } from './fc-signature.ts';
import type { FunctionSettings } from './function-settings.ts';
import { Tasks, type RetryRules, type RunTask, type Task } from './tasks.ts';

type TimedCall = FcCall & {
  /** When it arrived, epoch milliseconds. */
  readonly at: number;
};

/** One request that reached the stand-in. */
export type RecordedCall = TimedCall & ApiCall;

export type ChooseFault = FaultChoice<RecordedCall, Fault>;

/** How {@link startFcStandIn} starts. */
export interface FcStandInOptions extends RetryRules {
  /** The key pair that calls must be signed with. fc2 sends the token of a key whose id begins with `STS` only. */
  readonly credentials: AccessKey;
  /** The account that calls must name. */
  readonly accountId: string;
  /** How the functions that exist run a task, by name. */
  readonly functions: Readonly<Record<string, RunTask>>;
  /** What calls the functions, and how they are called without being waited for, by the function's name. */
  readonly set?: Readonly<Record<string, FunctionSettings>>;
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

/** A running stand-in. Its URL is an endpoint for fc2's client. */
export interface FcStandIn extends ApiStandIn<RecordedCall, Fault> {
  /** Every task, in order of arrival. */
  readonly tasks: readonly Task[];
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

const maxPayloadBytes = 128 * 1024;

/**
 * Starts a local HTTP server that behaves as Function Compute's API is documented to: it checks the signature of every
 * call, takes each task id once, and runs the tasks, with retries. Rejects with the server's own error when it cannot
 * listen, such as EADDRINUSE.
 */
export async function startFcStandIn(options: FcStandInOptions): Promise<FcStandIn> {
  const { credentials, accountId, functions, now = () => Date.now(), alreadyExistsStatus = 409 } = options;
  const tasks = new Tasks(functions, now, options);

  function perform(call: FcCall, request: ApiRequest, requestId: string): Answer {
    const { functionName, taskId = requestId } = call;
    const refuse = (error: ApiError) => errorAnswer(error, requestId);
    if (!call.operation || functionName === undefined) return refuse(pathNotSupported(call));
    const own = options.set?.[functionName];
    if (!own && !tasks.knows(functionName)) return refuse(functionNotFound(functionName));
    if (call.operation === 'ListTriggers') return triggersAnswer(own?.triggers ?? []);
    if (call.operation === 'GetAsyncInvokeConfig') {
      const config = own?.asyncInvokeConfig;
      return config ? jsonAnswer(200, config) : refuse(asyncConfigNotFound(functionName));
    }
    if (call.operation === 'GetAsyncTask') {
      const task = tasks.get(functionName, taskId);
      return task ? taskAnswer(task) : refuse(taskNotFound(taskId));
    }
    const error = findError(request);
    if (error) return refuse(error);
    const isNew = tasks.submit(functionName, taskId, request.body, requestId);
    return isNew ? accepted : refuse(taskAlreadyExists(taskId, alreadyExistsStatus));
  }

  const api = await startApi<TimedCall, Fault>({
    ...options,
    readCall: (request) => Object.assign(readCall(request), { at: now() }),
    verify: createFcVerifier(credentials, accountId, now),
    refuse: (response, error) => {
      send(response, errorAnswer(error, nameRequest(response)));
    },
    respond: (response, request, call, fault) => {
      const requestId = nameRequest(response);
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
    },
  });

  return {
    ...api,
    get tasks() {
      return tasks.all;
    },
    setState(taskId, state, functionName = onlyNameIn(functions)) {
      tasks.setState(functionName, taskId, state);
    },
    settled: () => tasks.settled(),
    close: () => {
      tasks.close();
      return api.close();
    },
  };
}

/** Gives a request its id, in the header of its answer. */
function nameRequest(response: ServerResponse): string {
  const requestId = randomUUID();
  response.setHeader(requestIdHeader, requestId);
  return requestId;
}

/** What is wrong with an invocation. The statuses and codes are documented, the texts of InvalidArgument are ours. */
function findError({ headers, body }: ApiRequest): ApiError | undefined {
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

function pathNotSupported({ method, path }: FcCall): ApiError {
  return { status: 400, code: 'PathNotSupported', message: `'${method}' against '${path}' is not supported` };
}

function onlyNameIn(functions: Readonly<Record<string, RunTask>>): string {
  const [name, ...others] = Object.keys(functions);
  if (name === undefined || others.length > 0) throw new Error('Say which function the task is of.');
  return name;
}
