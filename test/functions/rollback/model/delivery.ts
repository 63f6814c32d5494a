import { Problem } from '../../../../functions/errors.ts';
import { reasonOf } from '../../../../functions/lib/text.ts';
import { findChangeOrder } from '../../../../functions/rollback/find-change-order.ts';
import type { RollbackOutcome } from '../../../../functions/rollback/outcome.ts';
import type { Hold } from '../../../../functions/rollback/request.ts';
import { rollBack } from '../../../../functions/rollback/rollback.ts';
import type { Edas } from './edas.ts';
import type { Call, Caller, Network } from './network.ts';
import type { Timeline } from './timeline.ts';

/** What a webhook asks for, and what it meets on its way. */
export interface Webhook {
  readonly target: { readonly order: number } | { readonly app: string };
  readonly apps?: readonly string[] | undefined;
  readonly hold?: Hold | undefined;
  readonly problemMsAgo?: number | undefined;
  readonly patienceMs: number;
  /** How long each way to EDAS and back takes, over and over. */
  readonly legsMs: readonly number[];
  /** From 0 to 1. */
  readonly luck: number;
}

/** A webhook that came, and what became of it. */
export interface Delivery extends Caller {
  readonly webhook: Webhook;
  readonly startedAt: number;
  readonly deadlineAt: number;
  readonly problemStartedAt: number | undefined;
  outcome?: RollbackOutcome;
  problem?: Problem;
  /** Anything that is thrown and is no Problem. */
  crash?: unknown;
  answeredAt?: number;
  /** Calls and pauses that nobody waited for, or that began after the answer. */
  leftovers: number;
}

/** The real system: everything that a step of a story can reach. */
export interface Simulation {
  readonly timeline: Timeline;
  readonly edas: Edas;
  readonly network: Network;
  readonly deliveries: Delivery[];
}

/** The deliveries begin, one after the other at the same moment. Time must pass until they are answered. */
export function deliver(webhooks: readonly Webhook[], simulation: Simulation): void {
  for (const webhook of webhooks) {
    const delivery = begin(webhook, simulation);
    simulation.deliveries.push(delivery);
    void answer(delivery, simulation);
  }
}

function begin(webhook: Webhook, { timeline, deliveries }: Simulation): Delivery {
  let leg = 0;
  return {
    webhook,
    name: `delivery ${deliveries.length + 1}`,
    startedAt: timeline.now,
    deadlineAt: timeline.now + webhook.patienceMs,
    problemStartedAt: webhook.problemMsAgo === undefined ? undefined : timeline.now - webhook.problemMsAgo,
    calls: [],
    nextLegMs: () => webhook.legsMs[leg++ % webhook.legsMs.length] ?? 0,
    leftovers: 0,
  };
}

/** The way of a webhook through functions/rollback, as the handler sends it. */
async function answer(delivery: Delivery, simulation: Simulation): Promise<void> {
  const { deadlineAt, problemStartedAt } = delivery;
  const { apps, hold, luck } = delivery.webhook;
  const { timeline } = simulation;
  let pending = 0;

  const watch = async <T>(work: Promise<T>): Promise<T> => {
    if (delivery.answeredAt !== undefined) delivery.leftovers += 1;
    pending += 1;
    return work.finally(() => (pending -= 1));
  };

  const port = simulation.network.portOf(delivery);
  const dependencies = {
    changeOrders: {
      read: (id: string, timeoutMs: number) => watch(port.read(id, timeoutMs)),
      list: (app: string, timeoutMs: number) => watch(port.list(app, timeoutMs)),
      rollBack: (id: string, timeoutMs: number) => watch(port.rollBack(id, timeoutMs)),
    },
    clock: {
      now: () => timeline.now,
      sleep: (ms: number) =>
        watch(timeline.until(timeline.now + ms, `${delivery.name} goes on after a pause`)),
    },
    random: () => luck,
    warn: () => undefined,
  };
  try {
    const target = targetOf(delivery, simulation);
    const found = await findChangeOrder({ target, apps, deadlineAt }, dependencies);
    delivery.outcome = await rollBack({ ...found, deadlineAt, hold, problemStartedAt }, dependencies);
  } catch (error) {
    if (error instanceof Problem) delivery.problem = error;
    else delivery.crash = error;
  }
  delivery.answeredAt = timeline.now;
  delivery.leftovers += pending;
}

function targetOf({ webhook: { target } }: Delivery, { edas }: Simulation) {
  return 'app' in target ? target : { changeOrderId: edas.idOf(target.order) };
}

/** The rollbacks that this delivery asked for. */
export function putsOf({ calls }: Delivery): Call[] {
  return calls.filter(({ operation }) => operation === 'put');
}

/** The rollbacks of this delivery that took effect. */
export function effectsOf(delivery: Delivery): Call[] {
  return putsOf(delivery).filter(({ ruling }) => ruling?.accepted);
}

/** What the sender is told: `rolling_back (reply)`, `already_terminated`, `edas_rejected`, … */
export function answerOf({ outcome, problem, crash }: Delivery): string {
  if (outcome)
    return outcome.outcome === 'rolling_back' ? `rolling_back (${outcome.evidence})` : outcome.outcome;
  if (problem) return problem.code;
  return crash === undefined ? 'nothing yet' : reasonOf(crash);
}

/** The sentence for the person who reads the answer. */
export function sentenceOf({ outcome, problem }: Delivery): string {
  return outcome?.message ?? problem?.message ?? '';
}
