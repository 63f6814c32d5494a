import type {
  CompiledSource,
  ContentType,
  PayloadTimestamp,
} from '../functions/webhook/source/compiled-source.ts';
import type { LinkParameters } from '../functions/webhook/verify/link.ts';
import type { VerifyParameters } from '../functions/webhook/verify/verify.ts';

/**
 * What the function knows about a sender, so that its source takes three lines of sources.yaml: how it signs, how long
 * it waits, and where in its payload the values stand (JMESPath). A source can override the expressions.
 */
export interface Preset {
  /** The name of the sender, and the page where it documents what it sends. */
  sender: string;
  docs?: string;
  /** Whether the sender makes the secret and shows it, so that none can be made for it. */
  makesSecret?: true;
  verify: Exclude<VerifyParameters, LinkParameters> | Omit<LinkParameters, 'source'>;
  contentTypes: readonly ContentType[];
  /** Where its users write the payload as a template: what makes JSON of any text in it, as a sentence. */
  jsonAdvice?: string;
  payloadTimestamp?: PayloadTimestamp;
  deliveryHeader?: string;
  ping?: { header: string; value: string };
  /** What the sender posts when it is set up, and how the function answers it. */
  handshake?: { kind: NonNullable<CompiledSource['handshake']>; description: string };
  reply?: CompiledSource['reply'];
  expects?: ExpectedPayloads;
  event?: SenderEvents;
  monitorAlarms?: KnownMonitorAlarms;
  actor?: string;
  /** The sender's own id of a person who writes, which cannot be changed as a name can. Chats need one. */
  person?: string;
  when?: string;
  changeOrderId?: string;
  app?: string;
  /** What a person writes, which must be a command: then neither `changeOrderId` nor `app` is read. */
  command?: string;
  /** How people address the function where they write, for advice on what to type: `@robot`, `/rollback`, or nothing. */
  salutation?: string;
  /** An address to which the result can be posted later, without a signature: only chats have one. */
  answerAt?: string;
  problemStartedAt?: string;
  /** What an alert says in its own words, for the people who are asked before a rollback. */
  summary?: string;
  /** Whether its payload has no field for an id: then the one application under `apps` is rolled back. */
  isByApplication?: boolean;
  /**
   * Whether the same webhook comes several times at the same moment or within seconds, from a pair for high availability or
   * from retries. Its rollbacks are then claimed, unless the source says `follow: false`.
   */
  comesSeveralTimes?: boolean;
  /**
   * The status of refusals, where the sender would take a 4xx for a failed delivery and repeat it, hold other deliveries
   * back, or switch the webhook off. The decision is in the answer, the log and the metrics all the same. A 5xx stays one:
   * nothing was decided, and the sender is to repeat it.
   */
  refusalStatus?: 200;
  /** The status of outcomes, where the sender takes nothing but this for a success. */
  successStatus?: 200;
  /**
   * Milliseconds until the function must have answered: a little less than the sender waits, and at most
   * `longestPatienceMs`.
   */
  deadlineMs: number;
}

/** A kind of payload: a JMESPath truth, and what it is, in words that follow "This is". */
export interface KnownPayload {
  is: string;
  what: string;
}

/** What the sender's payloads have in common. What has not is another program's, and is refused. */
export interface ExpectedPayloads extends KnownPayload {
  /** What is known to arrive at such an address by mistake, the first that fits. */
  others?: readonly KnownPayload[];
  /** What to do about another payload: a sentence. */
  advice: string;
}

/** The kinds of event of a sender that posts several. */
export interface SenderEvents {
  /** The sender's name in a message: "a GitLab event". */
  of: string;
  /** JMESPath to the name of the event. */
  name: string;
  /** The events that can be a reason to act. The others are ignored, unless the source has a `when` of its own. */
  acts: readonly string[];
}

/**
 * Alarms about the monitor and not about a release: it could not ask its data source, has lost contact, or fires always so
 * that people see that it works. Which of these a source's own `when` names, it decides about itself.
 */
export interface KnownMonitorAlarms {
  /** `alerts`: each firing alert of the group is looked at by itself. */
  each: 'payload' | 'alerts';
  /** By the JMESPath to a text: the whole texts that are such alarms. */
  values?: Record<string, readonly string[]>;
  /** By the JMESPath to a text: the parts of one, in lower case, that tell such an alarm. */
  parts?: Record<string, readonly string[]>;
  /** What they mean: a sentence. */
  meaning: string;
}

/** A rollback needs no more, and s.yaml's timeout is made for it. */
export const longestDeadlineMs = 9000;
