import type { Language } from '../../../lib/language.ts';
import { textsInEnglish } from './texts-en.ts';
import { textsInChinese } from './texts-zh.ts';
import type { Texts } from './texts.ts';

const textsByLanguage: Record<Language, Texts> = { en: textsInEnglish, zh: textsInChinese };

export function textsOf(language: Language): Texts {
  return textsByLanguage[language];
}
