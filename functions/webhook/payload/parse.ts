import { Problem } from '../../errors.ts';
import type { JSONValue } from './expression.ts';

/**
 * The JSON of a verified body.
 *
 * @throws Problem `content_type_unsupported`, `payload_malformed`
 */
export function parseJson(body: Buffer, contentType: string | undefined): JSONValue {
  requireJsonType(contentType);
  try {
    // Strict: a decoder that replaces or drops bytes would hand over another payload than the one that was signed.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
    return JSON.parse(text) as JSONValue;
  } catch (cause) {
    const what =
      body.length === 0 ? 'The body is empty' : 'The body is not JSON in UTF-8 without a byte order mark';
    throw new Problem('payload_malformed', `${what}.`, {}, { cause });
  }
}

/** No content type counts as JSON: the bytes are signed, and what they are is seen when they are parsed. */
function requireJsonType(contentType: string | undefined): void {
  if (contentType === undefined || contentType === '') return;
  const [type = ''] = contentType.split(';');
  if (/^application\/([a-z0-9.+-]+\+)?json$/i.test(type.trim())) return;
  throw new Problem(
    'content_type_unsupported',
    `The content type is ${JSON.stringify(contentType.slice(0, 100))}; send application/json.`,
  );
}
