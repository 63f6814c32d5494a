import { isUtf8 } from 'node:buffer';
import type { ReceivedRequest } from '../../sandbox/listener.ts';
import {
  stages,
  type AnswerView,
  type FactView,
  type Stage,
  type StageState,
  type StageView,
} from '../../sandbox/page/view.ts';
import { proofHeaders, signedParts } from '../../signing/signed-parts.ts';
import { describeVerify } from '../explain/describe-verify.ts';
import type { Explanation } from '../explain/explain-webhook.ts';
import { fitForPage } from './fit-for-page.ts';
import type { Trace } from './trace-request.ts';

/** A call that the function made while a request was open. */
export interface SeenCall {
  to: 'EDAS' | 'FC' | 'KMS';
  what: string;
  /** Whether it changes nothing. */
  isRead: boolean;
  /** The stand-in's own record: its status comes later where a fault answers later. */
  call: { readonly status: number | undefined; readonly fault: string | undefined };
  /** Whether no other request was open. */
  isCertain: boolean;
}

interface Seen {
  received: Pick<ReceivedRequest, 'method' | 'path'>;
  trace: Trace | undefined;
  calls: readonly SeenCall[];
  answer: AnswerView | undefined;
}

/** Each stage of a request: how far it came, and what was seen there. Nothing is told that neither the answer, a call nor the same code shows. */
export function describeStages(seen: Seen): StageView[] {
  const reached = reach(seen);
  return stages.map((stage, index) => ({
    stage,
    state: stateOf(index, reached),
    facts: [...factsOf(stage, seen), ...(reached.stopsAt === stage ? reasons(seen, reached) : [])],
  }));
}

/** How far a request came. */
interface Reach {
  /** The stages that it has passed, from the first on. */
  passed: number;
  /** Undefined where it has passed all, is under way, or where this cannot be told. */
  stopsAt?: Stage;
  isOver: boolean;
  /** What of this is not as the sandbox expected. */
  caution?: string;
}

function stateOf(index: number, { passed, stopsAt, isOver }: Reach): StageState {
  if (index < passed) return 'passed';
  if (stages[index] === stopsAt) return 'stopped';
  return isOver && stopsAt !== undefined ? 'not reached' : 'open';
}

/** The outcomes after which something is under way. */
const goingOn: readonly string[] = ['rolling_back', 'deferred', 'asked', 'approved'];
/** What only a source's secrets lead to. */
const ofSecrets: readonly string[] = ['secrets_unavailable', 'source_not_configured'];

function reach({ trace, calls, answer }: Seen): Reach {
  const own = calls.filter(({ to }) => to !== 'KMS');
  const hasActed = own.some(({ isRead }) => !isRead);
  const end = answer?.code;
  // A call shows that everything before it was passed.
  if (!answer || end === undefined) return { passed: hasActed ? 4 : own.length > 0 ? 3 : 1, isOver: false };
  const stopAt = (stage: Stage): Reach => ({ passed: stages.indexOf(stage), stopsAt: stage, isOver: true });
  if (ofSecrets.includes(end)) return stopAt('verify');
  if (trace?.stop?.end === end) return stopAt(trace.stop.stage);
  if (trace?.stop && own.length === 0) {
    const caution = `The function answered ${end}; the same code in the sandbox makes ${trace.stop.end} of the request. Where it stopped is not known.`;
    return { passed: 1, isOver: true, caution };
  }
  if (goingOn.includes(end)) return { passed: 5, isOver: true };
  return stopAt(hasActed ? 'PUT' : 'read');
}

function reasons({ answer }: Seen, { caution }: Reach): FactView[] {
  const because = answer && fact(answer.code ?? 'answered', answer.detail ?? answer.body);
  return [
    ...(because ? [{ ...because, tone: answer.tone, isDeciding: true }] : []),
    ...(caution === undefined ? [] : [fact('but', caution)]),
  ];
}

function factsOf(stage: Stage, seen: Seen): FactView[] {
  switch (stage) {
    case 'receive':
      return receiveFacts(seen);
    case 'verify':
      return [...verifyFacts(seen), ...seen.calls.filter(({ to }) => to === 'KMS').map(callFact)];
    case 'select':
      return seen.trace?.explanation
        ? explanationFacts(seen.trace.explanation).filter(({ label }) => !toldBefore.includes(label))
        : [];
    case 'read':
      return splitCalls(seen).read.map(callFact);
    case 'PUT':
      return splitCalls(seen).act.map(callFact);
  }
}

function receiveFacts({ received: { method, path }, trace }: Seen): FactView[] {
  const request = fact('request', `${method} ${path}`);
  if (!trace?.signed) return [request];
  const { headers, body } = trace.signed;
  return [
    request,
    fact('content-type', headers.get('content-type') ?? 'none'),
    fact(`body, ${body.length} bytes`, textOf(body)),
  ];
}

function verifyFacts({ trace }: Seen): FactView[] {
  if (!trace?.source || !trace.signed) return [];
  const { verify } = trace.source;
  const { signed } = trace;
  const present = proofHeaders(verify).filter((name) => signed.headers.has(name));
  const query = verify.scheme === 'link' ? [...(signed.query ?? [])] : [];
  return [
    fact('must carry', describeVerify(verify).join('\n')),
    ...present.map((name) => fact(name, signed.headers.get(name) ?? '')),
    ...query.map(([name, value]) => fact(`?${name}`, value)),
    ...signedFacts(signedParts(verify, signed)),
  ];
}

function signedFacts(parts: ReturnType<typeof signedParts>): FactView[] {
  if (parts.length === 0) return [fact('signed', 'nothing: the sender shows its secret instead of signing')];
  const form = parts.map(({ name, bytes }) => (name === 'text' ? textOf(bytes ?? Buffer.of()) : name));
  const bytes = parts.reduce((sum, part) => sum + (part.bytes?.length ?? 0), 0);
  const text = parts.map((part) => (part.bytes ? textOf(part.bytes) : '<the secret>')).join('');
  const length = parts.every((part) => part.bytes) ? `${bytes} bytes` : `${bytes} bytes and the secret`;
  return [fact('signed is', form.join('')), fact(`that is, ${length}`, text)];
}

/** What `explain` says first, and the stages before have shown. */
const toldBefore: readonly string[] = ['source', 'must carry', 'content type'];

/** The rows of `explain`, and which of them decides. */
export function explanationFacts({ rows, decision }: Explanation): FactView[] {
  return rows.map(([label, text]) => ({
    ...fact(label, [text].flat().join('\n')),
    isDeciding: label === decision.rule || undefined,
  }));
}

/** What comes before the first call that changes something, and the others. */
function splitCalls({ calls }: Seen): { read: SeenCall[]; act: SeenCall[] } {
  const own = calls.filter(({ to }) => to !== 'KMS');
  const first = own.findIndex(({ isRead }) => !isRead);
  return first === -1 ? { read: own, act: [] } : { read: own.slice(0, first), act: own.slice(first) };
}

function callFact({ to, what, call: { status, fault }, isCertain }: SeenCall): FactView {
  const answered = status === undefined ? 'no answer' : `HTTP ${status}`;
  const parts = [
    what,
    answered,
    fault === undefined ? undefined : `fault: ${fault}`,
    isCertain ? undefined : 'or of another request that was open then',
  ];
  const isBad = fault !== undefined || status === undefined || status >= 500;
  return {
    ...fact(`→ ${to}`, parts.filter((part) => part !== undefined).join(' · ')),
    tone: isBad ? 'bad' : undefined,
  };
}

function fact(label: string, text: string): FactView {
  return { label, text: fitForPage(text) };
}

/** Bytes as text, or in hex where they are none. */
function textOf(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString('utf8') : bytes.toString('hex');
}
