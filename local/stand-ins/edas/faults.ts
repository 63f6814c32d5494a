import type { ServerResponse } from 'node:http';
import { jsonHeaders, jsonType, sendAnswer, type Answer } from '../answers.ts';
import { stopOnClose, type Effect, type InsteadOfAnswer } from '../faults.ts';
import type { ApiRequest } from '../request.ts';
import { errorAnswer } from './answers.ts';
import { orderNotFound, orderNotRunning } from './change-orders.ts';
import { signatureDoesNotMatch } from './roa-signature.ts';

/** Something else than the true answer of EDAS: sent instead of it, or the true answer changed on its way. */
export type Fault = InsteadOfAnswer<ApiRequest> | DamagedAnswer;

export { silent, switchingProtocols } from '../faults.ts';

interface DamagedAnswer {
  /** As that of {@link InsteadOfAnswer}. */
  readonly name: string;
  /** The true answer exists, so the operation was done. */
  readonly takesEffect: true;
  readonly damage: (response: ServerResponse, answer: Answer) => void;
}

/** What an answer can be made of. */
export interface AnswerParts extends Effect {
  /** Default 200. */
  readonly status?: number;
  /** With a `content-length` the body is that long, or said to be; without one it comes in chunks. Default JSON. */
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body: string;
  /** Closes the connection after so many characters of the body, at least one. Default: the answer is whole. */
  readonly cutAt?: number | undefined;
}

/** Any answer at all, put together from its parts. */
export function anyAnswer({
  status = 200,
  headers = { 'content-type': jsonType },
  body,
  cutAt,
  takesEffect = false,
}: AnswerParts): Fault {
  return {
    name: `anyAnswer (${status})`,
    takesEffect,
    instead: (response) => {
      response.writeHead(status, { ...headers });
      if (cutAt === undefined) response.end(body);
      else response.write(body.slice(0, cutAt), () => response.destroy());
    },
  };
}

/** A load balancer's HTML page under 502. */
export function htmlBadGateway({ takesEffect = false }: Effect = {}): Fault {
  const page =
    '<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>';
  return { name: 'htmlBadGateway', takesEffect, instead: whole(502, 'text/html', page) };
}

const businessErrors = {
  401: 'No permission.',
  403: 'Access is denied.',
  404: 'The requested path does not exist.',
  601: 'The change order cannot be rolled back.',
  Throttling: 'Request was denied due to request throttling.',
} as const;

/** HTTP 200 around the code of an error, as text. 601 is what EDAS calls a business error. */
export function businessErrorUnder200({
  code = 601,
}: { readonly code?: keyof typeof businessErrors } = {}): Fault {
  return {
    name: `businessErrorUnder200 (${code})`,
    takesEffect: false,
    instead: wholeJson(200, {
      Code: String(code),
      Message: businessErrors[code],
      RequestId: 'FAKE-REQUEST-ID',
    }),
  };
}

/** HTTP 200 and `Code: 200` around an `ErrorCode` that is not "success". */
export function errorCodeBeside200({ takesEffect = false }: Effect = {}): Fault {
  return {
    name: 'errorCodeBeside200',
    takesEffect,
    instead: wholeJson(200, {
      Code: 200,
      Message: 'success',
      ErrorCode: 'Edas.errorcode.fake',
      RequestId: 'FAKE-REQUEST-ID',
    }),
  };
}

/** HTTP 200 around JSON that looks like a success, but for its missing `Code`. */
export function codeMissing({ takesEffect = false }: Effect = {}): Fault {
  return {
    name: 'codeMissing',
    takesEffect,
    instead: wholeJson(200, { Message: 'success', RequestId: 'FAKE-REQUEST-ID' }),
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

/** Too many calls. EDAS varies the HTTP status; the gateway documents 400. No page says that nothing was done. */
export function throttled({
  status = 400,
  code = 'Throttling.User',
  takesEffect = false,
}: Effect & {
  readonly status?: number;
  readonly code?: 'Throttling.User' | 'Throttling' | 'Rejected.Throttling';
} = {}): Fault {
  return {
    name: `throttled (${status} ${code})`,
    takesEffect,
    instead: error(status, code, 'Request was denied due to user flow control.'),
  };
}

const gatewayErrors = {
  InternalError: {
    status: 500,
    message: 'The request processing has failed due to some unknown error, exception or failure.',
  },
  'InvalidAccessKeyId.NotFound': { status: 404, message: 'Specified access key is not found.' },
  'InvalidSecurityToken.Expired': { status: 400, message: 'Specified SecurityToken is expired.' },
  // Documented for SAE, as in change-orders.ts.
  [orderNotRunning.code]: { status: 400, message: orderNotRunning.message },
  [orderNotFound.code]: { status: 400, message: orderNotFound.message },
  'Resouce.no.permission': {
    status: 400,
    message: 'You are not authorized to operate on the specified resources.',
  },
  'System.Upgrading': {
    status: 400,
    message: 'The system is being upgraded. Please try again later.',
  },
} as const;

/** An error in the shape of the gateway, although nothing here is a reason for it. */
export function gatewayError(code: keyof typeof gatewayErrors, { takesEffect = false }: Effect = {}): Fault {
  const { status, message } = gatewayErrors[code];
  return { name: `gatewayError (${code})`, takesEffect, instead: error(status, code, message) };
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

/** The whole, true answer, late. */
export function delayed({ byMs }: { readonly byMs: number }): Fault {
  return {
    name: 'delayed',
    takesEffect: true,
    damage: (response, answer) => {
      const timer = setTimeout(sendAnswer, byMs, response, answer);
      stopOnClose(response, timer);
    },
  };
}

/** The true answer, announced as something else than JSON. */
export function wrongContentType({
  type = 'text/plain',
}: { readonly type?: 'text/plain' | 'text/html' } = {}): Fault {
  return {
    name: `wrongContentType (${type})`,
    takesEffect: true,
    damage: (response, { status, json }) => {
      whole(status, type, json)(response);
    },
  };
}

/** The true answer, and 9 MiB of white space after it. */
export function oversized(): Fault {
  return {
    name: 'oversized',
    takesEffect: true,
    damage: (response, { status, json }) => {
      sendAnswer(response, { status, json: json + ' '.repeat(9 * 1024 * 1024) });
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

/** The JSON text `null`. From 400 on, pop-core meets it with a TypeError of its own. */
export function jsonNull({
  status = 500,
  takesEffect = false,
}: Effect & { readonly status?: number } = {}): Fault {
  return { name: `jsonNull (${status})`, takesEffect, instead: wholeJson(status, null) };
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

function wholeJson(status: number, body: unknown) {
  return whole(status, jsonType, JSON.stringify(body));
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
  stopOnClose(response, timer);
}

function firstHalf(json: string): string {
  return json.slice(0, Math.floor(json.length / 2));
}
