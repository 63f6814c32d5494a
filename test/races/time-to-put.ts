import { median, quantile } from '../../bench/statistics.ts';
import { momentMs } from '../../bench/moment.ts';
import type { QueueCondition, SourceName } from './race.ts';
import { openWorld, webhookOf, type Bundles, type World } from './world.ts';

/** How long it takes from a webhook's arrival until EDAS has the rollback. */
export interface TimeToPut {
  name: string;
  deliveries: number;
  medianMs: number;
  /** Nine of ten take no longer. */
  ninetiethMs: number;
}

interface Subject {
  name: string;
  source: SourceName;
  queue: QueueCondition;
  deliveries: number;
}

/** How long EDAS and Function Compute take to answer. */
const answerMs = 30;
const answersAtOnce = { latencyMs: [answerMs, answerMs] } as const;

export const subjects: readonly Subject[] = [
  {
    name: 'without a follow function, so without a claim',
    source: 'unfollowed',
    queue: answersAtOnce,
    deliveries: 100,
  },
  { name: 'with a claim', source: 'now', queue: answersAtOnce, deliveries: 100 },
  { name: 'the queue is down', source: 'now', queue: { is: 'down' }, deliveries: 100 },
  { name: 'the queue is silent, deadlineMs 3000', source: 'hasty', queue: { is: 'silent' }, deliveries: 3 },
  {
    name: 'the queue is silent, deadlineMs 60000',
    source: 'patient',
    queue: { is: 'silent' },
    deliveries: 3,
  },
];

/** One delivery after the other, each for an order of its own, to a process that is warm. No task is run. */
export async function timeToPut(
  { name, source, queue, deliveries }: Subject,
  bundles: Bundles,
): Promise<TimeToPut> {
  const runTask = () => Promise.resolve();
  const world = await openWorld({ bundles, edas: { latencyMs: [answerMs, answerMs] }, queue, runTask });
  try {
    const instance = await world.openInstance();
    const took: number[] = [];
    const warmUps = queue.is === 'silent' ? 0 : 5;
    for (let round = -warmUps; round < deliveries; round += 1) {
      const order = world.startChange();
      const put = arrivalOfPut(order, world);
      const event = webhookOf(source, order);
      const startedAt = momentMs();
      const answered = instance.deliver(event);
      const tookMs = (await put) - startedAt;
      if (round >= 0) took.push(tookMs);
      // To a silent queue the report of the rollback takes until the deadline.
      if (queue.is === 'silent') answered.catch(() => undefined);
      else await answered;
    }
    return { name, deliveries, medianMs: median(took), ninetiethMs: quantile(took, 0.9) };
  } finally {
    await world.close();
  }
}

function arrivalOfPut(changeOrderId: string, world: World): Promise<number> {
  return new Promise((resolve) => {
    world.whenTaken(changeOrderId, 'put', () => {
      resolve(momentMs());
      return 'answer';
    });
  });
}
