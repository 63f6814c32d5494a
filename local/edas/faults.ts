import type { ServerResponse } from 'node:http';
import { errorAnswer, jsonType, jsonHeaders, sendAnswer, type Answer } from './answers.ts';
import { signatureDoesNotMatch, type RoaRequest } from './roa-signature.ts';

/** Something else than the true answer of EDAS: sent instead of it, or the true answer damaged on its way. */
export type Fault = InsteadOfAnswer | DamagedAnswer;

interface InsteadOfAnswer {
  readonly name: string;
  /** Whether EDAS does what it was asked before this fault hides it. */
  readonly takesEffect: boolean;
  readonly instead: (response: ServerResponse, request: RoaRequest) => void;
}

interface DamagedAnswer {
  readonly name: string;
  /** The true answer exists, so the operation was done. */
  readonly takesEffect: true;
  readonly damage: (response: ServerResponse, answer: Answer) => void;
}

interface Effect {
  /** Default false. */
  readonly takesEffect?: boolean;
}

/** A load balancer's HTML page under 502. */
export function htmlBadGateway({ takesEffect = false }: Effect = {}): Fault {
  const page =
    '<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>';
  return { name: 'htmlBadGateway', takesEffect, instead: whole(502, 'text/html', page) };
}

/** HTTP 200 around `Code: "601"`, a business error. */
export function businessErrorUnder200(): Fault {
  const body = {
    Code: '601',
    Message: 'The change order cannot be rolled back.',
    RequestId: 'FAKE-REQUEST-ID',
  };
  return {
    name: 'businessErrorUnder200',
    takesEffect: false,
    instead: whole(200, jsonType, JSON.stringify(body)),
  };
}

/** HTTP 200, said to be JSON, with nothing in it. */
export function emptyBody({ takesEffect = false }: Effect = {}): Fault {
  return { name: 'emptyBody', takesEffect, instead: whole(200, jsonType, '') };
}

/** A complete HTTP answer around half a JSON text. */
export function truncatedJson(): Fault {
  return {
    name: 'truncatedJson',
    takesEffect: true,
    damage: (response, { status, json }) => {
      response.writeHead(status, { 'content-type': jsonType }).end(firstHalf(json));
    },
  };
}

/** One of EDAS's own errors, which come as HTTP 500 although trying again is no use. */
export function edasErrorcodeUnder500({ takesEffect = false }: Effect = {}): Fault {
  return {
    name: 'edasErrorcodeUnder500',
    takesEffect,
    instead: error(500, 'Edas.errorcode.User.Invalid.message', 'Edas.errorcode.User.Invalid.message'),
  };
}

/** Too many calls. EDAS varies the HTTP status; the gateway documents 400. */
export function throttled({ status = 400 }: { readonly status?: number } = {}): Fault {
  return {
    name: 'throttled',
    takesEffect: false,
    instead: error(status, 'Throttling.User', 'Request was denied due to user flow control.'),
  };
}

/** The RAM policy does not allow the call. */
export function deniedByRam(): Fault {
  const message =
    "User not authorized to operate on the specified resource, or this API doesn't support RAM.";
  return { name: 'deniedByRam', takesEffect: false, instead: error(403, 'Forbidden.RAM', message) };
}

/** A temporary fault that the gateway itself announces. */
export function serviceUnavailable({ takesEffect = false }: Effect = {}): Fault {
  const message = 'The request has failed due to a temporary failure of the server.';
  return { name: 'serviceUnavailable', takesEffect, instead: error(503, 'ServiceUnavailable', message) };
}

/** Takes the request and never says a word. The socket stays open. */
export function silent({ takesEffect = false }: Effect = {}): Fault {
  return {
    name: 'silent',
    takesEffect,
    instead: () => {
      // Silence is the fault.
    },
  };
}

/** The connection is reset before EDAS did anything. The caller cannot tell it from {@link resetAfterHandling}. */
export function resetBeforeHandling(): Fault {
  return { name: 'resetBeforeHandling', takesEffect: false, instead: reset };
}

/** The connection is reset after EDAS did what it was asked. */
export function resetAfterHandling(): Fault {
  return { name: 'resetAfterHandling', takesEffect: true, instead: reset };
}

/** The content length promises the whole answer, half of it comes, the connection closes. */
export function cutInHalf(): Fault {
  return {
    name: 'cutInHalf',
    takesEffect: true,
    damage: (response, { status, json }) => {
      response.writeHead(status, jsonHeaders(json));
      response.write(firstHalf(json), () => response.destroy());
    },
  };
}

/** The whole, true answer, one byte at a time. */
export function slowByteByByte({ everyMs = 20 }: { readonly everyMs?: number } = {}): Fault {
  return {
    name: 'slowByteByByte',
    takesEffect: true,
    damage: (response, { status, json }) => {
      response.writeHead(status, jsonHeaders(json));
      trickle(response, Buffer.from(json), everyMs);
    },
  };
}

/** A redirection, which no API client follows. */
export function redirect(): Fault {
  return {
    name: 'redirect',
    takesEffect: false,
    instead: (response) => {
      response.writeHead(302, { location: 'https://error.example.com/', 'content-type': 'text/html' }).end();
    },
  };
}

/** A success in XML, although JSON was asked for. */
export function xmlAnswer({ takesEffect = false }: Effect = {}): Fault {
  const body =
    '<RollbackChangeOrderResponse><Code>200</Code><Message>success</Message></RollbackChangeOrderResponse>';
  return { name: 'xmlAnswer', takesEffect, instead: whole(200, 'text/xml;charset=utf-8', body) };
}

/** An error in XML. pop-core throws it without its HTTP status. */
export function xmlError(): Fault {
  const body =
    '<Error><RequestId>FAKE-REQUEST-ID</RequestId><HostId>edas.cn-hangzhou.aliyuncs.com</HostId>' +
    '<Code>ServiceUnavailable</Code><Message>The request has failed due to a temporary failure.</Message></Error>';
  return { name: 'xmlError', takesEffect: false, instead: whole(503, 'text/xml;charset=utf-8', body) };
}

/** The JSON text `null` under 500, which pop-core meets with a TypeError of its own. */
export function jsonNull({ takesEffect = false }: Effect = {}): Fault {
  return { name: 'jsonNull', takesEffect, instead: whole(500, jsonType, 'null') };
}

/** The gateway refuses a good signature and, as it does, repeats the caller's security token in its message. */
export function signatureMismatch(): Fault {
  return {
    name: 'signatureMismatch',
    takesEffect: false,
    instead: (response, request) => {
      sendAnswer(response, errorAnswer(signatureDoesNotMatch(request)));
    },
  };
}

function whole(status: number, contentType: string, body: string) {
  return (response: ServerResponse) => {
    response.writeHead(status, { 'content-type': contentType }).end(body);
  };
}

function error(status: number, code: string, message: string) {
  return (response: ServerResponse) => {
    sendAnswer(response, errorAnswer({ status, code, message }));
  };
}

function reset(response: ServerResponse): void {
  response.socket?.resetAndDestroy();
}

function trickle(response: ServerResponse, bytes: Buffer, everyMs: number): void {
  let sent = 0;
  const timer = setInterval(() => {
    response.write(bytes.subarray(sent, sent + 1));
    sent += 1;
    if (sent === bytes.length) response.end();
  }, everyMs);
  // Fires at the end of the answer and also when the caller hangs up before it.
  response.once('close', () => {
    clearInterval(timer);
  });
}

function firstHalf(json: string): string {
  return json.slice(0, Math.floor(json.length / 2));
}
