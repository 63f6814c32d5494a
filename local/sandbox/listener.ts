import type { FunctionResponse } from '../../functions/platform/context.ts';
import type { SenderRequest } from '../signing/sender.ts';
import type { ReceivedMessage } from '../stand-ins/channels/receiver.ts';
import type { RecordedCall } from '../stand-ins/edas/stand-in.ts';
import type { DeadLetter } from '../stand-ins/eventbridge/deliveries.ts';
import type { TakenEvent } from '../stand-ins/eventbridge/take-event.ts';
import type { RecordedCall as RecordedTaskCall } from '../stand-ins/fc/stand-in.ts';
import type { RecordedCall as RecordedKmsCall } from '../stand-ins/kms/stand-in.ts';

/** The name of this machine under which a task calls EDAS and Function Compute; the webhook uses its number. */
export const taskHost = 'localhost';

/** A request that reached the function. */
export interface ReceivedRequest {
  /** As the function names it in its log. */
  id: string;
  method: string;
  /** Without the query. */
  path: string;
  /** The event of the HTTP trigger that was made of it. */
  event: Buffer;
  /** Epoch milliseconds. */
  at: number;
}

/** A delivery of an event to the events function. */
export interface DeliveredEvent {
  /** As the function names it in its log. */
  id: string;
  eventId: string;
  source: string;
  type: string;
  payload: Buffer;
  /** How often the event was delivered before: again after a failure, or once more. */
  before: number;
  /** Epoch milliseconds. */
  at: number;
}

/** What a delivery came to: what the function returned, or that it failed. */
export type DeliveryEnd = { returned: unknown } | { threw: string };

/** What can be seen of the sandbox from outside of the functions, as it happens. */
export interface SandboxListener {
  /** What the sandbox posts in the place of a sender. */
  request: (request: SenderRequest, body: string) => void;
  /** What reached the function, from any sender. */
  received: (request: ReceivedRequest) => void;
  /** What a caller was answered. */
  answer: (
    request: Pick<ReceivedRequest, 'id' | 'method' | 'path'>,
    response: FunctionResponse,
    durationMs: number,
  ) => void;
  /** A call that EDAS got, that KMS got, and that the Function Compute API got. */
  call: (call: RecordedCall) => void;
  kmsCall: (call: RecordedKmsCall) => void;
  taskCall: (call: RecordedTaskCall) => void;
  /** An event that was published, one that reaches the events function, what that came to, and one that is given up. */
  published: (event: Pick<TakenEvent, 'id' | 'source' | 'type'>) => void;
  delivered: (delivery: DeliveredEvent) => void;
  ended: (delivery: DeliveredEvent, end: DeliveryEnd, durationMs: number) => void;
  givenUp: (letter: DeadLetter) => void;
  /** A line of the log of the webhook function or the events function, and of the follow function. */
  log: (line: string) => void;
  taskLog: (line: string) => void;
  /** What people are told. */
  message: (message: ReceivedMessage) => void;
}

/** The one place at which the sandbox says what happens; the terminal and the page listen to it. */
export function tellAll(listeners: readonly Partial<SandboxListener>[]): SandboxListener {
  const teller =
    <Name extends keyof SandboxListener>(name: Name) =>
    (...told: Parameters<SandboxListener[Name]>) => {
      for (const listener of listeners) {
        const hear = listener[name] as ((...heard: typeof told) => void) | undefined;
        hear?.(...told);
      }
    };
  return {
    request: teller('request'),
    received: teller('received'),
    answer: teller('answer'),
    call: teller('call'),
    kmsCall: teller('kmsCall'),
    taskCall: teller('taskCall'),
    published: teller('published'),
    delivered: teller('delivered'),
    ended: teller('ended'),
    givenUp: teller('givenUp'),
    log: teller('log'),
    taskLog: teller('taskLog'),
    message: teller('message'),
  };
}

/** Whether a task made the call, and not the webhook function. */
export function isOfTask({ host }: { host: string }): boolean {
  return host.startsWith(taskHost);
}

/** EDAS's operations that change nothing. */
const readOperations: readonly string[] = [
  'GetChangeOrderInfo',
  'ListRecentChangeOrder',
  'GetApplication',
  'ListHistoryDeployVersion',
  'QueryApplicationStatus',
] satisfies RecordedCall['operation'][];

export function isRead({ operation }: { operation: string | undefined }): boolean {
  return readOperations.includes(operation ?? '');
}
