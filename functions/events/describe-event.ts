import { isRecord } from '../lib/json.ts';
import { excerpt } from '../lib/text.ts';
import type { CloudEvent } from './cloud-event.ts';

/** How much of an event the log shows: levels, fields of an object, items of a list, and characters of a text. */
const [mostLevels, mostFields, mostItems, mostCharacters] = [6, 40, 5, 200];

/** Names of fields that may hold a secret. What they hold is not shown. */
const secretName =
  /secret|token|passw|authori[sz]ation|cookie|credential|signature|access.?key|api.?key|webhook|private/i;

/** An event for the log: cut to what tells its shape, and without what may be secret. */
export function describeEvent({ payload }: Pick<CloudEvent, 'payload'>): unknown {
  return describe(payload, 0);
}

function describe(value: unknown, level: number): unknown {
  if (typeof value === 'string') return withoutQueries(excerpt(value, mostCharacters));
  if (typeof value !== 'object' || value === null) return value;
  if (level === mostLevels) return '…';
  if (Array.isArray(value)) {
    const items = value.slice(0, mostItems).map((item) => describe(item, level + 1));
    return value.length > mostItems ? [...items, `… ${value.length - mostItems} more`] : items;
  }
  return isRecord(value) ? describeFields(value, level) : '…';
}

function describeFields(value: Record<string, unknown>, level: number): Record<string, unknown> {
  const fields = Object.entries(value);
  const shown = fields
    .slice(0, mostFields)
    .map(([name, each]) => [
      excerpt(name, 60),
      secretName.test(name) ? '[not shown]' : describe(each, level + 1),
    ]);
  const described = Object.fromEntries(shown) as Record<string, unknown>;
  return fields.length > mostFields ? { ...described, '…': `${fields.length - mostFields} more` } : described;
}

/** The query of an address often holds a token. */
function withoutQueries(text: string): string {
  return text.replaceAll(/(https?:\/\/[^\s?#"']+)[?#][^\s"']*/g, '$1?[not shown]');
}
