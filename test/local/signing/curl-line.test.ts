import { expect, test } from 'vitest';
import { bodyOption } from '../../../local/signing/curl-line.ts';
import { paste } from '../../support/paste.ts';

test.each([
  ['quotes', `{"a":"it's"}`],
  ['lines and blanks', '{\n\t"a": 1\n}\n'],
  ['what a terminal obeys', 'a\u001b[2J\u202eb\\'],
  ['bytes that are no text', Buffer.from([0xff, 0x27, 0x5c, 0x0a, 0x41])],
])('a shell reads the very bytes of a body with %s, and the terminal obeys nothing', async (_what, body) => {
  const option = bodyOption(body);
  expect(option).not.toMatch(/[^\P{C}\n\t]/u);
  const hex = `print() { printf %s "$2" | od -An -v -tx1 | tr -d ' \\n'; }; print ${option}`;
  expect(await paste(hex)).toBe(Buffer.from(body).toString('hex'));
});
