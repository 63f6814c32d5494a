import { textsOf } from '../../functions/follow/message.ts';
import { toRecord, toText } from '../../functions/lib/json.ts';
import { excerpt } from '../../functions/lib/text.ts';
import type { FunctionResponse } from '../../functions/platform/context.ts';
import { paint, showLines } from '../cli/terminal.ts';
import { readAnswer } from '../signing/read-answer.ts';
import type { SenderRequest } from '../signing/sender.ts';
import { receiverKinds, type ReceivedMessage } from '../stand-ins/channels/receiver.ts';
import type { RecordedCall } from '../stand-ins/edas/stand-in.ts';
import type { RecordedCall as RecordedTaskCall } from '../stand-ins/fc/stand-in.ts';
import type { RecordedCall as RecordedKmsCall } from '../stand-ins/kms/stand-in.ts';
import { isOfTask, isRead, type DeliveredEvent, type DeliveryEnd, type SandboxListener } from './listener.ts';
import { showMessage } from './show-message.ts';

/** Characters of a line that tells the story. */
const longestLine = 116;

/** Tells at the terminal what happens in the sandbox. */
export interface Narrator extends Omit<SandboxListener, 'received' | 'answer'> {
  /** Says what it leaves out. */
  begin: () => void;
  answer: (request: { method: string; path: string }, response: FunctionResponse, durationMs: number) => void;
}

/** @param isVerbose everything, or the story alone: a line for each step */
export function createNarrator(isVerbose: boolean): Narrator {
  const reads = gatherReads();
  const afterReads =
    <Told extends unknown[]>(tellOne: (...told: Told) => void) =>
    (...told: Told) => {
      reads.tell();
      tellOne(...told);
    };
  return {
    begin: () => {
      if (!isVerbose) console.log(paint('dim', 'This is the story alone; --verbose shows everything.'));
    },
    request: isVerbose ? tellWholeRequest : tellRequest,
    answer: isVerbose ? tellWholeAnswer : afterReads(tellAnswer),
    call: (call) => {
      if (isVerbose) tellCall(call);
      else if (isOfTask(call)) return;
      else if (isRead(call)) reads.add(call);
      else afterReads(tellCall)(call);
    },
    kmsCall: tellKmsCall,
    taskCall: (call) => {
      if (isVerbose) tellTaskCall(call);
      else if (!isOfTask(call) && call.operation !== 'GetAsyncTask') afterReads(tellTaskCall)(call);
    },
    published: tellPublished,
    delivered: tellDelivered,
    ended: (...told) => {
      reads.tell();
      tellEnded(isVerbose, ...told);
    },
    givenUp: ({ event: { id }, deliveries, reason }) => {
      const times = deliveries === 1 ? 'once' : `${deliveries} times`;
      tell(
        'bus → dead letters',
        paint('red', cut(`${showLines(id)}, delivered ${times}: ${showLines(reason)}`)),
      );
    },
    log: afterReads((line) => {
      tellLog('function → log', line, isVerbose);
    }),
    taskLog: (line) => {
      tellLog('task → log', line, isVerbose);
    },
    message: gatherMessages(isVerbose ? tellWholeMessage : tellMessage),
  };
}

/** Reads that follow one another are told in one line. */
function gatherReads(): { add: (call: RecordedCall) => void; tell: () => void } {
  let waiting: RecordedCall[] = [];
  return {
    add: (call) => waiting.push(call),
    tell: () => {
      if (waiting.length === 0) return;
      const names = waiting.map(({ operation = '' }) => operation);
      const counted = [...new Set(names)].map((name) => {
        const count = names.filter((each) => each === name).length;
        return count === 1 ? name : `${name} (${count})`;
      });
      const statuses = new Set(waiting.map(({ status }) => status));
      tell('function → EDAS', `${counted.join(', ')} ${[...statuses].map(http).join(', ')}`);
      waiting = [];
    },
  };
}

function tellRequest({ address }: SenderRequest, body: string): void {
  const { pathname } = new URL(address);
  tell('sender → function', cut(`POST ${pathname}  ${body}`));
}

function tellWholeRequest({ address, headers }: SenderRequest, body: string): void {
  tell('sender → function', `POST ${address}`);
  for (const [name, value] of Object.entries(headers)) console.log(indent(`${name}: ${value}`));
  console.log(indent(body));
}

function tellAnswer(...[{ method, path }, { statusCode, body }]: Parameters<Narrator['answer']>): void {
  const { code, outcome, message, chat } = readAnswer(body);
  const said = chat ?? [code ?? outcome, message].filter((part) => part !== undefined).join(': ');
  const head = `${method} ${path} answered `;
  const tail = cut(` ${showLines(said).split('\n')[0] ?? ''}`, head.length + 3);
  tell('function → sender', `${head}${paint(colourOf(statusCode), `${statusCode}${tail}`)}`);
}

function tellWholeAnswer(
  ...[{ method, path }, { statusCode, body }, durationMs]: Parameters<Narrator['answer']>
): void {
  const colour = colourOf(statusCode);
  tell(
    'function → sender',
    `${method} ${path} answered ${paint(colour, String(statusCode))} in ${Math.round(durationMs)} ms`,
  );
  console.log(indent(paint(colour, showLines(body.trimEnd()))));
}

function colourOf(statusCode: number): 'green' | 'red' {
  return statusCode < 300 ? 'green' : 'red';
}

function tellPublished({ id, source, type }: Parameters<Narrator['published']>[0]): void {
  tell('sender → bus', cut(showLines(`${source} ${type} ${id}`)));
}

function tellDelivered({ eventId, before }: DeliveredEvent): void {
  tell('bus → function', cut(`delivery ${before + 1} of ${showLines(eventId)}`));
}

function tellEnded(isVerbose: boolean, ...told: Parameters<Narrator['ended']>): void {
  const [{ before }, end, durationMs] = told;
  const isFine = 'returned' in end && !('code' in toRecord(end.returned));
  const took = isVerbose ? ` in ${Math.round(durationMs)} ms` : '';
  const head = `delivery ${before + 1} came to${took} `;
  const said = isVerbose ? showLines(JSON.stringify(end)) : cut(describeEnd(end), head.length + 1);
  tell('function → bus', `${head}${paint(isFine ? 'green' : 'red', said)}`);
}

/** What an event came to, in one line. */
function describeEnd(end: DeliveryEnd): string {
  if ('threw' in end) return `a failure, so it may come again: ${showLines(end.threw)}`;
  const { code, outcome, message, detail } = toRecord(end.returned);
  const texts = [toText(code) ?? toText(outcome), toText(message) ?? toText(detail)];
  return showLines(texts.filter((text) => text !== undefined).join(': '));
}

function tellCall(call: RecordedCall): void {
  const { operation, method, path, status } = call;
  const who = isOfTask(call) ? 'task' : 'function';
  tell(`${who} → EDAS`, `${operation ?? `${method} ${path}`} ${http(status)}`);
}

function tellKmsCall({ action = '', secretName, stage, status }: RecordedKmsCall): void {
  const what = [action, secretName, stage].filter((part) => part !== undefined).join(' ');
  tell('function → KMS', `${what} ${http(status)}`);
}

function tellTaskCall(call: RecordedTaskCall): void {
  const { operation, method, path, taskId, status } = call;
  const who = isOfTask(call) ? 'task' : 'function';
  tell(`${who} → FC`, `${operation ? `${operation} ${taskId ?? ''}` : `${method} ${path}`} ${http(status)}`);
}

function http(status: number | undefined): string {
  return paint('dim', `HTTP ${status ?? 'none'}`);
}

/** What an answer or a message has said already is left out, unless everything is told. */
function tellLog(who: string, line: string, isVerbose: boolean): void {
  if (isVerbose) {
    tell(who, paint('dim', showLines(line)));
    return;
  }
  const { level, msg, reason } = readLogLine(line);
  if (level === 'info' || level === 'debug' || msg === 'decision') return;
  const text = msg === undefined ? line : [`${level ?? ''} ${msg}`, reason].filter(Boolean).join(': ');
  tell(who, paint('yellow', cut(showLines(text))));
}

function readLogLine(line: string): { level?: string; msg?: string; reason?: string } {
  try {
    const { level, msg, reason } = toRecord(JSON.parse(line));
    const fields = { level: toText(level), msg: toText(msg), reason: toText(reason) };
    return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  } catch {
    return {};
  }
}

/** Messages that come at once are told in the order of the channels, the same text once. */
function gatherMessages(tellOne: (channels: string, text: string) => void): Narrator['message'] {
  let waiting: ReceivedMessage[] = [];
  const show = () => {
    const inOrder = receiverKinds.flatMap((kind) => waiting.filter((message) => message.kind === kind));
    for (const text of new Set(inOrder.map((message) => message.text))) {
      const kinds = inOrder.filter((message) => message.text === text).map(({ kind }) => kind);
      tellOne(kinds.join(', '), text);
    }
    waiting = [];
  };
  return (message) => {
    if (waiting.length === 0) setTimeout(show, 30);
    waiting.push(message);
  };
}

/**
 * The first line says it all; of the details, the versions and what the instances run in the end are told, and where a
 * person can decide.
 */
function tellMessage(channels: string, text: string): void {
  const [first = '', ...details] = text.split('\n');
  tell('task → people', `${paint('cyan', channels)}: ${cut(showLines(first), channels.length + 2)}`);
  const told = details.filter((line) => toldLabels.some((label) => line.startsWith(label)));
  if (told.length > 1) console.log(indent(told.map(showLines).join(' · ')));
  const links = details.filter((line) => pageLabels.some((label) => line.startsWith(label)));
  for (const link of links) console.log(indent(showLines(link)));
}

/** With which the line begins that has the link of a question. */
const pageLabels = Object.values(textsOf).map(({ openPage }) => `${openPage}: `);

/** With which the lines of a message begin that say from which version to which, and how the instances are. */
const toldLabels = Object.values(textsOf).flatMap(({ labels, colon }) =>
  [labels.version, labels.instances].map((label) => `${label}${colon}`),
);

/** As its channels would show it. */
function tellWholeMessage(channels: string, text: string): void {
  tell('task → people', '');
  console.log(indent(showMessage(channels, text)));
}

function tell(who: string, what: string): void {
  console.log(`   ${paint('magenta', who)}${' '.repeat(Math.max(1, 19 - who.length))}${what}`.trimEnd());
}

function cut(text: string, taken = 0): string {
  return excerpt(text, longestLine - 22 - taken);
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, ' '.repeat(22));
}
