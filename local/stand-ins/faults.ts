import type { ServerResponse } from 'node:http';

/** Sent instead of the true answer of a stand-in. */
export interface InsteadOfAnswer<Request> {
  /** The name of the function that makes it; in parentheses, what tells it from others that the function makes. */
  readonly name: string;
  /** Whether the stand-in does what it was asked before this fault hides it. */
  readonly takesEffect: boolean;
  readonly instead: (response: ServerResponse, request: Request) => void;
}

/** A fault that is the same for every request. */
type BlindFault = InsteadOfAnswer<unknown>;

export interface Effect {
  /** Default false. */
  readonly takesEffect?: boolean;
}

/** Takes the request and never answers. The socket stays open. */
export function silent({ takesEffect = false }: Effect = {}): BlindFault {
  return {
    name: 'silent',
    takesEffect,
    instead: () => {
      // No answer is the fault.
    },
  };
}

/** The connection is reset. The caller cannot tell whether its request took effect. */
export function reset({ takesEffect = false }: Effect = {}): BlindFault {
  return { name: 'reset', takesEffect, instead: (response) => response.socket?.resetAndDestroy() };
}

/** 101: switches to a protocol that the client did not ask for, and then sends nothing. The socket stays open. */
export function switchingProtocols({ takesEffect = false }: Effect = {}): BlindFault {
  const head = 'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n';
  return { name: 'switchingProtocols', takesEffect, instead: (response) => response.socket?.write(head) };
}

export function stopOnClose(response: ServerResponse, timer: NodeJS.Timeout): void {
  // Fires at the end of the answer and also when the caller hangs up before it.
  response.once('close', () => {
    clearTimeout(timer);
  });
}
