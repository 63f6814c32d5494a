import type { ROACredentials } from '@alicloud/pop-core/lib/roa.js';
import { quotes } from '../quotation.ts';
import { excerpt } from '../text.ts';
import { EdasFailure } from './failure.ts';

/** Characters of what EDAS said that are passed on. */
const longestText = 300;
/** A piece of a credential of this length is taken for a quotation of it; less of one is of no use to anybody. */
const quotationLength = 12;

/**
 * The failure with texts that are fit for an answer and a log: bounded, and without credentials. EDAS quotes the whole
 * string that it signed when a signature does not match, security token included; what it or a proxy may do to the
 * quotation, such as cutting or escaping it, is why the text is withheld rather than mended. A quotation in another
 * alphabet, such as base64, is not recognised.
 */
export function withoutSecrets(failure: EdasFailure, credentials: ROACredentials): EdasFailure {
  const code = identifier(failure.code, credentials);
  const { message: text } = failure;
  // A little more than is passed on, so that a quotation is seen as such also where the text is cut.
  const message = quotesAny(text.slice(0, longestText * 5), credentials)
    ? `EDAS answered ${code ?? 'with a failure'}; its words are withheld, for they quote the credentials.`
    : excerpt(text, longestText);
  return new EdasFailure(failure.kind, message, {
    code,
    requestId: identifier(failure.requestId, credentials),
    traceId: identifier(failure.traceId, credentials),
  });
}

/** An id or a code of EDAS, or undefined where it is none or cannot be passed on. */
export function identifier(value: unknown, credentials: ROACredentials): string | undefined {
  const isIdentifier = typeof value === 'string' && /^[\w.-]{1,128}$/.test(value);
  return isIdentifier && !quotesAny(value, credentials) ? value : undefined;
}

function quotesAny(text: string, { accessKeyId, accessKeySecret, securityToken }: ROACredentials): boolean {
  return [securityToken, accessKeySecret, accessKeyId]
    .flatMap((secret) => (secret ? [secret, encodeURIComponent(secret), JSON.stringify(secret)] : []))
    .some((secret) => quotes(text, secret, quotationLength));
}
