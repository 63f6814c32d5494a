import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { bundleFollow, bundleWebhook } from '../../../local/build/bundle.ts';
import { licencesText, packageFoldersIn } from '../../../local/build/licences.ts';
import { root } from '../../../local/cli/root.ts';
import { sources } from '../../support/invoke-bundle.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** The packages that LICENSES.txt lists at its top: name, version, licence. */
const listed = (text: string) => Array.from(text.matchAll(/^ {2}(\S+ \S+ {2}\S+)$/gm), ([, line]) => line);

/** What follows for each of them. */
const entries = (text: string) => text.split(`${'-'.repeat(80)}\n`).slice(1);

describe('LICENSES.txt', () => {
  const bundles = async () => {
    const folder = temporaryFolder();
    const built = [await bundleWebhook(sources, folder), await bundleFollow([], folder)];
    return built.map(({ metafile }) => metafile);
  };

  test('lists each package of which a byte is in the built files, and no other', async () => {
    const metafiles = await bundles();
    const used = metafiles
      .flatMap(({ outputs }) => Object.values(outputs).flatMap(({ inputs }) => Object.entries(inputs)))
      .filter(([file, { bytesInOutput }]) => bytesInOutput > 0 && file.includes('node_modules/'))
      // The manifest next to the innermost node_modules is that of the package, hoisted or nested.
      .map(([file]) => file.split('/').slice(0, file.split('/').lastIndexOf('node_modules') + 3))
      .map((parts) => (parts.at(-2)?.startsWith('@') ? parts : parts.slice(0, -1)).join('/'));
    const expected = [...new Set(used)].map((folder) => {
      const manifest = path.join(root, folder, 'package.json');
      const { name, version } = JSON.parse(readFileSync(manifest, 'utf8')) as Record<string, string>;
      return `${name} ${version}`;
    });

    const names = listed(licencesText(metafiles, root)).map((line) => line?.replace(/ {2}\S+$/, ''));
    expect(names.length).toBeGreaterThan(3);
    expect(names.toSorted()).toEqual(expected.toSorted());
  });

  test('has the whole text of each licence, our own first', async () => {
    const text = licencesText(await bundles(), root);
    const [own, ...others] = entries(text);
    expect(own).toContain(readFileSync(path.join(root, 'LICENSE'), 'utf8').trim());
    expect(others).toHaveLength(listed(text).length);
    for (const entry of others) {
      const { license } = /^Licence: (?<license>.*)$/m.exec(entry)?.groups ?? {};
      const ending = { MIT: /OTHER DEALINGS IN (THE|\nTHE) SOFTWARE/i, 'MPL-2.0': /Exhibit B/ }[
        license ?? ''
      ];
      expect(entry.replaceAll(/\s+/g, ' '), entry.slice(0, 100)).toMatch(ending ?? 'a text that we know');
    }
  });

  test('says where the source code of each package is, as the Mozilla Public License asks', async () => {
    for (const entry of entries(licencesText(await bundles(), root)).slice(1)) {
      expect(entry).toMatch(/^Source code: the npm package \S+@\d+\.\d+\.\d+/m);
    }
  });

  test('lists a nested package with its own version, and nothing that the build replaced', async () => {
    const folders = packageFoldersIn(await bundles());
    expect(folders).toContain('node_modules/@alicloud/pop-core/node_modules/kitx');
    for (const replaced of ['xml2js', 'debug', 'json-bigint', 'ali-oss', 'axios', 'ws']) {
      expect(folders.join('\n')).not.toContain(`node_modules/${replaced}`);
    }
  });
});

describe('with a package in the built files', () => {
  /** A folder like our own, with one package in it. */
  function treeWith(manifest: object, files: Record<string, string> = { LICENSE: 'The licence.' }): string {
    const folder = temporaryFolder();
    const inside = path.join(folder, 'node_modules/other');
    mkdirSync(inside, { recursive: true });
    writeFileSync(
      path.join(folder, 'package.json'),
      '{ "name": "ours", "version": "1.0.0", "license": "MIT" }',
    );
    writeFileSync(
      path.join(folder, 'LICENSE'),
      'MIT License\n\nCopyright (c) us\n\nPermission is granted.\n',
    );
    writeFileSync(
      path.join(inside, 'package.json'),
      JSON.stringify({ name: 'other', version: '2.0.0', ...manifest }),
    );
    for (const [file, text] of Object.entries(files)) writeFileSync(path.join(inside, file), text);
    return folder;
  }
  const input = (bytesInOutput: number) => {
    const output = {
      imports: [],
      exports: [],
      bytes: 9,
      inputs: { 'node_modules/other/a.js': { bytesInOutput } },
    };
    return [{ outputs: { 'dist/a.js': output } }];
  };

  test.each([
    ['no licence at all', {}],
    ['a copyleft licence', { license: 'GPL-3.0-only' }],
    ['the Mozilla Public License, which is accepted for one package only', { license: 'MPL-2.0' }],
    ['a choice of licences', { license: '(MIT OR GPL-3.0-only)' }],
    ['the old form of the field', { licenses: [{ type: 'MIT' }] }],
    ['none for others', { license: 'UNLICENSED' }],
  ])('that has %s, nothing is built, and the message says what to do', (_what, manifest) => {
    expect(() => licencesText(input(1), treeWith(manifest))).toThrow(
      /^Nothing was built\.\n {2}other 2\.0\.0 has the licence .* say so in local\/build\/licences\.ts/,
    );
  });

  test('whose licence must go along and does not, nothing is built', () => {
    expect(() => licencesText(input(1), treeWith({ license: 'Apache-2.0' }, {}))).toThrow(
      /no file with its text/,
    );
  });

  test('that only names the MIT licence, its text is put there without our name', () => {
    const [, entry] = entries(licencesText(input(1), treeWith({ license: 'MIT' }, {})));
    expect(entry).toContain('MIT License\n\nPermission is granted.');
    expect(entry).not.toContain('Copyright');
  });

  test('that has a NOTICE, as the Apache License knows it, it goes along', () => {
    const tree = treeWith({ license: 'Apache-2.0' }, { 'LICENSE.txt': 'Apache.', NOTICE: 'By them.' });
    expect(licencesText(input(1), tree)).toContain('Apache.\n\nBy them.');
  });

  test('of which no byte is left, its licence does not matter', () => {
    expect(listed(licencesText(input(0), treeWith({ license: 'GPL-3.0-only' })))).toEqual([]);
  });
});
