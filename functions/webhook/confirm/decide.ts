import { writeDecision, type WrittenDecision } from '../../claim/write-decision.ts';
import { Problem } from '../../errors.ts';
import type { DeliveryFacts } from '../../execute/audit-record.ts';
import { executeRollback, operationFor } from '../../execute/execute-rollback.ts';
import type { Outcome } from '../../execute/outcome.ts';
import { lazily } from '../../lib/async.ts';
import { openTaskQueue } from '../../platform/open-task-queue.ts';
import { changeOrdersOf } from '../../rollback/change-orders.ts';
import type { Decider, RollbackDecided } from '../../task.ts';
import type { DecisionForm } from './read-form.ts';
import type { Reading } from './read-state.ts';
import type { Scene } from './scene.ts';

/** What came of a decision. `changed`: another person decided otherwise at the same moment. */
export type Decided =
  { result: 'left_alone' } | { result: 'executed'; outcome: Outcome } | { result: 'changed' };

/**
 * Writes down what a person decided, and does it. Of two people who decide at the same moment, one writes: the other one
 * does the same, which is once, or sees what was decided. A rollback that cannot be written down goes ahead: it is the
 * emergency brake.
 *
 * @throws Problem why nothing was rolled back; `task_not_taken` where it could not be written down to leave it alone
 */
export async function decide(
  form: DecisionForm,
  decidedBy: Decider,
  reading: Reading,
  scene: Scene,
  facts: Readonly<DeliveryFacts>,
): Promise<Decided> {
  const version = requireVersion(form, reading);
  const written = await writeDown(form, decidedBy, reading, scene);
  if (written === 'otherwise') return { result: 'changed' };
  if (written === 'unseen' && form.decision === 'leave') return { result: 'changed' };
  if (form.decision === 'leave') {
    if (written === 'not') throw notWrittenDown(scene.subject.link.changeOrderId);
    return { result: 'left_alone' };
  }
  return { result: 'executed', outcome: await rollBackAsDecided(version, decidedBy, reading, scene, facts) };
}

/** @throws Problem where a release is to be rolled back and no version of it was chosen */
function requireVersion({ decision, version }: DecisionForm, { due }: Reading): string | undefined {
  if (decision === 'leave' || due.due !== 'roll_back_release') return undefined;
  if (version !== undefined && due.choice.candidates.includes(version)) return version;
  throw new Problem('payload_malformed', 'Choose the version to go back to first.');
}

function writeDown(
  { decision }: DecisionForm,
  decidedBy: Decider,
  { asked, decisions }: Reading,
  { subject, dependencies }: Scene,
): Promise<WrittenDecision> {
  const { link, source } = subject;
  const { changeOrderId, app } = link;
  const { queue, now } = dependencies;
  const task: RollbackDecided = {
    version: 1,
    source: source.name,
    delivery: asked?.delivery,
    requestId: asked?.requestId ?? link.requestId,
    requestedAt: asked?.requestedAt ?? now(),
    changeOrderId,
    operation: operationFor(source),
    app,
    actor: asked?.actor,
    answerAt: asked?.answerAt,
    rollback: 'decided',
    decision,
    decidedBy,
    decidedAt: now(),
  };
  // Reading the state may have used up the time of the queue. Writing has a limit of its own.
  return writeDecision(task, decisions, { ...queue, deadlineAt: Infinity });
}

/** What the webhook would have done, with all rules read again. */
async function rollBackAsDecided(
  version: string | undefined,
  decidedBy: Decider,
  { asked, order, due }: Reading,
  { subject, dependencies, context, runtime, answerAt: deadlineAt }: Scene,
  facts: Readonly<DeliveryFacts>,
): Promise<Outcome> {
  const { link, source } = subject;
  const { app, changeOrderId, requestId } = link;
  const { edas } = dependencies;
  const { env, now } = runtime;
  const hasEnded = due.due === 'roll_back_release';
  return executeRollback(
    {
      source: { ...source, confirm: undefined },
      intent: {
        target: { changeOrderId },
        app,
        apps: source.apps,
        // The rule was checked when people were asked. Where EDAS cannot be read now, it does not hold the brake up.
        problemStartedAt: order ? link.problemStartedAt : undefined,
        version,
        isChosen: version === undefined ? undefined : true,
        answerAt: asked?.answerAt,
      },
      found: { changeOrderId, app, hasEnded },
      deadlineAt,
      receivedAt: asked?.requestedAt ?? now(),
      facts: { ...facts, requestId: requestId ?? facts.requestId },
      decidedBy,
    },
    {
      ...dependencies,
      changeOrders: changeOrdersOf(edas, operationFor(source)),
      openQueue: lazily(() => openTaskQueue(context, env)),
      env,
      now,
    },
  );
}

function notWrittenDown(changeOrderId: string): Problem {
  return new Problem(
    'task_not_taken',
    'It is not known whether Function Compute took your decision: the log says why. Your request rolled nothing back. Look at this page again, and decide again if it still asks.',
    { changeOrderId },
  );
}
