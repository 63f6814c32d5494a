import type { ServerResponse } from 'node:http';

/** An answer of an API: its HTTP status and its JSON body, as text. */
export interface Answer {
  readonly status: number;
  readonly json: string;
}

/** The content type of every true answer. */
export const jsonType = 'application/json;charset=utf-8';

/** An answer with this body. */
export function jsonAnswer(status: number, body: object): Answer {
  return { status, json: JSON.stringify(body) };
}

/** Sends a true answer, whole and at once. */
export function sendAnswer(response: ServerResponse, { status, json }: Answer): void {
  response.writeHead(status, jsonHeaders(json)).end(json);
}

/** The headers of a true answer. */
export function jsonHeaders(json: string) {
  return { 'content-type': jsonType, 'content-length': Buffer.byteLength(json) };
}
