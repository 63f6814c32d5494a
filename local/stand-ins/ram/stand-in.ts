import { randomUUID } from 'node:crypto';
import { jsonAnswer, sendAnswer, type Answer } from '../answers.ts';
import type { AccessKey, ApiError } from '../gateway.ts';
import { createRpcVerifier, readParameters } from '../kms/rpc-signature.ts';
import { startApi, type ApiCall, type ApiStandIn } from '../stand-in.ts';

/** What a request asks for. */
interface RamCall {
  /** Such as `GetRole`. */
  readonly action: string | undefined;
  readonly roleName: string | undefined;
}

export interface RamStandInOptions {
  /** The key pair that calls must be signed with. */
  readonly credentials: AccessKey;
  /** The roles of the account, by name. */
  readonly roles: readonly string[];
  /** Whether the caller may not read them. */
  readonly isDenied?: boolean;
}

/** A running stand-in. Its URL is for `RAM_ENDPOINT`. */
export type RamStandIn = ApiStandIn<RamCall & ApiCall, never>;

/**
 * Starts a local HTTP server that behaves as RAM is documented to, as far as reading a role goes: it checks the RPC signature of
 * every call. https://www.alibabacloud.com/help/en/doc-detail/159990.htm
 */
export function startRamStandIn({
  credentials,
  roles,
  isDenied = false,
}: RamStandInOptions): Promise<RamStandIn> {
  const verify = createRpcVerifier(credentials, () => Date.now(), '2015-05-01');
  return startApi<RamCall, never>({
    readCall: (request) => {
      const parameters = readParameters(request);
      return { action: parameters.get('Action'), roleName: parameters.get('RoleName') };
    },
    verify: (request) => verify(readParameters(request), request.method),
    refuse: (response, error) => {
      sendAnswer(response, errorAnswer(error));
    },
    respond: (response, _request, call) => {
      sendAnswer(response, isDenied ? errorAnswer(noPermission) : perform(call, roles));
    },
  });
}

const noPermission = {
  status: 403,
  code: 'NoPermission',
  message: 'You are not authorized to do this action. Resource: acs:ram:*:*:role/* Action: ram:GetRole',
};

function perform({ action, roleName = '' }: RamCall, roles: readonly string[]): Answer {
  if (action !== 'GetRole') {
    const message = 'Specified api is not found, please check your url and method.';
    return errorAnswer({ status: 404, code: 'InvalidAction.NotFound', message });
  }
  if (!roles.includes(roleName)) {
    const message = `The role does not exist: ${roleName} .`;
    return errorAnswer({ status: 404, code: 'EntityNotExist.Role', message });
  }
  const Role = {
    RoleName: roleName,
    Arn: `acs:ram::1234567890123456:role/${roleName}`,
    IsServiceLinkedRole: true,
  };
  return jsonAnswer(200, { RequestId: randomUUID(), Role });
}

function errorAnswer({ status, code, message }: ApiError): Answer {
  return jsonAnswer(status, {
    RequestId: randomUUID(),
    HostId: 'ram.aliyuncs.com',
    Code: code,
    Message: message,
  });
}
