import { toRecord, toText } from '../../../functions/lib/json.ts';
import { showLines } from '../../cli/terminal.ts';
import { isOfTask, isRead, type ReceivedRequest, type SandboxListener } from '../../sandbox/listener.ts';
import type { Feed } from '../../sandbox/page/feed.ts';
import type { AnswerView, RequestView, Tone } from '../../sandbox/page/view.ts';
import { readAnswer } from '../../signing/read-answer.ts';
import { describeStages, type SeenCall } from './describe-stages.ts';
import { fitForPage } from './fit-for-page.ts';
import { traceEvent, traceRequest, type Trace, type TraceOptions } from './trace-request.ts';

/** A request, and all that was seen of it. */
interface SeenRequest {
  received: Pick<ReceivedRequest, 'id' | 'method' | 'path' | 'at'> & { event?: Buffer };
  trace: Trace | undefined;
  calls: SeenCall[];
  answer: { status: number; durationMs: number; body: string; isRefused?: boolean } | undefined;
  /** The audit record, without which a chat's answer does not tell its outcome. */
  decision: { end: string | undefined; detail: string | undefined } | undefined;
  log: string[];
}

export interface RequestLog {
  listener: Partial<SandboxListener>;
  /** The newest request of a source, as it arrived; or the one of this key. */
  find: (what: { source: string } | { key: string }) => ReceivedRequest | undefined;
}

/** As many as the feed keeps. */
const mostRequests = 100;

/** Tells the page of each request that reaches the function, however far it has come. */
export function createRequestLog(feed: Feed, options: TraceOptions): RequestLog {
  const seen = new Map<string, SeenRequest>();
  const tell = (request: SeenRequest) => {
    feed.tell('request', viewOf(request), request.received.id);
  };
  const open = () => [...seen.values()].filter(({ answer }) => !answer);

  /** A call does not say for which request it is made: where several are open, it is told of each that it may be of another. */
  const note = (call: Omit<SeenCall, 'isCertain'>) => {
    const candidates = open();
    for (const request of candidates) {
      request.calls.push({ ...call, isCertain: candidates.length === 1 });
      tell(request);
    }
  };
  const update = (id: string | undefined, change: (request: SeenRequest) => void) => {
    const request = seen.get(id ?? '');
    if (!request) return;
    change(request);
    tell(request);
  };

  const begin = (received: SeenRequest['received']) => {
    const { id } = received;
    seen.set(id, { received, trace: undefined, calls: [], answer: undefined, decision: undefined, log: [] });
    for (const oldest of [...seen.keys()].slice(0, -mostRequests)) seen.delete(oldest);
    update(id, () => undefined);
  };

  return {
    listener: {
      received: (received) => {
        const { id } = received;
        begin(received);
        void traceRequest(received, options).then((trace) => {
          update(id, (request) => (request.trace = trace));
        });
      },
      call: (call) => {
        if (!isOfTask(call)) note({ to: 'EDAS', isRead: isRead(call), what: nameOf(call), call });
      },
      kmsCall: (call) => {
        const what = [call.action, call.secretName, call.stage].filter(Boolean).join(' ');
        note({ to: 'KMS', isRead: true, what, call });
      },
      taskCall: (call) => {
        if (isOfTask(call)) return;
        const what = [nameOf(call), call.taskId].filter(Boolean).join(' ');
        note({ to: 'FC', isRead: call.operation === 'GetAsyncTask', what, call });
      },
      delivered: (delivery) => {
        const { id, source, type, at, before } = delivery;
        const path = `${source} ${type}, delivery ${before + 1}`;
        begin({ id, method: 'EVENT', path, at });
        void traceEvent(delivery, options).then((trace) => {
          update(id, (request) => (request.trace = trace));
        });
      },
      ended: ({ id }, end, durationMs) => {
        const body = JSON.stringify('threw' in end ? { detail: end.threw } : end.returned);
        const isRefused = 'threw' in end || 'code' in toRecord(end.returned);
        update(id, (request) => {
          request.answer = { status: 'threw' in end ? 500 : 200, durationMs, body, isRefused };
        });
      },
      log: (line) => {
        const { requestId, msg, outcome, code, detail, message } = parse(line);
        update(toText(requestId), (request) => {
          request.log.push(fitForPage(line));
          if (msg !== 'decision') return;
          request.decision = {
            end: toText(outcome) ?? toText(code),
            detail: toText(detail) ?? toText(message),
          };
        });
      },
      answer: ({ id }, { statusCode: status, body }, durationMs) => {
        update(id, (request) => (request.answer = { status, durationMs, body }));
      },
    },
    find: (what) => {
      const all = [...seen.values()].map(({ received }) => received).filter(hasEvent);
      if ('key' in what) return all.find(({ id }) => id === what.key);
      return all.findLast(({ path, method }) => method === 'POST' && path === `/${what.source}`);
    },
  };
}

/** Whether it came as a request. */
function hasEvent(received: SeenRequest['received']): received is ReceivedRequest {
  return received.event !== undefined;
}

function nameOf({
  operation,
  method,
  path,
}: {
  operation?: string | undefined;
  method: string;
  path: string;
}) {
  return operation ?? `${method} ${path}`;
}

function parse(line: string): Record<string, unknown> {
  try {
    return toRecord(JSON.parse(line));
  } catch {
    return {};
  }
}

function viewOf({ received, trace, calls, answer, decision, log }: SeenRequest): RequestView {
  const { at, method, path } = received;
  const view = answer && viewOfAnswer(answer, decision);
  return {
    at,
    method,
    path: showLines(path),
    source: trace?.source?.name,
    stages: describeStages({ received, trace, calls, answer: view }),
    answer: view,
    log,
    isRepeatable: method === 'POST',
  };
}

function viewOfAnswer(
  { status, durationMs, body, isRefused }: NonNullable<SeenRequest['answer']>,
  decision: SeenRequest['decision'],
): AnswerView {
  const { code, outcome, message, chat } = readAnswer(body);
  const end = decision?.end ?? outcome ?? code;
  const detail = decision?.detail ?? message ?? chat;
  return {
    status,
    durationMs: Math.round(durationMs),
    code: end,
    detail: detail === undefined ? undefined : fitForPage(detail),
    body: fitForPage(body.trimEnd()),
    tone: isRefused ? 'bad' : toneOf(status, end),
  };
}

const quietEnds: readonly (string | undefined)[] = [
  'ignored',
  'health',
  'dry_run',
  'suspended',
  'left_alone',
];

function toneOf(status: number, end: string | undefined): Tone {
  if (status >= 300) return 'bad';
  return quietEnds.includes(end) ? 'quiet' : 'good';
}
