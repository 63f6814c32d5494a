import { Problem } from '../../errors.ts';
import { isRecord, toRecord, toText } from '../../lib/json.ts';
import { parseTime } from '../../lib/time.ts';
import type { Target } from '../../rollback/find-change-order.ts';
import { isChatAddress, type AnswerAddress } from '../../task.ts';
import type { CompiledSource } from '../source/compiled-source.ts';
import type { Expression, JSONValue } from '../source/expression.ts';
import type { LinkGrant } from '../verify/link.ts';
import { requireFresh } from '../verify/timestamp.ts';
import { chatUsage, readChatCommand } from './chat-command.ts';
import { describeValue } from './describe-value.ts';
import { evaluate } from './evaluate.ts';
import { selectApp, selectChangeOrderId, type Finding } from './identifier.ts';

/** Characters: there is a limit to what a task can carry. */
const longestAddress = 2000;

/** The names that are looked at where a source says nothing. */
const usualNames = ['changeOrderId', 'ChangeOrderId', 'change_order_id'];

/**
 * Refuses a payload whose own time, which its signature covers, is not now.
 *
 * @param now epoch milliseconds
 * @throws Problem `timestamp_missing`, `timestamp_malformed`, `timestamp_out_of_window`
 */
export function requireFreshPayload(source: CompiledSource, payload: JSONValue, now: number): void {
  if (!source.payloadTimestamp) return;
  const { field, ...parameters } = source.payloadTimestamp;
  const value = isRecord(payload) && Object.hasOwn(payload, field) ? payload[field] : undefined;
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw new Problem('timestamp_missing', `The payload has no ${field}, the time at which it was signed.`);
  }
  requireFresh(String(value), `The payload's ${field}`, parameters, now);
}

/** Why a payload asks for no rollback, or undefined where it does. */
export async function reasonToIgnore(
  source: CompiledSource,
  payload: JSONValue,
): Promise<string | undefined> {
  if (source.when) {
    const result = await evaluate(source.when, payload, 'when');
    if (result !== true) return `\`when: ${source.when.text}\` gave ${describeValue(result)}, not true.`;
  }
  if (!source.chatText) return undefined;
  const isCommand = (await chatCommand(source.chatText, payload)) !== undefined;
  return isCommand ? undefined : `This is no command. To roll a change order back, type: ${chatUsage}`;
}

/** @throws Problem `sender_not_allowed` unless `allow` gives true itself, not just something that is not false */
export async function requireAllowed(source: CompiledSource, payload: JSONValue): Promise<void> {
  if (!source.allow) return;
  if ((await evaluate(source.allow, payload, 'allow')) !== true) {
    throw new Problem('sender_not_allowed', `\`allow: ${source.allow.text}\` is not true for this payload.`);
  }
}

/**
 * What the payload asks to roll back, within what a link allows.
 *
 * @throws Problem `change_order_id_missing`, `change_order_id_ambiguous`, `app_missing`, `app_ambiguous`, `app_not_allowed`
 */
export async function selectTarget(
  source: CompiledSource,
  payload: JSONValue,
  grant?: LinkGrant,
): Promise<Target> {
  const target =
    grant && !source.changeOrderId ? targetOfLink(grant) : await targetInPayload(source, payload);
  if (grant) requireWithinLink(target, grant);
  const app = 'app' in target ? target.app : grant?.app;
  if (app !== undefined) requireApp(source, app);
  return target;
}

async function targetInPayload(source: CompiledSource, payload: JSONValue): Promise<Target> {
  const { changeOrderId, app, chatText } = source;
  if (changeOrderId) {
    return { changeOrderId: selectChangeOrderId([await findIn(changeOrderId, payload, 'changeOrderId')]) };
  }
  if (app) return { app: selectApp([await findIn(app, payload, 'app')]) };
  if (chatText) return { changeOrderId: selectFromCommand(await chatCommand(chatText, payload)) };
  return { changeOrderId: selectChangeOrderId(usualFindings(payload)) };
}

function targetOfLink({ app, changeOrderId }: LinkGrant): Target {
  return changeOrderId === undefined ? { app } : { changeOrderId };
}

function requireWithinLink(target: Target, grant: LinkGrant): void {
  if ('app' in target || grant.changeOrderId === undefined) return;
  if (target.changeOrderId === grant.changeOrderId) return;
  throw new Problem(
    'app_not_allowed',
    'The link is for another change order than the payload names.',
    target,
  );
}

function requireApp({ apps }: CompiledSource, app: string): void {
  if (apps === undefined || apps.includes(app)) return;
  throw new Problem(
    'app_not_allowed',
    `The application ${app} is not among those that this source may touch. Add it to its apps in sources.yaml if it should be.`,
    { app },
  );
}

/** Seconds by which the clock of a sender may be ahead. */
const clockDifferenceSeconds = 300;

/**
 * When the problem began, of several times the earliest, in epoch milliseconds; undefined where the source does not ask.
 *
 * @param now epoch milliseconds
 * @throws Problem `payload_malformed` where the source asks and the payload does not say, or names a time to come, which
 *   would blame every change: the rule is there to refuse
 */
export async function selectProblemStart(
  { problemStartedAt }: CompiledSource,
  payload: JSONValue,
  now: number,
): Promise<number | undefined> {
  if (!problemStartedAt) return undefined;
  const value = await evaluate(problemStartedAt, payload, 'problemStartedAt');
  const time = earliestOf(value);
  const fault =
    time === undefined
      ? 'is neither an ISO 8601 time with a time zone nor seconds or milliseconds since 1970'
      : 'lies in the future';
  if (time !== undefined && time <= now + clockDifferenceSeconds * 1000) return time;
  throw new Problem(
    'payload_malformed',
    `\`problemStartedAt: ${problemStartedAt.text}\` gave ${describeValue(value)}, which ${fault}.`,
  );
}

/** Who asked, as the sender says it; only for the log and the answer, so it never stops a rollback. */
export async function selectActor(source: CompiledSource, payload: JSONValue): Promise<string | undefined> {
  if (!source.actor) return undefined;
  return textIn(source.actor, payload, 'actor');
}

/** Where the people of a chat wait for the result. An address that is not the chat's own is none. */
export async function selectAnswerAddress(
  { answerAt, reply, mode, follow }: CompiledSource,
  payload: JSONValue,
): Promise<AnswerAddress | undefined> {
  const isNeeded = follow || mode === 'deferred';
  if (!answerAt || !isNeeded || (reply !== 'slack' && reply !== 'dingtalk')) return undefined;
  const url = await textIn(answerAt, payload, 'answerAt');
  if (url === undefined || url.length > longestAddress) return undefined;
  const address = { chat: reply, url };
  return isChatAddress(address) ? address : undefined;
}

/** For what a rollback does not depend on: what cannot be found is not there. */
async function textIn(expression: Expression, payload: JSONValue, role: string): Promise<string | undefined> {
  return toText(await evaluate(expression, payload, role).catch(() => null));
}

async function chatCommand(chatText: Expression, payload: JSONValue): Promise<string | undefined> {
  const message = await evaluate(chatText, payload, 'the text of the message');
  return typeof message === 'string' ? readChatCommand(contentOf(message)) : undefined;
}

/** Feishu writes the content of a message as JSON, `{"text":"@_user_1 rollback …"}`; other senders as text. */
function contentOf(message: string): string {
  try {
    return toText(toRecord(JSON.parse(message))['text']) ?? '';
  } catch {
    return message;
  }
}

/** Words beside the id could turn the sense of the command round. */
function selectFromCommand(rest = ''): string {
  const id = selectChangeOrderId([{ place: 'the command', value: rest }]);
  if (rest.toLowerCase() === id) return id;
  throw new Problem(
    'change_order_id_ambiguous',
    `The command holds more than the id of one change order. Type: ${chatUsage}`,
  );
}

async function findIn(expression: Expression, payload: JSONValue, role: string): Promise<Finding> {
  return { place: expression.text, value: await evaluate(expression, payload, role) };
}

function usualFindings(payload: JSONValue): Finding[] {
  const object = isRecord(payload) ? payload : {};
  return usualNames.map((name) => ({
    place: name,
    value: Object.hasOwn(object, name) ? object[name] : undefined,
  }));
}

/** Of several alerts the one that began first; undefined where one of the times cannot be read. */
function earliestOf(value: JSONValue): number | undefined {
  const times = (Array.isArray(value) ? value : [value]).map(parseProblemTime);
  const readable = times.filter((time) => time !== undefined);
  return readable.length === times.length && times.length > 0 ? Math.min(...readable) : undefined;
}

/** Ten digits are seconds, thirteen milliseconds: no time of an alert can be taken for the other. */
function parseProblemTime(value: JSONValue): number | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return undefined;
  if (/^\d{10}$/.test(text)) return parseTime(text, 's');
  return parseTime(text, /^\d{13}$/.test(text) ? 'ms' : 'iso');
}
