/** What the page of the sandbox is told: the contract between the sandbox and the script in the browser. */

/** By kind of event. Each is the whole of what is known now, and replaces what was told before under the same key. */
export interface PageEvents {
  sandbox: SandboxView;
  applications: ApplicationView[];
  request: RequestView;
  message: MessageView;
  tasks: TaskView[];
  faults: FaultsView;
}

export type PageEvent = keyof PageEvents;

export interface SandboxView {
  /** Where the function listens. */
  url: string;
  /** Whether ROLLBACK_SUSPENDED holds all rollbacks. */
  isSuspended: boolean;
  sources: SourceView[];
  /** Ids of the applications that sources name as theirs. */
  applications: string[];
  services: ServiceView[];
}

export interface SourceView {
  name: string;
  /** How it signs, a line for each rule. */
  proof: string[];
  /** Whether its webhooks name an application, and not a change order. */
  isByApplication: boolean;
  /** Undefined where a request of this source never expires. */
  secondsValid: number | undefined;
  /** Whether it takes events, which carry no signature. */
  isOfEvents: boolean;
}

/** An application of the stand-in, and its change orders, the newest first. */
export interface ApplicationView {
  appId: string;
  orders: OrderView[];
}

export type BatchState = 'waiting' | 'running' | 'done' | 'failed' | 'stopped';

export interface OrderView {
  id: string;
  description: string;
  /** As EDAS numbers it, and what that means. */
  status: string;
  tone: Tone;
  batches: BatchState[];
  /** Whether it carries a rollback out, or deploys an earlier version again. */
  isRollback: boolean;
  /** The order that it rolls back. */
  rollbackOf: string | undefined;
  /** Whether a person has to let the next batch begin. */
  isWaitingForPerson: boolean;
}

export type Tone = 'busy' | 'good' | 'bad' | 'quiet';

export const stages = ['receive', 'verify', 'select', 'read', 'PUT'] as const;
export type Stage = (typeof stages)[number];

/**
 * - `passed`: seen, or the function has gone on behind it.
 * - `stopped`: the request went no further.
 * - `open`: nothing is known yet.
 * - `not reached`: the request ended before it.
 */
export type StageState = 'passed' | 'stopped' | 'open' | 'not reached';

export interface StageView {
  stage: Stage;
  state: StageState;
  facts: FactView[];
}

export interface FactView {
  label: string;
  /** What cannot be seen is written out, such as `\u{202e}`. */
  text: string;
  /** Whether this decided. */
  isDeciding?: boolean | undefined;
  tone?: Tone | undefined;
}

/** One request on its way through the function. */
export interface RequestView {
  /** Epoch milliseconds. */
  at: number;
  method: string;
  path: string;
  source: string | undefined;
  stages: StageView[];
  /** Undefined until it is answered. */
  answer: AnswerView | undefined;
  /** Lines of the function's log that name the request. */
  log: string[];
  /** Whether the same bytes can be sent again from the page. */
  isRepeatable: boolean;
}

export interface AnswerView {
  status: number;
  durationMs: number;
  /** The outcome, or the code of the problem. */
  code: string | undefined;
  /** Its sentence. */
  detail: string | undefined;
  body: string;
  tone: Tone;
}

export interface MessageView {
  at: number;
  /** The channels that show it. */
  channels: string[];
  text: string;
}

export interface TaskView {
  taskId: string;
  status: string;
  tone: Tone;
  /** How often it was tried before. */
  retries: number;
  startedAt: number | undefined;
  endedAt: number | undefined;
  errorMessage: string | undefined;
}

/** A service for which something stands in, and the faults that it can have. */
export interface ServiceView {
  name: ServiceName;
  title: string;
  faults: FaultChoiceView[];
}

export const serviceNames = ['edas', 'fc', 'kms'] as const;
export type ServiceName = (typeof serviceNames)[number];

export interface FaultChoiceView {
  id: string;
  title: string;
}

/** Which calls meet a fault. */
export const faultScopes = ['every call', 'reads', 'calls that change something'] as const;
export type FaultScope = (typeof faultScopes)[number];

/** The fault of each service that has one. */
export type FaultsView = Partial<Record<ServiceName, { id: string; title: string; scope: FaultScope }>>;

/** What `explain` says of a payload. */
export interface ExplanationView {
  facts: FactView[];
  verdict: string;
  tone: Tone;
}

/**
 * How a request is sent: as its sender would; with a wrong secret; signed long ago; the bytes that came last from this
 * sender. Of an event: as it is; of another account; too old; once more.
 */
export const sendingWays = ['right', 'forged', 'stale', 'repeated'] as const;
export type SendingWay = (typeof sendingWays)[number];

/** A request that was sent from the page. */
export interface SentView {
  status: number;
  /** The key under which the page is told of it. */
  key: string | undefined;
}

/** A payload that a sender could post. */
export interface SampleView {
  /** The application of a link; of no use to other sources. */
  app: string;
  contentType: string;
  body: string;
  /** What it would roll back. */
  target: string;
  /** Undefined where the function would act on it. */
  caution: string | undefined;
}
