import type { Language } from '../../lib/language.ts';
import type { ReleasePolicy } from '../../rollback/release.ts';
import type { TimestampParameters } from '../verify/timestamp.ts';
import type { VerifyParameters } from '../verify/verify.ts';
import type { Expression } from './expression.ts';

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

/** A kind of payload: the JMESPath that is true for it, and what it is, in words that follow "This is". */
export interface PayloadKind {
  is: Expression;
  what: string;
}

/** The payloads that a source can read. Every other one is another program's. */
export interface ExpectedPayload extends PayloadKind {
  /** What is known to arrive at such an address by mistake. */
  others: readonly PayloadKind[];
  /** What to do about it: a sentence. */
  advice: string;
}

/** The events of a sender that posts several kinds. */
export interface EventKinds {
  /** The sender's name, for messages. */
  of: string;
  /** The name of the event, as the sender calls it. */
  name: Expression;
  /** Those that can be a reason to act. Undefined where the source's own `when` chooses. */
  acts?: readonly string[] | undefined;
}

/** Alarms by which a sender says that it knows nothing, or is alive: no reason to roll a release back. */
export interface MonitorAlarms {
  /** The names of those that the payload holds: a text, or a list of texts. */
  found: Expression;
  /** What they mean: a sentence. */
  meaning: string;
  /** Of a payload that is a group of alerts, those that count: the firing ones without these alarms. */
  alerts?: Expression | undefined;
}

/** What a source says about releases that have ended. */
export interface EndedPolicy extends ReleasePolicy {
  /** The version to go back to, where the payload names it. */
  version?: Expression | undefined;
}

/** How a source asks people before it rolls back. */
export interface ConfirmPolicy {
  /** `all`: before each rollback. `ended`: only before that of a release that has ended. */
  of: 'all' | 'ended';
  /** Milliseconds that people have. */
  withinMs: number;
  /** Where they decide: on the page of a link, or by a command in a chat, which proves who they are. */
  by: 'page' | 'chat';
  /** How many different people must want it. Two only by chat. */
  people: 1 | 2;
}

/**
 * One source of `sources.yaml`, as the build writes it into the bundle: preset resolved, expressions compiled. Plain
 * JSON, without secrets.
 */
export interface CompiledSource {
  /** Also its path: `POST /<name>`. */
  name: string;
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
  expects?: ExpectedPayload | undefined;
  event?: EventKinds | undefined;
  monitorAlarms?: MonitorAlarms | undefined;
  /** Who asked, for the log and a chat's answer. */
  actor?: Expression | undefined;
  when?: Expression | undefined;
  allow?: Expression | undefined;
  /**
   * At most one of these three. Without any, and without a link, the usual names at the top of the payload are looked
   * at.
   */
  changeOrderId?: Expression | undefined;
  /** The application whose newest deployment in flight is the change order. */
  app?: Expression | undefined;
  /** What a person wrote, which is a command or nothing: a text, or the parts of one. */
  command?: Expression | undefined;
  /** How people address the function where they write: `@robot`, `/rollback`, or nothing. Only for advice. */
  salutation?: Expression | undefined;
  /** Where the people of a chat wait for the result. */
  answerAt?: Expression | undefined;
  /** When the problem began: a change that began later is refused. */
  problemStartedAt?: Expression | undefined;
  /**
   * Whether that expression is the preset's own, and none that an operator asked for. A change order that the payload names is
   * then rolled back without a time, too.
   */
  mayLackProblemStart?: boolean | undefined;
  /** Ids of the applications that it may touch, in lower case; without it, all that the function's role reaches. */
  apps?: readonly string[] | undefined;
  cluster: 'ecs' | 'k8s';
  /** How a release that has ended is rolled back. Undefined: not at all. */
  ended?: EndedPolicy | undefined;
  /**
   * Whether any source rolls releases back that have ended. Then a deployment in flight may be such a rollback, and is
   * looked at before it is rolled back itself.
   */
  mayMeetReleaseRollback?: boolean | undefined;
  /** Who rolls back: the webhook, or a task. */
  mode: 'now' | 'deferred';
  /** Whether a rollback is claimed, and followed to its end by a task. Always where it is deferred. */
  follow: boolean;
  dryRun: boolean;
  /** Whether people are asked first. Undefined: never. */
  confirm?: ConfirmPolicy | undefined;
  /** What the alert says, for the people who are asked. */
  summary?: Expression | undefined;
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
}
