import { closest, distance } from 'fastest-levenshtein';

/** The end of a message about an unknown word: the one that was probably meant, or all that there are. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  if (candidates.length === 0) return '';
  const nearest = closest(word, candidates);
  if (distance(word.toLowerCase(), nearest.toLowerCase()) <= 3) return `; did you mean "${nearest}"?`;
  return `; there are ${candidates.join(', ')}`;
}
