import { paint, showLines } from '../../cli/terminal.ts';
import type { Finding, Remark, Verdict } from './finding.ts';

/** Prints each remark as it comes, and gives the findings among them when it has ended. */
export async function printRemarks(remarks: AsyncIterable<Remark>): Promise<Finding[]> {
  const findings: Finding[] = [];
  for await (const remark of remarks) {
    clearProgress();
    if ('heading' in remark) console.log(`\n${paint('bold', remark.heading)}`);
    else if ('asking' in remark) showProgress(remark.asking);
    else {
      findings.push(remark);
      printFinding(remark);
    }
  }
  clearProgress();
  return findings;
}

/** What an examination comes to, and what to do first. */
export function summarize(findings: readonly Finding[]): string {
  const { wrong, unknown, warning } = byVerdict(findings);
  const counts = [
    wrong.length > 0 && `${things(wrong)} wrong`,
    unknown.length > 0 && `${things(unknown)} could not be checked`,
    warning.length > 0 && `${things(warning)} to look at`,
  ].filter((count) => count !== false);
  if (counts.length === 0) return paint('green', 'Everything that was checked is right.');
  const [first] = [...wrong, ...unknown, ...warning];
  const colour = wrong.length > 0 ? 'red' : 'yellow';
  const next = showLines(`First: ${first?.what ?? ''}.\n  ${first?.advice ?? ''}`);
  return `${paint(colour, `${counts.join(', ')}.`)} ${next}`;
}

/** 1: something is wrong. 2: something could not be checked, and nothing that was is wrong. */
export function exitStatus(findings: readonly Finding[]): 0 | 1 | 2 {
  const { wrong, unknown } = byVerdict(findings);
  if (wrong.length > 0) return 1;
  return unknown.length > 0 ? 2 : 0;
}

const marks: Record<Verdict, { sign: string; colour: Parameters<typeof paint>[0] }> = {
  right: { sign: '✓', colour: 'green' },
  warning: { sign: '!', colour: 'yellow' },
  wrong: { sign: '✗', colour: 'red' },
  unknown: { sign: '?', colour: 'yellow' },
  skipped: { sign: '–', colour: 'dim' },
};

function printFinding({ verdict, what, advice, places = [] }: Finding): void {
  const { sign, colour } = marks[verdict];
  // It may quote what EDAS, KMS or the function answered.
  const text = showLines(what);
  console.log(`${paint(colour, sign)} ${verdict === 'skipped' ? paint('dim', text) : text}`);
  const below = [...(advice === undefined ? [] : [advice]), ...places];
  if (below.length > 0) console.log(showLines(below.join('\n')).replaceAll(/^/gm, '  '));
}

function byVerdict(findings: readonly Finding[]): Record<Verdict, Finding[]> {
  const of = (verdict: Verdict) => findings.filter((finding) => finding.verdict === verdict);
  return {
    right: of('right'),
    warning: of('warning'),
    wrong: of('wrong'),
    unknown: of('unknown'),
    skipped: of('skipped'),
  };
}

function things({ length }: readonly Finding[]): string {
  return length === 1 ? '1 thing' : `${length} things`;
}

/** For a person who waits: a pipe or a file gets findings only. */
function showProgress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(paint('dim', `… asking ${text}`));
}

function clearProgress(): void {
  if (!process.stdout.isTTY) return;
  process.stdout.clearLine(0);
  process.stdout.cursorTo(0);
}
