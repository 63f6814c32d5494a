import type { ErrorCode, Problem } from '../../errors.ts';
import type { Outcome } from '../../execute/outcome.ts';
import type { CommandFault } from '../payload/command-fault.ts';

/** What became of a change order: what a chat is told of it. */
export type Result = Exclude<Outcome, { outcome: 'ignored' }>;

/** All words of the answers to people, in one language. */
export interface Texts {
  /** What to type: the mention of a robot, the verb, and what stands for the id. */
  robot: string;
  verb: string;
  leave: string;
  id: string;
  typeThis: (usage: string) => string;
  /** Where people decide. */
  typeOneOf: (toRollBack: string, toLeave: string) => string;
  /** @param words of the message, which are wrong in it */
  faults: Record<CommandFault, (words: string) => string>;
  headlines: Record<Result['outcome'], string>;
  changeOrder: (id: string) => string;
  /** @param by who asked, or who decided; empty where that is not known */
  headlineOf: (headline: string, order: string, by: string) => string;
  askedForBy: (asker: string) => string;
  decidedBy: (decider: string) => string;
  sentenceOf: (result: Result) => string;
  /** @param order empty where it is not known */
  notRolledBack: (order: string) => string;
  notKnownYet: (order: string) => string;
  /** Why, and what to do. */
  problem: (problem: Problem) => string;
  ignored: (message: string) => string;
  inBrackets: (code: ErrorCode) => string;
}
