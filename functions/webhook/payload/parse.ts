import { isUtf8 } from 'node:buffer';
import { Problem } from '../../errors.ts';
import { mediaType, parseForm } from '../../lib/form.ts';
import { faultOfJson } from '../../lib/json-rules.ts';
import { excerpt } from '../../lib/text.ts';
import type { JSONValue } from '../../select/expression.ts';
import type { ContentType } from '../source/compiled-source.ts';

const mediaTypes: Record<ContentType, string> = {
  json: 'application/json',
  'json-as-text': 'text/plain',
  'json-in-form': 'application/x-www-form-urlencoded with the field payload',
  form: 'application/x-www-form-urlencoded',
};

/**
 * The payload of a verified body: its JSON, or a form as an object of texts.
 *
 * @param accepted what the source takes
 * @throws Problem `content_type_unsupported`, `payload_malformed`
 */
export function parsePayload(
  body: Buffer,
  contentType: string | undefined,
  accepted: readonly ContentType[],
  describe?: DescribeFault,
): JSONValue {
  const kind = kindOfContentType(contentType);
  if (kind === undefined || !accepted.some((each) => kindOfAccepted[each] === kind)) {
    throw unsupported(contentType, accepted);
  }
  if (body.length === 0) throw malformed('The body is empty.');
  // Decoding would put other characters in the place of bad bytes: another payload than the one that was signed.
  if (!isUtf8(body)) throw malformed('The body is not UTF-8.');
  return kind === 'form'
    ? parseFormPayload(body, accepted, describe)
    : parseJson(body.toString('utf8'), 'body', describe);
}

/** Says of a text that is not JSON what is wrong. @param what holds the text */
export type DescribeFault = (text: string, what: string) => string;

/**
 * @param what holds the text, for the message
 * @param describe says more of a fault, to a sender that is known
 * @throws Problem `payload_malformed`
 */
export function parseJson(text: string, what: string, describe?: DescribeFault): JSONValue {
  let value: JSONValue;
  try {
    value = JSON.parse(text) as JSONValue;
  } catch {
    throw malformed(describe ? describe(text, what) : `The ${what} is not JSON.`);
  }
  const fault = faultOfJson(text);
  if (fault !== undefined) throw malformed(`The ${what} ${fault}.`);
  return value;
}

type Kind = 'json' | 'text' | 'form';

const kindOfAccepted: Record<ContentType, Kind> = {
  json: 'json',
  'json-as-text': 'text',
  'json-in-form': 'form',
  form: 'form',
};

/** No content type counts as JSON: what the bytes are is seen when they are parsed. */
function kindOfContentType(contentType = ''): Kind | undefined {
  const type = mediaType(contentType);
  if (contentType === '' || /^application\/([a-z0-9.+-]+\+)?json$/.test(type)) return 'json';
  if (type === 'application/x-www-form-urlencoded') return 'form';
  return type.startsWith('text/') ? 'text' : undefined;
}

function parseFormPayload(
  body: Buffer,
  accepted: readonly ContentType[],
  describe: DescribeFault | undefined,
): JSONValue {
  const fields = parseForm(body);
  if (!fields) throw malformed('The body is not a form in UTF-8.');
  const form = Object.fromEntries(fields);
  const names = Object.keys(form);
  if (names.length < fields.length) throw malformed('The form has a field more than once.');
  const payload = Object.hasOwn(form, 'payload') ? form['payload'] : undefined;
  if (accepted.includes('json-in-form') && payload !== undefined) {
    return parseJson(payload, 'field payload', describe);
  }
  if (accepted.includes('form')) return form;
  throw malformed('The form has no field payload, in which the JSON is due.');
}

function unsupported(contentType: string | undefined, accepted: readonly ContentType[]): Problem {
  const given = contentType === undefined ? 'missing' : JSON.stringify(excerpt(contentType));
  const due = accepted.map((each) => mediaTypes[each]).join(' or ');
  return new Problem('content_type_unsupported', `The content type is ${given}; send ${due}.`);
}

function malformed(detail: string): Problem {
  return new Problem('payload_malformed', detail);
}
