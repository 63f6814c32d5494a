import type { Language } from '../../lib/language.ts';
import type { Expression } from '../../select/expression.ts';
import type { RollbackPolicy } from '../../select/policy.ts';
import type { TimestampParameters } from '../verify/timestamp.ts';
import type { VerifyParameters } from '../verify/verify.ts';

/**
 * What a sender's body can be. `json-in-form`: a form whose field `payload` holds JSON. `json-as-text`: JSON under
 * `text/plain` or another `text/…`.
 */
export type ContentType = 'json' | 'json-as-text' | 'json-in-form' | 'form';

/**
 * How a sender tests an address when it is set up, if a ping header is not enough.
 *
 * - `slack`: https://docs.slack.dev/reference/events/url_verification (signed), and `ssl_check` (not signed)
 * - `feishu`: a challenge, plain or encrypted
 * - `zendesk`: webhooks that are tried before they are created are signed with a public secret
 */
export type Handshake = 'slack' | 'feishu' | 'zendesk';

/** A chat in whose message format a source can be answered. */
export type Chat = 'slack' | 'dingtalk' | 'feishu';

/** A time at the top of the payload, which the signature covers with the rest of it. */
export interface PayloadTimestamp extends TimestampParameters {
  field: string;
}

/**
 * One source of `sources.yaml`, as the build writes it into the bundle: preset resolved, expressions compiled. Plain
 * JSON, without secrets.
 */
export interface CompiledSource extends RollbackPolicy {
  verify: VerifyParameters;
  /** Names of the environment variables that hold the secrets, and `kms:NAME` for those that KMS holds. */
  secrets: readonly string[];
  contentTypes: readonly ContentType[];
  payloadTimestamp?: PayloadTimestamp | undefined;
  /** What helps where its template writes no JSON, as a sentence. */
  jsonAdvice?: string | undefined;
  /** The header with the sender's own id of this delivery, for the log. */
  deliveryHeader?: string | undefined;
  /** The header and value by which the sender marks a request that only tries the connection. */
  ping?: { header: string; value: string } | undefined;
  handshake?: Handshake | undefined;
  /** What a person wrote, which is a command or nothing: a text, or the parts of one. */
  command?: Expression | undefined;
  /** How people address the function where they write: `@robot`, `/rollback`, or nothing. Only for advice. */
  salutation?: Expression | undefined;
  /** Where the people of a chat wait for the result. */
  answerAt?: Expression | undefined;
  /** Whether commands of this chat decide what sources ask people by chat, and how many people any of these wants. */
  decides?: { people: 1 | 2 } | undefined;
  /** The chat's own id of who writes, which unlike a name does not change. Only where it decides. */
  person?: Expression | undefined;
  /** The HTTP status for refusing a verified request: some senders repeat it, or disable a webhook, after a 4xx. */
  refusalStatus?: number | undefined;
  /** The HTTP status of every outcome, for senders that take any other, 202 too, for a failure. */
  successStatus?: 200 | undefined;
  /** The format of the answer. */
  reply: 'json' | Chat;
  /** The language of what people read; default: that of the command. */
  language?: Language | undefined;
  /** Milliseconds until the request must be answered. */
  deadlineMs: number;
}

/** What the build writes into the bundle. */
export interface Configuration {
  version: string;
  /** Of the sources: made by the build, so that nothing is hashed for it at run time. */
  digest: string;
  sources: readonly CompiledSource[];
  /** The sources of events that ask people first: they decide on the page, or in a chat, of this function. */
  asking?: readonly RollbackPolicy[];
}
