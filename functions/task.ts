import type { RollbackOperation } from './edas/client.ts';
import { Problem } from './errors.ts';
import { isRecord, toText } from './lib/json.ts';
import { isId } from './lib/text.ts';

/**
 * What the webhook hands to the follow function, as the payload of an asynchronous task. The two are deployed together,
 * but a task may wait while a new version is deployed: whatever changes its meaning changes the version.
 */
export type RollbackTask = RollbackDue | RollbackDone;

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
  /** The operation that rolls it back. */
  operation: RollbackOperation;
  /** The application, where it is known. */
  app?: string | undefined;
  /** Who asked, as the sender says it. */
  actor?: string | undefined;
  /** Where the people of a chat wait for the result. */
  answerAt?: AnswerAddress | undefined;
}

/** The task has to roll back, and then to follow. */
export interface RollbackDue extends TaskFacts {
  rollback: 'due';
  /** Epoch milliseconds. A change that began later is not to blame, and is not rolled back. */
  problemStartedAt?: number | undefined;
}

/** The webhook has rolled back, and the task has to follow. */
export interface RollbackDone extends TaskFacts {
  rollback: 'done';
  /** The order that carries the rollback out, where EDAS named one. */
  rollbackChangeOrderId?: string | undefined;
}

/** An address that a chat gave with its message. It lets anyone write into the chat, so it is never logged. */
export interface AnswerAddress {
  chat: 'slack' | 'dingtalk';
  url: string;
}

/** One id for each change order: Function Compute takes one task of an id, and refuses every other. */
export function taskIdFor(changeOrderId: string): string {
  return `rollback-${changeOrderId}`;
}

/** For following a rollback whose first task is dead, and keeps its id. */
export function secondTaskIdFor(changeOrderId: string): string {
  return `follow-${changeOrderId}`;
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
export function isChatAddress({ chat, url }: AnswerAddress): boolean {
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
  if (rollback !== 'due' && rollback !== 'done') throw malformed('it does not say what is to be done');
  if (!isTime(requestedAt)) throw malformed('it does not say when it was asked for');
  const facts: TaskFacts = {
    version,
    source,
    delivery: toText(task['delivery']),
    requestId: toText(task['requestId']),
    requestedAt,
    changeOrderId,
    operation,
    app: toId(app),
    actor: toText(task['actor']),
    answerAt: toAnswerAddress(task['answerAt']),
  };
  if (rollback === 'done') {
    return { ...facts, rollback, rollbackChangeOrderId: toId(task['rollbackChangeOrderId']) };
  }
  const { problemStartedAt } = task;
  // Without problemStartedAt the rule would not apply, so a value that cannot be read refuses the task.
  if (problemStartedAt !== undefined && !isTime(problemStartedAt)) {
    throw malformed('its problemStartedAt is no time');
  }
  return { ...facts, rollback, problemStartedAt };
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
  if ((chat !== 'slack' && chat !== 'dingtalk') || typeof url !== 'string') return undefined;
  return isChatAddress({ chat, url }) ? { chat, url } : undefined;
}

function malformed(fault: string): Problem {
  return new Problem(
    'task_malformed',
    `The task cannot be read: ${fault}. Nothing was done. Only the webhook function may invoke this one.`,
  );
}
