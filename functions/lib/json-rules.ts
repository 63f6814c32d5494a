/** Levels. No alert and no answer of EDAS is nested so deeply, and a recursion over what was read stays safe. */
const deepest = 100;

/**
 * What `JSON.parse` lets pass and this project does not: a key that an object has twice, of which readers take the
 * first or the last (https://www.rfc-editor.org/rfc/rfc8259#section-4), and nesting without end.
 *
 * @param text JSON that has been parsed already
 */
export function faultOfJson(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  let last = '';
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
    if (token === '{' || token === '[') {
      if (open.length === deepest) return `is nested deeper than ${deepest} levels`;
      open.push(token === '{' ? new Set() : undefined);
    } else if (token === '}' || token === ']') {
      open.pop();
    } else if (token === ':') {
      const keys = open.at(-1);
      const key = last.includes('\\') ? String(JSON.parse(last)) : last.slice(1, -1);
      if (keys?.has(key)) return `has the key ${JSON.stringify(key.slice(0, 100))} twice in one object`;
      keys?.add(key);
    }
    last = token;
  }
  return undefined;
}
