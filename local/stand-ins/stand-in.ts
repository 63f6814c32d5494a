import { createServer, type Server, type ServerResponse } from 'node:http';
import type { ApiError } from './gateway.ts';
import { listen, type Listening } from './listen.ts';
import { receiveRequest, type ApiRequest } from './request.ts';

/** What every stand-in records of a call. */
export interface ApiCall {
  /** HTTP status of the answer. `undefined` until it begins, and for good when a fault sends none. */
  readonly status: number | undefined;
  /** Name of the fault that the call met. */
  readonly fault: string | undefined;
}

/** Chooses the fault that a call meets, if any. Asked for correctly signed calls only, before anything is done. */
export type FaultChoice<Call, Fault> = (call: Call) => Fault | undefined;

/** What every running stand-in of an API offers. */
export interface ApiStandIn<Call, Fault> extends Listening {
  /** Every call so far, in order of arrival. */
  readonly calls: readonly Call[];
  /** Replaces the choice of faults; `undefined` ends them. */
  setFault(choose: FaultChoice<Call, Fault> | undefined): void;
}

interface Api<Asked, Fault> {
  /** Reads what a request asks for. */
  readCall: (request: ApiRequest) => Asked;
  /** The error with which a request is refused, such as one with a wrong signature. */
  verify: (request: ApiRequest) => ApiError | undefined;
  refuse: (response: ServerResponse, error: ApiError) => void;
  /** Answers a call that is not refused, or does what the fault says. */
  respond: (
    response: ServerResponse,
    request: ApiRequest,
    call: Asked & ApiCall,
    fault: Fault | undefined,
  ) => void;
  fault?: FaultChoice<Asked & ApiCall, Fault> | undefined;
  /** Told of each call once it was answered, or met a fault that answers later or never. */
  onCall?: ((call: Asked & ApiCall) => void) | undefined;
  host?: string | undefined;
  /** Default 0: any free port. */
  port?: number | undefined;
}

/** Starts the stand-in of an API on this machine. Rejects with the server's own error, such as EADDRINUSE. */
export async function startApi<Asked extends object, Fault extends { readonly name: string }>({
  readCall,
  verify,
  refuse,
  respond,
  onCall,
  host,
  port = 0,
  ...options
}: Api<Asked, Fault>): Promise<ApiStandIn<Asked & ApiCall, Fault>> {
  const calls: (Asked & ApiCall)[] = [];
  let chooseFault = options.fault;

  function handle(request: ApiRequest, response: ServerResponse): void {
    const record: Writable<ApiCall> = { status: undefined, fault: undefined };
    const call = Object.assign(readCall(request), record);
    calls.push(call);
    const error = verify(request);
    if (error) {
      refuse(response, error);
    } else {
      const fault = chooseFault?.(call);
      call.fault = fault?.name;
      respond(response, request, call, fault);
    }
    noteStatus(call, response);
    onCall?.(call);
  }

  const listening = await listen(createApiServer(handle), port, host);
  return {
    ...listening,
    calls,
    setFault(choose) {
      chooseFault = choose;
    },
  };
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** A server that reads each request whole before it is handled. */
function createApiServer(handle: (request: ApiRequest, response: ServerResponse) => void): Server {
  return createServer((message, response) => {
    receiveRequest(message).then(
      (request) => {
        handle(request, response);
      },
      // The caller hung up before the end of its request.
      () => message.destroy(),
    );
  });
}

/** Notes the status that a call is answered with, also where a fault answers later. */
function noteStatus(call: Writable<ApiCall>, response: ServerResponse): void {
  const note = () => {
    call.status = response.headersSent ? response.statusCode : undefined;
  };
  note();
  response.once('finish', note);
}
