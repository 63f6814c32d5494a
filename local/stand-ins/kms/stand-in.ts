import type { ServerResponse } from 'node:http';
import { sendAnswer, type Answer } from '../edas/answers.ts';
import type { AccessKey, RoaRequest } from '../edas/roa-signature.ts';
import { listen } from '../listen.ts';
import { noteStatus, serveApi } from '../serve-api.ts';
import { errorAnswer, secretAnswer } from './answers.ts';
import type { Fault } from './faults.ts';
import { createRpcVerifier, readParameters, type RpcParameters } from './rpc-signature.ts';
import { StoredSecrets, type StoredSecret, type StoredVersion } from './secrets.ts';

/** One request that reached the stand-in. */
export interface RecordedCall {
  /** Such as `GetSecretValue`. */
  readonly action: string | undefined;
  readonly secretName: string | undefined;
  readonly stage: string | undefined;
  /** HTTP status of the answer. `undefined` until it begins, and for good when a fault sends none. */
  readonly status: number | undefined;
}

/** Chooses the fault that a call meets, if any. Asked for correctly signed calls only. */
export type ChooseFault = (call: RecordedCall) => Fault | undefined;

export interface KmsStandInOptions {
  /** The key pair that calls must be signed with. */
  readonly credentials: AccessKey;
  /** Clock of the signature check, epoch milliseconds. Callers sign with the real time. */
  readonly now?: () => number;
  /** Told of each call once it was answered, or met a fault that answers never. */
  readonly onCall?: (call: RecordedCall) => void;
}

/** A running stand-in. */
export interface KmsStandIn {
  /** `http://host:port`, for `KMS_ENDPOINT`. */
  readonly url: string;
  /** What it keeps, to add to and to change. */
  readonly secrets: StoredSecrets;
  /** Every call so far, in order of arrival. */
  readonly calls: readonly RecordedCall[];
  /** Replaces the choice of faults; `undefined` ends them. */
  setFault(fault: ChooseFault | undefined): void;
  /** Stops listening and cuts every connection. */
  close: () => Promise<void>;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Starts a local HTTP server that behaves as KMS Secrets Manager is documented to: it checks the RPC signature of every
 * call, and gives the versions of the secrets that it keeps.
 */
export async function startKmsStandIn(options: KmsStandInOptions): Promise<KmsStandIn> {
  const { credentials, now = () => Date.now(), onCall } = options;
  const secrets = new StoredSecrets();
  const verify = createRpcVerifier(credentials, now);
  const calls: RecordedCall[] = [];
  let chooseFault: ChooseFault | undefined;

  function handle(request: RoaRequest, response: ServerResponse): void {
    const parameters = readParameters(request);
    const call: Writable<RecordedCall> = {
      action: parameters.get('Action'),
      secretName: parameters.get('SecretName'),
      stage: parameters.get('VersionStage'),
      status: undefined,
    };
    calls.push(call);
    noteStatus(call, response, () => {
      respond(call, request, parameters, response);
    });
    onCall?.(call);
  }

  function respond(
    call: RecordedCall,
    { method }: RoaRequest,
    parameters: RpcParameters,
    response: ServerResponse,
  ): void {
    const refusal = verify(parameters, method);
    if (refusal) {
      sendAnswer(response, errorAnswer(refusal));
      return;
    }
    const fault = chooseFault?.(call);
    const answer = perform(call, secrets);
    if (fault) fault.instead(response, { parameters, method, answer });
    else sendAnswer(response, answer);
  }

  const { url, close } = await listen(serveApi(handle), 0);
  return {
    url,
    secrets,
    calls,
    setFault(fault) {
      chooseFault = fault;
    },
    close,
  };
}

function perform({ action, secretName, stage = 'ACSCurrent' }: RecordedCall, secrets: StoredSecrets): Answer {
  if (action !== 'GetSecretValue') {
    const message = 'Specified api is not found, please check your url and method.';
    return errorAnswer({ status: 404, code: 'InvalidAction.NotFound', message });
  }
  if (!secretName) {
    const message = 'The parameter SecretName is needed, but not provided.';
    return errorAnswer({ status: 400, code: 'MissingParameter', message });
  }
  const version = versionAt(stage, secrets.get(secretName));
  if (version) return secretAnswer(secretName, stage, version);
  // What KMS says of a stage that no version has is documented nowhere; here it is what it says of an unknown secret.
  return errorAnswer({
    status: 404,
    code: 'Forbidden.ResourceNotFound',
    message: 'Resource not found.',
  });
}

function versionAt(stage: string, secret: StoredSecret | undefined): StoredVersion | undefined {
  if (stage === 'ACSCurrent') return secret?.current;
  return stage === 'ACSPrevious' ? secret?.previous : undefined;
}
