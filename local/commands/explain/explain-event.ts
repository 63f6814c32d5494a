import { Problem } from '../../../functions/errors.ts';
import { selectEnd, reasonNotToAct } from '../../../functions/events/change-order-end.ts';
import { requireFresh, requireOwnAccount, sourcesFor } from '../../../functions/events/check-event.ts';
import { describeData } from '../../../functions/events/choose-source.ts';
import { readCloudEvent, type CloudEvent } from '../../../functions/events/cloud-event.ts';
import type { CompiledEventSource } from '../../../functions/events/event-source.ts';
import type { CompiledChannel } from '../../../functions/follow/configuration.ts';
import type { Target } from '../../../functions/rollback/find-change-order.ts';
import { reasonToIgnore } from '../../../functions/select/conditions.ts';
import { describePayload } from '../../../functions/select/describe-value.ts';
import { selectTarget } from '../../../functions/select/intent.ts';
import { describeDuration } from '../../build/duration.ts';
import { findHolder } from './describe-rollback.ts';
import type { Explanation } from './explain-webhook.ts';
import {
  actorRule,
  applyRule,
  describeAction,
  describeFound,
  expectsRule,
  gave,
  monitorRule,
  partThatCounts,
  problemStartRule,
  rowsOfRollback,
  versionRule,
  type End,
  type Rule,
  type Surroundings,
} from './rules.ts';
import type { Row } from './table.ts';

/** An event, as it reaches the function. */
export interface ExplainedEvent extends Surroundings {
  payload: Buffer;
  /** The account of the function; undefined where it is not known. */
  accountId: string | undefined;
}

/** The rule that decided, and how. */
interface Decision {
  rule: string;
  end: End;
}

/** What one source makes of an event. */
interface OfSource {
  source: CompiledEventSource;
  rows: Row[];
  /** Why the event does not count for it, or what it asks for. */
  decision: Decision;
}

/**
 * What the events function would do with an event, rule by rule, with the functions that the handler itself uses, in its order.
 * The first source for which the event counts acts; where it counts for none, the rules of each say why.
 */
export async function explainEvent(
  sources: readonly CompiledEventSource[],
  notify: readonly CompiledChannel[],
  given: ExplainedEvent,
): Promise<Explanation> {
  const rows: Row[] = [];
  const refused = (rule: string, problem: Problem): Explanation => {
    rows.push([rule, problem.message]);
    return { rows, ...describeDecision({ rule, end: { refused: problem } }) };
  };
  const event = attempt(() => readCloudEvent(given.payload));
  if (event instanceof Problem) return refused('form', event);
  rows.push(
    ['form', `a CloudEvent 1.0, ${given.payload.length} bytes, id ${event.id}`],
    ['payload', describePayload(event.payload)],
    ['event', `source ${event.source}, type ${event.type}`],
  );
  const account = attempt(() => {
    // Where it is not known, an event that names any account may be right.
    requireOwnAccount(event, given.accountId ?? event.accountId ?? 'not known');
    return describeAccount(event, given.accountId);
  });
  if (account instanceof Problem) return refused('account', account);
  rows.push(['account', account]);
  const candidates = attempt(() => candidatesFor(event, sources));
  if (candidates instanceof Problem) return refused('sources', candidates);
  rows.push(['sources', describeCandidates(candidates)]);

  const tried: OfSource[] = [];
  for (const source of candidates) {
    const made = await countFor(source, event, given);
    tried.push(made);
    rows.push(...(candidates.length === 1 ? made.rows : ofSource(made)));
    if ('target' in made.decision.end) {
      if (candidates.length > 1) rows.push(['acts', `${source.name}: the first for which the event counts`]);
      return explainChosen(made, made.decision.end.target, notify, event, given, rows);
    }
  }
  return { rows, ...describeDecision(whyNone(tried)) };
}

/** Where only one source is looked at, nothing is said of others. @throws Problem */
function candidatesFor(event: CloudEvent, sources: readonly CompiledEventSource[]): CompiledEventSource[] {
  const [only, ...others] = sources;
  try {
    return sourcesFor(event, sources);
  } catch (error) {
    if (!only || others.length > 0 || !(error instanceof Problem)) throw error;
    const { name, eventSources, eventTypes } = only;
    throw new Problem(
      error.code,
      `The source ${name} takes events with source ${eventSources.join(', ')} and type ${eventTypes.join(', ')} only.`,
    );
  }
}

/** As in functions/events/choose-source.ts: a refusal counts more than a reason to ignore. */
function whyNone(tried: readonly OfSource[]): Decision {
  const decisions = tried.map(({ decision }) => decision);
  const decision = decisions.find(({ end }) => 'refused' in end) ?? decisions[0];
  if (!decision) throw new Error('a rule must decide');
  if (tried.length === 1 || 'refused' in decision.end) return decision;
  const reasons = tried.map(({ source: { name }, decision: { end } }) =>
    'ignored' in end ? `${name}: ${end.ignored}` : '',
  );
  return { rule: decision.rule, end: { ignored: reasons.join(' ') } };
}

/**
 * The rules that say whether the event counts for a source, and what it asks for. The first that stops it decides; the others are shown
 * all the same.
 */
async function countFor(
  source: CompiledEventSource,
  event: CloudEvent,
  surroundings: Surroundings,
): Promise<OfSource> {
  const counting = await partThatCounts(source, event.payload);
  const rules = [
    ageRule(event),
    ...(source.tellsEnds ? [endRule(event), endsOnlyRule] : []),
    ...(source.expects ? [expectsRule(describeData)] : []),
    ...(source.monitorAlarms ? [monitorRule] : []),
    whenRule,
    targetRule(source),
  ];
  const rows: Row[] = [];
  const decisions: Decision[] = [];
  for (const rule of rules) {
    const payload = rule.readsAll ? event.payload : counting;
    const { row, end } = await applyRule(rule, source, payload, surroundings);
    rows.push(row);
    if (end) decisions.push({ rule: rule.name, end });
  }
  const [decision] = decisions;
  if (!decision) throw new Error('a rule must decide');
  return { source, rows, decision };
}

/** What the source that acts makes of the event: what follows can only refuse. */
async function explainChosen(
  { source, decision: found }: OfSource,
  target: Target,
  notify: readonly CompiledChannel[],
  event: CloudEvent,
  given: ExplainedEvent,
  rows: Row[],
): Promise<Explanation> {
  const counting = await partThatCounts(source, event.payload);
  let decision = found;
  for (const rule of [actorRule, problemStartRule, ...(source.ended?.version ? [versionRule] : [])]) {
    const { row, end } = await applyRule(rule, source, counting, given);
    rows.push(row);
    if (end && decision === found) decision = { rule: rule.name, end };
  }
  const isActedOn = decision === found;
  rows.push(...(await rowsOfRollback(source, notify, isActedOn ? target : undefined, counting, given)));
  return { rows, ...describeDecision(decision, source, given.isSuspended) };
}

function ageRule(event: CloudEvent): Rule<CompiledEventSource> {
  return {
    name: 'time',
    readsAll: true,
    find: (source, _payload, { now }) => {
      requireFresh(event, source, now);
      const limit = describeDuration(source.maxAgeMs);
      return { text: `${event.time ?? ''}: not older than ${limit} (maxAge)` };
    },
  };
}

/** It decides nothing: whether something is rolled back is another question. */
function endRule(event: CloudEvent): Rule<CompiledEventSource> {
  return {
    name: 'end',
    readsAll: true,
    find: async (source, _payload, { now }) => {
      const end = await selectEnd(event, source, now);
      if (!end) return { text: 'it does not tell that a change order of these apps has ended' };
      return {
        text: `the change order ${end.changeOrderId} has ended: a task that follows it looks at once`,
      };
    },
  };
}

const endsOnlyRule: Rule<CompiledEventSource> = {
  name: 'acts on',
  readsAll: true,
  find: async (source, payload) => {
    const reason = await reasonNotToAct(source, payload);
    if (reason !== undefined) return { text: reason, end: { ignored: reason } };
    return { text: source.actsOnlyOn ? `it is ${source.actsOnlyOn.what}` : 'every event' };
  },
};

const whenRule: Rule = {
  name: 'when',
  find: async (source, payload) => {
    const reason = await reasonToIgnore(source, payload);
    if (reason !== undefined) return { text: reason, end: { ignored: reason } };
    return { text: (await gave('when', source.when, payload)) ?? 'none: every event counts' };
  },
};

function targetRule({ changeOrderId }: CompiledEventSource): Rule {
  return {
    name: changeOrderId ? 'changeOrderId' : 'app',
    find: async (source, payload) => {
      const target = await selectTarget(source, payload);
      return { text: await describeFound(source, target, payload), end: { target } };
    },
  };
}

/** Labels that say whose rules they are. */
function ofSource({ source: { name }, rows }: OfSource): Row[] {
  return rows.map(([label, text]) => [`${name}: ${label}`, text]);
}

function describeAccount({ accountId }: CloudEvent, own: string | undefined): string {
  const given = accountId ?? 'none named';
  return own === undefined
    ? `${given}; whether it is that of the function is not known here: --account ID says which that is`
    : `${given}, that of the function`;
}

function describeCandidates(candidates: readonly CompiledEventSource[]): string {
  const names = candidates.map(({ name }) => name).join(', ');
  return candidates.length === 1
    ? `${names} takes it`
    : `${names} take it; the first for which it counts acts`;
}

function attempt<Read>(read: () => Read): Read | Problem {
  try {
    return read();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

/** What none of this leads to: EventBridge is told that the function is done, whatever it has decided. */
const notAgain = 'It is not delivered again.';

function describeDecision(
  { rule, end }: Decision,
  source?: CompiledEventSource,
  isSuspended = false,
): Omit<Explanation, 'rows'> {
  const by = `The rule "${rule}" decides`;
  if ('ignored' in end) {
    const verdict = `${by}: ignored. ${end.ignored} ${notAgain}`;
    return { verdict, isRefused: false, decision: { rule, end: 'ignored' } };
  }
  if ('target' in end) {
    if (!source) throw new Error('a source must act');
    const action = describeAction(source, findHolder(source, isSuspended), end.target);
    return { verdict: `${by}: acted on. ${action}`, isRefused: false, decision: { rule, end: 'acted on' } };
  }
  const { code, message } = end.refused;
  const verdict = `${by}: refused with ${code}, docs/errors.md#${code}. ${message} ${notAgain}`;
  return { verdict, isRefused: true, decision: { rule, end: code } };
}
