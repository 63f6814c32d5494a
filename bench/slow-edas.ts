import { CliError } from '../local/cli/cli.ts';
import type { TlsSubjects } from './cold-subjects.ts';
import { slowEdasMs } from './fixtures.ts';
import { holdTo, type Holder } from './hold.ts';
import { atMost, toTable, type Goal, type MutableFindings } from './report.ts';
import { runProcess, type Subject } from './run-process.ts';
import { differencesOf, figuresOf, interleave, median, quantile, type Rounds } from './statistics.ts';

/** Parts of a core. */
const choices = [0.5, 0.35, 0.3, 0.25, 0.2, 0.15];
/** The one that s.yaml asks for. */
export const chosen = 0.25;
/** Beyond the bare program, to the PUT as well as to the answer. */
const longestBeyondBareMs = 100;
const longestColdMs = 1000;

/** Milliseconds from the start of a process, by what had happened then. */
interface Moments {
  rollbackAsked: number;
  answered: number;
}

/**
 * How long an accepted request to a cold instance takes where EDAS is behind TLS and takes its time, on parts of a core: until
 * EDAS is asked to roll back, and until the answer.
 *
 * @param rollbackAt the moment of the last rollback that EDAS was asked for
 */
export async function measureSlowEdas(
  subjects: TlsSubjects,
  rollbackAt: () => number,
  rounds: Rounds,
  findings: MutableFindings,
  progress: (what: string) => void,
): Promise<void> {
  for (const cores of choices) {
    progress(`cold start over TLS with an EDAS that takes its time, ${cores} of a core`);
    const holder = holdTo(cores);
    if ('reason' in holder) {
      findings.notes.push(`Nothing was measured on a part of a core: ${holder.reason}.`);
      return;
    }
    await measureHeld(cores, holder, subjects, rollbackAt, rounds, findings);
  }
}

async function measureHeld(
  cores: number,
  { enter, release }: Holder,
  subjects: TlsSubjects,
  rollbackAt: () => number,
  rounds: Rounds,
  { tables, goals, notes }: MutableFindings,
): Promise<void> {
  const names = ['bare', 'ours'] as const;
  const measure = (name: (typeof names)[number]) =>
    momentsOf(subjects[`${name}, accepted`](), enter, rollbackAt);
  const moments = await interleave(names, rounds, measure).finally(release);
  const toPut = figuresOf(moments, (each) => each.rollbackAsked);
  const toAnswer = figuresOf(moments, (each) => each.answered);
  tables.push(
    toTable(`Cold start over TLS, EDAS at ${slowEdasMs} ms a call, ${cores} of a core`, 'ms', undefined, {
      'bare, until the PUT': toPut.bare,
      'ours, until the PUT': toPut.ours,
      'bare, until the answer': toAnswer.bare,
      'ours, until the answer': toAnswer.ours,
    }),
  );
  notes.push(noteOf(cores, toAnswer.ours));
  if (cores !== chosen) return;
  goals.push(beyondBare('until the PUT', toPut), beyondBare('until the answer', toAnswer));
}

async function momentsOf(subject: Subject, enter: string, rollbackAt: () => number): Promise<Moments> {
  const { startedAt, answered } = await runProcess(subject, enter);
  const rollbackAsked = rollbackAt() - startedAt;
  if (rollbackAsked > 0) return { rollbackAsked, answered };
  throw new CliError('A measured process did not ask EDAS to roll back.');
}

function noteOf(cores: number, answered: readonly number[]): string {
  const [middle, nearlyAll] = [median(answered), quantile(answered, 0.95)];
  const verdict = nearlyAll < longestColdMs ? '' : ', which is too long';
  return `Accepted, cold, over TLS, EDAS at ${slowEdasMs} ms a call, ${cores} of a core: ${middle.toFixed(0)} ms, 95 % within ${nearlyAll.toFixed(0)} ms${verdict}`;
}

function beyondBare(what: string, { bare, ours }: Record<'bare' | 'ours', number[]>): Goal {
  const more = median(differencesOf(ours, bare));
  return atMost(`cold over TLS, ${chosen} of a core, ${what}, beyond bare`, longestBeyondBareMs, more, 'ms');
}
