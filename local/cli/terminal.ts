import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Colours text for a person at a terminal, or under FORCE_COLOR; leaves it alone in a pipe, a file, or under NO_COLOR. */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream });
}
