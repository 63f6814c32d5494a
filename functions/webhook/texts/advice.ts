import type { Language } from '../../lib/language.ts';
import type { TypedCommand } from '../payload/select-command.ts';
import { texts as english } from './texts-en.ts';
import { texts as chinese } from './texts-zh.ts';
import type { Texts } from './texts.ts';

const textsByLanguage: Record<Language, Texts> = { en: english, zh: chinese };

export function textsOf(language: Language): Texts {
  return textsByLanguage[language];
}

/** What is wrong with a command, and what to type instead, in that place; undefined where nothing is. */
export function adviceOn(command: TypedCommand, language: Language = 'en'): string | undefined {
  if (!('fault' in command)) return undefined;
  const texts = textsOf(language);
  return `${texts.faults[command.fault](command.words)}${whatToType(command, texts)}`;
}

function whatToType({ salutation, decides, verb }: TypedCommand, texts: Texts): string {
  const toRollBack = usageOf(salutation, texts);
  if (!decides || verb === 'rollback') return texts.typeThis(toRollBack);
  const toLeave = usageOfLeave(salutation, texts);
  return verb === 'leave' ? texts.typeThis(toLeave) : texts.typeOneOf(toRollBack, toLeave);
}

/** `rollback <id>` as it must be typed: behind the mention of a robot, or behind a slash command that is no verb itself. */
function usageOf(salutation: string, { robot, verb, id }: Texts): string {
  if (/^\/(?:rollback|\u56de[\u6eda\u6efe])$/.test(salutation)) return `${salutation} ${id}`;
  if (/^\/[^\s<>&@]{1,40}$/.test(salutation)) return `${salutation} ${verb} ${id}`;
  return salutation === '@robot' ? `${robot} ${verb} ${id}` : `${verb} ${id}`;
}

/** The same of `leave <id>`. */
function usageOfLeave(salutation: string, { robot, leave, id }: Texts): string {
  if (/^\/[^\s<>&@]{1,40}$/.test(salutation)) return `${salutation} ${leave} ${id}`;
  return salutation === '@robot' ? `${robot} ${leave} ${id}` : `${leave} ${id}`;
}
