import { createServer } from 'node:http';
import { afterAll, beforeAll } from 'vitest';
import { receiveRoaRequest, type RoaRequest } from '../../local/stand-ins/edas/roa-signature.ts';
import { listen, type Listening } from '../../local/stand-ins/listen.ts';

/** A server that takes every request in and answers `{}`, so that what an SDK put on the wire can be looked at and changed. */
export function startRecorder(): { received: RoaRequest[]; endpoint: () => string } {
  const received: RoaRequest[] = [];
  let recorder: Listening;
  beforeAll(async () => {
    const server = createServer((message, response) => {
      void receiveRoaRequest(message).then((request) => {
        received.push(request);
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    });
    recorder = await listen(server, 0);
  });
  afterAll(() => recorder.close());
  return { received, endpoint: () => recorder.url };
}
