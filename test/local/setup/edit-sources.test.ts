import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { SourcesError } from '../../../local/build/compile-sources.ts';
import { root } from '../../../local/cli/root.ts';
import { addSource, type NewSource } from '../../../local/setup/edit-sources.ts';

const mine: NewSource = { name: 'mine', preset: 'generic', secret: 'SECRET_MINE', follow: true };

describe('a new source', () => {
  test('stands behind the last one of the shipped sources.yaml, before the comments at its end', () => {
    const shipped = readFileSync(path.join(root, 'sources.yaml'), 'utf8');
    const last = '    secrets: [SECRET_GITHUB]\n    follow: true\n';
    const source = '\n  mine:\n    preset: generic\n    secrets: [SECRET_MINE]\n    follow: true\n';
    expect(shipped).toContain(last);
    expect(addSource(shipped, mine)).toBe(shipped.replace(last, last + source));
  });

  // ▲ is where the source goes; all else must stay, byte for byte.
  test.each<[string, string, string]>([
    [
      'follows the indentation of the others',
      'sources:\n    a:\n          preset: generic\n          secrets: [A]\n▲notify: [{ kind: slack, url: B }]\n',
      '\n    mine:\n          preset: generic\n          secrets: [SECRET_MINE]\n          follow: true\n',
    ],
    [
      'leaves out the blank line where the others have none',
      'sources:\n  a: { preset: generic, secrets: [A] }\n  b: { preset: generic, secrets: [B] }\n▲# the end\n',
      '  mine:\n    preset: generic\n    secrets: [SECRET_MINE]\n    follow: true\n',
    ],
    [
      'stays behind the comments of the last source',
      'sources:\n  a:\n    preset: generic\n    secrets: [A] # one\n\n    # follow: true\n\n    # dryRun: true\n▲\n# the end\n',
      '\n  mine:\n    preset: generic\n    secrets: [SECRET_MINE]\n    follow: true\n',
    ],
    [
      'stays behind a text of several lines',
      "sources:\n  a:\n    preset: generic\n    secrets: [A]\n    when: |\n      status ==\n      'failed'\n▲notify: [{ kind: slack, url: B }]\n",
      '  mine:\n    preset: generic\n    secrets: [SECRET_MINE]\n    follow: true\n',
    ],
    [
      'goes into braces, too',
      'sources: { a: { preset: generic, secrets: [A] }▲ } # all\n',
      ', mine: { preset: generic, secrets: [SECRET_MINE], follow: true }',
    ],
    [
      'goes into braces with a comma at their end',
      'sources: {\n  a: { preset: generic, secrets: [A] }▲, # first\n}\n',
      ', mine: { preset: generic, secrets: [SECRET_MINE], follow: true }',
    ],
    [
      'goes into JSON',
      '{"sources": {"a": {"preset": "generic", "secrets": ["A"]}▲}}',
      ', mine: { preset: generic, secrets: [SECRET_MINE], follow: true }',
    ],
    [
      'stays behind an alias',
      'sources:\n  a: &a { preset: generic, secrets: [A] }\n  b: *a\n▲',
      '  mine:\n    preset: generic\n    secrets: [SECRET_MINE]\n    follow: true\n',
    ],
    [
      'stays in the sources where they come last and first',
      'notify:\n  - kind: slack\n    url: B\nsources:\n  a:\n    preset: generic\n    secrets:\n    - A\n▲',
      '\n  mine:\n    preset: generic\n    secrets: [SECRET_MINE]\n    follow: true\n',
    ],
    [
      'is put in although the file begins with a byte order mark',
      '\uFEFFsources:\n  a: { preset: generic, secrets: [A] }\n▲',
      '  mine:\n    preset: generic\n    secrets: [SECRET_MINE]\n    follow: true\n',
    ],
  ])('%s', (_what, marked, added) => {
    expect(addSource(marked.replace('▲', ''), mine)).toBe(marked.replace('▲', added));
  });

  test('has the line breaks of the file', () => {
    const text = 'sources:\r\n  a: { preset: generic, secrets: [A] }\r\n# the end\r\n';
    const source = '  mine:\r\n    preset: generic\r\n    secrets: [SECRET_MINE]\r\n    follow: true\r\n';
    expect(addSource(text, mine)).toBe(text.replace('# the end', `${source}# the end`));
  });

  test('leaves a file without a line break at its end without one', () => {
    const text = 'sources:\n  a: { preset: generic, secrets: [A] }';
    const source = '\n  mine:\n    preset: generic\n    secrets: [SECRET_MINE]\n    follow: true';
    expect(addSource(text, mine)).toBe(text + source);
  });

  test('has all that was asked for, in quotes where YAML needs them', () => {
    const app = '3616cdca-0000-4000-8000-000000000001';
    const added = addSource('sources:\n  a: { preset: generic, secrets: [A] }\n', {
      name: '123',
      preset: 'generic',
      secret: 'kms:mine',
      apps: [app],
      when: "'a: b' == x",
      allow: "contains(['alice', 'bob'], user)",
      follow: false,
    });
    expect(added.slice(added.indexOf('\n  '))).toBe(`
  a: { preset: generic, secrets: [A] }
  '123':
    preset: generic
    secrets: [kms:mine]
    apps: [${app}]
    when: "'a: b' == x"
    allow: contains(['alice', 'bob'], user)
    follow: false
`);
  });

  test('has its expressions in quotes where braces stand around it', () => {
    const added = addSource('sources: { a: { preset: generic, secrets: [A] } }\n', {
      ...mine,
      allow: "contains(['alice', 'bob'], user)",
    });
    expect(added).toContain("allow: 'contains([''alice'', ''bob''], user)', follow: true }");
  });

  test('that cannot work is refused with the line in which it would stand', () => {
    const text = 'sources:\n  a: { preset: generic, secrets: [A] }\n';
    const add = () => addSource(text, { ...mine, when: 'status = 1' });
    expect(add).toThrow(SourcesError);
  });

  test.each([
    ['sources is an alias', 'x: &x { a: { preset: generic, secrets: [A] } }\nsources: *x\n'],
    ['a key stands behind a question mark', 'sources:\n  ? a\n  : { preset: generic, secrets: [A] }\n'],
  ])('is for a person to write where %s', (_what, text) => {
    expect(() => addSource(text, mine)).toThrow(
      /nothing can be put .* Nothing was written\. Add this under sources:\n {2}mine:\n {4}preset: generic\n/,
    );
  });
});
