import { excerpt } from '../lib/text.ts';
import { evaluateText } from './evaluate.ts';
import type { JSONValue } from './expression.ts';
import type { RollbackPolicy } from './policy.ts';

/** What a message can show, and a page on a phone. */
const mostCharacters = 500;

/** What the alert says in its own words, for people; undefined where it says nothing. It never stops a rollback. */
export async function selectSummary(
  { summary }: RollbackPolicy,
  payload: JSONValue,
): Promise<string | undefined> {
  const text = summary && (await evaluateText(summary, payload, 'summary'));
  return excerpt(text?.trim() ?? '', mostCharacters) || undefined;
}
