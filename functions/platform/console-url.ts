import type { FunctionContext } from './context.ts';
import { setting, type Environment } from './settings.ts';

/**
 * The console's overview in the region: no page documents the address of a change order. The parameter is that of
 * https://spring-cloud-alibaba-group.github.io/github-pages/greenwich/spring-cloud-alibaba.html
 */
export function consoleUrlOf({ region }: FunctionContext, env: Environment): string {
  const chosen = setting(env, 'REGION') ?? region;
  const suffix = chosen === undefined ? '' : `?regionNo=${encodeURIComponent(chosen)}`;
  return `https://edas.console.aliyun.com/#/home${suffix}`;
}
