import type {
  CompiledSource,
  ContentType,
  PayloadTimestamp,
} from '../functions/webhook/source/compiled-source.ts';
import type { LinkParameters } from '../functions/webhook/verify/link.ts';
import type { VerifyParameters } from '../functions/webhook/verify/verify.ts';

/**
 * What a sender needs, so that a source of its kind takes three lines of sources.yaml: what it does of itself, and where
 * in its payload things stand (JMESPath), unless the source says otherwise.
 */
export interface Preset {
  /** Whose preset it is, and where the sender documents what it sends. */
  sender: string;
  docs?: string;
  verify: Exclude<VerifyParameters, LinkParameters> | Omit<LinkParameters, 'source'>;
  contentTypes: readonly ContentType[];
  payloadTimestamp?: PayloadTimestamp;
  deliveryHeader?: string;
  ping?: { header: string; value: string };
  handshake?: CompiledSource['handshake'];
  reply?: CompiledSource['reply'];
  actor?: string;
  when?: string;
  changeOrderId?: string;
  app?: string;
  chatText?: string;
  /** An address at which a chat takes the result later. It lets anyone write into the chat. */
  answerAt?: string;
  problemStartedAt?: string;
  /** Whether its payload has no place for an id: then one application under `apps` is what is rolled back. */
  isByApplication?: boolean;
  refusalStatus?: number;
  /** The sender's patience in milliseconds, less a little; never more than `longestPatienceMs`. */
  deadlineMs: number;
}

/** A rollback needs no more, and s.yaml's timeout is made for it. */
export const longestPatienceMs = 9000;
