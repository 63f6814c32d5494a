import { createServer, type Server, type ServerResponse } from 'node:http';
import { receiveRoaRequest, type RoaRequest } from './edas/roa-signature.ts';

/** A server that reads each request whole before it is handled. */
export function serveApi(handle: (request: RoaRequest, response: ServerResponse) => void): Server {
  return createServer((message, response) => {
    receiveRoaRequest(message).then(
      (request) => {
        handle(request, response);
      },
      // The caller hung up in the middle of its request: there is nobody to answer.
      () => message.destroy(),
    );
  });
}

/** Notes in a call the status that it is answered with, also where a fault puts the answer off. */
export function noteStatus(
  call: { status: number | undefined },
  response: ServerResponse,
  respond: () => void,
): void {
  const note = () => {
    call.status = response.headersSent ? response.statusCode : undefined;
  };
  respond();
  note();
  response.once('finish', note);
}
