import type { ServiceAccess } from '../alibaba/service-access.ts';
import type { FunctionContext } from './context.ts';
import { invocationCredentials } from './invocation-credentials.ts';
import { regionOf, setting, type Environment } from './settings.ts';

/**
 * How this invocation reaches a service of Alibaba Cloud.
 *
 * @param variable the environment variable that may name another endpoint
 */
export function accessTo(
  variable: 'EDAS_ENDPOINT' | 'KMS_ENDPOINT',
  context: FunctionContext,
  env: Environment,
): ServiceAccess {
  return {
    region: regionOf(context, env),
    endpoint: setting(env, variable),
    openCredentials: () => invocationCredentials(context, env),
  };
}
