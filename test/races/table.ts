import type { Race, SourceName } from './race.ts';

/** How large the table is. */
export interface Scale {
  /** Of a burst: processes, and deliveries in each of them. */
  burst: { processes: number; times: number };
  /** For each moment of a kill, how late EDAS shows the rollback, and how many runs there are. */
  kills: readonly { showsAfterMs: number; atPut: number; atClaim: number }[];
  /** The pauses before each repeat of a delivery whose process was killed. */
  repeatsAfterMs: readonly number[];
  /** How late EDAS shows a rollback, where it shows it late. */
  showsAfterMs: number;
  /** Of an API of Function Compute that is slow, but within the budget of a source that defers. */
  slowQueueMs: readonly [number, number];
  /** Of one that answers a claim later than its budget. */
  lateQueue: { source: SourceName; latencyMs: number };
  alertmanager: { source: SourceName; forMs: number; groupIntervalMs: number };
}

/** In all, 200 deliveries for each burst and 50 kills. The last repeats come after a task has finished the work. */
export const whole: Scale = {
  burst: { processes: 8, times: 25 },
  kills: [
    { showsAfterMs: 0, atPut: 7, atClaim: 6 },
    { showsAfterMs: 100, atPut: 7, atClaim: 6 },
    { showsAfterMs: 1_000, atPut: 6, atClaim: 6 },
    { showsAfterMs: 30_000, atPut: 6, atClaim: 6 },
  ],
  repeatsAfterMs: [0, 1_000, 5_000, 20_000, 30_000, 5_000],
  showsAfterMs: 2_000,
  slowQueueMs: [1_500, 5_500],
  lateQueue: { source: 'now', latencyMs: 3_000 },
  alertmanager: { source: 'now', forMs: 60_000, groupIntervalMs: 30_000 },
};

/** The same in some seconds. What a task does after 45 s goes over a clock of its own in test/functions/claim/. */
export const short: Scale = {
  burst: { processes: 2, times: 4 },
  kills: [{ showsAfterMs: 500, atPut: 1, atClaim: 0 }],
  repeatsAfterMs: [0, 200, 800],
  showsAfterMs: 500,
  slowQueueMs: [200, 400],
  lateQueue: { source: 'hasty', latencyMs: 1_000 },
  alertmanager: { source: 'hasty', forMs: 4_000, groupIntervalMs: 3_000 },
};

/** Where a second rollback counts, EDAS takes it: the worst that can be. */
export function racesOf({
  burst,
  kills,
  repeatsAfterMs,
  showsAfterMs,
  slowQueueMs,
  lateQueue,
  alertmanager,
}: Scale): Race[] {
  const duplicates = { kind: 'burst', ...burst } as const;
  const two = { kind: 'burst', processes: 2, times: 1 } as const;
  const killed = kills.flatMap(({ showsAfterMs: lagMs, atPut, atClaim }): Race[] => {
    const race = { source: 'now', edas: { showsAfterMs: lagMs }, wanted: 'once' } as const;
    const atBoth: Race[] = [
      {
        ...race,
        name: `killed when EDAS has its rollback, repeated; EDAS shows it after ${lagMs} ms`,
        senders: { kind: 'killed', at: 'put', runs: atPut, repeatsAfterMs },
        putsBefore: 2 * atPut,
      },
      {
        ...race,
        name: `killed when it has the claim, repeated; EDAS shows a rollback after ${lagMs} ms`,
        senders: { kind: 'killed', at: 'claim', runs: atClaim, repeatsAfterMs },
      },
    ];
    return atBoth.filter(({ senders }) => senders.kind !== 'killed' || senders.runs > 0);
  });
  return [
    ...killed,
    {
      name: 'EDAS never answers the rollback; Alertmanager repeats',
      source: alertmanager.source,
      edas: { isSilent: true },
      senders: {
        kind: 'alertmanager',
        forMs: alertmanager.forMs,
        groupIntervalMs: alertmanager.groupIntervalMs,
      },
      wanted: 'sent_once',
      putsBefore: 9,
    },
    {
      name: `deferred; Function Compute answers after ${slowQueueMs.join('–')} ms`,
      source: 'deferred',
      queue: { latencyMs: slowQueueMs },
      senders: duplicates,
      wanted: 'once',
      putsBefore: 61,
    },
    {
      name: 'now; EDAS answers after 50–500 ms, and accepts a second rollback',
      source: 'patient',
      edas: { latencyMs: [50, 500] },
      senders: duplicates,
      wanted: 'once',
      putsBefore: 53,
    },
    {
      name: `now; the same, and EDAS shows it after ${showsAfterMs} ms`,
      source: 'patient',
      edas: { latencyMs: [50, 500], showsAfterMs },
      senders: duplicates,
      wanted: 'once',
      putsBefore: 200,
    },
    {
      name: 'now; EDAS answers after 50–500 ms, and refuses a second rollback',
      source: 'patient',
      edas: { latencyMs: [50, 500], second: 'refused' },
      senders: duplicates,
      wanted: 'once',
      putsBefore: 67,
    },
    {
      name: 'deferred; EDAS shows it after an hour',
      source: 'deferred-patient',
      edas: { showsAfterMs: 3_600_000 },
      senders: duplicates,
      wanted: 'once',
      putsBefore: 1,
    },
    {
      name: `deferred; the first task is dead before the others come, and EDAS shows it after ${showsAfterMs} ms`,
      source: 'deferred-patient',
      edas: { showsAfterMs },
      queue: { losesTask: true },
      senders: duplicates,
      wanted: 'once',
      putsBefore: 199,
    },
    {
      name: `deferred; each task is delivered four times at once, and EDAS shows it after ${showsAfterMs} ms`,
      source: 'deferred',
      edas: { showsAfterMs },
      queue: { runsAtOnce: 4 },
      senders: { kind: 'burst', processes: 1, times: 1 },
      wanted: 'once',
      putsBefore: 4,
    },
    {
      name: 'now; two Alertmanagers at the same moment, and EDAS answers after 400 ms',
      source: 'now',
      edas: { latencyMs: [400, 400] },
      senders: two,
      wanted: 'once',
      putsBefore: 2,
    },
    {
      name: 'now; nothing listens where the queue should be',
      source: 'now',
      edas: { showsAfterMs },
      queue: { is: 'down' },
      senders: two,
      wanted: 'unclaimed',
    },
    {
      name: 'now; the queue is silent',
      source: 'hasty',
      edas: { showsAfterMs },
      queue: { is: 'silent' },
      senders: two,
      wanted: 'unclaimed',
    },
    {
      name: `now; the queue answers after ${lateQueue.latencyMs} ms, later than its budget`,
      source: lateQueue.source,
      edas: { showsAfterMs },
      queue: { latencyMs: [lateQueue.latencyMs, lateQueue.latencyMs] },
      senders: two,
      wanted: 'unclaimed',
    },
    {
      name: `ended, ${burst.processes * burst.times} duplicates; EDAS accepts a second rollback, and lists it after ${showsAfterMs} ms`,
      source: 'ended',
      edas: { latencyMs: [50, 500], showsAfterMs },
      senders: duplicates,
      wanted: 'once',
    },
    {
      name: `ended, its task delivered four times at once; EDAS accepts a second rollback, and lists it after ${showsAfterMs} ms`,
      source: 'ended',
      edas: { showsAfterMs },
      queue: { runsAtOnce: 4 },
      senders: { kind: 'burst', processes: 1, times: 1 },
      wanted: 'once',
    },
    {
      name: 'two sources at the same moment, one of them without a follow function',
      source: 'now',
      edas: { showsAfterMs },
      senders: { kind: 'burst', processes: 1, times: 1, others: ['unfollowed'] },
      wanted: 'once_with_claim',
    },
  ];
}
