import { readFileSync } from 'node:fs';
import path from 'node:path';
import { reasonOf } from '../../../functions/lib/text.ts';
import { deploymentFaults, exampleFaults } from '../../build/check-deployment.ts';
import type { CompiledConfiguration } from '../../build/compile-sources.ts';
import { compileConfigurationFile } from '../../build/write-bundle.ts';
import { CliError } from '../../cli/cli.ts';
import { right, wrong, type Finding } from './finding.ts';

/** sources.yaml, compiled where it can be. */
export function checkSources(folder: string): { finding: Finding; configuration?: CompiledConfiguration } {
  try {
    const configuration = compileConfigurationFile(path.join(folder, 'sources.yaml'));
    const { sources, events, notify } = configuration;
    const counts = [
      ...(sources.length > 0 || events.length === 0 ? [count(sources, 'source')] : []),
      ...(events.length > 0 ? [`${count(events, 'source')} of events`] : []),
      ...(notify.length > 0 ? [count(notify, 'channel')] : []),
    ];
    return { finding: right(`sources.yaml: ${counts.join(', ')}`), configuration };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const [beginning = '', ...faults] = error.message.split('\n');
    const places = faults.map((fault) => fault.trim());
    const advice =
      places.length > 0
        ? 'Each place to change stands with its line.'
        : 'It says who may call, and where: see README.md.';
    return { finding: { ...wrong(withoutStop(beginning), advice), places } };
  }
}

/** s.yaml, and the .env.example beside it, against what sources.yaml asks of them. */
export function checkDeployment(folder: string, configuration: CompiledConfiguration): Finding {
  try {
    const text = readFileSync(path.join(folder, 's.yaml'), 'utf8');
    const example = readFileSync(path.join(folder, '.env.example'), 'utf8');
    const places = [...deploymentFaults(text, configuration), ...exampleFaults(example, text, configuration)];
    if (places.length === 0) return right('s.yaml gives the functions what sources.yaml asks for');
    const advice = isLineMissing(places)
      ? 'npm run doctor -- --fix adds the lines that are missing.'
      : 'Each place to change stands with its line.';
    return { ...wrong('s.yaml does not fit sources.yaml', advice), places };
  } catch (error) {
    return wrong(
      `s.yaml cannot be checked: ${withoutStop(reasonOf(error))}`,
      'Take it, or .env.example, from the repository again.',
    );
  }
}

function isLineMissing(places: readonly string[]): boolean {
  return places.some((place) => /add (under environmentVariables|to \.env\.example): /.test(place));
}

function count({ length }: readonly unknown[], name: string): string {
  return `${length} ${name}${length === 1 ? '' : 's'}`;
}

function withoutStop(text: string): string {
  return text.replace(/\.$/, '');
}
