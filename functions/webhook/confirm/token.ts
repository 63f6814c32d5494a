import { Problem } from '../../errors.ts';
import { signatureOf, type LinkFields } from '../../execute/confirm-link.ts';
import { isId } from '../../lib/text.ts';
import { toIso } from '../../lib/time.ts';
import { matches } from '../verify/match.ts';

/** Milliseconds for which a link still shows what came of it, after the time to decide. */
export const watchTimeMs = 24 * 3_600_000;

/**
 * Reads a token. Nothing in it is looked at before its signature is right.
 *
 * @param now epoch milliseconds
 * @throws Problem `link_malformed`, `signature_mismatch`, `link_expired` once nothing is shown any more
 */
export function readToken(token: string, keys: readonly Buffer[], now: number): LinkFields {
  const { encoded, digest } = splitToken(token);
  const expected = keys.map((key) => signatureOf(encoded, key));
  if (!matches(expected, [digest])) {
    throw new Problem(
      'signature_mismatch',
      'This link was not made by this function, or something in it was changed. Open it from the message again.',
    );
  }
  const fields = readFields(Buffer.from(encoded, 'base64url').toString('utf8'));
  if (now <= fields.expiresAt + watchTimeMs) return fields;
  throw new Problem(
    'link_expired',
    `The time to decide ended at ${toIso(fields.expiresAt)}, and this link shows nothing any more. Look at the change order in the EDAS console.`,
  );
}

/** The two parts of a token. @throws Problem `link_malformed` where it cannot be one, whatever the keys are */
export function splitToken(token: string): { encoded: string; digest: Buffer } {
  const [encoded = '', signature = '', ...more] = token.split('.');
  const digest = Buffer.from(signature, 'base64url');
  const isWhole = more.length === 0 && digest.length === 32 && digest.toString('base64url') === signature;
  if (!isWhole) throw malformed();
  return { encoded, digest };
}

/** @throws Problem where another version of this function made the fields */
function readFields(text: string): LinkFields {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    throw malformed();
  }
  if (!Array.isArray(list) || list.length !== 7) throw malformed();
  const [source, changeOrderId, app, ask, requestId, expiresAt, problemStartedAt] = list as unknown[];
  const isMade =
    typeof source === 'string' &&
    typeof changeOrderId === 'string' &&
    isId(changeOrderId) &&
    isTextOrNull(app) &&
    isTextOrNull(requestId) &&
    Number.isSafeInteger(ask) &&
    Number.isFinite(expiresAt) &&
    (problemStartedAt === null || Number.isFinite(problemStartedAt));
  if (!isMade) throw malformed();
  return {
    source,
    changeOrderId,
    app: app ?? undefined,
    ask: ask as number,
    requestId: requestId ?? undefined,
    expiresAt: expiresAt as number,
    problemStartedAt: (problemStartedAt as number | null) ?? undefined,
  };
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

function malformed(): Problem {
  return new Problem('link_malformed', 'This link is not whole. Open it from the message again.');
}
