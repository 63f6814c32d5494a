import { isUtf8 } from 'node:buffer';
import { Problem } from '../errors.ts';
import { faultOfJson } from '../lib/json-rules.ts';
import { isRecord } from '../lib/json.ts';
import { excerpt } from '../lib/text.ts';
import type { JSONValue } from '../select/expression.ts';

/** A CloudEvent 1.0 as EventBridge passes it on, and the attributes that are checked. */
export interface CloudEvent {
  id: string;
  source: string;
  type: string;
  /** ISO 8601, as it came. */
  time: string | undefined;
  /** The account whose event it is; EventBridge adds it. */
  accountId: string | undefined;
  /** The whole event, over which the expressions of sources.yaml go. */
  payload: JSONValue;
}

/** EventBridge takes events of up to 256 KB: https://www.alibabacloud.com/help/en/eventbridge/product-overview/limits */
const largestEventBytes = 512 * 1024;

/**
 * Reads what the function was invoked with: one event in the JSON form of CloudEvents, which is what EventBridge sends in the
 * mode `event-driven`. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 *
 * @throws Problem `body_too_large`, `event_malformed`
 */
export function readCloudEvent(payload: unknown): CloudEvent {
  const event = parse(payload);
  if (Array.isArray(event)) {
    throw malformed(
      'it is a list: set the mode of the trigger to event-driven, which sends one event at a time',
    );
  }
  if (!isRecord(event)) throw malformed('it is no object');
  if ('rawPath' in event) {
    throw malformed(
      'it is the event of an HTTP trigger: take that trigger away, for this function has no URL',
    );
  }
  const { specversion, time, aliyunaccountid } = event;
  if (specversion !== '1.0') {
    const given =
      typeof specversion === 'string' ? JSON.stringify(excerpt(specversion, 20)) : faultOf(specversion);
    throw malformed(
      `its specversion is ${given}, and not "1.0": set the event format of the trigger to CloudEvents`,
    );
  }
  return {
    id: requireText(event, 'id'),
    source: requireText(event, 'source'),
    type: requireText(event, 'type'),
    time: time === undefined ? undefined : requireText(event, 'time'),
    accountId: accountIn(aliyunaccountid),
    payload: withParsedData(event) as JSONValue,
  };
}

function requireText(event: Record<string, unknown>, name: 'id' | 'source' | 'type' | 'time'): string {
  const value = event[name];
  if (typeof value === 'string' && value !== '') return value;
  throw malformed(`its ${name} is ${value === '' ? 'empty' : faultOf(value)}`);
}

function faultOf(value: unknown): string {
  return value === undefined ? 'missing' : 'no text';
}

/** A publisher of one's own may write the account as a number, whose digits are all there as long as it is a safe one. */
function accountIn(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

function parse(payload: unknown): unknown {
  if (!(payload instanceof Uint8Array)) throw malformed('it is no bytes');
  if (payload.length > largestEventBytes) {
    throw new Problem(
      'body_too_large',
      'The event is larger than 512 KiB, and EventBridge sends none so large.',
    );
  }
  if (!isUtf8(payload)) throw malformed('it is not UTF-8');
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('utf8');
  const event = parseJson(text);
  if (event === undefined) throw malformed('it is not JSON');
  const fault = faultOfJson(text);
  if (fault !== undefined) throw malformed(`it ${fault}`);
  return event;
}

/** A service may write its part as JSON in a text: a path leads into it all the same. */
function withParsedData(event: Record<string, unknown>): Record<string, unknown> {
  const { data } = event;
  if (typeof data !== 'string' || !data.trimStart().startsWith('{')) return event;
  const parsed = parseJson(data);
  if (!isRecord(parsed) || faultOfJson(data) !== undefined) return event;
  return { ...event, data: parsed };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function malformed(fault: string): Problem {
  return new Problem(
    'event_malformed',
    `This is no event that the function can read: ${fault}. Nothing was done. Only EventBridge is meant to call this function.`,
  );
}
