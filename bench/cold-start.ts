import { makeCertificate } from './certificate.ts';
import { coldSubjects, tlsSubjects, type ColdSubjects, type TlsSubjects } from './cold-subjects.ts';
import { atMost, atMostTimes, toTable, type MutableFindings } from './report.ts';
import { runProcess, type Run } from './run-process.ts';
import { measureSlowEdas } from './slow-edas.ts';
import { startStandIns } from './start-stand-ins.ts';
import { differencesOf, figuresOf, interleave, median } from './statistics.ts';

/** Of CPU time, for handing a rollback over, beyond verification. */
const deferredCpuMs = 50;
// Not counted: the first reads come from the disk.
const warmUpRounds = 2;

/**
 * From the start of a process until it has answered its first request and ended.
 *
 * @param folder for what is built and written on the way
 * @param progress is told what is measured next
 */
export async function coldStart(
  folder: string,
  rounds: number,
  progress: (what: string) => void,
): Promise<MutableFindings> {
  const findings: MutableFindings = { tables: [], goals: [], notes: [] };
  const certificate = makeCertificate(folder);
  const standIns = await startStandIns(certificate);
  try {
    const { urls } = standIns;
    const subjects = await coldSubjects(folder, urls);
    await measurePlain(subjects, rounds, findings);
    if (certificate === undefined || urls.tls === undefined) {
      findings.notes.push('Nothing was measured over TLS: there is no openssl to make a certificate with.');
      return findings;
    }
    progress('cold start over TLS');
    await measureTls(tlsSubjects(subjects, urls.tls.edas, certificate), rounds, findings);
    const slow = tlsSubjects(subjects, urls.tls.slowEdas, certificate);
    await measureSlowEdas(slow, standIns.rollbackAt, { rounds, warmUpRounds }, findings, progress);
    return findings;
  } finally {
    standIns.stop();
  }
}

async function measurePlain(
  subjects: ColdSubjects,
  rounds: number,
  { tables, goals }: MutableFindings,
): Promise<void> {
  const names = Object.keys(subjects) as (keyof ColdSubjects)[];
  const runs = await interleave(names, { rounds, warmUpRounds }, (name) => runProcess(subjects[name]()));
  const elapsed = figuresOf(runs, elapsedOf);
  // Each tells how much CPU time it took until its answer.
  const cpu = figuresOf(runs, (run) => run.told);
  const more = differencesOf(cpu['ours, deferred'], cpu['ours, refused']);
  tables.push(toTable('Cold start', 'ms', 'node -e 0', elapsed));
  goals.push(
    atMostTimes('cold, refused, to bare', 1.15, elapsed['ours, refused'], elapsed['bare, refused']),
    atMostTimes('cold, accepted, to bare', 1.35, elapsed['ours, accepted'], elapsed['bare, accepted']),
    atMost('cold, CPU of deferred beyond refused', deferredCpuMs, median(more), 'ms'),
  );
}

async function measureTls(
  subjects: TlsSubjects,
  rounds: number,
  { tables, goals }: MutableFindings,
): Promise<void> {
  const names = Object.keys(subjects) as (keyof TlsSubjects)[];
  const runs = await interleave(names, { rounds, warmUpRounds }, (name) => runProcess(subjects[name]()));
  const elapsed = figuresOf(runs, elapsedOf);
  const ours = elapsed['ours, accepted'];
  tables.push(toTable('Cold start over TLS', 'ms', 'node -e 0', elapsed));
  goals.push(
    atMostTimes('cold over TLS, accepted, to bare', 1.25, ours, elapsed['bare, accepted']),
    atMostTimes('cold over TLS, accepted, to hono', 0.55, ours, elapsed['hono, accepted']),
  );
}

function elapsedOf({ elapsed }: Run): number {
  return elapsed;
}
