import { expect, test } from 'vitest';
import { helpText } from '../../../local/cli/command.ts';

test('the help shows each option with its value, and its text in a column', () => {
  const help = helpText({
    summary: 'Does a thing.',
    usage: 'npm run thing -- --name NAME\n                 [--fast]',
    options: {
      name: { type: 'string', value: 'NAME', help: 'what to do it to,\nin two lines' },
      fast: { type: 'boolean', help: 'do it at once' },
    },
    notes: 'It ends with status 0.',
  });
  expect(help).toBe(`Does a thing.

  npm run thing -- --name NAME
                   [--fast]

  --name NAME  what to do it to,
               in two lines
  --fast       do it at once

It ends with status 0.
`);
});
