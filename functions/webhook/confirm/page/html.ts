import { onOneLine } from '../../../lib/text-for-people.ts';

/** HTML that is safe to send: only {@link html} makes it. */
export interface Markup {
  readonly [isMarkup]: true;
  readonly text: string;
}

declare const isMarkup: unique symbol;

/** What may stand in a template: texts and numbers are escaped, markup stays, undefined leaves nothing. */
type Value = string | number | undefined | Markup | readonly Markup[];

/** HTML with values in it, between tags or inside of an attribute in double quotes. All markup of the page is made by it. */
export function html(pieces: TemplateStringsArray, ...values: readonly Value[]): Markup {
  const text = pieces.map((piece, index) => piece + toText(values[index])).join('');
  return { text } as Markup;
}

/** What the build has made of a file of this repository. Nothing else is markup as it stands. */
export function builtMarkup(text: string): Markup {
  return { text } as Markup;
}

/**
 * Text from outside on one line, which neither turns nor joins what stands beside it.
 * https://html.spec.whatwg.org/multipage/text-level-semantics.html#the-bdi-element
 */
export function outside(text: string, length = 100): Markup {
  return html`<bdi>${onOneLine(text, length)}</bdi>`;
}

/** The same where no element can stand: isolated by characters. https://www.unicode.org/reports/tr9/#Explicit_Directional_Isolates */
export function outsideInTitle(text: string, length = 60): Markup {
  return html`⁨${onOneLine(text, length)}⁩`;
}

/** Whether a reader would see something of a text from outside. */
export function isVisible(text: string | undefined): text is string {
  return text !== undefined && onOneLine(text, 100) !== '';
}

/** The same as {@link outside}, where there may be nothing to see. */
export function outsideIfVisible(text: string | undefined, length?: number): Markup | undefined {
  return isVisible(text) ? outside(text, length) : undefined;
}

function toText(value: Value): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return escape(value);
  if (typeof value === 'number') return String(value);
  return 'text' in value ? value.text : value.map(({ text }) => text).join('');
}

const references: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => references[character] ?? '');
}
