import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { toRecord } from '../../functions/record.ts';
import { reasonOf } from '../../functions/text.ts';
import type { CompiledSource } from '../../functions/webhook/source/source.ts';
import { CliError } from '../cli.ts';

/** Seconds between a source's deadline and the function's timeout, for loading the bundle and writing the answer. */
const marginSeconds = 5;
/** fc3's, where s.yaml says nothing. */
const defaultTimeoutSeconds = 3;

/**
 * Checks that s.yaml gives the function what its sources need. Otherwise a source that builds would be closed once it
 * is deployed, or cut off before it can answer.
 *
 * @throws CliError that names each line to change
 */
export function requireDeployable(file: string, sources: readonly CompiledSource[]): void {
  const faults = deploymentFaults(readFileSync(file, 'utf8'), sources);
  if (faults.length > 0) {
    throw new CliError(
      ['s.yaml does not fit sources.yaml; nothing was built.', ...faults.map((fault) => `  ${fault}`)].join(
        '\n',
      ),
    );
  }
}

/** What is missing in the text of an s.yaml, a line each. */
export function deploymentFaults(text: string, sources: readonly CompiledSource[]): string[] {
  const { environmentVariables, timeout } = webhookProps(parseYaml(text));
  const given = toRecord(environmentVariables);
  const missing = [...new Set(sources.flatMap(({ secrets }) => secrets))]
    .filter((variable) => !Object.hasOwn(given, variable))
    .map((variable) => `add under environmentVariables: ${variable}: \${env('${variable}', '')}`);
  const tooLong = sources.flatMap(({ name, deadlineMs }) => {
    const needed = Math.ceil(deadlineMs / 1000) + marginSeconds;
    const seconds = Number(timeout ?? defaultTimeoutSeconds);
    // What is interpolated is no number here, and cannot be judged.
    if (Number.isNaN(seconds) || seconds >= needed) return [];
    return [`raise timeout to ${needed}: the source ${name} has a deadlineMs of ${deadlineMs}`];
  });
  return [...missing, ...tooLong];
}

function parseYaml(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new CliError(`s.yaml cannot be read: ${reasonOf(error)}`);
  }
}

/** The properties of the function whose handler is the webhook bundle's. */
function webhookProps(deployment: unknown): Record<string, unknown> {
  for (const resource of Object.values(toRecord(toRecord(deployment)['resources']))) {
    const props = toRecord(toRecord(resource)['props']);
    if (props['handler'] === 'webhook.handler') return props;
  }
  throw new CliError('s.yaml has no function with the handler webhook.handler.');
}
