import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import type { Metafile } from 'esbuild';
import type { BuiltFile } from './bundle.ts';

/** Bytes in a built file, by npm package; what is ours is called `functions`. The largest comes first. */
export type Parts = readonly (readonly [part: string, bytes: number])[];

/** What each built file is made of, by the file's name. */
export function partsByFile({ outputs }: Metafile): Map<string, Parts> {
  return new Map(
    Object.entries(outputs).map(([file, { inputs }]) => {
      const parts = new Map<string, number>();
      for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
        const part = partOf(input);
        parts.set(part, (parts.get(part) ?? 0) + bytesInOutput);
      }
      return [path.basename(file), [...parts].toSorted(([, a], [, b]) => b - a)];
    }),
  );
}

/** The innermost npm package that a module belongs to, our own folder, or what the build makes up: `virtual`, `waiting`. */
function partOf(file: string): string {
  const [, inPackages] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file) ?? [];
  const [folder = file] = file.split(/[/:]/);
  return inPackages ?? folder;
}

/**
 * Bytes that files take in a zip, compressed as well as deflate can: their data, and for each its two headers and its name
 * twice, and the end of the directory.
 * https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT 4.3
 */
export function zippedBytes(files: readonly BuiltFile[]): number {
  const each = files.map(({ path: file, contents }) => {
    const headers = 30 + 46 + 2 * Buffer.byteLength(path.basename(file));
    return headers + deflateRawSync(contents, { level: 9 }).length;
  });
  return each.reduce((sum, bytes) => sum + bytes, 22);
}
