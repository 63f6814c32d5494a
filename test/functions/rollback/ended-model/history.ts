import { Problem } from '../../../../functions/errors.ts';
import { executeRollback } from '../../../../functions/execute/execute-rollback.ts';
import type { Outcome } from '../../../../functions/execute/outcome.ts';
import { changeOrdersOf } from '../../../../functions/rollback/change-orders.ts';
import { findChangeOrder } from '../../../../functions/rollback/find-change-order.ts';
import type { ReleasePolicy } from '../../../../functions/rollback/release.ts';
import type { CompiledSource } from '../../../../functions/webhook/source/compiled-source.ts';
import type { ChangeOrderPlan } from '../../../../local/stand-ins/edas/change-orders.ts';
import { pipelineSource } from '../../../support/source.ts';
import { Account, app, type Possibilities } from './account.ts';
import { Platform, type Fate, type Operation, type PlatformOptions } from './platform.ts';
import { Timeline } from './timeline.ts';

/** What a source says of releases that have ended, and who rolls back those that have not. */
export interface SourcePlan {
  /** Undefined: it rolls no ended release back. */
  ended: ReleasePolicy | undefined;
  mode: CompiledSource['mode'];
}

export interface Alert {
  /** Which of the sources it comes to. */
  source: number;
  /** The application, or the newest release but so many, or the newest order of any kind. */
  target: 'application' | 'newest order' | { releasesBack: number };
  /** How long ago the problem began. Undefined: it does not say. */
  problemMsAgo: number | undefined;
  /** It names the version of the release so many before the newest. */
  versionBack: number | undefined;
  /** How often it comes, and after how long again. */
  times: number;
  everyMs: number;
}

export type Step =
  | {
      step: 'deploy';
      plan: Omit<ChangeOrderPlan, 'appId'>;
      /** The name of an earlier release. */ nameBack: number | undefined;
    }
  | { step: 'change'; coType: string }
  | { step: 'abort' }
  | { step: 'roll back in flight' }
  | { step: 'confirm' }
  | { step: 'go back'; versionsBack: number; group: number | undefined }
  | { step: 'alert'; alert: Alert }
  | { step: 'trouble'; operation: Operation; fate: Fate; calls: number }
  | { step: 'trouble is over' }
  | { step: 'twice' }
  | { step: 'suspend'; isOn: boolean };

export interface HistoryPlan {
  possibilities: Possibilities;
  platform: PlatformOptions;
  sources: readonly SourcePlan[];
  /** What happens, and the milliseconds that pass after it. */
  steps: readonly (Step & { thenMs: number })[];
}

/** A webhook that came, and what became of it. */
export interface Delivery {
  name: string;
  alert: Alert;
  receivedAt: number;
  answeredAt?: number;
  outcome?: Outcome | undefined;
  problem?: Problem;
  /** The version that it names. */
  version: string | undefined;
  /** The releases that ran nowhere at its beginning or at its end. */
  nowhere: Set<string>;
}

/** A history that was played. */
export interface History {
  plan: HistoryPlan;
  timeline: Timeline;
  account: Account;
  platform: Platform;
  deliveries: Delivery[];
}

const startsAt = Date.parse('2026-01-02T03:04:05.678Z');
/** Everything that is under way ends by then: a task runs for ten minutes at most, three times. */
const restMs = 4 * 3_600_000;

export async function play(plan: HistoryPlan): Promise<History> {
  const timeline = new Timeline(startsAt);
  const account = new Account(() => timeline.now, plan.possibilities);
  const platform = new Platform(timeline, account, plan.platform);
  const history: History = { plan, timeline, account, platform, deliveries: [] };
  for (const { thenMs, ...step } of plan.steps) {
    take(step, history);
    await timeline.moveTo(timeline.now + thenMs);
  }
  await timeline.moveTo(timeline.now + restMs);
  return history;
}

function take(step: Step, history: History): void {
  const { account, platform, timeline } = history;
  switch (step.step) {
    case 'deploy': {
      const order = deploy(step, history);
      if (order)
        platform.tell(
          `${order.name} deploys ${order.version} (${order.package}) ${JSON.stringify(step.plan)}`,
        );
      return;
    }
    case 'change': {
      if (!mayBegin(history)) return;
      const { name } = account.change({ coType: step.coType, batchMs: 5_000 });
      platform.tell(`${name} is a ${step.coType}`);
      return;
    }
    case 'abort':
      for (const { id } of inFlight(history)) account.orders.abort(id);
      platform.tell('a person aborts what is in flight');
      return;
    case 'roll back in flight':
      for (const { id } of inFlight(history).slice(-1)) account.rollBack(id, 'a person');
      platform.tell('a person rolls back what is in flight');
      return;
    case 'confirm':
      for (const { id } of inFlight(history)) account.orders.confirm(id);
      return;
    case 'go back':
      goBack(step, history);
      return;
    case 'alert': {
      const { alert } = step;
      for (let time = 0; time < alert.times; time += 1) {
        void timeline.until(timeline.now + time * alert.everyMs).then(() => deliver(alert, history));
      }
      return;
    }
    case 'trouble':
      platform.disturb(step.operation, step.fate, step.calls);
      return;
    case 'trouble is over':
      platform.recover();
      return;
    case 'twice':
      platform.doubles += 1;
      return;
    case 'suspend':
      platform.isSuspended = step.isOn;
  }
}

function deploy({ plan, nameBack }: Extract<Step, { step: 'deploy' }>, history: History) {
  const { account } = history;
  if (!mayBegin(history)) return undefined;
  const { releases } = account;
  const earlier = nameBack === undefined ? undefined : releases.at(-1 - nameBack);
  const version = earlier?.version ?? `1.${releases.length}`;
  return account.deploy({ ...plan, version });
}

/** A person takes one of the versions that the console shows, newest first. */
function goBack({ versionsBack, group }: Extract<Step, { step: 'go back' }>, history: History): void {
  const { account, platform, plan } = history;
  // What is never listed, and leaves no entry, could not be known: see docs/decisions/0016.
  if (plan.possibilities.release.listedAfterMs === Infinity) return;
  const shown = account.history().toReversed();
  const version = shown.at(versionsBack)?.version;
  if (version === undefined) return;
  const groups = account.orders.runningIn(app);
  const groupId =
    (group === undefined ? undefined : groups.at(group % plan.possibilities.groups.length)?.id) ?? 'all';
  const ruling = account.goBack(
    { appId: app, groupId, version, batches: 1, batchWaitMinutes: 0 },
    'a person',
  );
  platform.tell(`a person goes back to ${version} in ${groupId}: ${JSON.stringify(ruling)}`);
}

/** Where EDAS refuses a second change, it does so for people as well. */
function mayBegin({ account, plan }: History): boolean {
  return account.isAtRest || plan.possibilities.release.whileInFlight === 'accepted';
}

function inFlight({ account }: History) {
  return account.orders.ofApplication(app).filter(({ finishedAt }) => finishedAt === undefined);
}

async function deliver(alert: Alert, history: History): Promise<void> {
  const { platform, timeline, account, deliveries } = history;
  const receivedAt = timeline.now;
  const delivery: Delivery = {
    name: `webhook ${deliveries.length + 1}`,
    alert,
    receivedAt,
    version:
      alert.versionBack === undefined ? undefined : account.releases.at(-1 - alert.versionBack)?.version,
    nowhere: new Set(account.nowhere()),
  };
  deliveries.push(delivery);
  platform.tell(`${delivery.name} comes: ${JSON.stringify(alert)}`);
  try {
    delivery.outcome = await answer(delivery, history);
  } catch (error) {
    if (error instanceof Problem) delivery.problem = error;
    else platform.crashes.push(error);
  }
  delivery.answeredAt = timeline.now;
  for (const each of account.nowhere()) delivery.nowhere.add(each);
  platform.tell(`${delivery.name} is answered ${answerOf(delivery)}`);
}

/** The way of a webhook from what it asks for to its answer, as the handler sends it. */
async function answer(
  { name, alert, receivedAt, version }: Delivery,
  history: History,
): Promise<Outcome | undefined> {
  const { platform, plan, account } = history;
  const source = sourceOf(plan, alert.source);
  const byApplication = alert.target === 'application';
  const means = platform.meansOf(platform.begin(name, { byApplication }));
  const target = byApplication ? { app } : { changeOrderId: targetOf(alert, account) };
  if (target.changeOrderId === undefined && !byApplication) return undefined;
  const deadlineAt = receivedAt + source.deadlineMs - 500;
  const { problemMsAgo } = alert;
  const intent = {
    target: target as { app: string } | { changeOrderId: string },
    app: byApplication ? app : undefined,
    apps: [app],
    problemStartedAt: problemMsAgo === undefined ? undefined : receivedAt - problemMsAgo,
    version,
    answerAt: undefined,
  };
  const changeOrders = changeOrdersOf(means.edas, 'RollbackChangeOrder');
  const dependencies = { ...means, changeOrders };
  const mayHaveEnded = source.ended !== undefined;
  const found = await findChangeOrder({ ...intent, mayHaveEnded, deadlineAt }, dependencies);
  const env = platform.isSuspended ? { ROLLBACK_SUSPENDED: 'true' } : {};
  const facts = { ...noFacts, requestId: name };
  return executeRollback(
    { source, intent, found, deadlineAt, receivedAt: means.now(), facts },
    { ...dependencies, env },
  );
}

function targetOf({ target }: Alert, account: Account): string | undefined {
  if (typeof target === 'object') return account.releases.at(-1 - target.releasesBack)?.id;
  return [...account.known.keys()].at(-1);
}

function sourceOf({ sources }: HistoryPlan, number: number): CompiledSource {
  const { ended, mode = 'now' } = sources[number % sources.length] ?? {};
  return { ...pipelineSource, mode, ended, follow: true, mayMeetReleaseRollback: true };
}

export function answerOf({ outcome, problem }: Delivery): string {
  return `${outcome?.outcome ?? problem?.code ?? 'nothing'}: ${outcome?.message ?? problem?.message ?? ''}`;
}

const noFacts = {
  requestId: undefined,
  source: undefined,
  delivery: undefined,
  app: undefined,
  changeOrderId: undefined,
  actor: undefined,
};
