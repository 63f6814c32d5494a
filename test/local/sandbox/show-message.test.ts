import { expect, test } from 'vitest';
import { showMessage } from '../../../local/sandbox/show-message.ts';

test('a message stands beside its channels, line by line, and a terminal obeys nothing in it', () => {
  expect(showMessage('slack', 'One.\nTwo\u001b[2J.\nThree.')).toBe(
    'slack ┌ One.\n      │ Two\\u{1b}[2J.\n      └ Three.',
  );
});
