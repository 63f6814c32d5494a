import type { ErrorCode } from '../../../errors.ts';
import type { ChangeOrderStatus } from '../../../edas/status.ts';
import type { Markup } from './html.ts';
import type { ClosedStage, DecisionView, OpenStage, OverStage, Share } from './view.ts';

/** What became of a rollback that is under way. */
export type MovingTopic = 'in_doubt' | 'handed_over' | 'waiting' | 'unseen' | 'under_way';

export type OverTopic = OverStage['result'];
export type ClosedTopic = ClosedStage['reason'];

/** What the state is, and what to do next. */
export interface StateTexts {
  /** @param app the name of the application, or what stands for it */
  heading: (app: Markup) => Markup;
  sentence: string;
}

/** All words of the page, in one language. Markup is what texts from outside stand in. */
export interface Texts {
  /** For the attribute `lang`. */
  tag: string;
  product: string;
  theApplication: string;
  labels: {
    app: string;
    change: string;
    description: string;
    status: string;
    rollback: string;
    began: string;
    batches: string;
    instances: string;
    alert: string;
    now: string;
    progress: string;
    effect: string;
    decision: string;
    details: string;
    actor: string;
    source: string;
    problem: string;
    console: string;
  };
  open: Record<OpenStage['does'], { heading: (app: Markup) => Markup }>;
  /** Until when a person can decide. @param left such as `11 min`; undefined where the time is over */
  until: (time: Markup, left: string | undefined) => Markup;
  since: (time: Markup, ago: string | undefined) => Markup;
  noSummary: string;
  /** What the button does. @param batches how far the change has come */
  stops: (version: Markup | undefined, batches: Share | undefined) => Markup;
  deploys: (from: Markup, to: Markup | undefined) => Markup;
  brake: string;
  notUndone: string;
  chooseVersion: string;
  sureVersion: string;
  noVersionIsSure: string;
  noVersion: string;
  name: string;
  nameHint: string;
  rollBack: string;
  rollBackAgain: string;
  leave: string;
  moving: Record<MovingTopic, StateTexts>;
  over: Record<OverTopic, StateTexts>;
  closed: Record<ClosedTopic, StateTexts>;
  decided: (decision: DecisionView['decision'], name: Markup | undefined, time: Markup | undefined) => Markup;
  nameIsProved: string;
  nameIsClaimed: string;
  /** After people decided to leave it alone. */
  canStill: string;
  /** After a decision to roll back of which EDAS shows nothing. */
  notBegun: string;
  changed: string;
  notDone: string;
  batches: (done: number, total: number) => string;
  healthy: (count: number, total: number) => string;
  onVersion: (count: number, total: number, version: Markup | undefined) => Markup;
  status: Record<ChangeOrderStatus, string>;
  otherStatus: (status: number) => string;
  notReadable: string;
  asOf: (time: Markup) => Markup;
  updatesItself: string;
  /** `{time}` is filled in by the script. */
  offline: string;
  sending: string;
  /** In UTC and in China. @param date as `2026-11-29` */
  time: (utc: DateAndTime, china: DateAndTime) => string;
  duration: (days: number, hours: number, minutes: number) => string;
  problems: Partial<Record<ErrorCode, ProblemTexts>>;
  otherProblem: ProblemTexts;
}

export interface DateAndTime {
  month: number;
  day: number;
  /** `02:56` */
  time: string;
}

/** Of a link that does not open the page. */
export interface ProblemTexts {
  heading: string;
  sentence: string;
}
