import type { EdasClient } from '../edas/client.ts';
import { lazily } from '../lib/async.ts';
import { reasonOf } from '../lib/text.ts';
import type { Clock } from '../lib/time.ts';
import type { FunctionContext } from '../platform/context.ts';
import { consoleUrlOf } from '../platform/console-url.ts';
import type { Environment } from '../platform/settings.ts';
import type { RollbackDependencies } from '../rollback/dependencies.ts';
import { versionsOf } from '../rollback/release.ts';
import type { RollbackTask } from '../task.ts';
import type { RollbackEvent, Notification } from './rollback-event.ts';

interface NotificationDependencies {
  context: FunctionContext;
  env: Environment;
  clock: Clock;
  edas: () => Promise<EdasClient>;
  warn: RollbackDependencies['warn'];
  /** Milliseconds from the webhook to this attempt. */
  waitedMs: number;
}

/** Makes notifications of the events of one task: adds what is the same in all of them. */
export function createNotificationBuilder(
  task: RollbackTask,
  { context, env, clock, edas, warn, waitedMs }: NotificationDependencies,
): (event: RollbackEvent) => Promise<Notification> {
  const { source, actor, decidedBy, delivery, changeOrderId } = task;
  const isOfRelease = task.rollback === 'ended' || task.release !== undefined || asksOfRelease(task);
  const operation = isOfRelease ? ('RollbackApplication' as const) : task.operation;
  const ofTask = task.release && versionsOf(task.release);
  const { requestId } = context;
  const consoleUrl = consoleUrlOf(context, env);
  // Read for the first notification: a rollback does not wait for a name.
  const app = lazily(() => describeApp(task, edas, warn));
  const startedAt = clock.now();
  return async (event) => {
    const tookMs = Math.round(waitedMs + clock.now() - startedAt);
    const known = {
      requestId,
      changeOrderId,
      operation,
      app: await app(),
      source,
      actor,
      decidedBy,
      delivery,
    };
    return {
      release: ofTask,
      ...event,
      ...known,
      ...('ask' in task && { ask: task.ask }),
      tookMs,
      consoleUrl,
    };
  };
}

function asksOfRelease(task: RollbackTask): boolean {
  return task.rollback === 'asked' && task.choice !== undefined;
}

/** People know the application by its name, but a notification does not wait longer for it. */
const nameTimeoutMs = 3_000;

async function describeApp(
  { app: id }: RollbackTask,
  edas: () => Promise<EdasClient>,
  warn: RollbackDependencies['warn'],
): Promise<Notification['app']> {
  if (id === undefined) return undefined;
  try {
    return { id, name: await (await edas()).getApplicationName(id, nameTimeoutMs) };
  } catch (error) {
    warn('the name of the application could not be read', { app: id, reason: reasonOf(error) });
    return { id };
  }
}
