import { sendAnswer, type Answer } from '../answers.ts';
import type { AccessKey } from '../gateway.ts';
import { startApi, type ApiCall, type ApiStandIn, type FaultChoice } from '../stand-in.ts';
import { errorAnswer, secretAnswer } from './answers.ts';
import type { Fault } from './faults.ts';
import { createRpcVerifier, readParameters } from './rpc-signature.ts';
import { StoredSecrets, type StoredSecret, type StoredVersion } from './secrets.ts';

/** What a request asks for. */
interface KmsCall {
  /** Such as `GetSecretValue`. */
  readonly action: string | undefined;
  readonly secretName: string | undefined;
  readonly stage: string | undefined;
}

/** One request that reached the stand-in. */
export type RecordedCall = KmsCall & ApiCall;

export type ChooseFault = FaultChoice<RecordedCall, Fault>;

export interface KmsStandInOptions {
  /** The key pair that calls must be signed with. */
  readonly credentials: AccessKey;
  /** Clock of the signature check, epoch milliseconds. Callers sign with the real time. */
  readonly now?: () => number;
  /** Told of each call once it was answered, or met a fault that never answers. */
  readonly onCall?: (call: RecordedCall) => void;
}

/** A running stand-in. Its URL is for `KMS_ENDPOINT`. */
export interface KmsStandIn extends ApiStandIn<RecordedCall, Fault> {
  /** What it keeps, to add to and to change. */
  readonly secrets: StoredSecrets;
}

/**
 * Starts a local HTTP server that behaves as KMS Secrets Manager is documented to: it checks the RPC signature of every
 * call, and gives the versions of the secrets that it keeps.
 */
export async function startKmsStandIn({
  credentials,
  now = () => Date.now(),
  onCall,
}: KmsStandInOptions): Promise<KmsStandIn> {
  const secrets = new StoredSecrets();
  const verify = createRpcVerifier(credentials, now);
  const api = await startApi<KmsCall, Fault>({
    readCall: (request) => {
      const parameters = readParameters(request);
      return {
        action: parameters.get('Action'),
        secretName: parameters.get('SecretName'),
        stage: parameters.get('VersionStage'),
      };
    },
    verify: (request) => verify(readParameters(request), request.method),
    refuse: (response, error) => {
      sendAnswer(response, errorAnswer(error));
    },
    respond: (response, request, call, fault) => {
      const answer = perform(call, secrets);
      if (!fault) sendAnswer(response, answer);
      else fault.instead(response, { parameters: readParameters(request), method: request.method, answer });
    },
    onCall,
  });
  return { ...api, secrets };
}

function perform({ action, secretName, stage = 'ACSCurrent' }: KmsCall, secrets: StoredSecrets): Answer {
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
