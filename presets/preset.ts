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
  payloadTimestamp?: PayloadTimestamp;
  deliveryHeader?: string;
  ping?: { header: string; value: string };
  /** What the sender posts when it is set up, and how the function answers it. */
  handshake?: { kind: NonNullable<CompiledSource['handshake']>; description: string };
  reply?: CompiledSource['reply'];
  actor?: string;
  when?: string;
  changeOrderId?: string;
  app?: string;
  chatText?: string;
  /** An address to which the result can be posted later, without a signature: only chats have one. */
  answerAt?: string;
  problemStartedAt?: string;
  /** Whether its payload has no field for an id: then the one application under `apps` is rolled back. */
  isByApplication?: boolean;
  /**
   * Whether the same webhook comes several times at the same moment or within seconds, from a pair for high availability or
   * from retries. Its rollbacks are then claimed, unless the source says `follow: false`.
   */
  comesSeveralTimes?: boolean;
  refusalStatus?: number;
  /**
   * Milliseconds until the function must have answered: a little less than the sender waits, and at most
   * `longestPatienceMs`.
   */
  deadlineMs: number;
}

/** A rollback needs no more, and s.yaml's timeout is made for it. */
export const longestDeadlineMs = 9000;
