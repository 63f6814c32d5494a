import { Problem, type ErrorCode } from '../../../functions/errors.ts';
import type { CompiledChannel } from '../../../functions/follow/configuration.ts';
import type { Target } from '../../../functions/rollback/find-change-order.ts';
import { nameInKms } from '../../../functions/secrets/secret-name.ts';
import { reasonToIgnore, requireAllowed } from '../../../functions/select/conditions.ts';
import { describePayload } from '../../../functions/select/describe-value.ts';
import type { JSONValue } from '../../../functions/select/expression.ts';
import { challengeReply, handshakeReply } from '../../../functions/webhook/handshake.ts';
import { reasonNoCommand, selectWebhookTarget } from '../../../functions/webhook/payload/command-target.ts';
import type { Verb } from '../../../functions/webhook/payload/command.ts';
import { requireFreshPayload } from '../../../functions/webhook/payload/fresh-payload.ts';
import { readPayload } from '../../../functions/webhook/payload/read.ts';
import { selectCommand } from '../../../functions/webhook/payload/select-command.ts';
import { requireFittingBody } from '../../../functions/webhook/receive.ts';
import { replyWithProblem } from '../../../functions/webhook/reply/reply.ts';
import type { Source } from '../../../functions/webhook/source/load-sources.ts';
import type { LinkGrant } from '../../../functions/webhook/verify/link.ts';
import { contentTypeWords } from './describe-preset.ts';
import { findHolder, type Holder } from './describe-rollback.ts';
import { describeVerify, timeShapes } from './describe-verify.ts';
import {
  actorRule,
  applyRule,
  describeAction,
  describeFound,
  describeTarget,
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

/** A webhook, as if its signature had been verified. */
export interface ExplainedWebhook extends Surroundings {
  body: Buffer;
  contentType: string;
  grant?: LinkGrant | undefined;
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
  end: End & { verb?: Verb | undefined };
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
    const { row, end } = await applyRule(rule, source, payload, webhook);
    rows.push(row);
    if (end) decisions.push({ rule: rule.name, end });
  }
  // What follows the rule that finds the target can only refuse.
  const decision = decisions.find(({ end }) => !('target' in end)) ?? decisions[0];
  if (!decision) throw new Error('a rule must decide');
  const target = 'target' in decision.end ? decision.end.target : undefined;
  rows.push(...(await rowsOfRollback(source, notify, target, counting, webhook)));
  return explain(decision);
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
}: Source): readonly Rule<Source>[] => [
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
  actorRule,
  ...(expects ? [expectsRule()] : []),
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
  problemStartRule,
  {
    name: nameOfTarget({ changeOrderId, app, command, verify }),
    find: async (source, payload, { grant }) => {
      const typed = await selectCommand(source, payload);
      const target = await selectWebhookTarget(source, payload, grant, typed);
      return {
        text: await describeFound(source, target, payload),
        end: { target, verb: typed?.verb },
      };
    },
  },
  ...(ended?.version ? [versionRule] : []),
];

function attempt(read: () => JSONValue): JSONValue | Problem {
  try {
    return read();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
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
    const verdict = `${by}: ${verb === 'leave' ? describeLeaving(target) : describeDeciding(source, holder, target)}`;
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

/** A command may be what a person decided about a rollback that another source asks for. */
function describeDeciding(source: Source, holder: Holder | undefined, target: Target): string {
  const decision = source.decides
    ? 'If people are asked by chat about it, this is what a person decided, and the source that asked rolls it back. If not: '
    : '';
  return `acted on. ${decision}${describeAction(source, holder, target)}`;
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
