import { isUtf8 } from 'node:buffer';

/** Whether a content type is that of an HTML form. */
export function isForm(contentType: string | undefined): boolean {
  return mediaType(contentType) === 'application/x-www-form-urlencoded';
}

/** `type/subtype` in lower case, without parameters; empty where there is none. */
export function mediaType(contentType: string | undefined): string {
  const [type = ''] = (contentType ?? '').split(';');
  return type.trim().toLowerCase();
}

/** More than any sender has, and few enough to be decoded before the sender is verified. */
const mostFields = 1000;

/**
 * The fields of a form in UTF-8, in their order; undefined where the body is none: bad escapes, bytes that are not
 * UTF-8, more than a thousand fields, or text that begins like JSON, which must not become a form because a header,
 * which is not signed, calls it one.
 */
export function parseForm(body: Buffer): [name: string, value: string][] | undefined {
  if (!isUtf8(body)) return undefined;
  const text = body.toString('utf8');
  if (text === '' || /^\s*[[{"]/.test(text)) return undefined;
  const parts = text.split('&', mostFields + 1);
  if (parts.length > mostFields) return undefined;
  try {
    return parts.map((field) => {
      const at = field.includes('=') ? field.indexOf('=') : field.length;
      return [unescape(field.slice(0, at)), unescape(field.slice(at + 1))];
    });
  } catch {
    return undefined;
  }
}

/** The one field of this name, or undefined where there is none or several. */
export function formField(body: Buffer, name: string): string | undefined {
  const fields = parseForm(body)?.filter(([each]) => each === name) ?? [];
  return fields.length === 1 ? fields[0]?.[1] : undefined;
}

function unescape(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
