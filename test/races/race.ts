/** A condition that a rollback is raced under, who sends it, and what must come of it. The rows are in table.ts. */
export interface Race {
  name: string;
  source: SourceName;
  edas?: EdasCondition;
  queue?: QueueCondition;
  senders: Senders;
  wanted: Wanted;
  /** How many rollbacks were sent before rollbacks were claimed; undefined where it was not measured. */
  putsBefore?: number;
}

/**
 * The sources of the built webhook, which differ in what the table is about. See world.ts. What `ended` rolls back is a
 * release that has ended.
 */
export type SourceName =
  'now' | 'patient' | 'deferred' | 'deferred-patient' | 'hasty' | 'unfollowed' | 'ended';

/** From the least to the most, evenly. */
export type Range = readonly [fromMs: number, toMs: number];

export interface EdasCondition {
  /** How long each answer takes. What was asked for is done at once. */
  latencyMs?: Range;
  /** How long a rollback is not seen in the order; that of a release that has ended, in the list. */
  showsAfterMs?: number;
  /** What a second rollback meets. Default accepted, which rolls back a second time: the worst that can be. */
  second?: 'accepted' | 'refused';
  /** The rollback is taken, has no effect, and gets no answer. */
  isSilent?: boolean;
}

export interface QueueCondition {
  latencyMs?: Range;
  /** `down`: nothing listens there. `silent`: nothing answers. */
  is?: 'down' | 'silent';
  /** How often it delivers each task at the same moment. */
  runsAtOnce?: number;
  /** No attempt at the task that the first delivery hands over ever begins, and it is dead before the others come. */
  losesTask?: true;
}

export type Senders =
  /** One webhook, so many times in so many processes at the same moment; `others`: of other sources too. */
  | { kind: 'burst'; processes: number; times: number; others?: readonly SourceName[] }
  /**
   * A webhook whose process is killed: when the queue has taken the claim, or when EDAS has taken the rollback. It is
   * repeated after these pauses. `runs`: each with a change order and a process of its own.
   */
  | { kind: 'killed'; at: 'claim' | 'put'; runs: number; repeatsAfterMs: readonly number[] }
  /** One that repeats as Alertmanager does. */
  | { kind: 'alertmanager'; forMs: number; groupIntervalMs: number };

/**
 * - `once`: one rollback is sent for each order, and takes effect.
 * - `sent_once`: one is sent, and takes no effect, which nobody can know.
 * - `unclaimed`: each answer that a rollback has begun says that once is not sure.
 * - `once_with_claim`: at most one is sent with a claim; the others say that once is not sure.
 */
export type Wanted = 'once' | 'sent_once' | 'unclaimed' | 'once_with_claim';

/** What an answer says, and when it came. */
export interface Told {
  changeOrderId: string;
  status: number;
  body: Readonly<Record<string, unknown>>;
}

/** What came of a race. */
export interface Result {
  name: string;
  putsBefore: number | undefined;
  deliveries: number;
  /** The orders that were to be rolled back. */
  orders: number;
  /** Of all orders together. */
  puts: number;
  effects: number;
  /** How many were answered so: the HTTP status, and what happened in a word. */
  answers: Readonly<Record<string, number>>;
  tookMs: number;
  /** How often it was held, because the machine was too slow for it. */
  attempts: number;
  /** How many lines of the functions' logs say that an answer came too late. */
  late: number;
  /** What is not as wanted, or not true. */
  faults: readonly string[];
}
