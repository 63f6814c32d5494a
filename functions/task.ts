import type { RollbackOperation } from './edas/client.ts';
import { Problem } from './errors.ts';
import { isRecord, toRecord, toText } from './lib/json.ts';
import { languages, type Language } from './lib/language.ts';
import { isId } from './lib/text.ts';
import type { ReleasePolicy, ReleaseVersions } from './rollback/release.ts';

/**
 * The payload of an asynchronous task of the follow function. The two functions are deployed together, but a task may
 * wait while a new version is deployed: whatever changes its meaning changes the version.
 */
export type RollbackTask =
  | RollbackDue
  | ReleaseRollbackDue
  | RollbackClaimed
  | RollbackOverdue
  | RollbackReport
  | PersonTask
  | OrderSeen;

/** What people are asked, and what they say: docs/decisions/0017. */
export type PersonTask = RollbackAsked | RollbackApproved | RollbackDecided;

/** How a claimed rollback went on: written by the function that had the claim. */
export type RollbackReport = RollbackDone | RollbackUnknown | RollbackRefused;

/** What there is to know, whatever there is to do. */
export interface TaskFacts {
  version: 1;
  /** The source whose webhook asked for the rollback. */
  source: string;
  /** The sender's own id of the delivery. */
  delivery?: string | undefined;
  /** The request that the webhook was, as its log names it. */
  requestId?: string | undefined;
  /** When the webhook came, epoch milliseconds. */
  requestedAt: number;
  changeOrderId: string;
  /** The operation that rolls it back while it is in flight. */
  operation: RollbackOperation;
  /** Of a release that has ended: what is rolled back, and to which version. */
  release?: ReleaseFacts | undefined;
  /** The application, where it is known. */
  app?: string | undefined;
  /** Who asked, as the sender says it. */
  actor?: string | undefined;
  /** The chat's own id of who asked, where people decide in that chat. */
  actorId?: string | undefined;
  /** Who decided, where a person was asked. */
  decidedBy?: Decider | undefined;
  /** Where the people of a chat wait for the result. */
  answerAt?: AnswerAddress | undefined;
}

/** A person who decided. */
export interface Decider {
  /** As typed into the page, or as the chat says it; undefined where the page was given none. */
  name?: string | undefined;
  /** The chat's own id of the person. */
  id?: string | undefined;
  /** Whether a signed message of a chat says so. A name that was typed into the page is only claimed. */
  isProved: boolean;
  /** The source of that chat. */
  source?: string | undefined;
}

/** What is known of the rollback of a release that has ended. */
export interface ReleaseFacts extends ReleaseVersions {
  /** The id of the version that ran before the rollback. */
  fromVersionId: string;
  /** Epoch milliseconds, by EDAS's clock: when the newest change order was made. A later one may be the rollback. */
  seenUntil: number;
}

/** How a release is rolled back, should the change order have ended. */
export interface ReleaseTerms {
  policy: ReleasePolicy;
  /** The version to go back to, where the sender or a person named it. */
  version?: string | undefined;
  /** Whether a person chose that version: then it need not be certain which one ran before. */
  isChosen?: boolean | undefined;
}

/** Milliseconds. After EDAS's answer got lost, it should show within this time that the rollback has begun. */
export const doubtTimeoutMs = 120_000;

/** The task has to roll back. */
export interface RollbackDue extends TaskFacts {
  rollback: 'due';
  /** Epoch milliseconds. A change that began later is not to blame, and is not rolled back. */
  problemStartedAt?: number | undefined;
  /** Undefined where a change order that has ended is not rolled back. */
  ended?: ReleaseTerms | undefined;
}

/** The task has to roll back a release that has ended. */
export interface ReleaseRollbackDue extends TaskFacts {
  rollback: 'ended';
  app: string;
  problemStartedAt?: number | undefined;
  ended: ReleaseTerms;
}

/** A function has the claim, and rolls back now. The task watches that it is not cut off. */
export interface RollbackClaimed extends TaskFacts {
  rollback: 'claimed';
  /** Which claim of the change order it is: 1, 2, … */
  claim: number;
  /** Who has it: a text that no other invocation has. */
  holder: string;
  /** Epoch milliseconds. The holder sends no rollback after this time. */
  sendsUntil: number;
  problemStartedAt?: number | undefined;
}

/** The holder of a claim was cut off. The task has to find out how far it came, and to finish its work. */
export interface RollbackOverdue extends TaskFacts {
  rollback: 'overdue';
  claim: number;
  problemStartedAt?: number | undefined;
}

/** EDAS accepted the rollback, and the task has to follow it. */
export interface RollbackDone extends TaskFacts {
  rollback: 'done';
  /** The order that carries the rollback out, where EDAS named one. */
  rollbackChangeOrderId?: string | undefined;
  /** Whether the answer to the sender says that the rollback has begun. */
  isKnownToSender: boolean;
}

/** The rollback was sent, and it is not known whether it began. The task has to find out, without sending it again. */
export interface RollbackUnknown extends TaskFacts {
  rollback: 'unknown';
  /** What is known of it, as a sentence for people. */
  reason: string;
  /** Epoch milliseconds. It was sent before this time. */
  sentBefore: number;
  /** Whether the order was seen in flight before. If not, a terminated order proves nothing. */
  wasInFlight: boolean;
}

/** No rollback took effect. The task has nothing to do, and the next delivery may claim anew. */
export interface RollbackRefused extends TaskFacts {
  rollback: 'refused';
  /** Why, as a sentence for people. */
  reason?: string | undefined;
}

/** EDAS told that the change order has ended. The id of the task says that to the one that follows the order; nothing is left to do. */
export interface OrderSeen extends TaskFacts {
  rollback: 'seen';
}

/** A person has to decide. The task asks in the channels, waits, and tells people if no one decides in time. */
export interface RollbackAsked extends TaskFacts {
  rollback: 'asked';
  /** How often people have been asked about this change order, this time included: 1, 2, … */
  ask: number;
  /** How many tasks have asked and waited before this one, whose time was up. This one goes on waiting. */
  waited?: number | undefined;
  /** Epoch milliseconds. */
  expiresAt: number;
  /** `page`: with the link. `chat`: with a command. */
  by: 'page' | 'chat';
  /** The address of the page, where people decide there. It is a secret: it lets anyone decide. */
  link?: string | undefined;
  /** How many different people must want the rollback. */
  people: 1 | 2;
  /** What the alert says, in its own words. */
  summary?: string | undefined;
  problemStartedAt?: number | undefined;
  /** Whether a change that ends while people are asked can be rolled back all the same, as a release. */
  rollsBackEnded?: boolean | undefined;
  /** Of a release that has ended: what would be gone back to. Undefined: a change in flight is stopped. */
  choice?: VersionChoice | undefined;
}

/** Which version a release that has ended would be rolled back to. */
export interface VersionChoice {
  fromVersion: string;
  /** The version that ran before for certain. Undefined: a person has to choose. */
  toVersion?: string | undefined;
  /** The versions that a person may choose, the newest first; a name that stands in the history twice is not among them. */
  candidates: readonly string[];
}

/** The first of two people wants the rollback. */
export interface RollbackApproved extends TaskFacts {
  rollback: 'approved';
  ask: number;
  decidedBy: Decider;
  /** Epoch milliseconds. */
  decidedAt: number;
}

/** A person, or enough people, decided. The task tells the channels, or sees to it that a rollback did begin. */
export interface RollbackDecided extends TaskFacts {
  rollback: 'decided';
  decision: Decision;
  decidedBy: Decider;
  /** Epoch milliseconds. */
  decidedAt: number;
}

export type Decision = 'roll_back' | 'leave';

/** An address that a chat gave with its message. It lets anyone write into the chat, so it is never logged. */
export interface AnswerAddress {
  chat: 'slack' | 'dingtalk';
  url: string;
  /** That of the first answer. */
  language?: Language | undefined;
}

/**
 * The id of the task that is a claim on the rollback of a change order. Function Compute takes one task of an id, and
 * refuses every other.
 *
 * @param claim 1, or more where the claims before it have ended without a rollback
 */
export function claimIdFor(changeOrderId: string, claim = 1): string {
  return numbered(`rollback-${changeOrderId}`, claim);
}

/** The id of the task that is the report of a claim. */
export function reportIdFor(changeOrderId: string, claim = 1): string {
  return numbered(`follow-${changeOrderId}`, claim);
}

/**
 * The id of the task that has to roll back a release that has ended.
 *
 * @param attempt 1, or more where the tasks before it died before they sent anything
 */
export function releaseTaskIdFor(changeOrderId: string, attempt = 1): string {
  return numbered(`ended-${changeOrderId}`, attempt);
}

/** The id of the task that is the claim on the one call for a release. There is no second one, whatever came of it. */
export function releaseClaimIdFor(changeOrderId: string): string {
  return `ended-call-${changeOrderId}`;
}

/** The id of the task that is the report of that call. */
export function releaseReportIdFor(changeOrderId: string): string {
  return `ended-follow-${changeOrderId}`;
}

/**
 * The id of the task that asks people about a change order.
 *
 * @param ask 1, or more where the asks before it expired
 */
export function askIdFor(changeOrderId: string, ask = 1): string {
  return numbered(`ask-${changeOrderId}`, ask);
}

/** The id of the task that goes on waiting after so many others, for the time of one function is shorter than people's. */
export function waitIdFor({ changeOrderId, ask }: RollbackAsked, waited: number): string {
  return `${askIdFor(changeOrderId, ask)}-wait-${waited}`;
}

/** The id of the task that is the first of two approvals. */
export function approvalIdFor(changeOrderId: string, ask = 1): string {
  return numbered(`approve-${changeOrderId}`, ask);
}

/**
 * The id of the task that is what people decided about a change order.
 *
 * @param decision 1, or 2: a change that was left alone may be rolled back after all
 */
export function decisionIdFor(changeOrderId: string, decision: 1 | 2 = 1): string {
  return numbered(`decide-${changeOrderId}`, decision);
}

/** The id of the task by which another one learns that EDAS told of the order's end. */
export function seenIdFor(changeOrderId: string): string {
  return `seen-${changeOrderId}`;
}

/** The id of the task that reports what came of a claim. */
export function reportIdOf({ changeOrderId, claim, release }: RollbackClaimed): string {
  return release ? releaseReportIdFor(changeOrderId) : reportIdFor(changeOrderId, claim);
}

function numbered(id: string, claim: number): string {
  return claim === 1 ? id : `${id}-${claim}`;
}

/**
 * Where chats take an answer: at `response_url` and at `sessionWebhook`. Whatever else a payload names is no such
 * address; a robot, which has the same host, belongs to the person who made it.
 * https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
 * https://open.dingtalk.com/document/robots/enterprise-created-chatbot
 */
const chatAddresses = {
  slack: [
    'https://hooks.slack.com/commands/',
    'https://hooks.slack.com/actions/',
    'https://hooks.slack.com/app/',
  ],
  dingtalk: ['https://oapi.dingtalk.com/robot/sendBySession?'],
} as const;

/**
 * Whether an address is the chat's own. It is compared as text: the slash behind the host leaves no room for a port,
 * for a user before an @, or for a longer name, and an origin would also be that of a `blob:` address.
 */
export function isChatAddress({ chat, url }: Pick<AnswerAddress, 'chat' | 'url'>): boolean {
  // Dots could lead out of the folder again, and URL parsers drop tabs and line ends between them.
  return chatAddresses[chat].some((beginning) => url.startsWith(beginning)) && !/\.\.|%2e|[\\\s]/i.test(url);
}

/**
 * Reads the payload of a task.
 *
 * @param payload of any shape, as it was handed over
 * @throws Problem `task_malformed`
 */
export function readTask(payload: unknown): RollbackTask {
  const task = parse(payload);
  const { version, source, changeOrderId, operation, rollback, requestedAt, app } = task;
  if (version !== 1) {
    const given = typeof version === 'number' ? String(version) : 'missing';
    throw malformed(`its version is ${given}, and this function reads version 1: deploy both functions`);
  }
  if (typeof source !== 'string') throw malformed('it names no source');
  if (typeof changeOrderId !== 'string' || !isId(changeOrderId)) throw malformed('it names no change order');
  if (operation !== 'RollbackChangeOrder' && operation !== 'AbortAndRollbackChangeOrder') {
    throw malformed('it names no operation');
  }
  if (!isTime(requestedAt)) throw malformed('it does not say when it was asked for');
  const facts: TaskFacts = {
    version,
    source,
    delivery: toText(task['delivery']),
    requestId: toText(task['requestId']),
    requestedAt,
    changeOrderId,
    operation,
    release: readReleaseFacts(task['release']),
    app: toId(app),
    actor: toText(task['actor']),
    actorId: toText(task['actorId']),
    decidedBy: toDecider(task['decidedBy']),
    answerAt: toAnswerAddress(task['answerAt']),
  };
  switch (rollback) {
    case 'due': {
      const ended = task['ended'] === undefined ? undefined : readTerms(task['ended']);
      return { ...facts, rollback, problemStartedAt: readProblemStart(task), ended };
    }
    case 'ended': {
      if (facts.app === undefined) throw malformed('it names no application');
      const problemStartedAt = readProblemStart(task);
      return { ...facts, rollback, app: facts.app, problemStartedAt, ended: readTerms(task['ended']) };
    }
    case 'claimed': {
      const { holder, sendsUntil } = task;
      if (typeof holder !== 'string' || !isTime(sendsUntil))
        throw malformed('it does not say who has the claim');
      const claim = readClaim(task);
      return { ...facts, rollback, claim, holder, sendsUntil, problemStartedAt: readProblemStart(task) };
    }
    case 'overdue':
      return { ...facts, rollback, claim: readClaim(task), problemStartedAt: readProblemStart(task) };
    case 'done':
      return {
        ...facts,
        rollback,
        rollbackChangeOrderId: toId(task['rollbackChangeOrderId']),
        isKnownToSender: task['isKnownToSender'] === true,
      };
    case 'unknown': {
      const { reason, sentBefore, wasInFlight } = task;
      if (!isTime(sentBefore)) throw malformed('it does not say when the rollback was sent');
      return {
        ...facts,
        rollback,
        reason: toText(reason) ?? '',
        sentBefore,
        wasInFlight: wasInFlight === true,
      };
    }
    case 'refused':
      return { ...facts, rollback, reason: toText(task['reason']) };
    case 'seen':
      return { ...facts, rollback };
    case 'asked':
      return { ...facts, rollback, ...readAsk(task) };
    case 'approved': {
      const { decidedBy, decidedAt } = readDecider(task);
      return { ...facts, rollback, ask: readAskNumber(task), decidedBy, decidedAt };
    }
    case 'decided': {
      const { decision } = task;
      if (decision !== 'roll_back' && decision !== 'leave')
        throw malformed('it does not say what was decided');
      return { ...facts, rollback, decision, ...readDecider(task) };
    }
    default:
      throw malformed('it does not say what is to be done');
  }
}

type Ask = Omit<RollbackAsked, keyof TaskFacts | 'rollback'>;

function readAsk(task: Record<string, unknown>): Ask {
  const { expiresAt, by, people } = task;
  if (!isTime(expiresAt)) throw malformed('it does not say until when a person is asked');
  if (by !== 'page' && by !== 'chat') throw malformed('it does not say where a person decides');
  if (people !== 1 && people !== 2) throw malformed('it does not say how many people must decide');
  return {
    ask: readAskNumber(task),
    waited: isCount(task['waited']) ? task['waited'] : undefined,
    expiresAt,
    by,
    people,
    link: toText(task['link']),
    summary: toText(task['summary']),
    problemStartedAt: readProblemStart(task),
    rollsBackEnded: task['rollsBackEnded'] === true ? true : undefined,
    choice: readChoice(task['choice']),
  };
}

function readAskNumber({ ask }: Record<string, unknown>): number {
  if (isCount(ask) && ask >= 1) return ask;
  throw malformed('it does not say how often people were asked');
}

function readChoice(value: unknown): VersionChoice | undefined {
  if (value === undefined) return undefined;
  const { fromVersion, toVersion, candidates } = toRecord(value);
  const isSure = toVersion === undefined || isText(toVersion);
  if (!isText(fromVersion) || !isSure || !isListOfTexts(candidates)) {
    throw malformed('it does not say which versions there are');
  }
  return { fromVersion, toVersion, candidates };
}

function readDecider(task: Record<string, unknown>): { decidedBy: Decider; decidedAt: number } {
  const { decidedAt } = task;
  const decidedBy = toDecider(task['decidedBy']);
  if (!decidedBy || !isTime(decidedAt)) throw malformed('it does not say who decided, and when');
  return { decidedBy, decidedAt };
}

function toDecider(value: unknown): Decider | undefined {
  if (!isRecord(value)) return undefined;
  return {
    name: toText(value['name']),
    id: toText(value['id']),
    isProved: value['isProved'] === true,
    source: toText(value['source']),
  };
}

/** A limit that cannot be read would let everything pass, so it refuses the task. */
function readTerms(value: unknown): ReleaseTerms {
  const { policy, version, isChosen } = toRecord(value);
  const { group, ...limits } = toRecord(policy);
  const { withinMs, everyMs, batches, batchWaitMinutes } = limits;
  if (typeof group !== 'string') throw malformed('it names no group');
  if (version !== undefined && !isText(version)) throw malformed('its version to go back to is no text');
  if (!isCount(withinMs) || !isCount(everyMs) || !isCount(batches) || !isCount(batchWaitMinutes)) {
    throw malformed('its limits cannot be read');
  }
  const terms = { policy: { withinMs, everyMs, group, batches, batchWaitMinutes }, version };
  return isChosen === true ? { ...terms, isChosen } : terms;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isListOfTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** @throws Problem where it is there and cannot be read: the task would be taken for one of a change order in flight */
function readReleaseFacts(value: unknown): ReleaseFacts | undefined {
  if (value === undefined) return undefined;
  const { fromVersion, fromVersionId, toVersion, groups, seenUntil } = toRecord(value);
  const areTexts = isText(fromVersion) && isText(fromVersionId) && isText(toVersion);
  if (!areTexts || !isListOfTexts(groups) || !isTime(seenUntil)) {
    throw malformed('it does not say which release is rolled back');
  }
  return { fromVersion, fromVersionId, toVersion, groups, seenUntil };
}

/** Without problemStartedAt the rule would not apply, so a value that cannot be read refuses the task. */
function readProblemStart({ problemStartedAt }: Record<string, unknown>): number | undefined {
  if (problemStartedAt === undefined || isTime(problemStartedAt)) return problemStartedAt;
  throw malformed('its problemStartedAt is no time');
}

function readClaim({ claim }: Record<string, unknown>): number {
  if (typeof claim === 'number' && Number.isInteger(claim) && claim >= 1) return claim;
  throw malformed('it does not say which claim it is');
}

function parse(payload: unknown): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.isBuffer(payload) ? payload.toString('utf8') : String(payload));
  } catch {
    throw malformed('it is not JSON');
  }
  if (!isRecord(value)) throw malformed('it is no object');
  return value;
}

/** JSON can hold numbers that are no date, such as 1e999. A comparison with one would always pass. */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && !Number.isNaN(new Date(value).getTime());
}

function toId(value: unknown): string | undefined {
  return typeof value === 'string' && isId(value) ? value : undefined;
}

function toAnswerAddress(value: unknown): AnswerAddress | undefined {
  if (!isRecord(value)) return undefined;
  const { chat, url } = value;
  const language = languages.find((each) => each === value['language']);
  if ((chat !== 'slack' && chat !== 'dingtalk') || typeof url !== 'string') return undefined;
  return isChatAddress({ chat, url }) ? { chat, url, ...(language && { language }) } : undefined;
}

function malformed(fault: string): Problem {
  return new Problem(
    'task_malformed',
    `The task cannot be read: ${fault}. Nothing was done. Only the other functions of this project may invoke this one.`,
  );
}
