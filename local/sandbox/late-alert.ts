import { setTimeout as sleep } from 'node:timers/promises';
import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';
import { compileSources } from '../build/compile-sources.ts';
import { sampleWebhook } from '../signing/sample-webhook.ts';
import type { ChangeOrder } from '../stand-ins/edas/change-orders.ts';
import type { EdasStandIn } from '../stand-ins/edas/stand-in.ts';
import { post, step, watch, type Stage } from './stage.ts';

/** Of this act alone: an application that was just rolled back is left to people. */
const appId = '3616cdca-0000-4000-8000-00000000a1e7';

const name = 'late-alert';

/**
 * The sandbox's own source, which may roll releases back that have ended, since those of sources.yaml need not be allowed to.
 *
 * @returns undefined where sources.yaml has one of that name
 */
export function lateAlertSource(own: readonly CompiledSource[]): CompiledSource | undefined {
  if (own.some((source) => source.name === name)) return undefined;
  const [source] = compileSources(`
sources:
  ${name}:
    preset: alertmanager
    secrets: [SECRET_LATE_ALERT]
    apps: [${appId}]
    follow: true
    ended: { within: 30m, batches: 1 }
`);
  return source;
}

/** A release that ended ten minutes ago, an alert that comes only now, and the same alert again. */
export async function playLateAlert(stage: Stage): Promise<void> {
  const { edas, fc, source } = stage;
  endReleases(edas, Date.now());
  step(6, 'Another release ended ten minutes ago, and the alert about it comes only now.');
  const alert = sampleWebhook(source, { app: appId }, Date.now());
  await post(stage, alert);
  const rollback = await rollbackBy(stage);
  if (!rollback) return;

  step(7, 'A task deploys the version before, and looks whether that has helped.');
  await watch(edas, rollback.id, ({ finishedAt }) => finishedAt !== undefined);
  await fc.settled();
  await sleep(50);

  step(8, 'The alert is repeated. The bad version runs nowhere any more.');
  await post(stage, alert);
}

/** Puts a good release and a bad one into EDAS, each of which took a moment and has succeeded. */
function endReleases(edas: EdasStandIn, now: number): void {
  const plan = { appId, packageName: 'billing.jar', batches: 2, readyMs: 0, batchMs: 1500, pauseMs: 0 };
  edas.orders.setUp({ appId, groups: [{ instances: [7, 7, 7, 7] }] });
  edas.orders.add({ ...plan, version: '3.1.0', createdAt: now - 24 * 3_600_000 });
  edas.orders.add({
    ...plan,
    id: 'b70a4c1e-52a5-4b0e-9a86-3d5d3c0b7e21',
    version: '3.2.0',
    createdAt: now - 600_000,
    instanceState: 3,
  });
}

/** A task sends the one call, when it begins. */
async function rollbackBy({ edas, fc }: Stage): Promise<ChangeOrder | undefined> {
  const find = () => edas.orders.ofApplication(appId).find(({ source }) => source === 'pop');
  const settled = fc.settled().then(() => 'settled' as const);
  for (;;) {
    const rollback = find();
    if (rollback || (await Promise.race([settled, sleep(50)])) === 'settled') return rollback ?? find();
  }
}
