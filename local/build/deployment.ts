import { isScalar, LineCounter, parseDocument, visit, type Document } from 'yaml';
import { toRecord, toText } from '../../functions/lib/json.ts';
import { reasonOf } from '../../functions/lib/text.ts';
import { CliError } from '../cli/cli.ts';
import { offsetOf, toPosition, type Path } from './position.ts';

/** What an s.yaml says, as far as the build looks at it. */
export interface Deployment {
  functions: readonly DeployedFunction[];
  /** The alias of the key that deploys. */
  access: string;
  /** The environment variables that it reads. */
  variables: readonly string[];
  /** The line of a key, or of the nearest one above it that is there. */
  lineOf: (path: Path) => number;
}

/** A function in s.yaml. */
export interface DeployedFunction {
  /** Its key under resources. */
  name: string;
  props: Record<string, unknown>;
}

/** @throws CliError where the text is no YAML */
export function readDeployment(text: string): Deployment {
  const lines = new LineCounter();
  const { document, value } = parseYaml(text, lines);
  const resources = toRecord(toRecord(value)['resources']);
  return {
    functions: Object.entries(resources).map(([name, resource]) => ({
      name,
      props: toRecord(toRecord(resource)['props']),
    })),
    access: toText(toRecord(value)['access']) ?? '',
    variables: variablesIn(document),
    lineOf: (path) => toPosition(lines, offsetOf(document, path)).line,
  };
}

/** With `<<` as Serverless Devs reads it. */
function parseYaml(text: string, lineCounter: LineCounter): { document: Document; value: unknown } {
  try {
    const document: Document = parseDocument(text, { lineCounter, merge: true });
    const [error] = document.errors;
    if (error) throw error;
    return { document, value: document.toJS() };
  } catch (error) {
    throw new CliError(`s.yaml cannot be read: ${reasonOf(error)}`);
  }
}

/** The values alone: a comment reads nothing. */
function variablesIn(document: Document): string[] {
  const names = new Set<string>();
  visit(document, (_key, node) => {
    if (!isScalar(node) || typeof node.value !== 'string') return;
    for (const [, name = ''] of node.value.matchAll(/\$\{\s*env\(\s*['"](\w+)['"]/g)) names.add(name);
  });
  return [...names];
}
