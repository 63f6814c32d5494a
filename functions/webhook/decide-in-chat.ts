import { submitTask, readTaskRecord, taskIn, type QueueAccess } from '../claim/task-calls.ts';
import { readDecisions, writeDecision } from '../claim/write-decision.ts';
import { Problem } from '../errors.ts';
import { mostAsks } from '../execute/ask-people.ts';
import type { AuditRecord } from '../execute/audit-record.ts';
import {
  cutForTask,
  executeRollback,
  insteadOfRollback,
  type ExecutionDependencies,
  type RollbackInput,
} from '../execute/execute-rollback.ts';
import type { Approved, LeftAlone, Outcome } from '../execute/outcome.ts';
import { toIso } from '../lib/time.ts';
import { isDead } from '../platform/task-queue.ts';
import { timeLeft } from '../rollback/budget.ts';
import { findChangeOrder } from '../rollback/find-change-order.ts';
import { requireApp } from '../select/intent.ts';
import type { RollbackPolicy } from '../select/policy.ts';
import {
  approvalIdFor,
  askIdFor,
  type AnswerAddress,
  type Decider,
  type Decision,
  type RollbackApproved,
  type RollbackAsked,
  type RollbackDecided,
  type TaskFacts,
  type VersionChoice,
} from '../task.ts';
import type { Verb } from './payload/command.ts';
import type { CompiledSource } from './source/compiled-source.ts';

/** A command in a chat where people decide. */
export interface ChatCommand {
  /** The chat. */
  source: CompiledSource;
  verb: Verb;
  changeOrderId: string;
  /** Who wrote it: the name, and the chat's own id. */
  person: { name: string | undefined; id: string | undefined };
  /** Where the people of the chat wait for the result. */
  answerAt: AnswerAddress | undefined;
  record: AuditRecord;
  /** Milliseconds, on the clock. */
  deadlineAt: number;
}

export interface ChatDependencies extends ExecutionDependencies {
  policies: ReadonlyMap<string, RollbackPolicy>;
}

/** The share of the time that one step with Function Compute may take, and its limit in milliseconds. */
const [shareOfStep, longestStepMs] = [0.25, 2_000];
/** The share of the time for the checks before a decision. The same are made again with the rollback. */
const shareOfChecks = 0.4;

/**
 * Takes a command for the decision of a person, where people are asked by chat about its change order.
 *
 * @returns undefined where no one is asked: then a rollback is the chat's own, as always
 * @throws Problem `decision_not_open`, `sender_not_allowed`, `task_not_taken`, or why nothing was rolled back
 */
export async function decideInChat(
  command: ChatCommand,
  dependencies: ChatDependencies,
): Promise<Outcome | undefined> {
  const { source, verb, changeOrderId, record } = command;
  const ask = await findOpenAsk(changeOrderId, openAccess(command, dependencies), dependencies.now);
  if (ask === 'unknown' && (verb === 'leave' || source.decides?.people === 2)) throw cannotAsk(changeOrderId);
  const isOpen = typeof ask !== 'string' && ask.by === 'chat';
  if (!isOpen && verb === 'leave') throw notOpen(changeOrderId, ask);
  if (!isOpen) return undefined;

  const asking = dependencies.policies.get(ask.source);
  if (!asking) {
    const detail = `The source ${ask.source}, which asked, is not in the configuration of this function: it was taken out of sources.yaml, or this function was not deployed since. Decide in the EDAS console.`;
    throw new Problem('source_unknown', detail, { changeOrderId });
  }
  record.add({ changeOrderId, app: ask.app });
  await requireWithinApps(ask, [source, asking], command, dependencies);
  const decider = deciderOf(command);
  if (isSame(decider, askerOf(ask))) throw mayNotDecide(ask);
  const decision: Decision = verb === 'leave' ? 'leave' : 'roll_back';
  record.add({ decision, decidedBy: decider.name, decidedByProved: true });
  const decisions = await readDecisions(changeOrderId, openAccess(command, dependencies));
  const scene: Scene = { command, ask, asking, decider, decisions };
  return decision === 'leave' ? leaveAlone(scene, dependencies) : rollBackAsDecided(scene, dependencies);
}

/** A decision that is being made. */
interface Scene {
  command: ChatCommand;
  ask: RollbackAsked;
  /** The source that asked. */
  asking: RollbackPolicy;
  decider: Decider;
  /** What was decided before, the oldest first. */
  decisions: readonly RollbackDecided[];
}

function openAccess(
  { deadlineAt }: ChatCommand,
  { openQueue, clock, warn }: Pick<ChatDependencies, 'openQueue' | 'clock' | 'warn'>,
): QueueAccess {
  const stepMs = Math.min(timeLeft({ deadlineAt }, clock) * shareOfStep, longestStepMs);
  return { openQueue, deadlineAt: clock.now() + stepMs, clock, warn };
}

/**
 * The newest question about a change order, while its time lasts. Whether its task still runs does not matter: people may
 * have read it.
 */
async function findOpenAsk(
  changeOrderId: string,
  access: QueueAccess,
  now: () => number,
): Promise<RollbackAsked | 'none' | 'unknown'> {
  let newest: RollbackAsked | undefined;
  for (let ask = 1; ask <= mostAsks; ask += 1) {
    const record = await readTaskRecord(askIdFor(changeOrderId, ask), access);
    if (record === 'absent') break;
    const task = taskIn(record);
    if (typeof record === 'string' || task?.rollback !== 'asked') return 'unknown';
    newest = task;
    if (now() <= task.expiresAt && !isDead(record.state)) break;
  }
  return newest && now() <= newest.expiresAt ? newest : 'none';
}

/** What a chat may not touch, its people do not decide about either. */
async function requireWithinApps(
  { app, changeOrderId }: RollbackAsked,
  sources: readonly RollbackPolicy[],
  { deadlineAt }: ChatCommand,
  dependencies: ChatDependencies,
): Promise<void> {
  for (const { apps } of sources) {
    if (app !== undefined) requireApp({ apps }, app);
    else await findChangeOrder({ target: { changeOrderId }, apps, deadlineAt }, dependencies);
  }
}

/** @throws Problem `sender_not_allowed` where the message does not say who wrote it */
function deciderOf({ source, changeOrderId, person }: ChatCommand): Decider {
  const [name, id] = [cutForTask(person.name), cutForTask(person.id)];
  if (id !== undefined) return { name: name ?? id, id, isProved: true, source: source.name };
  throw new Problem(
    'sender_not_allowed',
    'The message does not say who wrote it, so it decides nothing. Nothing was rolled back.',
    { changeOrderId },
  );
}

function askerOf({ actor, actorId, source }: RollbackAsked): Decider {
  return { name: actor, id: actorId, isProved: false, source };
}

/** Of one chat, its ids tell people apart. Otherwise anyone who has the name or the id of the other one is taken for the same. */
function isSame(one: Decider, other: Decider): boolean {
  const { source, id } = one;
  if (source === other.source && id !== undefined && other.id !== undefined) return id === other.id;
  const names = namesOf(one);
  return namesOf(other).some((name) => names.includes(name));
}

function namesOf({ name, id }: Decider): string[] {
  const plain = [name, id].map((each) => each?.trim().replace(/^@/, '').toLowerCase() ?? '');
  return plain.filter((each) => each !== '');
}

async function leaveAlone(scene: Scene, dependencies: ChatDependencies): Promise<LeftAlone> {
  const { ask, command } = scene;
  const { changeOrderId } = ask;
  const written = await writeDown('leave', scene, dependencies);
  switch (written) {
    case 'written':
    case 'same': {
      const before = written === 'same' ? 'A person decided so before. ' : '';
      const message = `${before}Nothing was sent, and people are not asked about this change order again. If it has to be rolled back after all, type the rollback before ${toIso(ask.expiresAt)}.`;
      return { outcome: 'left_alone', changeOrderId, message };
    }
    case 'otherwise':
      throw new Problem(
        'decision_not_open',
        'A person decided before to roll this change order back, and that stands. To stop a rollback, use the EDAS console.',
        { changeOrderId },
      );
    default:
      throw notTaken(command.changeOrderId);
  }
}

function writeDown(
  decision: Decision,
  { command, ask, decider, decisions }: Scene,
  dependencies: ChatDependencies,
): ReturnType<typeof writeDecision> {
  const decidedAt = dependencies.now();
  const task = { ...factsOf(ask), rollback: 'decided', decision, decidedBy: decider, decidedAt } as const;
  return writeDecision(task, decisions, openAccess(command, dependencies));
}

function factsOf(ask: RollbackAsked): TaskFacts {
  const { version, source, delivery, requestId, requestedAt, changeOrderId } = ask;
  const { operation, app, actor, actorId, answerAt } = ask;
  const request = { version, source, delivery, requestId, requestedAt, changeOrderId };
  return { ...request, operation, app, actor, actorId, answerAt };
}

/** The decision stands, and this is to be done. */
interface Decided {
  /** Of a release that has ended: the version to go back to. */
  version: string | undefined;
}

/** What the webhook that asked would have done, once enough people want it. All that it checked is checked again. */
async function rollBackAsDecided(scene: Scene, dependencies: ChatDependencies): Promise<Outcome> {
  const { clock } = dependencies;
  const { deadlineAt } = scene.command;
  const checks = inputOf(scene, undefined, clock.now() + timeLeft({ deadlineAt }, clock) * shareOfChecks);
  const decided = await insteadOfRollback(
    checks,
    (choice) => decideToRollBack(choice, scene, dependencies),
    dependencies,
  );
  if ('outcome' in decided) return decided;
  return executeRollback(inputOf(scene, decided.version, deadlineAt), dependencies);
}

async function decideToRollBack(
  choice: VersionChoice | undefined,
  scene: Scene,
  dependencies: ChatDependencies,
): Promise<Approved | LeftAlone | Decided> {
  const { ask } = scene;
  requireSureVersion(choice, ask);
  const decided = { version: choice?.toVersion };
  if (hasDecided(scene)) return decided;
  const approved = ask.people === 2 ? await approve(scene, dependencies) : undefined;
  if (approved) return approved;
  // Where it cannot be written down, the rollback goes ahead all the same: it is the emergency brake.
  const written = await writeDown('roll_back', scene, dependencies);
  return written === 'otherwise' ? leftAtSameMoment(ask) : decided;
}

/** Whether people answered this very question with a rollback: it may have been cut off, or refused. */
function hasDecided({ ask, decisions }: Scene): boolean {
  const last = decisions.at(-1);
  return last?.decision === 'roll_back' && last.decidedAt >= ask.requestedAt;
}

/** @throws Problem `previous_version_uncertain` where it is not certain, or not the one that people read */
function requireSureVersion(
  choice: VersionChoice | undefined,
  { choice: told, changeOrderId }: RollbackAsked,
): void {
  if (!choice) return;
  const { toVersion, candidates } = choice;
  const isTold = told?.toVersion === undefined || told.toVersion === toVersion;
  if (toVersion !== undefined && isTold) return;
  throw new Problem(
    'previous_version_uncertain',
    `The release has ended, and it is not certain which version ran before: ${candidates.join(', ') || 'EDAS names none'}. A command cannot choose one, so nothing was rolled back. Choose one in the EDAS console, or have the webhook that asks name it.`,
    { changeOrderId },
  );
}

/**
 * Takes the word of the first person.
 *
 * @returns undefined where this is the second one
 * @throws Problem `task_not_taken` where it is not known whether a person said so before; `sender_not_allowed`
 */
async function approve(scene: Scene, dependencies: ChatDependencies): Promise<Approved | undefined> {
  const { command, ask, decider } = scene;
  const { changeOrderId, expiresAt } = ask;
  const approval: RollbackApproved = {
    ...factsOf(ask),
    rollback: 'approved',
    ask: ask.ask,
    decidedBy: decider,
    decidedAt: dependencies.now(),
  };
  const access = openAccess(command, dependencies);
  const taskId = approvalIdFor(changeOrderId, ask.ask);
  const submission = await submitTask(taskId, approval, access);
  const until = toIso(expiresAt);
  const approved: Approved = {
    outcome: 'approved',
    changeOrderId,
    expiresAt: until,
    message: `Nothing was sent. One more person has to type the same command in this chat, until ${until}. The one who asked does not count.`,
  };
  if (submission === 'accepted') return approved;
  const first = submission === 'failed' ? undefined : taskIn(await readTaskRecord(taskId, access));
  if (first?.rollback !== 'approved') throw notTaken(changeOrderId);
  const isOwn = first.decidedAt === approval.decidedAt;
  if (isSame(first.decidedBy, decider)) return isOwn ? approved : { ...approved, duplicate: true };
  if (first.decidedBy.source === decider.source) return undefined;
  throw new Problem(
    'sender_not_allowed',
    `The first person said so in the chat of the source ${first.decidedBy.source ?? ''}, so the second one must as well: two chats cannot show that these are two people. Nothing was rolled back.`,
    { changeOrderId },
  );
}

/** @param version to go back to, of a release that has ended */
function inputOf(
  { command, ask, asking, decider, decisions }: Scene,
  version: string | undefined,
  deadlineAt: number,
): RollbackInput {
  const { changeOrderId, app, delivery, requestId, actor, actorId, choice } = ask;
  const decidedBefore = decisions.find(
    (each) => each.decision === 'roll_back' && each.decidedAt >= ask.requestedAt,
  );
  return {
    source: { ...asking, confirm: undefined, dryRun: asking.dryRun || command.source.dryRun },
    intent: {
      target: { changeOrderId },
      app,
      apps: asking.apps,
      // Checked when people were asked, and a change does not begin anew: EDAS being down must not hold the brake up.
      problemStartedAt: undefined,
      version,
      isChosen: version === undefined ? undefined : true,
      answerAt: command.answerAt ?? ask.answerAt,
    },
    found: { changeOrderId, app, hasEnded: choice ? true : undefined },
    deadlineAt,
    receivedAt: ask.requestedAt,
    facts: { requestId, source: asking.name, delivery, app, changeOrderId, actor },
    actorId,
    decidedBy: decidedBefore?.decidedBy ?? decider,
  };
}

function leftAtSameMoment({ changeOrderId, expiresAt }: RollbackAsked): LeftAlone {
  const message = `Another person decided at the same moment to leave this change order alone. Nothing was sent. If it has to be rolled back all the same, type the rollback again before ${toIso(expiresAt)}.`;
  return { outcome: 'left_alone', changeOrderId, message };
}

function mayNotDecide({ changeOrderId, expiresAt }: RollbackAsked): Problem {
  return new Problem(
    'sender_not_allowed',
    `You asked for this rollback, so another person decides, until ${toIso(expiresAt)}. Nothing was rolled back.`,
    { changeOrderId },
  );
}

function notOpen(changeOrderId: string, ask: RollbackAsked | 'none' | 'unknown'): Problem {
  const why =
    typeof ask === 'string'
      ? 'No one is asked about this change order, or the time to decide is over.'
      : 'People decide about this change order on the page, not in a chat: open the link in the message.';
  return new Problem('decision_not_open', `${why} Nothing was rolled back.`, { changeOrderId });
}

function cannotAsk(changeOrderId: string): Problem {
  return new Problem(
    'task_not_taken',
    'Function Compute cannot be asked whether people decide about this change order: the log says why. Nothing was rolled back. Type the command again, or decide in the EDAS console.',
    { changeOrderId },
  );
}

function notTaken(changeOrderId: string): Problem {
  return new Problem(
    'task_not_taken',
    'Function Compute did not take your decision: the log says why. Nothing was rolled back. Type the command again, or decide in the EDAS console.',
    { changeOrderId },
  );
}
