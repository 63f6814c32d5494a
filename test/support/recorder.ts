import { createServer } from 'node:http';
import { afterAll, beforeAll } from 'vitest';
import { listen, type Listening } from '../../local/stand-ins/listen.ts';
import { receiveRequest, type ApiRequest } from '../../local/stand-ins/request.ts';

/** A server that takes every request in and answers `{}`, so that what an SDK put on the wire can be looked at and changed. */
export function startRecorder(): { received: ApiRequest[]; endpoint: () => string } {
  const received: ApiRequest[] = [];
  let recorder: Listening;
  beforeAll(async () => {
    const server = createServer((message, response) => {
      void receiveRequest(message).then((request) => {
        received.push(request);
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    });
    recorder = await listen(server, 0);
  });
  afterAll(() => recorder.close());
  return { received, endpoint: () => recorder.url };
}
