import { expect, test } from 'vitest';
import { holdsPieceOf } from '../../../functions/lib/text.ts';

test.each([
  ['a fake-secret-value here', 'fake-secret-value', 8, true],
  ['fake-sec', 'fake-secret-value', 8, true],
  ['et-value and more', 'fake-secret-value', 8, true],
  ['fake-se', 'fake-secret-value', 8, false],
  ['fake_secret_value', 'fake-secret-value', 8, false],
  ['', 'fake-secret-value', 8, false],
  ['anything', '', 8, false],
])('%j quotes a piece of %j of %i characters: %s', (text, secret, pieceLength, expected) => {
  expect(holdsPieceOf(text, secret, pieceLength)).toBe(expected);
});
