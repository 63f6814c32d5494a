import type { ServerResponse } from 'node:http';
import { jsonHeaders, sendAnswer, type Answer } from '../answers.ts';
import type { ApiError } from '../gateway.ts';
import { errorAnswer } from './answers.ts';
import { signatureDoesNotMatch, type RpcParameters } from './rpc-signature.ts';

/** Sent instead of the true answer. A read has no effect, so a fault does not say whether it happened. */
export interface Fault {
  /** The name of the function that makes it; in parentheses, what tells it from others that the function makes. */
  readonly name: string;
  readonly instead: (response: ServerResponse, truth: Truth) => void;
}

/** What was asked, and what would have been answered. */
export interface Truth {
  readonly parameters: RpcParameters;
  readonly method: string;
  readonly answer: Answer;
}

export { reset, silent } from '../faults.ts';

/** https://www.alibabacloud.com/help/ja/kms/key-management-service/support/limits */
export function throttled(): Fault {
  return refusal({ status: 429, code: 'Rejected.Throttling', message: 'QPS Limit Exceeded' });
}

/** The role may not read the secret. */
export function forbidden(): Fault {
  return refusal({
    status: 403,
    code: 'Forbidden.NoPermission',
    message: 'This operation is forbidden by permission system.',
  });
}

/** The account owes money. */
export function inDebt(): Fault {
  return refusal({ status: 400, code: 'Forbidden.InDebt', message: 'The account is in debt.' });
}

export function serviceUnavailable(): Fault {
  return refusal({
    status: 503,
    code: 'ServiceUnavailableTemporary',
    message: 'Service Unavailable Temporary',
  });
}

export function internalFailure(): Fault {
  return refusal({ status: 500, code: 'InternalFailure', message: 'Internal Failure' });
}

/** A good signature is refused, and the message repeats the caller's security token. */
export function signatureMismatch(): Fault {
  return {
    name: 'signatureMismatch',
    instead: (response, { parameters, method }) => {
      sendAnswer(response, errorAnswer(signatureDoesNotMatch(parameters, method)));
    },
  };
}

/** Any refusal of KMS. */
export function refusal(error: ApiError): Fault {
  return {
    name: `refusal (${error.code})`,
    instead: (response) => {
      sendAnswer(response, errorAnswer(error));
    },
  };
}

/** A load balancer's HTML page under 502. */
export function htmlBadGateway(): Fault {
  return whole('htmlBadGateway', 502, 'text/html', '<html><h1>502 Bad Gateway</h1></html>');
}

/** HTTP 200, said to be JSON, with nothing in it. */
export function emptyBody(): Fault {
  return whole('emptyBody', 200, 'application/json', '');
}

/** The JSON text `null`. */
export function jsonNull(): Fault {
  return whole('jsonNull', 200, 'application/json', 'null');
}

/** The secret alone, which is no JSON: a parser's error quotes its beginning. */
export function secretAsText(): Fault {
  return {
    name: 'secretAsText',
    instead: (response, { answer }) => {
      const { SecretData } = JSON.parse(answer.json) as { SecretData?: string };
      response.writeHead(200, { 'content-type': 'application/json' }).end(SecretData);
    },
  };
}

/** A whole HTTP answer around half of the JSON. */
export function truncatedJson(): Fault {
  return {
    name: 'truncatedJson',
    instead: (response, { answer: { status, json } }) => {
      const half = json.slice(0, Math.floor(json.length / 2));
      response.writeHead(status, jsonHeaders(half)).end(half);
    },
  };
}

/** The true answer, and a megabyte of white space after it. */
export function oversized(): Fault {
  return {
    name: 'oversized',
    instead: (response, { answer: { status, json } }) => {
      sendAnswer(response, { status, json: json + ' '.repeat(1024 * 1024) });
    },
  };
}

/** The true answer under a `content-encoding` of gzip that the client did not ask for. */
export function saidToBeCompressed(): Fault {
  return {
    name: 'saidToBeCompressed',
    instead: (response, { answer: { status, json } }) => {
      response.writeHead(status, { ...jsonHeaders(json), 'content-encoding': 'gzip' }).end(json);
    },
  };
}

function whole(name: string, status: number, contentType: string, body: string): Fault {
  return {
    name,
    instead: (response) => {
      response.writeHead(status, { 'content-type': contentType }).end(body);
    },
  };
}
