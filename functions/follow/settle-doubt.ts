import type { ChangeOrderProgress } from '../edas/change-order.ts';
import { describeStatus, phaseOf } from '../edas/status.ts';
import { Problem } from '../errors.ts';
import type { RollbackUnknown } from '../task.ts';
import type { TaskDependencies } from './dependencies.ts';
import { lookForTwoMinutes } from './look-for-two-minutes.ts';
import { readChange } from './optional-reads.ts';

/**
 * Finds out by reading the change order what became of a rollback whose answer got lost.
 *
 * @param retry what a retry of this task does
 * @returns Problem `edas_outcome_unknown` if the change order is not terminated in time; people know of it
 */
export async function settleDoubt(
  task: RollbackUnknown,
  dependencies: TaskDependencies,
  retry: 'sends_again' | 'sends_nothing',
): Promise<Problem | undefined> {
  let last: ChangeOrderProgress | undefined;
  const look = async () => {
    const order = await readChange(task.changeOrderId, dependencies);
    last = order ?? last;
    return phaseOf(last?.status) === 'terminated' ? last : undefined;
  };
  const end = await lookForTwoMinutes(
    task,
    {
      whatFollows:
        'This task looks at the change order for two minutes, and until then nothing sends the rollback again.',
      look,
      describeEnd: () => (last ? `${noEffect(last)} ${whatIsNext[retry]}` : unseen),
    },
    dependencies,
  );
  return end instanceof Problem ? end : undefined;
}

const unseen =
  'The rollback was sent, and the change order cannot be read, so it is still not known whether the rollback began. Look at it in the EDAS console before you ask for the rollback again: as long as the order cannot be read, that may roll back a second time.';

function noEffect({ status }: ChangeOrderProgress): string {
  return `The rollback was sent, and the change order's status is still ${describeStatus(status)}, so most probably the rollback had no effect. Look at it in the EDAS console.`;
}

const whatIsNext = {
  sends_again:
    'Function Compute may run this task again: if the order is still in flight then, the rollback is sent once more.',
  sends_nothing: 'To send the rollback once more, ask for it again.',
} as const;
