import { isUtf8 } from 'node:buffer';
import { Problem } from '../../errors.ts';
import { excerpt } from '../../text.ts';
import type { JSONValue } from './expression.ts';

/**
 * The JSON of a verified body.
 *
 * @throws Problem `content_type_unsupported`, `payload_malformed`
 */
export function parseJson(body: Buffer, contentType: string | undefined): JSONValue {
  requireJsonType(contentType);
  if (body.length === 0) throw new Problem('payload_malformed', 'The body is empty.');
  // Decoding would put other characters in the place of bad bytes: another payload than the one that was signed.
  if (!isUtf8(body)) throw new Problem('payload_malformed', 'The body is not UTF-8.');
  try {
    return JSON.parse(body.toString('utf8')) as JSONValue;
  } catch (cause) {
    const detail = 'The body is not JSON; a byte order mark at its beginning is not JSON either.';
    throw new Problem('payload_malformed', detail, {}, { cause });
  }
}

/** No content type counts as JSON: the bytes are signed, and what they are is seen when they are parsed. */
function requireJsonType(contentType: string | undefined): void {
  if (contentType === undefined || contentType === '') return;
  const [type = ''] = contentType.split(';');
  if (/^application\/([a-z0-9.+-]+\+)?json$/i.test(type.trim())) return;
  throw new Problem(
    'content_type_unsupported',
    `The content type is ${JSON.stringify(excerpt(contentType))}; send application/json.`,
  );
}
