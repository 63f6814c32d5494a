import { Problem } from '../../errors.ts';
import { excerpt } from '../../lib/text.ts';
import { isClosed, type Source } from './load-sources.ts';

/**
 * The source that a path is for: `/<source>`.
 *
 * @throws Problem `source_unknown`
 */
export function findSource(sources: ReadonlyMap<string, Source>, path: string): Source {
  const source = path.startsWith('/') ? sources.get(path.slice(1)) : undefined;
  if (source) return source;
  const meant = nameMeant(sources, path);
  const hint = meant === undefined ? '' : ` Did you mean POST /${meant}?`;
  throw new Problem(
    'source_unknown',
    `No source has the path ${JSON.stringify(excerpt(path))}.${hint} Webhooks go to POST /<source>, with a name from sources.yaml.`,
  );
}

/** Characters of a path in which a name is looked for. */
const longestPath = 1000;

/**
 * The one source whose name is in a path that is written otherwise: with slashes too many, in capitals, escaped, with a
 * query, below another path. Whoever tries that name itself learns as much, and a name that is only alike is not told.
 */
function nameMeant(sources: ReadonlyMap<string, Source>, path: string): string | undefined {
  const [plain = ''] = unescape(path.slice(0, longestPath)).split(/[?#&;]/);
  const names = plain.toLowerCase().split(/[/\\\s]+/);
  const [name, ...others] = new Set(names.filter((each) => sources.has(each)));
  return others.length === 0 ? name : undefined;
}

function unescape(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** @throws Problem `method_not_allowed` */
export function requirePost(method: string): void {
  if (method === 'POST') return;
  throw new Problem('method_not_allowed', 'Webhooks go to this path with POST.', { allow: 'POST' });
}

/** @throws Problem `source_not_configured` */
export function requireOpen(source: Source): void {
  if (!isClosed(source)) return;
  throw new Problem(
    'source_not_configured',
    'A secret of this source is missing or cannot be used, so every request is refused. The log that the function wrote when it started names the variable.',
  );
}
