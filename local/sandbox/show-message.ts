import { paint, showLines } from '../cli/terminal.ts';

/** A message as lines for a terminal: which channels show it, and what people read there. */
export function showMessage(channels: string, text: string): string {
  const lines = showLines(text).split('\n');
  const margin = ' '.repeat(channels.length);
  return lines
    .map((line, index) => {
      const isLast = index === lines.length - 1;
      const edge = index === 0 ? '┌' : isLast ? '└' : '│';
      const head = index === 0 ? paint('cyan', channels) : margin;
      return `${head} ${paint('dim', edge)} ${line}`;
    })
    .join('\n');
}
