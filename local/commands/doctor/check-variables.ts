import { readFileSync } from 'node:fs';
import path from 'node:path';
import { toRecord } from '../../../functions/lib/json.ts';
import type { Environment } from '../../../functions/platform/settings.ts';
import { findFunction, ownVariables } from '../../build/check-deployment.ts';
import type { CompiledConfiguration } from '../../build/compile-sources.ts';
import { readDeployment, type Deployment } from '../../build/deployment.ts';
import { nearestOf } from '../../build/did-you-mean.ts';
import { isOfProgram } from '../../build/sources-schema.ts';
import type { DeployEnvironment } from './env-file.ts';
import { warning, type Finding } from './finding.ts';

/**
 * Variables that do not do what they seem to: one that is misspelt, one that the shell overrides, and one that nothing reads
 * any more, such as after a rotation.
 */
export function checkVariables(
  folder: string,
  { lines, own }: Pick<DeployEnvironment, 'lines' | 'own'>,
  shell: Environment,
  configuration: CompiledConfiguration,
): Finding[] {
  const deployment = readIfPossible(folder);
  if (!deployment) return [];
  const { webhook, follow, events } = ownVariables(configuration);
  const named = [...webhook.names, ...follow.names, ...events.names];
  // What s.yaml still reads although nothing needs it has a finding of its own.
  const read = [...new Set([...deployment.variables, ...named])];
  const wanted = read.filter((name) => named.includes(name) || isOfProgram(name));
  return [
    ...lines.flatMap((line) => checkLine(line, read, wanted)),
    ...overridden(own, shell),
    ...leftOver(deployment, named),
  ];
}

function readIfPossible(folder: string): Deployment | undefined {
  try {
    return readDeployment(readFileSync(path.join(folder, 's.yaml'), 'utf8'));
  } catch {
    // The check of s.yaml has said so.
    return undefined;
  }
}

/** Programs that a deployment starts read these. */
const forOthers = /^(ALL|HTTPS?|NO)_PROXY$|^(serverless_devs|FC)_/i;

function checkLine(
  { line, variable }: DeployEnvironment['lines'][number],
  read: readonly string[],
  wanted: readonly string[],
): Finding[] {
  if (read.includes(variable) || isOfProgram(variable) || forOthers.test(variable)) return [];
  const meant = nearestOf(variable, wanted);
  if (meant === undefined) {
    return [
      warning(
        `nothing reads ${variable} (.env:${line})`,
        'Take the line out. If it is a secret that was replaced, it can still leak.',
      ),
    ];
  }
  return [
    warning(
      `nothing reads ${variable} (.env:${line}); did you mean ${meant}?`,
      `Write ${meant}=, or take the line out.`,
    ),
  ];
}

/** A value of the shell wins, also an empty one. The values may be secrets. */
function overridden(own: Environment, shell: Environment): Finding[] {
  return Object.keys(own)
    .filter((name) => Object.hasOwn(shell, name) && shell[name] !== own[name])
    .map((name) =>
      warning(
        `this shell has another ${shell[name] === '' ? `${name}, an empty one,` : name} than .env, and the shell wins`,
        `unset ${name}, or take it out of .env.`,
      ),
    );
}

function leftOver({ functions }: Deployment, named: readonly string[]): Finding[] {
  return (['webhook', 'follow', 'events'] as const).flatMap((key) => {
    const deployed = findFunction(functions, key);
    return Object.keys(toRecord(deployed?.props['environmentVariables']))
      .filter((name) => !named.includes(name) && !isOfProgram(name))
      .map((name) =>
        warning(
          `s.yaml gives ${deployed?.name ?? key} the variable ${name}, which sources.yaml does not name`,
          `If it was left over after a rotation, or from a source that is gone, take it out of s.yaml, .env.example and .env.`,
        ),
      );
  });
}
