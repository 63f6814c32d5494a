import { isRecord, toRecord } from '../lib/json.ts';
import { excerpt } from '../lib/text.ts';
import { evaluate } from './evaluate.ts';
import type { JSONValue } from './expression.ts';
import type { RollbackPolicy } from './policy.ts';

/** What of a payload is left to act on, or why nothing is. */
export type WithoutMonitorAlarms = { payload: JSONValue } | { reason: string };

/**
 * Takes the alarms out that are about the monitor and not about a release. A group of alerts is then what it would be
 * without them, and without those that are resolved.
 */
export async function withoutMonitorAlarms(
  { monitorAlarms }: RollbackPolicy,
  payload: JSONValue,
): Promise<WithoutMonitorAlarms> {
  if (!monitorAlarms) return { payload };
  const { found, meaning, alerts } = monitorAlarms;
  const counting = alerts && (await evaluate(alerts, payload, 'preset'));
  if (Array.isArray(counting) && counting.length > 0 && isRecord(payload)) {
    return { payload: groupOf(counting, payload) };
  }
  const names = textsIn(await evaluate(found, payload, 'preset'));
  if (names.length === 0) return { payload };
  return { reason: `This is about the monitor and not about a release: ${names.join(', ')}. ${meaning}` };
}

/** Names that a message shows at most. */
const mostNames = 5;

function textsIn(value: JSONValue): string[] {
  const texts = [value].flat(2).filter((each) => typeof each === 'string');
  return [...new Set(texts)].slice(0, mostNames).map((text) => excerpt(text));
}

/** The same group with these alerts alone. */
function groupOf(alerts: JSONValue[], group: Record<string, JSONValue>): JSONValue {
  const ofGroup = { ...toRecord(group['groupLabels']), ...toRecord(group['commonLabels']) };
  return {
    ...group,
    alerts,
    commonLabels: commonTo(alerts, 'labels', ofGroup),
    commonAnnotations: commonTo(alerts, 'annotations', toRecord(group['commonAnnotations'])),
  };
}

/** What all alerts have with the same value. An alert that does not say has what the group has. */
function commonTo(
  alerts: JSONValue[],
  part: 'labels' | 'annotations',
  ofGroup: Record<string, unknown>,
): Record<string, JSONValue> {
  const ofAlerts = alerts.map(
    (alert) => new Map(Object.entries({ ...ofGroup, ...toRecord(toRecord(alert)[part]) })),
  );
  const [first = new Map<string, unknown>()] = ofAlerts;
  const common = [...first].filter(([name, value]) => ofAlerts.every((each) => each.get(name) === value));
  return Object.fromEntries(common) as Record<string, JSONValue>;
}
