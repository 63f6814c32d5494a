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
  const hint = path.length > 1 && path.endsWith('/') ? ' Leave out the slash at its end.' : '';
  throw new Problem(
    'source_unknown',
    `No source has the path ${JSON.stringify(excerpt(path))}.${hint} Webhooks go to POST /<source>, with a name from sources.yaml.`,
  );
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
