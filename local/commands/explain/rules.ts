import { Problem } from '../../../functions/errors.ts';
import type { CompiledChannel } from '../../../functions/follow/configuration.ts';
import { toRecord } from '../../../functions/lib/json.ts';
import type { Target } from '../../../functions/rollback/find-change-order.ts';
import { selectActor } from '../../../functions/select/conditions.ts';
import { describeValue } from '../../../functions/select/describe-value.ts';
import { evaluate } from '../../../functions/select/evaluate.ts';
import { requireExpected } from '../../../functions/select/expected.ts';
import type { Expression, JSONValue } from '../../../functions/select/expression.ts';
import { selectProblemStart, selectVersion, type Grant } from '../../../functions/select/intent.ts';
import { withoutMonitorAlarms } from '../../../functions/select/monitor-alarms.ts';
import type { ConfirmPolicy, RollbackPolicy } from '../../../functions/select/policy.ts';
import { selectSummary } from '../../../functions/select/summary.ts';
import { describeDuration } from '../../build/duration.ts';
import {
  describeApps,
  describeConfirm,
  describeRollback,
  findHolder,
  type Followed,
  type Holder,
} from './describe-rollback.ts';
import { explainEnded } from './explain-ended.ts';
import { describeMissing } from './missing-fields.ts';
import type { Row } from './table.ts';

/** What the rules look at besides the payload. */
export interface Surroundings {
  /** What the link authorises, where the source is called by one. */
  grant?: Grant | undefined;
  /** Epoch milliseconds. */
  now: number;
  /** Whether ROLLBACK_SUSPENDED holds all rollbacks. */
  isSuspended: boolean;
}

/** How a rule decides. */
export type End = { ignored: string } | { refused: Problem } | { target: Target };

/** What a rule says, and how it decides, if it does. */
export interface Finding {
  text: string;
  end?: End;
}

/** One rule by which a payload counts, is ignored or is refused. */
export interface Rule<Policy extends RollbackPolicy = RollbackPolicy> {
  /** As the key in sources.yaml is called, where there is one. */
  name: string;
  /** Whether it also looks at the alerts of a group that do not count. */
  readsAll?: boolean;
  find: (source: Policy, payload: JSONValue, surroundings: Surroundings) => Finding | Promise<Finding>;
}

/** Applies one rule. @returns its row, and how it decides, if it does */
export async function applyRule<Policy extends RollbackPolicy>(
  rule: Rule<Policy>,
  source: Policy,
  payload: JSONValue,
  surroundings: Surroundings,
): Promise<{ row: Row; end: End | undefined }> {
  const { text, end } = await findOrRefuse(rule, source, payload, surroundings);
  const expression = expressionOf(rule.name, source);
  const missing = expression ? describeMissing(expression.tree, payload) : [];
  return { row: [rule.name, missing.length > 0 ? [text, ...missing] : text], end };
}

async function findOrRefuse<Policy extends RollbackPolicy>(
  rule: Rule<Policy>,
  source: Policy,
  payload: JSONValue,
  surroundings: Surroundings,
): Promise<Finding> {
  try {
    return await rule.find(source, payload, surroundings);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { text: error.message, end: { refused: error } };
  }
}

/** The expression of a rule that has the name of its key, whose fields should be in the payload. */
function expressionOf(name: string, source: RollbackPolicy): Expression | undefined {
  switch (name) {
    case 'when':
    case 'allow':
    case 'problemStartedAt':
    case 'changeOrderId':
    case 'app':
      return source[name];
    case 'version':
      return source.ended?.version;
    default:
      return undefined;
  }
}

export const actorRule: Rule = {
  name: 'actor',
  readsAll: true,
  find: async (source, payload) => ({ text: (await selectActor(source, payload)) ?? 'not named' }),
};

export const problemStartRule: Rule = {
  name: 'problemStartedAt',
  find: async (source, payload, { now, grant }) => {
    const { problemStartedAt: time, warning } = await selectProblemStart(source, payload, now, grant);
    if (warning !== undefined) return { text: `${warning} A warning: the change order is named.` };
    if (time === undefined) return { text: 'not asked' };
    return { text: `${new Date(time).toISOString()}: a change that began later is refused` };
  },
};

export const versionRule: Rule = {
  name: 'version',
  find: async (source, payload) => {
    const version = await selectVersion(source, payload);
    const found = await gave('version', source.ended?.version, payload);
    return { text: `${version ?? 'none named: the one before, where it is certain'}: ${found ?? ''}` };
  },
};

/** @param describe as the function describes the payload, where it does not describe all of it */
export const expectsRule = (describe?: (payload: JSONValue) => string): Rule => ({
  name: 'expects',
  readsAll: true,
  find: async (source, payload) => {
    await requireExpected(source, payload, describe);
    return { text: `it is ${source.expects?.what ?? ''}` };
  },
});

export const monitorRule: Rule = {
  name: 'monitor',
  readsAll: true,
  find: async (source, payload) => {
    const counting = await withoutMonitorAlarms(source, payload);
    if ('reason' in counting) return { text: counting.reason, end: { ignored: counting.reason } };
    const all = alertsIn(payload);
    const left = alertsIn(counting.payload);
    return {
      text:
        left < all
          ? `${left} of the ${all} alerts count: the others are resolved, or about the monitor`
          : 'it is about a release, and not about the monitor itself',
    };
  },
};

function alertsIn(payload: JSONValue): number {
  const { alerts } = toRecord(payload);
  return Array.isArray(alerts) ? alerts.length : 0;
}

/** What the later rules look at. */
export async function partThatCounts(source: RollbackPolicy, payload: JSONValue): Promise<JSONValue> {
  const counting = await withoutMonitorAlarms(source, payload);
  return 'payload' in counting ? counting.payload : payload;
}

/** What the expression of a key gave; undefined where the source has none. */
export async function gave(
  key: string,
  expression: Expression | undefined,
  payload: JSONValue,
): Promise<string | undefined> {
  if (!expression) return undefined;
  return `\`${key}: ${expression.text}\` gave ${describeValue(await evaluate(expression, payload, key))}`;
}

/** The target that a rule has found, and the expression that gave it. */
export async function describeFound(
  { changeOrderId, app }: RollbackPolicy,
  target: Target,
  payload: JSONValue,
): Promise<string> {
  const texts = await Promise.all([gave('changeOrderId', changeOrderId, payload), gave('app', app, payload)]);
  const how = texts.find((text) => text !== undefined);
  return `${describeTarget(target)}${how === undefined ? '' : `: ${how}`}`;
}

/** What the source says of a rollback that no rule decides any more: of people who are asked, of tasks, of channels. */
export async function rowsOfRollback(
  source: RollbackPolicy & Followed,
  notify: readonly CompiledChannel[],
  target: Target | undefined,
  payload: JSONValue,
  surroundings: Surroundings,
): Promise<Row[]> {
  const holder = findHolder(source, surroundings.isSuspended);
  const { mode, follow, notify: told } = describeRollback(source, notify, holder);
  return [
    ...(source.ended && target
      ? [['ended', await explainEndedRelease(source, target, payload, surroundings)] as const]
      : []),
    ...(source.confirm
      ? ([
          ['confirm', describeConfirm(source, holder)],
          ['summary', (await selectSummary(source, payload)) ?? 'nothing that people would be shown'],
        ] as const)
      : []),
    ['apps', describeApps(source)],
    ['mode', mode],
    ['follow', follow],
    ['notify', told],
  ];
}

async function explainEndedRelease(
  source: RollbackPolicy,
  target: Target,
  payload: JSONValue,
  { now, grant, isSuspended }: Surroundings,
): Promise<string[]> {
  const { ended, apps } = source;
  if (!ended) return [];
  const { problemStartedAt } = await selectProblemStart(source, payload, now, grant);
  const version = await selectVersion(source, payload);
  const asked = { app: apps?.[0], ...target, policy: ended, version, problemStartedAt };
  return explainEnded(asked, now, findHolder(source, isSuspended));
}

/** What would be done with the target. */
export function describeAction(
  { cluster, mode, apps, ended, confirm }: RollbackPolicy,
  holder: Holder | undefined,
  target: Target,
): string {
  const operation = cluster === 'k8s' ? 'AbortAndRollbackChangeOrder' : 'RollbackChangeOrder';
  const verb = holder
    ? `read and not rolled back (${holder})`
    : `rolled back with ${operation}${mode === 'deferred' ? ' by a task' : ''}`;
  const isBound = 'changeOrderId' in target && apps !== undefined;
  const condition = isBound ? ', if EDAS lists it among those of the apps' : '';
  const otherwise = ended ? ' One that has ended: see ended.' : '';
  const first = confirm && !holder ? describeAsking(confirm) : '';
  return `${first}It would have ${describeTarget(target)} ${verb}${condition}.${otherwise}`;
}

function describeAsking({ of, withinMs }: ConfirmPolicy): string {
  const time = describeDuration(withinMs);
  return of === 'all'
    ? `People are asked first, and have ${time}; what follows is done only if they decide so. `
    : `Before a release that has ended is rolled back, people are asked first, and have ${time}. `;
}

export function describeTarget(target: Target): string {
  return 'app' in target
    ? `the newest deployment in flight of the application ${target.app}`
    : `the change order ${target.changeOrderId}`;
}
