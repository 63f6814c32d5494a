import { TaskQueueFailure, type TaskQueue } from '../../../functions/platform/task-queue.ts';
import { claimIdFor } from '../../../functions/task.ts';
import { impossibleOrder } from './check-edas.ts';
import { right, unknown, warning, wrong, type Finding } from './finding.ts';

const longestWaitMs = 10_000;

/**
 * Whether the follow function is there, asked for a task that cannot exist. No task is started.
 *
 * @param isDeployed whether it must be there by now
 */
export async function checkFollowFunction(
  queue: TaskQueue,
  name: string,
  isDeployed: boolean,
): Promise<Finding> {
  try {
    await queue.read(claimIdFor(impossibleOrder), longestWaitMs);
    return right(`the follow function ${name} is there, and you may read its tasks`);
  } catch (error) {
    if (!(error instanceof TaskQueueFailure)) throw error;
    return judge(error, name, isDeployed);
  }
}

function judge({ message, answer }: TaskQueueFailure, name: string, isDeployed: boolean): Finding {
  const said = message.replace(/\.$/, '');
  if (answer?.status === 404) {
    const found = `Function Compute knows no function ${name} in this region`;
    return isDeployed
      ? wrong(found, 'Deploy it: npm run deploy. Is FOLLOW_FUNCTION right?')
      : warning(found, 'Before the first npm run deploy, this is as it should be.');
  }
  if (answer?.status === 401 || answer?.status === 403) {
    return unknown(
      `whether the follow function ${name} is there: your credentials may not ask (${answer.status} ${answer.code ?? ''})`.replace(
        ' )',
        ')',
      ),
      'What the role may is another question: policy/follow-policy.json.',
    );
  }
  return unknown(`whether the follow function ${name} is there: ${said}`, 'Run the doctor again.');
}
