import type { ReleasePolicy } from '../rollback/release.ts';
import type { Expression } from './expression.ts';

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
 * What a source says about rolling back, whoever sends to it, and however that sender proves who it is: which payloads count,
 * what they ask for, and how far that may go. Plain JSON.
 */
export interface RollbackPolicy {
  /** Of the source. */
  name: string;
  expects?: ExpectedPayload | undefined;
  event?: EventKinds | undefined;
  monitorAlarms?: MonitorAlarms | undefined;
  /** Who asked, for the log and a chat's answer. */
  actor?: Expression | undefined;
  when?: Expression | undefined;
  allow?: Expression | undefined;
  /** At most one of this and `app`. Without either, the usual names at the top of the payload are looked at. */
  changeOrderId?: Expression | undefined;
  /** The application whose newest deployment in flight is the change order. */
  app?: Expression | undefined;
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
  /** Who rolls back: the function that was called, or a task. */
  mode: 'now' | 'deferred';
  /** Whether a rollback is claimed, and followed to its end by a task. Always where it is deferred. */
  follow: boolean;
  dryRun: boolean;
  /** Whether people are asked first. Undefined: never. */
  confirm?: ConfirmPolicy | undefined;
  /** What the alert says, for the people who are asked. */
  summary?: Expression | undefined;
}
