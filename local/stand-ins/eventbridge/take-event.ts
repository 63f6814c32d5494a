import { isRecord } from '../../../functions/lib/json.ts';
import { reasonOf } from '../../../functions/lib/text.ts';
import { Refusal } from '../guard.ts';

/** What EventBridge says of an event that it passes on. */
export interface BusOptions {
  /** The account whose bus it is. */
  readonly accountId: string;
  readonly region: string;
  /** Default `default`. */
  readonly busName?: string | undefined;
}

/** An event that EventBridge has taken. */
export interface TakenEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** As it is passed on. */
  readonly payload: Buffer;
}

/** https://www.alibabacloud.com/help/en/eventbridge/product-overview/limits */
const [largestEventBytes, longestId] = [256 * 1024, 128];

/**
 * Reads an event that was published, and adds what EventBridge adds to it. An attribute that a publisher has set stays, for no page
 * says that it is overwritten: https://github.com/aliyun/oos-templates (ACS-EventBridge-PutEvents) sets them itself.
 *
 * @param now epoch milliseconds
 * @throws Refusal
 */
export function takeEvent(
  body: Buffer,
  { accountId, region, busName = 'default' }: BusOptions,
  now: number,
): TakenEvent {
  if (body.length > largestEventBytes) {
    throw new Refusal(
      413,
      `An event may have ${largestEventBytes / 1024} KB at most, not ${body.length} bytes.`,
    );
  }
  const event = parse(body);
  if (event['specversion'] !== '1.0') throw new Refusal(400, 'The specversion of an event must be "1.0".');
  const [id, source, type] = [
    requireText(event, 'id'),
    requireText(event, 'source'),
    requireText(event, 'type'),
  ];
  if (id.length > longestId) {
    throw new Refusal(400, `The id of an event may have ${longestId} characters at most, not ${id.length}.`);
  }
  const added = {
    aliyunaccountid: accountId,
    aliyuneventbusname: busName,
    aliyunregionid: region,
    aliyunpublishtime: new Date(now).toISOString(),
  };
  return { id, source, type, payload: Buffer.from(JSON.stringify({ ...added, ...event })) };
}

function parse(body: Buffer): Record<string, unknown> {
  let event: unknown;
  try {
    event = JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new Refusal(400, `The event is not JSON: ${reasonOf(error)}`);
  }
  if (isRecord(event)) return event;
  throw new Refusal(400, 'The event must be one JSON object.');
}

function requireText(event: Record<string, unknown>, name: string): string {
  const value = event[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new Refusal(400, `The ${name} of an event must be a text.`);
}
