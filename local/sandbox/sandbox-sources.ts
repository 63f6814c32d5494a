import type { RollbackPolicy } from '../../functions/select/policy.ts';
import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';

/** As the sandbox runs them where no channel is configured: followed, so that its own channels have news. */
export function followedSources<Policy extends RollbackPolicy>(sources: readonly Policy[]): Policy[] {
  return sources.map((source) => ({ ...source, follow: true }));
}

/** As the sandbox runs them on real EDAS, where there are no tasks. */
export function sourcesWithoutTasks(sources: readonly CompiledSource[]): CompiledSource[] {
  return sources.map((source) => ({ ...source, mode: 'now', follow: false }));
}
