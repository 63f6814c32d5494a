import { appendFileSync, cpSync } from 'node:fs';
import path from 'node:path';
import { cruise, type IConfiguration, type ICruiseResult, type IViolation } from 'dependency-cruiser';
import { describe, expect, test } from 'vitest';
import { root } from '../local/build/bundle.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const { default: configuration } = (await import(path.join(root, '.dependency-cruiser.mjs'))) as {
  default: IConfiguration;
};

/** What `npm run lint` finds in a copy of functions/ with these imports added. */
async function violationsWith(
  additions: readonly (readonly [file: string, imported: string])[],
): Promise<IViolation[]> {
  const copy = temporaryFolder();
  cpSync(path.join(root, 'functions'), path.join(copy, 'functions'), { recursive: true });
  for (const [file, imported] of additions) {
    // Of types only: these are gone in JavaScript, and tie both files together for a reader all the same.
    appendFileSync(path.join(copy, 'functions', file), `import type {} from '${imported}';\n`);
  }
  const { options = {}, ...ruleSet } = configuration;
  const { tsPreCompilationDeps, enhancedResolveOptions } = options;
  const { output } = await cruise(['functions'], {
    baseDir: copy,
    validate: true,
    ruleSet,
    exclude: '^virtual:',
    ...(tsPreCompilationDeps !== undefined && { tsPreCompilationDeps }),
    ...(enhancedResolveOptions && { enhancedResolveOptions }),
  });
  // Packages are not installed beside the copy.
  return (output as ICruiseResult).summary.violations.filter(({ rule }) => rule.name !== 'unresolvable');
}

describe('the lint rule for layers', () => {
  test('refuses an import that points upwards, of a type, too', async () => {
    const additions = [
      ['rollback/outcome.ts', '../webhook/receive.ts', 'rollback-imports-downwards'],
      ['rollback/budget.ts', '../platform/log.ts', 'rollback-imports-downwards'],
      ['edas/endpoint.ts', '../rollback/budget.ts', 'edas-imports-downwards'],
      ['kms/failure.ts', '../edas/failure.ts', 'kms-imports-downwards'],
      ['platform/log.ts', '../edas/status.ts', 'platform-imports-downwards'],
      ['alibaba/origin.ts', '../platform/settings.ts', 'alibaba-imports-downwards'],
      ['lib/text.ts', '../alibaba/origin.ts', 'lib-imports-downwards'],
      ['webhook/receive.ts', '../follow/message.ts', 'webhook-imports-downwards'],
      ['follow/message.ts', '../webhook/receive.ts', 'follow-imports-downwards'],
      ['webhook/verify/digest.ts', '../payload/parse.ts', 'verify-stands-alone'],
      ['webhook/source/find-source.ts', '../payload/parse.ts', 'webhook-parts'],
      ['execute/outcome.ts', '../webhook/receive.ts', 'execute-imports-downwards'],
      ['select/intent.ts', '../execute/outcome.ts', 'select-imports-downwards'],
      ['secrets/read-key.ts', '../select/intent.ts', 'secrets-imports-downwards'],
      ['events/handler.ts', '../webhook/receive.ts', 'events-imports-downwards'],
    ] as const;
    const violations = await violationsWith(additions.map(([file, imported]) => [file, imported]));
    const refused = violations.map(({ from, to, rule }) => `${rule.name}: ${from} → ${to}`);
    for (const [file, imported, rule] of additions) {
      const from = `functions/${file}`;
      const to = path.posix.join(path.posix.dirname(from), imported);
      expect(refused).toContain(`${rule}: ${from} → ${to}`);
    }
  });

  test('refuses a cycle, of types only, too', async () => {
    const violations = await violationsWith([
      ['lib/json.ts', './time.ts'],
      ['lib/time.ts', './json.ts'],
    ]);
    expect(violations.map(({ rule }) => rule.name)).toEqual(['no-circular']);
    expect(violations[0]?.cycle?.map(({ name }) => name).toSorted()).toEqual([
      'functions/lib/json.ts',
      'functions/lib/time.ts',
    ]);
  });
});
