/** Parts of JSON, each from a place on. https://www.rfc-editor.org/rfc/rfc8259 */
const blanks = String.raw`[ \t\n\r]*`;
const escape = String.raw`\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})`;
const string = String.raw`"(?:[^"\\\u0000-\u001f]|${escape})*`;
const word = String.raw`true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?`;

type Due = 'value' | 'value or end' | 'key' | 'key or end' | 'colon' | 'comma or end' | 'nothing';

/**
 * Where a text stops being JSON: the index of the first character that no JSON could have there. V8 tells it in words
 * that differ between versions of Node.js, or not at all.
 *
 * @param text that `JSON.parse` refuses
 */
export function placeOfJsonFault(text: string): number {
  const open: string[] = [];
  let at = 0;
  let due: Due = 'value';
  const afterValue = (): Due => (open.length === 0 ? 'nothing' : 'comma or end');
  for (;;) {
    at = endOf(blanks, text, at);
    const character = text[at] ?? '';
    const isEnd = due.endsWith('end') && character === (open.at(-1) === '{' ? '}' : ']');
    if (isEnd) {
      open.pop();
      due = afterValue();
      at += 1;
    } else if (due === 'comma or end' && character === ',') {
      due = open.at(-1) === '{' ? 'key' : 'value';
      at += 1;
    } else if (due === 'colon' && character === ':') {
      due = 'value';
      at += 1;
    } else if (due.startsWith('value') && (character === '{' || character === '[')) {
      open.push(character);
      due = character === '{' ? 'key or end' : 'value or end';
      at += 1;
    } else if (character === '"' && /^(?:value|key)/.test(due)) {
      at = endOf(string, text, at);
      if (text[at] !== '"') return at;
      due = due.startsWith('key') ? 'colon' : afterValue();
      at += 1;
    } else if (due.startsWith('value') && endOf(word, text, at) > at) {
      at = endOf(word, text, at);
      due = afterValue();
    } else {
      return at;
    }
  }
}

/** Where the part ends that begins at this place: there, if there is none. */
function endOf(part: string, text: string, at: number): number {
  const matcher = new RegExp(part, 'y');
  matcher.lastIndex = at;
  return matcher.test(text) ? matcher.lastIndex : at;
}
