import { languages, type Language } from '../../lib/language.ts';

/** More than any browser sends. Header lines beyond it are not looked at. */
const longestHeader = 1_000;

/**
 * The language of the page: the one of ours that a browser prefers. `zh` stands for every kind of Chinese.
 * https://www.rfc-editor.org/rfc/rfc9110#field.accept-language
 */
export function preferredLanguage(acceptLanguage: string | undefined): Language {
  const weights = (acceptLanguage ?? '').slice(0, longestHeader).split(',').flatMap(readRange);
  const best = weights.toSorted((a, b) => b.weight - a.weight)[0];
  return best?.language ?? 'en';
}

/** A range that is one of our languages; one that is none, or is refused with `q=0`, says nothing. */
function readRange(range: string): { language: Language; weight: number }[] {
  const [, tag = '', q = '1'] =
    /^\s*([a-z]{2})(?:-[a-z\d-]+)?\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?$/i.exec(range) ?? [];
  const language = languages.find((each) => each === tag.toLowerCase());
  const weight = Number(q);
  return language && weight > 0 && weight <= 1 ? [{ language, weight }] : [];
}
