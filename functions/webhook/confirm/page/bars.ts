import { html, outside, type Markup } from './html.ts';
import type { Texts } from './texts.ts';
import type { InstancesView, Share } from './view.ts';

/** A bar has no more pieces than this. */
const longestBar = 20;
/** So many versions are shown. */
const mostVersions = 4;

/** A line of facts: what it is, and how it stands. */
export function fact(label: string, value: Markup | string | undefined): Markup | undefined {
  return value === undefined || value === ''
    ? undefined
    : html`<dt>${label}</dt>
        <dd>${value}</dd>`;
}

/** How many batches are done, as text and as a bar. */
export function batchesFact(share: Share | undefined, moves: boolean, texts: Texts): Markup | undefined {
  if (!share) return undefined;
  const text = texts.batches(share.done, share.total);
  return html`${fact(texts.labels.batches, html`<span data-say>${text}</span>`)}${bar(share, moves)}`;
}

/** How many instances are healthy, and how many run which version: as text, the latter with bars. */
export function instancesFact(instances: InstancesView | undefined, texts: Texts): Markup | undefined {
  if (!instances || !(instances.total >= 1)) return undefined;
  const { total, healthy, versions } = instances;
  const byVersion = versions.slice(0, mostVersions).map(({ version, count }) => {
    const text = texts.onVersion(count, total, version === undefined ? undefined : outside(version));
    return html`<dd class="whole">${text}</dd>
      ${bar({ done: count, total })}`;
  });
  return html`${fact(texts.labels.instances, texts.healthy(healthy, total))}${byVersion}`;
}

/** For the eye: what it shows stands before it as text. */
function bar({ done, total }: Share, moves = false): Markup | undefined {
  if (!(total >= 1)) return undefined;
  const pieces = Math.min(Math.floor(total), longestBar);
  const filled = Math.floor((Math.min(Math.max(done, 0), total) / total) * pieces);
  const all = Array.from({ length: pieces }, (_, index) =>
    index < filled ? html`<i class="on"></i>` : html`<i></i>`,
  );
  return html`<dd class="bar${moves ? ' moves' : ''}" aria-hidden="true">${all}</dd>`;
}
