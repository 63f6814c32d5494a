import path from 'node:path';
import { findFunction, ownVariables, type FunctionName } from '../../build/check-deployment.ts';
import type { CompiledConfiguration } from '../../build/compile-sources.ts';
import { readDeployment } from '../../build/deployment.ts';
import { CliError } from '../../cli/cli.ts';
import { readIfThere, writeChanges, type Change } from '../../setup/change-files.ts';
import { addVariable } from '../../setup/edit-deployment.ts';
import { addLine, hasLine } from '../../setup/env-lines.ts';
import { right, wrong, type Finding } from './finding.ts';

/** A variable that something needs. */
interface Needed {
  name: string;
  comment: string;
  /** The function that reads it, as far as sources.yaml says so. */
  reader?: FunctionName;
}

/**
 * Puts the variables that sources.yaml names into s.yaml, and those that s.yaml reads into .env.example. The secrets and
 * addresses get a line in .env, too, without a value. All that is there stays as it is.
 */
export function addWhatIsMissing(
  folder: string,
  configuration: CompiledConfiguration,
  file = '.env',
): Finding[] {
  try {
    const changes = plan(folder, configuration, file).filter(({ before, after }) => before !== after);
    writeChanges(changes);
    if (changes.length === 0) return [right('no variable is missing, so --fix added nothing')];
    return changes.map((change) => right(describeChange(change)));
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return [wrong(error.message.replace(/\.$/, ''), 'Add what is missing by hand: the next lines name it.')];
  }
}

function plan(folder: string, configuration: CompiledConfiguration, file: string): Change[] {
  const [deployment, example, env] = ['s.yaml', '.env.example', file].map((name) =>
    path.join(folder, name),
  ) as [string, string, string];
  const named = neededBy(configuration);
  const changed = withVariables(deployment, named);
  const read = changed === undefined ? [] : readDeployment(changed.after).variables;
  const others = read
    .filter((name) => named.every((each) => each.name !== name))
    .map((name) => ({ name, comment: 'Read by s.yaml' }));
  const changedExample = withLines(example, readIfThere(example) ?? '', [...named, ...others]);
  const changedEnv = withLines(env, readIfThere(env) ?? changedExample.after, named);
  return [...(changed ? [changed] : []), changedExample, { ...changedEnv, isSecret: true }];
}

/** What the page on which people decide needs. */
const pageVariables: Partial<Record<string, string>> = {
  CONFIRM_SECRET:
    'Signs the links to the page on which people decide. Empty: a source that asks people there stays closed',
  PUBLIC_URL:
    'The https address of that page: a domain of your own. Empty: a source that asks people there stays closed',
};

function neededBy(configuration: CompiledConfiguration): Needed[] {
  const { webhook, follow, events } = ownVariables(configuration);
  const { sources, notify } = configuration;
  return [
    ...webhook.names.map((name) => {
      const ofPage = pageVariables[name];
      if (ofPage !== undefined) return { name, comment: ofPage, reader: 'webhook' as const };
      const paths = sources
        .filter(({ secrets }) => secrets.includes(name))
        .map((source) => `POST /${source.name}`);
      const comment = `Secret behind ${paths.join(' and ')}. Empty: such a source stays closed`;
      return { name, comment, reader: 'webhook' as const };
    }),
    ...events.names.map((name) => ({
      name,
      comment: pageVariables[name] ?? 'Read by the function events',
      reader: 'events' as const,
    })),
    ...follow.names.map((name) => {
      const channel = notify.find(({ url }) => url === name);
      const kind = (channel ?? notify.find(({ secret }) => secret === name))?.kind ?? '';
      const comment = `${channel ? 'Address' : 'Key'} of the channel ${kind}, and a secret`;
      return { name, comment, reader: 'follow' as const };
    }),
  ];
}

function withVariables(file: string, needed: readonly Needed[]): Change | undefined {
  const before = readIfThere(file);
  if (before === undefined) return undefined;
  let after = before;
  for (const { name, reader } of needed) {
    const deployed = reader && findFunction(readDeployment(after).functions, reader);
    if (!deployed) continue;
    const names = needed.map((each) => each.name);
    const added = addVariable(after, deployed.name, name, names);
    if (added === undefined) {
      throw new CliError(
        `s.yaml is written in a way into which ${name} cannot be put without changing the rest.`,
      );
    }
    after = added;
  }
  return { file, before, after, isSecret: false };
}

function withLines(file: string, begun: string, needed: readonly Needed[]): Change {
  let after = begun;
  const names = needed.flatMap(({ name, reader }) => (reader ? [name] : []));
  for (const { name, comment } of needed) {
    if (!hasLine(after, name)) after = addLine(after, { name, value: '', comment }, names);
  }
  return { file, before: readIfThere(file), after, isSecret: false };
}

function describeChange({ file, before = '', after }: Change): string {
  const lines = new Set(before.split(/\r?\n/));
  const added = after.split(/\r?\n/).filter((line) => !lines.has(line));
  const names = added.flatMap((line) => /^\s*(\w+)\s*[:=]/.exec(line)?.[1] ?? []);
  return `added to ${path.basename(file)}: ${names.join(', ')}`;
}
