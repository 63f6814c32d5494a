import { Problem } from '../errors.ts';
import type { Ignored } from '../execute/outcome.ts';
import { handshakeReply, mayBeEncryptedChallenge } from './handshake.ts';
import type { Source } from './source/load-sources.ts';
import type { LinkGrant } from './verify/link.ts';
import type { SignedRequest } from './verify/match.ts';
import { verify } from './verify/verify.ts';

/** A request whose sender has proved who it is. */
export interface AuthenticatedRequest {
  /** With the keys that the request was verified with. */
  source: Source;
  body: Buffer;
  contentType: string | undefined;
  /** What a link limits the request to. */
  grant: LinkGrant | undefined;
}

/**
 * Verifies a request with the keys that the source has, or answers a handshake that comes before there is a signature.
 *
 * KMS is called only if one of its keys could change the result: not for a request that is refused for another reason,
 * and not for one that is signed with a secret in a variable. Without KMS, nothing is awaited.
 *
 * @param now epoch milliseconds
 * @param addKmsKeys reads the source's secrets in KMS; throws Problem `secrets_unavailable`, `source_not_configured`
 * @throws Problem, with status 401 unless it comes from `addKmsKeys`
 */
export function authenticate(
  source: Source,
  request: SignedRequest,
  now: number,
  addKmsKeys: (source: Source) => Promise<Source>,
): AuthenticatedRequest | Ignored | Promise<AuthenticatedRequest | Ignored> {
  try {
    return authenticateWithKeys(source, request, now);
  } catch (error) {
    if (source.secretsInKms.length === 0 || !couldPassWithAnotherKey(error, source, request)) throw error;
  }
  return addKmsKeys(source).then((withKmsKeys) => authenticateWithKeys(withKmsKeys, request, now));
}

function authenticateWithKeys(
  source: Source,
  request: SignedRequest,
  now: number,
): AuthenticatedRequest | Ignored {
  const handshake = handshakeReply(source, request, now);
  if (handshake) return handshake;
  const grant = verify(source.verify, source.keys, request, now);
  return { source, body: request.body, contentType: request.headers.get('content-type'), grant };
}

/** Whether the request was refused for a reason that another key could remove. */
function couldPassWithAnotherKey(error: unknown, source: Source, request: SignedRequest): boolean {
  if (!(error instanceof Problem)) return false;
  const { code } = error;
  if (code === 'signature_missing') return mayBeEncryptedChallenge(source, request);
  return code === 'signature_mismatch' || code === 'token_mismatch';
}
