import { z } from 'zod';
import { CliError } from '../../cli/cli.ts';

/** What `npm audit --json` says when it could not ask. */
const refusal = z.object({ message: z.string() });

/** What it says otherwise, as far as it is looked at. */
const auditReport = z.object({
  vulnerabilities: z.record(
    z.string(),
    z.object({
      name: z.string(),
      nodes: z.array(z.string()),
      // A string is the name of another package, which is vulnerable itself.
      via: z.array(
        z.union([z.string(), z.object({ title: z.string(), url: z.string(), severity: z.string() })]),
      ),
    }),
  ),
});

/** A known fault of a package. */
export interface Finding {
  package: string;
  title: string;
  url: string;
  severity: string;
}

/** The known faults of the packages of which something is in the bundle, and those of packages that only lie beside it. */
export interface Findings {
  shipped: readonly Finding[];
  beside: readonly Finding[];
}

/**
 * @param report what `npm audit --json` printed
 * @param folders of the packages in the bundle, such as `node_modules/a/node_modules/b`
 * @throws CliError when npm could not ask
 */
export function findingsIn(report: string, folders: readonly string[]): Findings {
  const json = parseJson(report);
  const read = auditReport.safeParse(json);
  if (!read.success) {
    const { message } = refusal.safeParse(json).data ?? { message: 'npm audit printed no report' };
    throw new CliError(`The registry does not say what is known about the packages: ${message}`);
  }
  const all = Object.values(read.data.vulnerabilities).flatMap(({ name, nodes, via }) =>
    via
      .filter((each) => typeof each !== 'string')
      .map((fault) => ({ ...fault, package: name, isShipped: nodes.some((node) => folders.includes(node)) })),
  );
  return {
    shipped: all.filter(({ isShipped }) => isShipped),
    beside: all.filter(({ isShipped }) => !isShipped),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
