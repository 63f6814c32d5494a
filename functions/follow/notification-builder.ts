import type { EdasClient } from '../edas/client.ts';
import { lazily } from '../lib/async.ts';
import { reasonOf } from '../lib/text.ts';
import type { Clock } from '../lib/time.ts';
import type { FunctionContext } from '../platform/context.ts';
import { setting, type Environment } from '../platform/settings.ts';
import type { RollbackDependencies } from '../rollback/dependencies.ts';
import type { RollbackTask } from '../task.ts';
import type { RollbackEvent, Notification } from './rollback-event.ts';

interface NotificationDependencies {
  context: FunctionContext;
  env: Environment;
  clock: Clock;
  edas: () => Promise<EdasClient>;
  warn: RollbackDependencies['warn'];
  /** Milliseconds from the webhook until now. */
  waitedMs: number;
}

/** Adds to what has happened what is the same in all news of a task. */
export function createNotificationBuilder(
  task: RollbackTask,
  { context, env, clock, edas, warn, waitedMs }: NotificationDependencies,
): (happening: RollbackEvent) => Promise<Notification> {
  const { source, actor, delivery, changeOrderId } = task;
  const { requestId } = context;
  const consoleUrl = consoleUrlOf(context, env);
  // When it is first told: a rollback does not wait for a name.
  const app = lazily(() => describeApp(task, edas, warn));
  const startedAt = clock.now();
  return async (happening) => {
    const tookMs = Math.round(waitedMs + clock.now() - startedAt);
    const known = { requestId, changeOrderId, app: await app(), source, actor, delivery };
    return { ...happening, ...known, tookMs, consoleUrl };
  };
}

/** Milliseconds. People know the application by its name, and are told without it, too. */
const nameMs = 3_000;

async function describeApp(
  { app: id }: RollbackTask,
  edas: () => Promise<EdasClient>,
  warn: RollbackDependencies['warn'],
): Promise<Notification['app']> {
  if (id === undefined) return undefined;
  try {
    return { id, name: await (await edas()).getApplicationName(id, nameMs) };
  } catch (error) {
    warn('the name of the application could not be read', { app: id, reason: reasonOf(error) });
    return { id };
  }
}

/**
 * The console's overview in the region: no page documents the address of a change order. The parameter is that of
 * https://spring-cloud-alibaba-group.github.io/github-pages/greenwich/spring-cloud-alibaba.html
 */
export function consoleUrlOf({ region }: FunctionContext, env: Environment): string {
  const chosen = setting(env, 'REGION') ?? region;
  const suffix = chosen === undefined ? '' : `?regionNo=${encodeURIComponent(chosen)}`;
  return `https://edas.console.aliyun.com/#/home${suffix}`;
}
