import { phaseOf } from '../../../../functions/edas/status.ts';
import { statuses } from '../../../../local/stand-ins/edas/change-orders.ts';
import { answerOf, effectsOf, putsOf, sentenceOf, type Delivery, type Simulation } from './delivery.ts';
import type { Call } from './network.ts';

/** Whether a rule holds for a delivery so far. What is said of an answer holds as long as there is none. */
type Holds = (delivery: Delivery, simulation: Simulation) => boolean;

const rules: Record<string, Holds> = {
  'it throws nothing but a Problem': ({ crash }) => crash === undefined,

  'it causes one rollback at most': (delivery) => effectsOf(delivery).length <= 1,

  'it sends again only what EDAS certainly did not take': (delivery) =>
    putsOf(delivery)
      .slice(0, -1)
      .every(({ end }) => end === 'not_sent' || end === 'throttled'),

  'it sends what was throttled again at most once': (delivery) =>
    putsOf(delivery).filter(({ end }) => end === 'throttled').length <= 2,

  'it looks at the order before it sends, and again before it sends again': (delivery) =>
    putsOf(delivery).every((put, index, puts) => {
      const before = puts[index - 1];
      const between = callsBefore(put, delivery).slice(before ? delivery.calls.indexOf(before) : 0);
      const looks = between.filter(({ operation }) => operation === 'read');
      return before?.end === 'throttled' ? looks.some(isAnswered) : looks.length > 0;
    }),

  'it sends nothing once it has seen the order terminated': (delivery) =>
    putsOf(delivery).every((put) => readsBefore(put, delivery).every((read) => !shows('terminated', read))),

  'it rolls back what was terminated before only if that could not be seen': (delivery, simulation) =>
    effectsOf(delivery).every(
      (put) => isFirstToEnd(put, delivery, simulation) || isBlind(put, delivery, simulation),
    ),

  'where EDAS refuses a second rollback of an order, there is none': (_delivery, { edas }) =>
    edas.rules.ofTerminated === 'accepted' || edas.ledger.orders.every(({ id }) => edas.rollbacksOf(id) <= 1),

  'it sends nothing if it is a dry run or suspended': (delivery) =>
    delivery.webhook.hold === undefined || putsOf(delivery).length === 0,

  'it touches only what EDAS listed for an application that it may touch': (delivery) => {
    const { apps, target } = delivery.webhook;
    const allowed = 'app' in target ? [target.app] : apps;
    return !allowed || putsOf(delivery).every((put) => wasListed(put, allowed, delivery));
  },

  'by application it touches no rollback': (delivery, { edas }) =>
    !('app' in delivery.webhook.target) ||
    putsOf(delivery).every(({ subject }) => edas.get(subject)?.rollbackOf === undefined),

  'it rolls back only a change that is known to have begun before the problem': (delivery) => {
    const { problemStartedAt } = delivery;
    if (problemStartedAt === undefined) return true;
    const isToBlame = ({ seen }: Call) => (seen?.startedAt ?? Infinity) <= problemStartedAt;
    return putsOf(delivery).every((put) => {
      const reads = readsBefore(put, delivery);
      return reads.length > 0 && reads.every(isToBlame);
    });
  },

  'it says "rolling_back (reply)" only if EDAS said so': (delivery) =>
    answerOf(delivery) !== 'rolling_back (reply)' ||
    effectsOf(delivery).some(({ end }) => end === 'answered'),

  'it says "rolling_back (order)" only if the order went from in flight to terminated around a doubt': (
    delivery,
    simulation,
  ) => {
    if (answerOf(delivery) !== 'rolling_back (order)') return true;
    const put = putsOf(delivery).at(-1);
    const before = put && readsBefore(put, delivery).at(-1);
    const after = readsOf(delivery).at(-1);
    return (
      put?.end === 'doubt' &&
      before !== undefined &&
      shows('in_flight', before) &&
      after !== undefined &&
      shows('terminated', after) &&
      isTerminated(put.subject, simulation)
    );
  },

  'it says "already_terminated" only if the order is': ({ outcome }, simulation) =>
    outcome?.outcome !== 'already_terminated' || isTerminated(outcome.changeOrderId, simulation),

  'it names only a rollback of the same application as what rolled an order back': (
    { outcome },
    { edas },
  ) => {
    if (outcome?.outcome !== 'already_terminated' || !outcome.rollbackChangeOrderId) return true;
    const named = edas.get(outcome.rollbackChangeOrderId);
    return named?.rollbackOf !== undefined && named.appId === edas.get(outcome.changeOrderId)?.appId;
  },

  'it says that nothing was sent only if nothing arrived': (delivery) =>
    !/(no rollback|nothing) was sent/i.test(sentenceOf(delivery)) ||
    putsOf(delivery).every(({ arrivedAt }) => arrivedAt === undefined),

  'it says that nothing was rolled back only if it rolled nothing back': (delivery) =>
    !sentenceOf(delivery).includes('This request rolled nothing back') || effectsOf(delivery).length === 0,

  'it tells the status that it saw last': (delivery) => {
    const told = /status is (\d+)/.exec(sentenceOf(delivery))?.[1];
    return told === undefined || Number(told) === readsOf(delivery).at(-1)?.seen?.status;
  },

  'it says "edas_outcome_unknown" only of a rollback that was sent, and not clearly refused': (delivery) =>
    answerOf(delivery) !== 'edas_outcome_unknown' ||
    putsOf(delivery).some(({ end }) => end === 'doubt' || end === 'throttled'),

  'it never denies a rollback that took effect': (delivery) =>
    delivery.answeredAt === undefined ||
    effectsOf(delivery).length === 0 ||
    ['rolling_back (reply)', 'rolling_back (order)', 'edas_outcome_unknown'].includes(answerOf(delivery)),

  'it rolls back an order in flight if nothing goes wrong': (delivery) =>
    !isUndisturbed(delivery) || answerOf(delivery) === 'rolling_back (reply)',

  'it sends a rollback unless it has a reason not to': (delivery) =>
    !isUnconditional(delivery) || putsOf(delivery).length > 0 || delivery.calls.some(isReasonToStop),

  'it asks nothing that cannot be answered by its deadline': ({ calls, deadlineAt }) =>
    calls.every(({ sentAt, expiresAt }) => sentAt < expiresAt && expiresAt <= deadlineAt + 0.001),

  // A thousandth for the arithmetic of fractions.
  'it is answered by its deadline': ({ answeredAt, deadlineAt }, { timeline }) =>
    (answeredAt ?? timeline.now) <= deadlineAt + 0.001,

  'it leaves no work running, and starts none after its answer': ({ leftovers }) => leftovers === 0,
};

/** @throws Error with the rule that a delivery breaks, and its calls */
export function requireRules(simulation: Simulation): void {
  for (const delivery of simulation.deliveries) {
    for (const [rule, holds] of Object.entries(rules)) {
      if (!holds(delivery, simulation))
        throw new Error(`${delivery.name}: ${rule}\n${tell(delivery, simulation)}`);
    }
  }
}

function isAnswered({ end }: Call): boolean {
  return end === 'answered';
}

function readsOf({ calls }: Pick<Delivery, 'calls'>): Call[] {
  return calls.filter((call) => call.operation === 'read' && isAnswered(call));
}

function callsBefore(put: Call, { calls }: Delivery): Call[] {
  return calls.slice(0, calls.indexOf(put));
}

/** What the delivery knew of the order when it sent this. */
function readsBefore(put: Call, delivery: Delivery): Call[] {
  return readsOf({ calls: callsBefore(put, delivery) });
}

function shows(phase: string, { seen }: Call): boolean {
  return phaseOf(seen?.status) === phase;
}

function isFirstToEnd({ subject }: Call, { name }: Delivery, { edas }: Simulation): boolean {
  return edas.ledger.endings.find(({ orderId }) => orderId === subject)?.by === name;
}

/**
 * Whether the delivery began before the order showed its end, or asked for its status in vain. Where EDAS accepts a second
 * rollback, this is the only way to one.
 */
function isBlind(put: Call, delivery: Delivery, { edas }: Simulation): boolean {
  const endedAt = edas.ledger.endings.find(({ orderId }) => orderId === put.subject)?.at ?? Infinity;
  const beganBefore = delivery.startedAt <= endedAt + (edas.rules.showsAfterMs ?? 0);
  const hasAsked = delivery.calls.some(({ operation }) => operation === 'read');
  const hasLearnt = readsBefore(put, delivery).some(({ seen }) => seen?.status !== undefined);
  return beganBefore || (hasAsked && !hasLearnt);
}

function wasListed(put: Call, apps: readonly string[], delivery: Delivery): boolean {
  return callsBefore(put, delivery).some(
    (call) => apps.includes(call.subject) && isAnswered(call) && call.listed?.includes(put.subject),
  );
}

function isTerminated(id: string, { edas }: Simulation): boolean {
  const hasEnded = edas.ledger.endings.some(({ orderId }) => orderId === id);
  return hasEnded && edas.get(id)?.status === statuses.terminated;
}

/** Whether a rollback was due, and neither EDAS nor the time was against it. */
function isUndisturbed(delivery: Delivery): boolean {
  const lastRead = readsOf(delivery).at(-1);
  const isInFlight = lastRead !== undefined && shows('in_flight', lastRead);
  return isInFlight && hadTimeToSend(delivery) && delivery.calls.every(isAnswered);
}

/** Whether nothing but the order itself could keep it from being rolled back. */
function isUnconditional(delivery: Delivery): boolean {
  const { target, apps } = delivery.webhook;
  return 'order' in target && apps === undefined && hadTimeToSend(delivery);
}

/** Whether it was meant to send, and was answered with time left for a call. */
function hadTimeToSend({ webhook, answeredAt, deadlineAt, problemStartedAt }: Delivery): boolean {
  const isMeantTo = webhook.hold === undefined && problemStartedAt === undefined;
  return isMeantTo && answeredAt !== undefined && deadlineAt - answeredAt >= 100;
}

function isReasonToStop(call: Call): boolean {
  const isFinished = call.seen?.status === statuses.succeeded && !call.seen.supportRollback;
  const isOver = isAnswered(call) && (isFinished || shows('terminated', call));
  return isOver || call.end === 'not_found' || call.end === 'no_credentials';
}

function tell(delivery: Delivery, { timeline, edas }: Simulation): string {
  const calls = delivery.calls.map(
    ({ operation, subject, sentAt, end = 'still under way', seen, ruling }) =>
      `  ${timeline.describe(sentAt)}: ${operation} of ${edas.nameOf(subject)}: ${end}${seen ? `, status ${seen.status}` : ''}${ruling?.accepted ? ', took effect' : ''}`,
  );
  const answer = `  ${timeline.describe(delivery.answeredAt ?? timeline.now)}: ${answerOf(delivery)}. ${sentenceOf(delivery)}`;
  return [...calls, answer].join('\n');
}
