import type { RollbackPolicy } from '../../functions/select/policy.ts';
import { onlyAppOf } from '../signing/sample-webhook.ts';
import type { EdasStandIn } from '../stand-ins/edas/stand-in.ts';

/** A release in flight, and the sources that can have it rolled back. */
export interface Release<Source extends RollbackPolicy = RollbackPolicy> {
  changeOrderId: string;
  app: string;
  description: string;
  sources: Source[];
}

/** As the README has it in a line to paste. */
const firstRelease = '4f40e616-cdcd-4250-a018-efd4599c0b1d';
const firstApplication = '3616cdca-0000-4000-8000-000000000001';

/** The application of a source's release: one that the source may touch. */
export function applicationFor(source: RollbackPolicy): string {
  const [first = firstApplication] = applicationsOf(source) ?? [];
  return first;
}

/**
 * Plans a release for each application that the sources need. A source gets an application of its own where its `apps`
 * leave the choice: an application has one newest deployment, and that can be rolled back once.
 */
export function planReleases<Source extends RollbackPolicy>(sources: readonly Source[]): Release<Source>[] {
  const releases: Release<Source>[] = [];
  const find = (app: string) => releases.find((each) => each.app === app);
  for (const source of sources) {
    const choice = applicationsOf(source) ?? [madeUpApplication(find)];
    const app = choice.find((each) => !find(each)) ?? choice[0] ?? firstApplication;
    const shared = find(app);
    if (shared) shared.sources.push(source);
    else releases.push({ ...nameRelease(releases.length), app, sources: [source] });
  }
  return releases;
}

/**
 * Puts a release into EDAS. It waits for a person after its first batch, so it is in flight whenever a line is pasted. It
 * began after the play, whose order must not be the newest of the application, and before the problem that a line names.
 *
 * @param now epoch milliseconds; lines are made no earlier
 */
export function beginRelease(
  { changeOrderId, app, description }: Release,
  edas: EdasStandIn,
  now: number,
): void {
  edas.orders.add({
    id: changeOrderId,
    appId: app,
    description,
    waitsForPerson: true,
    createdAt: now - 1000,
    readyMs: 0,
    batchMs: 500,
  });
}

/** Undefined where the source may touch every application. */
function applicationsOf(source: RollbackPolicy): readonly string[] | undefined {
  const only = onlyAppOf(source);
  return only === undefined ? source.apps : [only];
}

function madeUpApplication(find: (app: string) => Release | undefined): string {
  for (let number = 1; ; number += 1) {
    const app = `3616cdca-0000-4000-8000-${String(number).padStart(12, '0')}`;
    if (!find(app)) return app;
  }
}

function nameRelease(index: number): Pick<Release, 'changeOrderId' | 'description'> {
  const number = String(index).padStart(12, '0');
  return {
    changeOrderId: index === 0 ? firstRelease : `4f40e616-cdcd-4250-a018-${number}`,
    description: `payments 1.9.${index + 3}`,
  };
}
