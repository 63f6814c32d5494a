import { readStyles, type Run } from './styled-lines.ts';

/** The change order of the play, the same at every start. */
const played = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
/** What stands for the order that rolls it back, and for every other id. */
const rollback = '9f410c84-cf3f-416a-bcef-90f8ce827b5d';
const anyOther = '00000000-0000-4000-8000-000000000000';

/**
 * What differs from one run to the next, and what stands for it. Signatures stay: bodies and secrets of the sandbox are the
 * same at every start.
 */
const varying: [RegExp, string][] = [
  [/(?<=127\.0\.0\.1:)\d+/g, '9000'],
  [/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '2026-01-01T03:00:00.000Z'],
  [/(?<="durationMs":)\d+/g, '5'],
  [/(?<= in )\d+(?= ms$)/gm, '…'],
  [/(?<=Time since the request: |请求至今：)[0-4]\b/g, '0'],
  [/(?<=Time since the request: |请求至今：)(?:[5-9]|\d\d+)\b/g, '6'],
];

/** The steps of the play in what `npm start` has written, without what differs from run to run. */
export function linesOfPlay(output: string): Run[][] {
  const [, play] = /^([^\n]*1\. A release is under way.*?)\n+^[^\n]*Your turn\./ms.exec(output) ?? [];
  if (play === undefined) throw new Error(`npm start has not played to its end:\n${output}`);
  const steady = varying.reduce((text, [what, standIn]) => text.replaceAll(what, standIn), play);
  return withSteadyIds(steady).split('\n').map(readStyles);
}

function withSteadyIds(text: string): string {
  const [, made] = /"rollbackChangeOrderId":"([^"]+)"/.exec(text) ?? [];
  return text
    .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, (id) =>
      id === played ? played : id === made ? rollback : anyOther,
    )
    .replaceAll(/\b[0-9a-f]{32}\b/g, '0'.repeat(32));
}

/** What a play tells. */
export interface Content {
  /** Of each step, what the sender and the function do. */
  steps: string[][];
  /** What the task does, which begins when it likes and acts at the same time as EDAS and the sandbox. */
  task: string[];
}

/**
 * What a play tells, without the order of its lines and without those that a busy machine may skip: the sandbox looks at EDAS
 * 20 times a second.
 */
export function contentOf(lines: readonly (readonly Run[])[]): Content {
  const steps: Set<string>[] = [];
  const task = new Set<string>();
  for (const runs of lines) {
    const text = runs.map((run) => run.text).join('');
    if (/^\d\. /.test(text)) steps.push(new Set());
    if (text === '' || /^ {3}EDAS .*: (0|1|9) \(/.test(text)) continue;
    const isOfTask = /^ {3}task →|^ {22}[a-z, ]*[┌│└]/.test(text);
    const group = isOfTask ? task : steps.at(-1);
    for (const line of withoutGrouping(runs, text)) group?.add(line);
  }
  return { steps: steps.map((step) => [...step].toSorted()), task: [...task].toSorted() };
}

/** Channels that show the same message share it where they get it within a moment, and then in the order of coming. */
function withoutGrouping(runs: readonly Run[], text: string): string[] {
  const [, channels, rest = ''] = /^ {22}([a-z, ]*?) *([┌│└].*)$/.exec(text) ?? [];
  if (channels === undefined) return [runs.map((run) => `${run.style}:${run.text}`).join('|')];
  // How far a line is cut depends on how many channels stand before it.
  const beginning = rest.slice(0, 28);
  return channels === '' ? [beginning] : channels.split(', ').map((channel) => `${channel} ${beginning}`);
}
