import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../../local/cli/root.ts';
import { addVariable } from '../../../local/setup/edit-deployment.ts';

const shipped = readFileSync(path.join(root, 's.yaml'), 'utf8');
const line = "        SECRET_MINE: ${env('SECRET_MINE', '')}\n";

describe('a variable', () => {
  test('stands behind the other secrets of the webhook, and nowhere else', () => {
    const last = "        SECRET_GITHUB: ${env('SECRET_GITHUB', '')}\n";
    expect(shipped).toContain(last);
    expect(addVariable(shipped, 'webhook', 'SECRET_MINE', ['SECRET_PIPELINE', 'SECRET_GITHUB'])).toBe(
      shipped.replace(last, last + line),
    );
  });

  test('stands behind all others where none of the secrets is there', () => {
    const last = "        FUNCTION_ENDPOINT: ${env('FUNCTION_ENDPOINT', '')}\n";
    const added = addVariable(shipped, 'webhook', 'SECRET_MINE', ['NO_SUCH']) ?? '';
    expect(added.replace(line, '')).toBe(shipped);
    expect(added).toContain(last + line);
  });

  test('keeps CRLF, and a file without a line break at its end', () => {
    const text =
      "resources:\r\n  webhook:\r\n    props:\r\n      environmentVariables:\r\n        A: ${env('A', '')}";
    expect(addVariable(text, 'webhook', 'B', [])).toBe(`${text}\r\n        B: \${env('B', '')}`);
  });

  test('goes into braces', () => {
    const text = "resources: { webhook: { props: { environmentVariables: { A: '1' } } } }\n";
    const added = addVariable(text, 'webhook', 'B', []);
    expect(added).toBe(text.replace("'1'", `'1', B: "\${env('B', '')}"`));
  });

  test('that is there stays as it is', () => {
    const text = shipped.replace("${env('SECRET_GITHUB', '')}", 'something else');
    expect(addVariable(text, 'webhook', 'SECRET_GITHUB', [])).toBe(text);
  });

  test.each([
    ['there are none', 'resources: { webhook: { props: { timeout: 15 } } }'],
    ['they are empty', 'resources:\n  webhook:\n    props:\n      environmentVariables: {}\n'],
    [
      'they belong to another function as well',
      'x: &x { A: a }\nresources:\n  webhook: { props: { environmentVariables: *x } }\n',
    ],
  ])('is for a person to write where %s', (_what, text) => {
    expect(addVariable(text, 'webhook', 'B', [])).toBeUndefined();
  });
});
