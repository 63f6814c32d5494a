import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../../functions/errors.ts';
import { isRecord, toText } from '../../functions/lib/json.ts';
import type { Target } from '../../functions/rollback/find-change-order.ts';
import { reasonToIgnore, requireAllowed } from '../../functions/select/conditions.ts';
import { requireExpected } from '../../functions/select/expected.ts';
import type { JSONValue } from '../../functions/select/expression.ts';
import { selectProblemStart } from '../../functions/select/intent.ts';
import { withoutMonitorAlarms } from '../../functions/select/monitor-alarms.ts';
import type { RollbackPolicy } from '../../functions/select/policy.ts';
import { reasonNoCommand, selectWebhookTarget } from '../../functions/webhook/payload/command-target.ts';
import { requireFreshPayload } from '../../functions/webhook/payload/fresh-payload.ts';
import { readPayload } from '../../functions/webhook/payload/read.ts';
import { selectCommand } from '../../functions/webhook/payload/select-command.ts';
import type {
  CompiledSource,
  PayloadTimestamp,
  ContentType,
} from '../../functions/webhook/source/compiled-source.ts';
import { fieldOf, makeTrue, put, type Place } from './put-through-expression.ts';

/** A body, and the content type under which its sender would post it. */
export interface SampleWebhook {
  contentType: string;
  body: string;
}

/**
 * A webhook that the source would act on, as far as its expressions tell what that takes: paths, filters, the first
 * alternative of `||`, both sides of `&&`, equality with a literal. What they do not tell is left out: whether the target
 * got in, {@link asksFor} says.
 *
 * @param now epoch milliseconds
 * @param address where a chat takes the result
 */
export function sampleWebhook(
  source: CompiledSource,
  target: Target,
  now: number,
  address?: string,
): SampleWebhook {
  const { expects, when, allow, payloadTimestamp, problemStartedAt, answerAt } = source;
  let payload: JSONValue = {};
  const root: Place = {
    read: () => payload,
    write: (value) => {
      payload = value;
    },
  };
  if (expects) makeTrue(expects.is.tree, root);
  if (when) makeTrue(when.tree, root);
  if (allow) makeTrue(allow.tree, root);
  if (payloadTimestamp) fieldOf(root, payloadTimestamp.field).write(timeIn(payloadTimestamp, now));
  if (problemStartedAt) put(problemStartedAt.tree, new Date(now).toISOString(), root);
  if (answerAt && address !== undefined) put(answerAt.tree, address, root);
  putTarget(source, target, root);
  return encode(payload, source.contentTypes);
}

/**
 * The body with another time in the field that says when it was made.
 *
 * @param now epoch milliseconds
 * @returns undefined where it has no such field, or is no JSON object
 */
export function withTime(
  { payloadTimestamp }: CompiledSource,
  body: string,
  now: number,
): string | undefined {
  if (!payloadTimestamp) return undefined;
  let payload: JSONValue;
  try {
    payload = JSON.parse(body) as JSONValue;
  } catch {
    return undefined;
  }
  if (!isRecord(payload)) return undefined;
  const root: Place = { read: () => payload, write: (value) => (payload = value) };
  fieldOf(root, payloadTimestamp.field).write(timeIn(payloadTimestamp, now));
  return JSON.stringify(payload);
}

/**
 * Whether the function reads exactly this target out of the webhook. An expression may give something else for every
 * payload: `lower('<id>')`. The source's `apps` do not matter, because they only refuse.
 */
export async function asksFor(
  source: CompiledSource,
  { contentType, body }: SampleWebhook,
  target: Target,
): Promise<boolean> {
  // Its address names the application.
  if (source.verify.scheme === 'link' && !source.changeOrderId) return 'app' in target;
  const open = { ...source, apps: undefined, keys: [], secretsInKms: [] };
  try {
    const payload = readPayload(open, Buffer.from(body), contentType);
    return isDeepStrictEqual(await selectWebhookTarget(open, payload), target);
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}

/**
 * Whether the function acts on the webhook, and rolls back this target: no rule of the source ignores or refuses it. What
 * EDAS says is not asked.
 *
 * @param now epoch milliseconds
 */
export async function isActedOn(
  source: CompiledSource,
  sample: SampleWebhook,
  target: Target,
  now: number,
): Promise<boolean> {
  if (!(await asksFor(source, sample, target))) return false;
  const open = { ...source, keys: [], secretsInKms: [] };
  try {
    const whole = readPayload(open, Buffer.from(sample.body), sample.contentType);
    requireFreshPayload(source, whole, now);
    await requireExpected(source, whole);
    const counting = await withoutMonitorAlarms(source, whole);
    if ('reason' in counting) return false;
    const { payload } = counting;
    await requireAllowed(source, payload);
    await selectProblemStart(source, payload, now);
    const noCommand = reasonNoCommand(await selectCommand(source, payload));
    return noCommand === undefined && (await reasonToIgnore(source, payload)) === undefined;
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}

/** The first source for which a webhook can be made here that names a given id. */
export async function findNameable<S extends CompiledSource>(sources: readonly S[]): Promise<S | undefined> {
  for (const source of sources) {
    const target = targetOfKind(source, randomUUID());
    if (await asksFor(source, sampleWebhook(source, target, Date.now()), target)) return source;
  }
  return undefined;
}

/** The id as that of what the source is told: an application or a change order. */
export function targetOfKind(source: CompiledSource, id: string): Target {
  return isByApplication(source) ? { app: id } : { changeOrderId: id };
}

/** Whether the source rolls back what is being deployed to an application, not a change order that its payload names. */
export function isByApplication({ app, changeOrderId, verify }: CompiledSource): boolean {
  return app !== undefined || (verify.scheme === 'link' && changeOrderId === undefined);
}

/** The one application that the source is for, where it is written out in its expression. */
export function onlyAppOf({ app }: Pick<RollbackPolicy, 'app'>): string | undefined {
  return app?.tree.type === 'Literal' ? toText(app.tree.value)?.toLowerCase() : undefined;
}

/** The content type of a body of this source, by its look: JSON, or one of the forms. */
export function contentTypeOf(body: Buffer, { contentTypes }: CompiledSource): string {
  const isJson = /^\s*[{[]/.test(body.toString('utf8'));
  const kind = contentTypes.find((each) => (each === 'json' || each === 'json-as-text') === isJson);
  return mediaTypes[kind ?? contentTypes[0] ?? 'json'];
}

const mediaTypes: Record<ContentType, string> = {
  json: 'application/json',
  'json-as-text': 'text/plain',
  'json-in-form': 'application/x-www-form-urlencoded',
  form: 'application/x-www-form-urlencoded',
};

function putTarget(
  { changeOrderId, app, command, reply, verify }: CompiledSource,
  target: Target,
  root: Place,
) {
  if ('app' in target) {
    if (app) put(app.tree, target.app, root);
  } else if (changeOrderId) {
    put(changeOrderId.tree, target.changeOrderId, root);
  } else if (command) {
    const text = `rollback ${target.changeOrderId}`;
    put(command.tree, reply === 'feishu' ? JSON.stringify({ text }) : text, root);
  } else if (verify.scheme !== 'link') {
    fieldOf(root, 'changeOrderId').write(target.changeOrderId);
  }
}

function timeIn({ unit }: PayloadTimestamp, now: number): JSONValue {
  if (unit === 'iso') return new Date(now).toISOString();
  return unit === 's' ? Math.floor(now / 1000) : now;
}

/** A form holds texts only, so what has parts goes under another type where the source takes one. */
function encode(payload: JSONValue, contentTypes: readonly ContentType[]): SampleWebhook {
  const fields = Object.entries(isRecord(payload) ? payload : {});
  const isFlat = fields.every(([, value]) => typeof value !== 'object');
  const kind = contentTypes.find((each) => each !== 'form' || isFlat) ?? 'form';
  const json = JSON.stringify(payload);
  const asText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  const bodies: Record<ContentType, () => string> = {
    json: () => json,
    'json-as-text': () => json,
    'json-in-form': () => new URLSearchParams({ payload: json }).toString(),
    form: () =>
      new URLSearchParams(
        Object.fromEntries(fields.map(([name, value]) => [name, asText(value)])),
      ).toString(),
  };
  return { contentType: mediaTypes[kind], body: bodies[kind]() };
}
