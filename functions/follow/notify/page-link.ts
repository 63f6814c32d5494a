import type { Language } from '../../lib/language.ts';
import { textsOf } from '../message.ts';
import type { Notification } from '../rollback-event.ts';

/** The page on which people decide, and what a button that leads there says. */
export interface PageLink {
  url: string;
  label: string;
}

/** Undefined where a message asks nothing, or people decide in a chat. */
export function pageLinkOf({ question }: Notification, language: Language): PageLink | undefined {
  const link = question?.link;
  if (link === undefined) return undefined;
  // What ends an address in the markup of a chat, and may stand in a path.
  const url = link.replaceAll(/[()|<>\s]/g, encodeSign);
  return { url, label: textsOf[language].openPage };
}

function encodeSign(sign: string): string {
  return `%${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

/** The part of the address that lets anyone decide. */
export function tokenIn({ question }: Notification): string | undefined {
  return question?.link?.split('/').at(-1);
}
