import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../../local/cli/root.ts';

/** Every Markdown file of the repository, but for what is installed or built. */
export const pages = readdirSync(root, { withFileTypes: true })
  .filter(({ name }) => !['node_modules', 'dist', '.git', '.sandbox', '.stryker', '.s'].includes(name))
  .flatMap((entry) => (entry.isDirectory() ? filesBelow(entry.name) : [entry.name]))
  .filter((file) => file.endsWith('.md'))
  .toSorted();

function filesBelow(folder: string): string[] {
  const files = readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' });
  return files.filter((file) => !file.includes('node_modules')).map((file) => path.join(folder, file));
}

/** The text of a file of the repository. */
export function readPage(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

/** A page without its blocks of code, in which nothing is a heading or a link. */
export function proseOf(page: string): string {
  return readPage(page).replaceAll(/^ *```.*?^ *```$/gms, '');
}
