import { Problem } from './errors.ts';
import { isRecord, toText } from './record.ts';
import type { RollbackOperation } from './rollback/change-orders.ts';
import { isId } from './text.ts';

/**
 * What the webhook hands to the follow function, as the payload of an asynchronous task. The two are deployed together,
 * but a task may wait while a new version is deployed: whatever changes its meaning changes the version.
 */
export interface RollbackTask {
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
  /** Whether the task has to roll back, or the webhook has done it. */
  rollback: 'due' | 'done';
  /** The order that carries the rollback out, where EDAS named one. */
  rollbackChangeOrderId?: string | undefined;
  /** The application, where it is known. */
  app?: string | undefined;
  /** Epoch milliseconds. A change that began later is not to blame, and is not rolled back. */
  problemStartedAt?: number | undefined;
  /** Who asked, as the sender says it. */
  actor?: string | undefined;
  /** Where the people of a chat wait for the result. */
  answerAt?: AnswerAddress | undefined;
}

/** An address that a chat gave with its message. Whoever knows it can write there, so it is never logged. */
export interface AnswerAddress {
  chat: 'slack' | 'dingtalk';
  url: string;
}

/** One id for each change order: Function Compute takes one task of an id, and refuses every other. */
export function taskIdFor(changeOrderId: string): string {
  return `rollback-${changeOrderId}`;
}

/** The hosts at which chats are answered; whatever else a payload names is no address of a chat. */
const chatHosts = { slack: 'hooks.slack.com', dingtalk: 'oapi.dingtalk.com' } as const;

/**
 * Whether an address is the chat's own. It is compared as text: the slash behind the host leaves no room for a port, for a
 * user before an @, or for a longer name, and an origin would also be that of a `blob:` address.
 */
export function isChatAddress({ chat, url }: AnswerAddress): boolean {
  return url.startsWith(`https://${chatHosts[chat]}/`);
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
  const rule = task['problemStartedAt'];
  // A rule that got lost would let through what it is there to refuse.
  if (rule !== undefined && !isTime(rule)) throw malformed('its problemStartedAt is no time');
  return {
    version,
    source,
    delivery: toText(task['delivery']),
    requestId: toText(task['requestId']),
    requestedAt,
    changeOrderId,
    operation,
    rollback,
    rollbackChangeOrderId: toId(task['rollbackChangeOrderId']),
    app: toId(app),
    problemStartedAt: rule,
    actor: toText(task['actor']),
    answerAt: toAnswerAddress(task['answerAt']),
  };
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

/** JSON knows numbers that are no date, such as 1e999: a rule that compares with one lets everything through. */
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
