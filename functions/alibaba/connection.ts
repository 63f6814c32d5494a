import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import http from 'node:http';
import https from 'node:https';
import { Socket } from 'node:net';

/** The connection of one call: opened for it, closed with it. */
export interface Connection {
  agent: http.Agent;
  /** Whether it was established, so that bytes of the request may have left. */
  wasEstablished: () => boolean;
  /** The answer, from its head on: its status, its headers, and, once it was read, whether it is complete. */
  answer: () => http.IncomingMessage | undefined;
  /** Why it was broken off before the answer was whole, if it was. */
  abortReason: () => string | undefined;
  /** Whether that was because of the size of the answer. */
  wasTooLarge: () => boolean;
  /** Destroys every socket, also one that an abandoned answer still occupies. */
  close: () => void;
}

/**
 * Where Node.js tells of each answer. It is the documented way to one that a library keeps for itself.
 * https://nodejs.org/api/diagnostics_channel.html#event-httpclientresponsefinish
 */
const answers = 'http.client.response.finish';

/**
 * A connection of our own for each call, instead of pop-core's shared agent, for these reasons:
 *
 * - An instance is frozen between invocations. A kept-alive socket is dead when it thaws, and its reset on the next
 *   write leaves in doubt whether a rollback was sent.
 * - Whether a failed call was ever sent decides whether it may be sent again, and only the socket knows.
 * - pop-core passes its connect time-out to the socket as an idle time-out that stays armed once connected, and then
 *   reports a slow answer as `ConnectTimeout`. Here it ends with the connection.
 * - pop-core counts its time from the connection on, and takes answers of any size.
 * - pop-core tells neither the HTTP status of an answer below 400 nor whether it was cut short.
 *
 * https://github.com/JacksonTian/httpx/blob/master/lib/index.js
 *
 * @param timeoutMs from now, after which it is broken off, whatever is going on
 * @param largestBytes of an answer, headers included
 */
export function openConnection(endpoint: string, timeoutMs: number, largestBytes: number): Connection {
  const isSecure = endpoint.startsWith('https:');
  const agent = isSecure ? new https.Agent({ keepAlive: false }) : new http.Agent({ keepAlive: false });
  let isEstablished = false;
  let receivedBytes = 0;
  let reason: string | undefined;
  let ownSocket: Socket | undefined;
  let answer: http.IncomingMessage | undefined;

  const observe = (message: unknown) => {
    const { response } = message as { response: http.IncomingMessage };
    if (response.socket === ownSocket) answer = response;
  };
  subscribe(answers, observe);

  const abort = (because: string) => {
    reason ??= because;
    agent.destroy();
  };
  const timer = setTimeout(abort, timeoutMs, `no answer within ${Math.round(timeoutMs)} ms`);

  const createConnection = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const socket = createConnection(options, callback);
    if (!(socket instanceof Socket)) return socket;
    ownSocket = socket;
    socket.once(isSecure ? 'secureConnect' : 'connect', () => {
      isEstablished = true;
      socket.setTimeout(0);
    });
    socket.on('data', (chunk: Buffer) => {
      receivedBytes += chunk.length;
      if (receivedBytes > largestBytes) abort(`the answer is larger than ${largestBytes / 1024} KiB`);
    });
    return socket;
  };

  return {
    agent,
    wasEstablished: () => isEstablished,
    answer: () => answer,
    abortReason: () => reason,
    wasTooLarge: () => receivedBytes > largestBytes,
    close: () => {
      clearTimeout(timer);
      unsubscribe(answers, observe);
      agent.destroy();
    },
  };
}
