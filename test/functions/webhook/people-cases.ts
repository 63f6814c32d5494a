import type { ErrorCode } from '../../../functions/errors.ts';
import { openTaskQueue } from '../../../functions/platform/open-task-queue.ts';
import { askIdFor, decisionIdFor } from '../../../functions/task.ts';
import { fakeAccountId, fakeContext, followFunction } from '../../support/webhook.ts';
import { changeOrderId, order, type AnswerCase, type Case, type Stage } from './stage.ts';

// The requests of a source that asks people first.

/** What links are made with. */
export const peopleEnv = {
  PUBLIC_URL: 'https://rollback.example.com',
  CONFIRM_SECRET: 'fake-secret-of-the-links',
};

export const peopleNotify = `
notify:
  - { kind: slack, url: SLACK_URL }
`;

const sources = `
sources:
  asking: { preset: generic, secrets: [SECRET], confirm: all, deadlineMs: 4500 }
${peopleNotify}`;
const options = { sources, env: peopleEnv };

/** What a person decided before. */
async function leave({ fc, clock }: Stage): Promise<void> {
  const facts = { version: 1, source: 'asking', changeOrderId, operation: 'RollbackChangeOrder' };
  const decided = { rollback: 'decided', decision: 'leave', decidedBy: { name: 'Fake Person' } };
  const task = { ...facts, ...decided, requestedAt: clock.now(), decidedAt: clock.now() };
  const env = { FOLLOW_FUNCTION: followFunction, FUNCTION_ENDPOINT: fc.url };
  const queue = await openTaskQueue({ ...fakeContext, accountId: fakeAccountId }, env);
  await queue.submit(decisionIdFor(changeOrderId), JSON.stringify(task), 5_000);
}

/** How each code comes about that only a source has that asks people. */
export const peopleProblems = {
  decision_not_open: {
    options,
    request: ({ webhook, fc }) => {
      for (const ask of [1, 2, 3, 4, 5]) fc.setState(askIdFor(changeOrderId, ask), 'Failed');
      return webhook.post('asking', order);
    },
  },
} as const satisfies Partial<Record<ErrorCode, Case>>;

export const peopleAnswers: Record<string, AnswerCase> = {
  'people who are asked': {
    options,
    request: ({ webhook }) => webhook.post('asking', order),
    ...{ status: 202, part: { outcome: 'asked', changeOrderId } },
  },
  'a repeat while people are asked': {
    options,
    request: async ({ webhook }) => {
      await webhook.post('asking', order);
      return webhook.post('asking', order);
    },
    ...{ status: 200, part: { outcome: 'asked', changeOrderId, duplicate: true } },
  },
  'a change that a person left alone': {
    options,
    request: async (stage) => {
      await leave(stage);
      return stage.webhook.post('asking', order);
    },
    ...{ status: 200, part: { outcome: 'left_alone', changeOrderId } },
  },
};
