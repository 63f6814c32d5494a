import { requireFreshPayload } from '../../../functions/webhook/payload/fresh-payload.ts';
import { reasonNoCommand, selectWebhookTarget } from '../../../functions/webhook/payload/command-target.ts';
import { Problem, type ErrorCode } from '../../../functions/errors.ts';
import type { CompiledChannel } from '../../../functions/follow/configuration.ts';
import { toRecord } from '../../../functions/lib/json.ts';
import type { Target } from '../../../functions/rollback/find-change-order.ts';
import { challengeReply, handshakeReply } from '../../../functions/webhook/handshake.ts';
import { reasonToIgnore, requireAllowed, selectActor } from '../../../functions/select/conditions.ts';
import { describePayload, describeValue } from '../../../functions/select/describe-value.ts';
import { evaluate } from '../../../functions/select/evaluate.ts';
import { requireExpected } from '../../../functions/select/expected.ts';
import { selectProblemStart, selectVersion } from '../../../functions/select/intent.ts';
import { selectSummary } from '../../../functions/select/summary.ts';
import { withoutMonitorAlarms } from '../../../functions/select/monitor-alarms.ts';
import { readPayload } from '../../../functions/webhook/payload/read.ts';
import type { Verb } from '../../../functions/webhook/payload/command.ts';
import { selectCommand } from '../../../functions/webhook/payload/select-command.ts';
import { requireFittingBody } from '../../../functions/webhook/receive.ts';
import { replyWithProblem } from '../../../functions/webhook/reply/reply.ts';
import type { Expression, JSONValue } from '../../../functions/select/expression.ts';
import type { Source } from '../../../functions/webhook/source/load-sources.ts';
import { nameInKms } from '../../../functions/secrets/secret-name.ts';
import type { LinkGrant } from '../../../functions/webhook/verify/link.ts';
import { contentTypeWords } from './describe-preset.ts';
import { describeDuration } from '../../build/duration.ts';
import {
  describeApps,
  describeConfirm,
  describeRollback,
  findHolder,
  type Holder,
} from './describe-rollback.ts';
import { describeVerify, timeShapes } from './describe-verify.ts';
import { explainEnded } from './explain-ended.ts';
import { describeMissing } from './missing-fields.ts';
import type { Row } from './table.ts';

/** A webhook, as if its signature had been verified. */
export interface ExplainedWebhook {
  body: Buffer;
  contentType: string;
  /** What the link authorises, where the source is called by one. */
  grant?: LinkGrant | undefined;
  /** Epoch milliseconds. */
  now: number;
  /** Whether ROLLBACK_SUSPENDED holds all rollbacks. */
  isSuspended: boolean;
}

export interface Explanation {
  rows: Row[];
  /** What the function would do. */
  verdict: string;
  isRefused: boolean;
  decision: {
    /** The rule that decides. */
    rule: string;
    /** How. A refusal is told by its code. */
    end: 'acted on' | 'ignored' | ErrorCode;
  };
}

/** The rule that decided, and how. */
interface Decision {
  rule: string;
  end: { ignored: string } | { refused: Problem } | { target: Target; verb?: Verb | undefined };
}

/**
 * What the function would do with a webhook, rule by rule, with the functions that the handler itself uses, in its order.
 * The first rule that stops it decides; the others are shown all the same.
 */
export async function explainWebhook(
  source: Source,
  notify: readonly CompiledChannel[],
  webhook: ExplainedWebhook,
): Promise<Explanation> {
  const { body, contentType, now } = webhook;
  const holder = findHolder(source, webhook.isSuspended);
  const rows: Row[] = [
    ['source', `${source.name}: POST /${source.name}, secret in ${source.secrets.join(', ')}`],
    ['must carry', describeVerify(source.verify)],
    [
      'content type',
      `${contentType}; taken: ${source.contentTypes.map((each) => contentTypeWords[each]).join(', ')}`,
    ],
  ];
  const explain = (decision: Decision) => ({ rows, ...describeDecision(source, holder, decision) });

  const signed = { headers: new Map([['content-type', contentType]]), body };
  const handshake = handshakeReply(source, signed, now);
  if (handshake) {
    rows.push(['handshake', `${handshake.message} It is answered without a signature.`]);
    return explain({ rule: 'handshake', end: { ignored: handshake.message } });
  }
  const read = attempt(() => {
    requireFittingBody(body.length);
    return readPayload(source, body, contentType);
  });
  if (read instanceof Problem) {
    rows.push(['payload', [read.message, ...adviceOnKey(source)]]);
    return explain({ rule: 'payload', end: { refused: read } });
  }
  rows.push(['payload', describePayload(read)]);
  const decisions: Decision[] = [];
  const counting = await partThatCounts(source, read);
  for (const rule of rulesOf(source)) {
    const payload = rule.readsAll ? read : counting;
    const { text, end } = await apply(rule, source, payload, webhook);
    const expression = expressionOf(rule.name, source);
    const missing = expression ? describeMissing(expression.tree, payload) : [];
    rows.push([rule.name, missing.length > 0 ? [text, ...missing] : text]);
    if (end) decisions.push({ rule: rule.name, end });
  }
  // What follows the rule that finds the target can only refuse.
  const decision = decisions.find(({ end }) => !('target' in end)) ?? decisions[0];
  if (!decision) throw new Error('a rule must decide');
  if (source.ended && 'target' in decision.end) {
    rows.push(['ended', await explainEndedRelease(source, decision.end.target, counting, webhook)]);
  }
  if (source.confirm) {
    rows.push(
      ['confirm', describeConfirm(source, holder)],
      ['summary', (await selectSummary(source, counting)) ?? 'nothing that people would be shown'],
    );
  }
  const { mode, follow, notify: told } = describeRollback(source, notify, holder);
  rows.push(['apps', describeApps(source)], ['mode', mode], ['follow', follow], ['notify', told]);
  return explain(decision);
}

async function explainEndedRelease(
  source: Source,
  target: Target,
  payload: JSONValue,
  { now, grant, isSuspended }: ExplainedWebhook,
): Promise<string[]> {
  const { ended, apps } = source;
  if (!ended) return [];
  const { problemStartedAt } = await selectProblemStart(source, payload, now, grant);
  const version = await selectVersion(source, payload);
  const asked = { app: apps?.[0], ...target, policy: ended, version, problemStartedAt };
  return explainEnded(asked, now, findHolder(source, isSuspended));
}

/** What a rule says, and how it decides, if it does. */
interface Finding {
  text: string;
  end?: Decision['end'];
}

interface Rule {
  /** As the key in sources.yaml is called, where there is one. */
  name: string;
  /** Whether it also looks at the alerts of a group that do not count. */
  readsAll?: boolean;
  find: (source: Source, payload: JSONValue, webhook: ExplainedWebhook) => Finding | Promise<Finding>;
}

/** As in functions/webhook/handler.ts. */
const rulesOf = ({
  ended,
  expects,
  monitorAlarms,
  when,
  command,
  changeOrderId,
  app,
  verify,
}: Source): readonly Rule[] => [
  {
    name: 'time',
    readsAll: true,
    find: (source, payload, { now }) => {
      requireFreshPayload(source, payload, now);
      const { payloadTimestamp: time } = source;
      if (!time) return { text: 'none in the payload that must be now' };
      const { field, unit, toleranceSeconds } = time;
      return { text: `${field} (${timeShapes[unit]}) is within ${toleranceSeconds} s of now` };
    },
  },
  {
    name: 'handshake',
    readsAll: true,
    find: (source, payload) => {
      const challenge = challengeReply(source, payload);
      if (challenge) return { text: challenge.message, end: { ignored: challenge.message } };
      const { ping } = source;
      return { text: ping ? `none, unless ${ping.header} is ${ping.value}` : 'none' };
    },
  },
  {
    name: 'actor',
    readsAll: true,
    find: async (source, payload) => ({ text: (await selectActor(source, payload)) ?? 'not named' }),
  },
  ...(expects ? [expectsRule] : []),
  ...(monitorAlarms ? [monitorRule] : []),
  {
    name: when === undefined && command !== undefined ? 'command' : 'when',
    find: async (source, payload) => {
      const reason =
        (await reasonToIgnore(source, payload)) ?? reasonNoCommand(await selectCommand(source, payload));
      if (reason !== undefined) return { text: reason, end: { ignored: reason } };
      const texts = await Promise.all([gave('when', when, payload), gave('text', command, payload)]);
      return { text: texts.filter((text) => text !== undefined).join('; ') || 'none: every payload counts' };
    },
  },
  {
    name: 'allow',
    find: async (source, payload) => {
      await requireAllowed(source, payload);
      return { text: (await gave('allow', source.allow, payload)) ?? 'none: everybody who can sign' };
    },
  },
  {
    name: 'problemStartedAt',
    find: async (source, payload, { now, grant }) => {
      const { problemStartedAt: time, warning } = await selectProblemStart(source, payload, now, grant);
      if (warning !== undefined) return { text: `${warning} A warning: the change order is named.` };
      if (time === undefined) return { text: 'not asked' };
      return { text: `${new Date(time).toISOString()}: a change that began later is refused` };
    },
  },
  {
    name: nameOfTarget({ changeOrderId, app, command, verify }),
    find: async (source, payload, { grant }) => {
      const typed = await selectCommand(source, payload);
      const target = await selectWebhookTarget(source, payload, grant, typed);
      const texts = await Promise.all([
        gave('changeOrderId', changeOrderId, payload),
        gave('app', app, payload),
      ]);
      const how = texts.find((text) => text !== undefined);
      return {
        text: `${describeTarget(target)}${how === undefined ? '' : `: ${how}`}`,
        end: { target, verb: typed?.verb },
      };
    },
  },
  ...(ended?.version ? [versionRule] : []),
];

/** The expression of a rule that has the name of its key, whose fields should be in the payload. */
function expressionOf(name: string, source: Source): Expression | undefined {
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

const versionRule: Rule = {
  name: 'version',
  find: async (source, payload) => {
    const version = await selectVersion(source, payload);
    const found = await gave('version', source.ended?.version, payload);
    return { text: `${version ?? 'none named: the one before, where it is certain'}: ${found ?? ''}` };
  },
};

const expectsRule: Rule = {
  name: 'expects',
  readsAll: true,
  find: async (source, payload) => {
    await requireExpected(source, payload);
    return { text: `it is ${source.expects?.what ?? ''}` };
  },
};

const monitorRule: Rule = {
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
async function partThatCounts(source: Source, payload: JSONValue): Promise<JSONValue> {
  const counting = await withoutMonitorAlarms(source, payload);
  return 'payload' in counting ? counting.payload : payload;
}

async function apply(
  rule: Rule,
  source: Source,
  payload: JSONValue,
  webhook: ExplainedWebhook,
): Promise<Finding> {
  try {
    return await rule.find(source, payload, webhook);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { text: error.message, end: { refused: error } };
  }
}

function attempt(read: () => JSONValue): JSONValue | Problem {
  try {
    return read();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

async function gave(
  key: string,
  expression: Expression | undefined,
  payload: JSONValue,
): Promise<string | undefined> {
  if (!expression) return undefined;
  return `\`${key}: ${expression.text}\` gave ${describeValue(await evaluate(expression, payload, key))}`;
}

function describeDecision(
  source: Source,
  holder: Holder | undefined,
  { rule, end }: Decision,
): Omit<Explanation, 'rows'> {
  const by = `The rule "${rule}" decides`;
  if ('ignored' in end) {
    const verdict = `${by}: ignored (200). ${end.ignored}`;
    return { verdict, isRefused: false, decision: { rule, end: 'ignored' } };
  }
  if ('target' in end) {
    const { target, verb } = end;
    const verdict = `${by}: ${verb === 'leave' ? describeLeaving(target) : describeAction(source, holder, target)}`;
    return { verdict, isRefused: false, decision: { rule, end: 'acted on' } };
  }
  const { code, message } = end.refused;
  const { statusCode } = replyWithProblem(end.refused, { source, isVerified: true });
  return {
    verdict: `${by}: refused with ${code} (${statusCode}), docs/errors.md#${code}. ${message}`,
    isRefused: true,
    decision: { rule, end: code },
  };
}

/** The key, or the part of the request, that says what to roll back. */
function nameOfTarget({
  changeOrderId,
  app,
  command,
  verify,
}: Pick<Source, 'changeOrderId' | 'app' | 'command' | 'verify'>): string {
  if (changeOrderId) return 'changeOrderId';
  if (verify.scheme === 'link') return 'link';
  if (app) return 'app';
  return command ? 'id in the command' : 'changeOrderId';
}

/** A command that never rolls back. */
function describeLeaving(target: Target): string {
  return `acted on. If people are asked by chat about ${describeTarget(target)}, this decides that it is left alone. If not, it is refused with decision_not_open.`;
}

function describeAction(
  { cluster, mode, apps, ended, confirm, decides }: Source,
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
  const decision = decides
    ? 'If people are asked by chat about it, this is what a person decided, and the source that asked rolls it back. If not: '
    : '';
  const first = `${decision}${confirm && !holder ? describeAsking(confirm) : ''}`;
  return `acted on. ${first}It would have ${describeTarget(target)} ${verb}${condition}.${otherwise}`;
}

function describeAsking({ of, withinMs }: NonNullable<Source['confirm']>): string {
  const time = describeDuration(withinMs);
  return of === 'all'
    ? `People are asked first, and have ${time}; what follows is done only if they decide so. `
    : `Before a release that has ended is rolled back, people are asked first, and have ${time}. `;
}

function describeTarget(target: Target): string {
  return 'app' in target
    ? `the newest deployment in flight of the application ${target.app}`
    : `the change order ${target.changeOrderId}`;
}

/** An encrypted payload can be read with its key only. */
function adviceOnKey({ verify, keys, secrets }: Source): string[] {
  if (verify.scheme !== 'feishu' || keys.length > 0) return [];
  const variables = secrets.filter((secret) => nameInKms(secret) === undefined);
  if (variables.length === 0) return ['Where it is encrypted, it cannot be read here: its key is in KMS.'];
  return [
    `Where it is encrypted, it can be read here once ${variables.join(', ')} is set in the environment.`,
  ];
}
