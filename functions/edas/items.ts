import { isRecord } from '../lib/json.ts';
import { hasWordsOfSuccess } from './answer.ts';
import { EdasFailure, type EdasAnswer } from './failure.ts';

/**
 * A list inside an answer, such as `ChangeOrderList.ChangeOrder`.
 *
 * @param what it is a list of
 * @param answer what says whether a list that is missing is an empty one, where the list is deeper in the answer
 * @throws EdasFailure where there is something that is no list, or words that say why: neither is an empty list
 */
export function itemsOf(
  within: EdasAnswer,
  place: string,
  name: string,
  what: string,
  answer: EdasAnswer = within,
): unknown[] {
  const list = within[place];
  const items = isRecord(list) ? list[name] : list;
  if ((items === undefined || items === null) && hasWordsOfSuccess(answer)) return [];
  if (isRecord(list) && Array.isArray(items)) return items;
  throw new EdasFailure('doubt', `EDAS answered without a list of ${what}.`);
}
