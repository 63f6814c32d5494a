import { Problem, type ErrorCode } from '../../../functions/errors.ts';
import type { CompiledEventSource } from '../../../functions/events/event-source.ts';
import type { CompiledChannel } from '../../../functions/follow/configuration.ts';
import { authenticate } from '../../../functions/webhook/authenticate.ts';
import { rawBody, receive } from '../../../functions/webhook/receive.ts';
import { findSource, requirePost } from '../../../functions/webhook/source/find-source.ts';
import type { Source } from '../../../functions/webhook/source/load-sources.ts';
import type { SignedRequest } from '../../../functions/webhook/verify/match.ts';
import type { DeliveredEvent, ReceivedRequest } from '../../sandbox/listener.ts';
import type { Stage } from '../../sandbox/page/view.ts';
import { explainEvent } from '../explain/explain-event.ts';
import { explainWebhook, type Explanation } from '../explain/explain-webhook.ts';

/** What the functions that the handler itself uses make of a request, up to where EDAS would be asked. */
export interface Trace {
  source?: Source | undefined;
  /** Undefined where the event cannot be read. */
  signed?: SignedRequest | undefined;
  /** What `explain` says of the payload, once the request was verified. */
  explanation?: Explanation | undefined;
  /** Where it stops, and with which outcome or code; undefined where it goes on to EDAS. */
  stop?: { stage: Stage; end: 'health' | 'ignored' | ErrorCode; detail: string } | undefined;
}

export interface TraceOptions {
  /** With their keys, those in KMS too. */
  sources: ReadonlyMap<string, Source>;
  notify: readonly CompiledChannel[];
  isSuspended: boolean;
  /** Undefined where sources.yaml has no events. */
  ofEvents?: { sources: readonly CompiledEventSource[]; accountId: string } | undefined;
}

/** In the order of functions/webhook/handler.ts. */
export async function traceRequest(
  { event, at }: Pick<ReceivedRequest, 'event' | 'at'>,
  { sources, notify, isSuspended }: TraceOptions,
): Promise<Trace> {
  const trace: Trace = {};
  let stage: Stage = 'receive';
  try {
    const request = receive(event);
    if (request.path === '/') {
      return { stop: { stage, end: 'health', detail: 'This path tells the health of the function.' } };
    }
    const source = findSource(sources, request.path);
    trace.source = source;
    requirePost(request.method);
    const { headers, query } = request;
    trace.signed = { headers, query, body: rawBody(request) };

    stage = 'verify';
    const authenticated = await authenticate(source, trace.signed, at, () => Promise.resolve(source));
    if ('outcome' in authenticated) {
      return { ...trace, stop: { stage, end: 'ignored', detail: authenticated.message } };
    }
    stage = 'select';
    const { ping } = source;
    if (ping && headers.get(ping.header) === ping.value) {
      return { ...trace, stop: { stage, end: 'ignored', detail: 'A ping: the signature is right.' } };
    }
    const { body, contentType = '', grant } = authenticated;
    const explanation = await explainWebhook(source, notify, {
      body,
      contentType,
      grant,
      now: at,
      isSuspended,
    });
    const { end } = explanation.decision;
    const stop = end === 'acted on' ? undefined : { stage, end, detail: explanation.verdict };
    return { ...trace, explanation, stop };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { ...trace, stop: { stage, end: error.code, detail: error.message } };
  }
}

/** The same of an event: which of the stages stands for each rule that can stop it. */
export async function traceEvent(
  { payload, at }: Pick<DeliveredEvent, 'payload' | 'at'>,
  { notify, isSuspended, ofEvents }: TraceOptions,
): Promise<Trace> {
  if (!ofEvents) return {};
  const { sources, accountId } = ofEvents;
  const explanation = await explainEvent(sources, notify, { payload, accountId, now: at, isSuspended });
  const { rule, end } = explanation.decision;
  if (end === 'acted on') return { explanation };
  const stage = rule === 'form' ? 'receive' : rule === 'account' ? 'verify' : 'select';
  return { explanation, stop: { stage, end, detail: explanation.verdict } };
}
