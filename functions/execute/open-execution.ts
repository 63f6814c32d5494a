import { openEdas } from '../edas/open-edas.ts';
import { openKms } from '../kms/open-kms.ts';
import { lazily } from '../lib/async.ts';
import { accessTo } from '../platform/access.ts';
import type { FunctionContext } from '../platform/context.ts';
import { openTaskQueue } from '../platform/open-task-queue.ts';
import type { Runtime } from '../platform/runtime.ts';
import { changeOrdersOf } from '../rollback/change-orders.ts';
import type { AddKmsKeys } from '../secrets/kms-keys.ts';
import type { RollbackPolicy } from '../select/policy.ts';
import { createMakeLink } from './confirm-link.ts';
import { operationFor, type ExecutionDependencies } from './execute-rollback.ts';

/** What an instance of a function has for every invocation. */
export interface ExecutionRuntime extends Omit<Runtime, 'write'> {
  addKmsKeys: AddKmsKeys;
}

/**
 * What it takes to roll back under a policy, with the credentials of this invocation. Each client is opened with its first call: what
 * is refused before needs no SDK.
 */
export function openExecution(
  policy: RollbackPolicy,
  context: FunctionContext,
  { env, now, clock, random, addKmsKeys }: ExecutionRuntime,
  warn: ExecutionDependencies['warn'],
): ExecutionDependencies {
  const edas = lazily(() => openEdas(accessTo('EDAS_ENDPOINT', context, env)));
  return {
    edas,
    changeOrders: changeOrdersOf(edas, operationFor(policy)),
    openQueue: lazily(() => openTaskQueue(context, env)),
    makeLink: createMakeLink(env, (settings) =>
      addKmsKeys(settings, () => openKms(accessTo('KMS_ENDPOINT', context, env))),
    ),
    env,
    now,
    clock,
    random,
    warn,
  };
}
