import { expect } from 'vitest';
import type { Decision, RollbackTask } from '../../../../functions/task.ts';
import type { Answer, Webhook } from '../../../support/webhook.ts';
import { peopleEnv } from '../people-cases.ts';
import type { Stage } from '../stage.ts';

// What people do with the page, and what it tells them.

/** A stage, or another instance of the function over it. */
type Played = Pick<Stage, 'webhook' | 'tasks'>;

/** The path of the link that people got last. */
export function linkIn({ tasks }: Pick<Stage, 'tasks'>): string {
  const asked = tasks().findLast((task) => task.rollback === 'asked');
  if (asked?.rollback !== 'asked' || asked.link === undefined) throw new Error('no link');
  const { origin, pathname } = new URL(asked.link);
  expect(origin).toBe(peopleEnv.PUBLIC_URL);
  return pathname;
}

/** Has a source ask, and gives the path of the link that people get. */
export async function ask(stage: Played, source: string, payload: object): Promise<string> {
  const answer = await stage.webhook.post(source, payload);
  expect(answer).toMatchObject({ status: 202, body: { outcome: 'asked' } });
  return linkIn(stage);
}

export function get({ webhook }: { webhook: Webhook }, path: string): Promise<Answer> {
  return webhook.send({ method: 'GET', path });
}

/** What the form of a page holds; empty where it has none. */
export function shownIn(page: Answer): string {
  const [, value = ''] = /name="shown" value="([^"]*)"/.exec(page.text) ?? [];
  return value.replaceAll('&quot;', '"').replaceAll('&#34;', '"').replaceAll('&amp;', '&');
}

export function post(
  { webhook }: { webhook: Webhook },
  path: string,
  fields: { decision: Decision; shown: string; name?: string; version?: string },
): Promise<Answer> {
  return webhook.send({
    path,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  });
}

/** What was decided, in order. */
export function decisionsIn(tasks: readonly RollbackTask[]): Decision[] {
  return tasks.flatMap((task) => (task.rollback === 'decided' ? [task.decision] : []));
}

export type Said =
  | 'open'
  | 'brake'
  | 'moving'
  | 'in doubt'
  | 'rolled back'
  | 'partly'
  | 'failed'
  | 'stopped'
  | 'already over'
  | 'unknown'
  | 'too late'
  | 'suspended'
  | 'refused'
  | 'unseen'
  | 'left'
  | 'not well'
  | 'problem';

const headings: readonly [RegExp, Said][] = [
  [/^EDAS cannot be read\. Roll back .* all the same\?$/, 'brake'],
  [/^Roll back .*\?$/, 'open'],
  [/^Rollback of .*: sent, not seen yet$/, 'in doubt'],
  [/^Rolling back /, 'moving'],
  [/^Rolled back: /, 'rolled back'],
  [/^Rolled back only in part: /, 'partly'],
  [/^The rollback failed: /, 'failed'],
  [/^The rollback was stopped: /, 'stopped'],
  [/^Already over: /, 'already over'],
  [/^Not known: the rollback of /, 'unknown'],
  [/^Too late to decide: /, 'too late'],
  [/^Rollbacks are suspended: /, 'suspended'],
  [/^Cannot be rolled back here: /, 'refused'],
  [/^It cannot be seen now how it stands with /, 'unseen'],
  [/^Left as it is: /, 'left'],
  [/^Rolled back, and not well: /, 'not well'],
  [/^Rollback of .*: it waits for a person$/, 'moving'],
];

/** What the heading of a page says. */
export function saidBy({ text }: Answer): Said {
  const [, heading = ''] = /<h1[^>]*>(.*?)<\/h1>/s.exec(text) ?? [];
  const words = heading.replaceAll(/<[^>]*>/g, '');
  return headings.find(([pattern]) => pattern.test(words))?.[1] ?? 'problem';
}
