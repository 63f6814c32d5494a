import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../../local/cli/root.ts';
import { addVariable, uncommentResource } from '../../../local/setup/edit-deployment.ts';

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

describe('a resource that stands in s.yaml as comments', () => {
  test('becomes one, and all else stays, byte for byte', () => {
    const text =
      'resources:\n  a: { b: 1 } # c\n\n  # About it.\n  # more:\n  #   x: 1 # y\n  #\n  #   # Why z.\n  #   z: 2\n\n  # d:\n  #   e: 3\n';
    expect(uncommentResource(text, 'more')).toBe(
      'resources:\n  a: { b: 1 } # c\n\n  # About it.\n  more:\n    x: 1 # y\n\n    # Why z.\n    z: 2\n\n  # d:\n  #   e: 3\n',
    );
  });

  test('keeps CRLF, and may stand at the end', () => {
    expect(uncommentResource('resources:\r\n  a: 1\r\n  # b:\r\n  #\r\n  #   c: 2', 'b')).toBe(
      'resources:\r\n  a: 1\r\n  b:\r\n\r\n    c: 2',
    );
  });

  test('can be each of the two that are shipped', () => {
    for (const name of ['events', 'domain']) {
      const added = uncommentResource(shipped, name) ?? '';
      const block = added.split('\n').filter((each) => !shipped.split('\n').includes(each));
      expect(block[0]).toBe(`  ${name}:`);
      expect(added.split('\n').length).toBe(shipped.split('\n').length);
    }
  });

  test.each([
    ['it is not there', 'resources:\n  a: 1\n'],
    ['it is no resource', 'resources:\n  a: 1\n  # b:\n'],
    ['it would belong to another', 'resources:\n  a:\n    c: 1\nother:\n  # b:\n  #   d: 2\n  e: 3\n'],
    ['it is no YAML', 'resources:\n  a: 1\n  # b:\n  #   c: {\n'],
  ])('is for a person to write where %s', (_what, text) => {
    expect(uncommentResource(text, 'b')).toBeUndefined();
  });
});
