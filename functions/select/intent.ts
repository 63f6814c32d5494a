import { Problem } from '../errors.ts';
import { isRecord } from '../lib/json.ts';
import { parseTime } from '../lib/time.ts';
import type { Target } from '../rollback/find-change-order.ts';
import type { AnswerAddress } from '../task.ts';
import { describeValue } from './describe-value.ts';
import { evaluate } from './evaluate.ts';
import type { Expression, JSONValue } from './expression.ts';
import { selectApp, selectChangeOrderId, usualNames, type Finding } from './identifier.ts';
import type { RollbackPolicy } from './policy.ts';

/** What a link limits a payload to. */
export interface Grant {
  app: string;
  /** Only this change order. */
  changeOrderId?: string | undefined;
}

/** What a payload asks to roll back, and what limits that. */
export interface RollbackIntent {
  target: Target;
  /** The application, where the payload or the link names one. */
  app: string | undefined;
  /** The change order must belong to one of these. Undefined: any application that the function's role reaches. */
  apps: readonly string[] | undefined;
  /** Epoch milliseconds. A change that began later is not to blame. */
  problemStartedAt: number | undefined;
  /** The version to go back to, where the payload names one. */
  version?: string | undefined;
  /** Whether a person chose that version. */
  isChosen?: boolean | undefined;
  /** What could not be checked, and why: a sentence for the answer and the log. */
  warning?: string | undefined;
  /** Where the people of a chat wait for the result. */
  answerAt: AnswerAddress | undefined;
}

/**
 * Reads out of a payload what it asks for, within what a link allows.
 *
 * @param now epoch milliseconds
 * @param named what is named, where that has been read already, as from a command
 * @throws Problem `payload_malformed`, `change_order_id_missing`, `change_order_id_ambiguous`, `app_missing`,
 *   `app_ambiguous`, `app_not_allowed`
 */
export async function selectIntent(
  source: RollbackPolicy,
  payload: JSONValue,
  grant: Grant | undefined,
  now: number,
  named?: Target,
): Promise<Omit<RollbackIntent, 'answerAt'>> {
  const { problemStartedAt, warning } = await selectProblemStart(source, payload, now, grant);
  const target = await selectTarget(source, payload, grant, named);
  return {
    target,
    app: 'app' in target ? target.app : grant?.app,
    apps: grant ? [grant.app] : source.apps,
    problemStartedAt,
    version: await selectVersion(source, payload),
    warning,
  };
}

/**
 * The version to go back to, should the release have ended; undefined where the payload names none.
 *
 * @throws Problem `payload_malformed` where there is something that is no text: a number may have lost digits, as 1.10 has
 */
export async function selectVersion(
  { ended }: RollbackPolicy,
  payload: JSONValue,
): Promise<string | undefined> {
  if (!ended?.version) return undefined;
  const value = await evaluate(ended.version, payload, 'version');
  if (isNothing(value)) return undefined;
  if (typeof value === 'string') return value;
  throw new Problem(
    'payload_malformed',
    `\`version: ${ended.version.text}\` gave ${describeValue(value)}, which is no text. Send the version in quotes.`,
  );
}

/** Seconds by which the clock of a sender may be ahead. */
const clockDifferenceSeconds = 300;

/** When the problem began, in epoch milliseconds, or why a rollback goes ahead without knowing that. */
export type ProblemStart = Pick<RollbackIntent, 'problemStartedAt' | 'warning'>;

/**
 * When the problem began, of several times the earliest; nothing where the source does not ask.
 *
 * @param now epoch milliseconds
 * @throws Problem `payload_malformed` where the source asks and the payload does not say, or names a time to come, which
 *   would blame every change: the rule is there to refuse. Where only the preset asks and the change order is named, a
 *   time that is not there is a warning: the order cannot be another one by then.
 */
export async function selectProblemStart(
  source: RollbackPolicy,
  payload: JSONValue,
  now: number,
  grant?: Grant,
): Promise<ProblemStart> {
  const { problemStartedAt: expression, mayLackProblemStart } = source;
  if (!expression) return { problemStartedAt: undefined, warning: undefined };
  const value = await evaluate(expression, payload, 'problemStartedAt');
  const found = `\`problemStartedAt: ${expression.text}\` gave ${describeTimes(value)}`;
  if (mayLackProblemStart && lacksTime(value) && namesChangeOrder(source, grant)) {
    const warning = `It was not checked whether the change is to blame: ${found}.`;
    return { problemStartedAt: undefined, warning };
  }
  const time = earliestOf(value);
  const fault =
    time === undefined
      ? 'is neither an ISO 8601 time with a time zone nor seconds or milliseconds since 1970'
      : 'lies in the future';
  if (time !== undefined && time <= now + clockDifferenceSeconds * 1000) {
    return { problemStartedAt: time, warning: undefined };
  }
  throw new Problem('payload_malformed', `${found}, which ${fault}.`);
}

/** Whether a time, or one of several, is not there at all, rather than one that cannot be read. */
function lacksTime(value: JSONValue): boolean {
  return Array.isArray(value) ? value.length === 0 || value.some(isNothing) : isNothing(value);
}

function isNothing(value: JSONValue): boolean {
  return value === null || value === '';
}

function describeTimes(value: JSONValue): string {
  const missing = Array.isArray(value) ? value.filter(isNothing).length : 0;
  if (!Array.isArray(value) || missing === 0) return describeValue(value);
  return `an array of ${value.length}, ${missing} of which ${missing === 1 ? 'is' : 'are'} nothing`;
}

/** Whether the payload or the link says which change order it is, and not only whose. */
function namesChangeOrder({ changeOrderId, app }: RollbackPolicy, grant?: Grant): boolean {
  if (changeOrderId) return true;
  return grant ? grant.changeOrderId !== undefined : !app;
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

/**
 * What the payload asks to roll back, within what a link allows.
 *
 * @param named what a command names
 * @throws Problem `change_order_id_missing`, `change_order_id_ambiguous`, `app_missing`, `app_ambiguous`, `app_not_allowed`
 */
export async function selectTarget(
  source: RollbackPolicy,
  payload: JSONValue,
  grant?: Grant,
  named?: Target,
): Promise<Target> {
  const target =
    grant && !source.changeOrderId
      ? targetOfGrant(grant)
      : (named ?? (await targetInPayload(source, payload)));
  if (grant) requireWithinGrant(target, grant);
  const app = 'app' in target ? target.app : grant?.app;
  if (app !== undefined) requireApp(source, app);
  return target;
}

async function targetInPayload({ changeOrderId, app }: RollbackPolicy, payload: JSONValue): Promise<Target> {
  if (changeOrderId) {
    return { changeOrderId: selectChangeOrderId([await findIn(changeOrderId, payload, 'changeOrderId')]) };
  }
  if (app) return { app: selectApp([await findIn(app, payload, 'app')]) };
  return { changeOrderId: selectChangeOrderId(usualFindings(payload)) };
}

function targetOfGrant({ app, changeOrderId }: Grant): Target {
  return changeOrderId === undefined ? { app } : { changeOrderId };
}

function requireWithinGrant(target: Target, grant: Grant): void {
  if ('app' in target || grant.changeOrderId === undefined) return;
  if (target.changeOrderId === grant.changeOrderId) return;
  throw new Problem(
    'app_not_allowed',
    'The link is for another change order than the payload names.',
    target,
  );
}

/** @throws Problem `app_not_allowed` */
export function requireApp({ apps }: Pick<RollbackPolicy, 'apps'>, app: string): void {
  if (apps === undefined || apps.includes(app)) return;
  throw new Problem(
    'app_not_allowed',
    `The application ${app} is not among those that this source may touch. Add it to its apps in sources.yaml if it should be.`,
    { app },
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
