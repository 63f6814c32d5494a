import type { FactView } from '../view.ts';
import { make } from './dom.ts';

/** A text longer than this may scroll, so the keyboard must get there. */
const longText = 300;

/** Terms and what there is to say about them; the one that decides is marked. */
export function factRows(facts: readonly FactView[]): HTMLElement[] {
  return facts.flatMap(({ label, text, isDeciding, tone }) => {
    const term = make('dt', {}, make('span', { text: label }));
    if (isDeciding) term.append(make('span', { class: 'decides', text: 'decides' }));
    const scrolls = { tabindex: '0', role: 'group', 'aria-label': label };
    const long = text.length > longText ? make('div', { text, with: scrolls }) : undefined;
    const said = make('dd', long ? {} : { text }, long);
    for (const part of [term, said]) {
      if (isDeciding) part.classList.add('deciding');
      if (tone !== undefined) part.dataset['tone'] = tone;
    }
    return [term, said];
  });
}
