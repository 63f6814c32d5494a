import { styleText } from 'node:util';
import { showUnseen } from '../../functions/lib/text-for-people.ts';

type Style = Parameters<typeof styleText>[0];

/** Colours text for a person at a terminal, or under FORCE_COLOR; leaves it alone in a pipe, a file, or under NO_COLOR. */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream });
}

/** Lines from outside, such as the answer of a server, so that the terminal obeys nothing in them. */
export function showLines(text: string): string {
  return text.split(/\r?\n/).map(showUnseen).join('\n');
}
