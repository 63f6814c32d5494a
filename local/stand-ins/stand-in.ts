import type { ServerResponse } from 'node:http';
import type { ApiError } from './gateway.ts';
import { receiveRequest, type ApiRequest } from './request.ts';
import { serve, type Served, type ServeOptions } from './serve.ts';

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
export interface ApiStandIn<Call, Fault> extends Served {
  /** Every call so far, in order of arrival. */
  readonly calls: readonly Call[];
  /** Replaces the choice of faults; `undefined` ends them. */
  setFault(choose: FaultChoice<Call, Fault> | undefined): void;
}

interface Api<Asked, Fault> extends ServeOptions {
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
}

/** Starts the stand-in of an API on this machine. Rejects with the server's own error, such as EADDRINUSE. */
export async function startApi<Asked extends object, Fault extends { readonly name: string }>({
  readCall,
  verify,
  refuse,
  respond,
  onCall,
  host,
  port,
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

  const served = await serve(
    async (message, response) => {
      handle(await receiveRequest(message), response);
    },
    { host, port },
  );
  return {
    ...served,
    calls,
    setFault(choose) {
      chooseFault = choose;
    },
  };
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Notes the status that a call is answered with, also where a fault answers later. */
function noteStatus(call: Writable<ApiCall>, response: ServerResponse): void {
  const note = () => {
    call.status = response.headersSent ? response.statusCode : undefined;
  };
  note();
  response.once('finish', note);
}
