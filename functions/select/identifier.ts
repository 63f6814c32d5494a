import { Problem, type ErrorCode } from '../errors.ts';
import { faultOfJson } from '../lib/json-rules.ts';
import { toRecord, toText } from '../lib/json.ts';
import { describeValue } from './describe-value.ts';
import type { JSONValue } from './expression.ts';

// Not a part of a longer run of hexadecimal digits and dashes, which would be some other id.
const uuid = /(?<![0-9a-f-])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-f-])/gi;

/** Where in the payload something was found, as the operator would write it. */
export interface Finding {
  place: string;
  value: JSONValue | undefined;
}

interface Sought {
  what: string;
  missing: ErrorCode;
  ambiguous: ErrorCode;
}

const changeOrder: Sought = {
  what: 'change order id',
  missing: 'change_order_id_missing',
  ambiguous: 'change_order_id_ambiguous',
};
const application: Sought = {
  what: 'application id',
  missing: 'app_missing',
  ambiguous: 'app_ambiguous',
};

/**
 * The one change order id in what was found, whatever text surrounds it. EDAS writes its ids in lower case.
 * https://www.alibabacloud.com/help/en/edas/developer-reference/api-edas-2017-08-01-rollbackchangeorder
 *
 * @throws Problem `change_order_id_missing`, with what was looked at, or `change_order_id_ambiguous`
 */
export function selectChangeOrderId(findings: readonly Finding[]): string {
  return selectId(
    changeOrder,
    findings.map(({ place, value }) => ({ place, value: namedInJson(value) ?? value })),
  );
}

/** The names that are looked at where a source says nothing. */
export const usualNames = ['changeOrderId', 'ChangeOrderId', 'change_order_id'];

/** Of text that is itself JSON, as GitHub's `deployment.payload` may be, what stands under the usual names. */
function namedInJson(value: JSONValue | undefined): string | undefined {
  if (typeof value !== 'string' || !value.startsWith('{')) return undefined;
  try {
    const fields = toRecord(JSON.parse(value));
    const texts = usualNames.flatMap((name) =>
      Object.hasOwn(fields, name) ? (toText(fields[name]) ?? []) : [],
    );
    return texts.length === 0 || faultOfJson(value) !== undefined ? undefined : texts.join(' ');
  } catch {
    return undefined;
  }
}

/**
 * The same for the id of an application.
 *
 * @throws Problem `app_missing`, `app_ambiguous`
 */
export function selectApp(findings: readonly Finding[]): string {
  return selectId(application, findings);
}

function selectId({ what, missing, ambiguous }: Sought, findings: readonly Finding[]): string {
  const ids = new Set(findings.flatMap(({ value }) => idsIn(value)));
  const [id, ...others] = ids;
  if (id === undefined) {
    throw new Problem(
      missing,
      `No ${what} (a UUID) was found. Looked at ${findings.map(describeFinding).join('; ')}.`,
    );
  }
  if (others.length > 0) {
    const places = findings.map(({ place }) => place).join(', ');
    const shown = [...ids].slice(0, 3).join(', ');
    throw new Problem(ambiguous, `${ids.size} different ids were found in ${places}: ${shown}.`);
  }
  return id;
}

/** The UUIDs in a text, in lower case; none in what is no text. */
export function idsIn(value: JSONValue | undefined): string[] {
  return typeof value === 'string' ? Array.from(value.matchAll(uuid), ([id]) => id.toLowerCase()) : [];
}

function describeFinding({ place, value }: Finding): string {
  if (value === undefined || value === null) return `${place}: nothing there`;
  const isText = typeof value === 'string';
  return `${place}: ${describeValue(value)}${isText ? '' : ', which is no text'}`;
}
