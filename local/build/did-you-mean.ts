import { closest, distance } from 'fastest-levenshtein';

/** Other names of chats. */
const otherNames = new Map([
  ['ding', 'dingtalk'],
  ['lark', 'feishu'],
  ['wechat', 'wecom'],
  ['wework', 'wecom'],
]);

/** The end of a message about an unknown word: the one that was probably meant, or all that there are. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  if (candidates.length === 0) return '';
  const meant = sameByAnotherName(word, candidates) ?? nearestOf(word, candidates);
  return meant === undefined ? `; there are ${candidates.join(', ')}` : `; did you mean "${meant}"?`;
}

/** The candidate that is known by this name as well. */
export function sameByAnotherName(word: string, candidates: readonly string[]): string | undefined {
  const name = otherNames.get(word.toLowerCase());
  return candidates.find((each) => each === name);
}

/** The candidate that was probably meant. The beginning of a name counts as that name. */
export function nearestOf(word: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined;
  const typed = word.toLowerCase();
  const begun = candidates.filter((each) => typed !== '' && each.toLowerCase().startsWith(typed));
  if (begun.length > 0) return closest(word, begun);
  const close = closest(word, candidates);
  return distance(typed, close.toLowerCase()) <= 3 ? close : undefined;
}
