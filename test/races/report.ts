import type { Result } from './race.ts';
import type { TimeToPut } from './time-to-put.ts';

/** The first two lines of the table, which is Markdown. */
export function headLines(): string[] {
  return [
    '| race | deliveries | orders | rollbacks sent | before | took effect | answers | s | as wanted |',
    '| --- | --: | --: | --: | --: | --: | --- | --: | --- |',
  ];
}

export function rowOf(result: Result): string {
  const { name, deliveries, orders, puts, putsBefore, effects, answers, tookMs, faults, attempts } = result;
  const verdict = faults.length === 0 ? 'yes' : 'NO';
  const kinds = Object.entries(answers).map(([kind, count]) => `${count} × ${kind}`);
  const cells = [
    name,
    deliveries,
    orders,
    puts,
    putsBefore ?? '–',
    effects,
    kinds.join('; '),
    (tookMs / 1000).toFixed(1),
    attempts === 1 ? verdict : `${verdict}, at attempt ${attempts}`,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** What is wrong with it, each fault once, and whether that may be the machine. */
export function faultLines({ faults, late }: Result): string[] {
  const lines = [...new Set(faults)].map((fault) => `  ✗ ${fault}`);
  if (lines.length === 0 || late === 0) return lines;
  return [...lines, `  ${late} answers came too late: is the machine busy with something else?`];
}

export function timeToPutLines(times: readonly TimeToPut[]): string[] {
  const rows = times.map(
    ({ name, deliveries, medianMs, ninetiethMs }) =>
      `| ${name} | ${deliveries} | ${medianMs.toFixed(0)} | ${ninetiethMs.toFixed(0)} |`,
  );
  return [
    '',
    'From the arrival of a webhook until EDAS has the rollback; EDAS and Function Compute answer after 30 ms each:',
    '',
    '| case | deliveries | median, ms | nine of ten, ms |',
    '| --- | --: | --: | --: |',
    ...rows,
  ];
}
