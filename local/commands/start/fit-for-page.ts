import { excerpt } from '../../../functions/lib/text.ts';
import { showLines } from '../../cli/terminal.ts';

/** Characters of a text on the page. */
const longestText = 20_000;

/** Text from outside for the page: what cannot be seen is written out, and what is very long is cut. */
export function fitForPage(text: string): string {
  return showLines(excerpt(text, longestText));
}
