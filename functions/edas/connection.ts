import http from 'node:http';
import https from 'node:https';
import { Socket } from 'node:net';

/** The connections of one EDAS call: opened for it, closed with it. */
export interface Connection {
  agent: http.Agent;
  /** Whether a connection was established, so that bytes of the request may have left. */
  wasEstablished: () => boolean;
  /** Whether its time was up before it was closed. */
  isOverdue: () => boolean;
  /** Destroys every socket, also one that an abandoned answer still occupies. */
  close: () => void;
}

/**
 * A connection of our own for each call, instead of pop-core's shared agent, for these reasons:
 *
 * - An instance is frozen between invocations. A kept-alive socket is dead when it thaws, and its reset on the next
 *   write leaves in doubt whether a rollback was sent.
 * - Whether a failed call was ever sent decides whether it may be sent again, and only the socket knows.
 * - pop-core passes its connect time-out to the socket as an idle time-out that stays armed once connected, and then
 *   reports a slow answer as `ConnectTimeout`. Here it ends with the connection.
 *   https://github.com/JacksonTian/httpx/blob/master/lib/index.js (`timeout: connectTimeout`)
 *
 * @param timeoutMs after which it is closed, whatever is going on: pop-core counts its own time from the connection on
 */
export function openConnection(endpoint: string, timeoutMs: number): Connection {
  const isSecure = endpoint.startsWith('https:');
  const agent = isSecure ? new https.Agent({ keepAlive: false }) : new http.Agent({ keepAlive: false });
  const createConnection = agent.createConnection.bind(agent);
  let established = false;
  let overdue = false;
  const timer = setTimeout(() => {
    overdue = true;
    agent.destroy();
  }, timeoutMs);

  agent.createConnection = (options, callback) => {
    const socket = createConnection(options, callback);
    socket?.once(isSecure ? 'secureConnect' : 'connect', () => {
      established = true;
      if (socket instanceof Socket) socket.setTimeout(0);
    });
    return socket;
  };

  return {
    agent,
    wasEstablished: () => established,
    isOverdue: () => overdue,
    close: () => {
      clearTimeout(timer);
      agent.destroy();
    },
  };
}
