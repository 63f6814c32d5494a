import { toText } from '../../functions/lib/json.ts';
import { isId } from '../../functions/lib/text.ts';
import type { Expression } from '../../functions/select/expression.ts';
import { compileExpression, type Purpose } from './compile-expression.ts';
import { pathsRead } from './paths-read.ts';
import type { Report } from './position.ts';
import type { SourceSettings } from './sources-schema.ts';

/** Whether a source's rollbacks are followed. @param isUsual where it does not say */
export function follows(
  { mode, follow }: Pick<SourceSettings, 'mode' | 'follow'>,
  isUsual: boolean,
  report: Report,
): boolean {
  if (mode === 'now') return follow ?? isUsual;
  if (follow === false) {
    report(['follow'], 'with mode: deferred, the task that rolls back follows it as well: take this out');
  }
  return true;
}

/** Compiles what stands under a key of a source, and reports what is wrong there. What is not there stays undefined. */
export function expressionsOf(report: Report) {
  return (key: string, text: string | undefined, purpose: Purpose): Expression | undefined =>
    text === undefined
      ? undefined
      : compileExpression(text, purpose, (message) => {
          report([key], message);
        });
}

/** A condition, with what it looks at. */
export function withPaths(when: Expression | undefined): Expression | undefined {
  return when && { ...when, reads: pathsRead(when.tree) };
}

/** An application that is written out, and no path to one, is known before any payload is. */
export function checkFixedApp(
  app: Expression | undefined,
  apps: readonly string[] | undefined,
  report: Report,
): void {
  if (app?.tree.type !== 'Literal') return;
  const id = toText(app.tree.value)?.toLowerCase() ?? '';
  if (!isId(id)) {
    report(['app'], 'this names no application: its id is a UUID, as the EDAS console shows it');
  } else if (apps !== undefined && !apps.includes(id)) {
    report(['app'], 'this application is not among the apps that the source may touch');
  }
}
