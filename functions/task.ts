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
  RollbackDue | ReleaseRollbackDue | RollbackClaimed | RollbackOverdue | RollbackReport;

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
  /** Where the people of a chat wait for the result. */
  answerAt?: AnswerAddress | undefined;
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
  /** The version to go back to, where the sender named it. */
  version?: string | undefined;
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
    default:
      throw malformed('it does not say what is to be done');
  }
}

/** A limit that cannot be read would let everything pass, so it refuses the task. */
function readTerms(value: unknown): ReleaseTerms {
  const { policy, version } = toRecord(value);
  const { group, ...limits } = toRecord(policy);
  const { withinMs, everyMs, batches, batchWaitMinutes } = limits;
  if (typeof group !== 'string') throw malformed('it names no group');
  if (!isCount(withinMs) || !isCount(everyMs) || !isCount(batches) || !isCount(batchWaitMinutes)) {
    throw malformed('its limits cannot be read');
  }
  return { policy: { withinMs, everyMs, group, batches, batchWaitMinutes }, version: toText(version) };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** @throws Problem where it is there and cannot be read: the task would be taken for one of a change order in flight */
function readReleaseFacts(value: unknown): ReleaseFacts | undefined {
  if (value === undefined) return undefined;
  const { fromVersion, fromVersionId, toVersion, groups, seenUntil } = toRecord(value);
  const texts = [fromVersion, fromVersionId, toVersion];
  const areTexts = texts.every((text) => typeof text === 'string');
  if (!areTexts || !Array.isArray(groups) || !isTime(seenUntil)) {
    throw malformed('it does not say which release is rolled back');
  }
  const [from = '', id = '', to = ''] = texts.map((text) => toText(text));
  const names = groups.flatMap((group) => toText(group) ?? []);
  return { fromVersion: from, fromVersionId: id, toVersion: to, groups: names, seenUntil };
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
    `The task cannot be read: ${fault}. Nothing was done. Only the webhook function may invoke this one.`,
  );
}
