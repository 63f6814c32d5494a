import path from 'node:path';
import { isId } from '../../../functions/lib/text.ts';
import type { Environment } from '../../../functions/platform/settings.ts';
import { nameInKms } from '../../../functions/secrets/secret-name.ts';
import type { CompiledSource } from '../../../functions/webhook/source/compiled-source.ts';
import { coversPayload } from '../../../functions/webhook/verify/verify.ts';
import type { Preset } from '../../../presets/preset.ts';
import { deploymentFaults, exampleFaults, findFunction } from '../../build/check-deployment.ts';
import {
  compileConfiguration,
  SourcesError,
  type CompiledConfiguration,
} from '../../build/compile-sources.ts';
import { readDeployment } from '../../build/deployment.ts';
import { secretVariableOf, sourceName } from '../../build/sources-schema.ts';
import { CliError } from '../../cli/cli.ts';
import { readIfThere, type Change } from '../../setup/change-files.ts';
import { addVariable } from '../../setup/edit-deployment.ts';
import { addSource, type NewSource } from '../../setup/edit-sources.ts';
import { addLine } from '../../setup/env-lines.ts';
import { secretFor } from '../../setup/new-secret.ts';
import { readDeployEnvironment, readEnvText } from '../doctor/env-file.ts';
import { findPreset } from '../explain/describe-preset.ts';

/** What a person asks for. */
export interface Wish {
  name: string;
  preset: string;
  apps: readonly string[];
  /** The name of a secret in KMS, instead of a variable. */
  kms?: string | undefined;
  when?: string | undefined;
  allow?: string | undefined;
  follow: boolean;
}

/** What will be written, and what there is to say of it. */
export interface Plan {
  source: CompiledSource;
  preset: Preset;
  changes: readonly Change[];
  /** Where the secret of the source is, or comes from. */
  secret: 'made' | 'there' | "sender's" | 'kms';
}

export interface Surroundings {
  /** Where sources.yaml, s.yaml and .env are. */
  folder: string;
  /** The environment of this process, which wins over .env. */
  shell: Environment;
  random: (bytes: number) => Buffer;
}

/**
 * What it takes to have one source more. Nothing is written yet.
 *
 * @throws CliError where it cannot be had, or where what is there does not work
 */
export function planSource(wish: Wish, surroundings: Surroundings): Plan {
  requireName(wish.name);
  const preset = findPreset(wish.preset);
  const variable = secretVariableOf(wish.name);
  const settings: NewSource = {
    ...wish,
    apps: readApps(wish, preset),
    secret: wish.kms === undefined ? variable : `kms:${wish.kms}`,
  };
  const read = (name: string) => fileIn(surroundings.folder, name);
  const sources = read('sources.yaml');
  const before = compile(sources.before, 'cannot work as it is');
  requireNew(wish, variable, before);
  const added = rewritten(sources, () => addSource(sources.before, settings));
  const after = compile(added.after, 'could not work with this source');
  const source = after.sources.find(({ name }) => name === wish.name);
  if (!source) throw new Error(`the source ${wish.name} was not added`);
  if (nameInKms(settings.secret) !== undefined) return { source, preset, changes: [added], secret: 'kms' };

  const deployment = addToDeployment(read('s.yaml'), variable, before);
  const comment = `Secret of ${preset.sender}, behind POST /${wish.name}. Empty: that source stays closed`;
  const others = before.sources.flatMap(({ secrets }) => secrets);
  const example = read('.env.example');
  const changed = {
    ...example,
    after: addLine(example.before, { name: variable, value: '', comment }, others),
  };
  requireDeployable(deployment.after, changed.after, after);
  const env = addToEnv(surroundings, changed.after, { variable, comment, others, source, preset });
  return { source, preset, changes: [env.change, changed, deployment, added], secret: env.secret };
}

export function requireName(name: string): void {
  const { success, error } = sourceName.safeParse(name);
  if (success) return;
  const [issue] = error.issues;
  throw new CliError(`${JSON.stringify(name)} ${issue?.message ?? ''}. Nothing was written.`);
}

export type Rewritten = Change & { before: string };

/** @throws CliError where it is not there */
export function fileIn(folder: string, name: string): Rewritten {
  const file = path.join(folder, name);
  const before = readIfThere(file);
  if (before === undefined) throw new CliError(`${file} is not there, so nothing was written.`);
  return { file, before, after: before, isSecret: false };
}

/** The applications under `apps`. */
function readApps({ apps, preset: name }: Wish, preset: Preset): readonly string[] | undefined {
  requireIds(apps);
  if (apps.length > 0) return apps.map((app) => app.toLowerCase());
  if (preset.isByApplication) {
    throw new CliError(
      `${name} has no place for an id in what it sends: say with --app ID which application it rolls back. Nothing was written.`,
    );
  }
  if (coversPayload(preset.verify)) return undefined;
  throw new CliError(
    `${name} does not sign what it sends, so the source must name the applications that it may touch: --app ID, once for each. Nothing was written.`,
  );
}

/** @throws CliError where one is no id of an application */
export function requireIds(apps: readonly string[]): void {
  const wrong = apps.find((app) => !isId(app.toLowerCase()));
  if (wrong === undefined) return;
  throw new CliError(
    `--app must be an id as the EDAS console shows it (a UUID), not ${JSON.stringify(wrong)}. Nothing was written.`,
  );
}

/** @throws CliError where a source of webhooks or events has the name already */
export function requireFreeName(name: string, { sources, events }: CompiledConfiguration): void {
  if (![...sources, ...events].some((source) => source.name === name)) return;
  throw new CliError(
    `There is a source ${name} in sources.yaml already. Nothing was written: choose another name.`,
  );
}

/** @throws CliError where the source, or its variable, is another's already */
function requireNew({ name, kms }: Wish, variable: string, configuration: CompiledConfiguration): void {
  const { sources, notify } = configuration;
  requireFreeName(name, configuration);
  if (kms !== undefined) return;
  const other = sources.find(({ secrets }) => secrets.includes(variable));
  const channel = notify.find(({ url, secret }) => url === variable || secret === variable);
  const user = other ? `the source ${other.name}` : channel && `a channel of notify (${channel.kind})`;
  if (user === undefined) return;
  throw new CliError(`${variable} belongs to ${user} already. Nothing was written: choose another name.`);
}

/** @throws CliError that names each fault by line and column */
export function compile(text: string, what: string): CompiledConfiguration {
  return inWords(what, () => compileConfiguration(text));
}

export function rewritten(file: Rewritten, edit: () => string): Rewritten {
  return { ...file, after: inWords('could not work with this source', edit) };
}

function inWords<Result>(what: string, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof SourcesError)) throw error;
    const faults = error.faults.map(
      ({ line, column, message }) => `  sources.yaml:${line}:${column} ${message}`,
    );
    throw new CliError([`sources.yaml ${what}; nothing was written.`, ...faults].join('\n'));
  }
}

function addToDeployment(file: Rewritten, variable: string, { sources }: CompiledConfiguration): Rewritten {
  const webhook = findFunction(readDeployment(file.before).functions, 'webhook');
  if (!webhook)
    throw new CliError('s.yaml has no function with the handler webhook.handler. Nothing was written.');
  const secrets = sources.flatMap((source) => source.secrets);
  const after = addVariable(file.before, webhook.name, variable, secrets);
  if (after !== undefined) return { ...file, after };
  throw new CliError(
    `s.yaml has no environmentVariables of ${webhook.name} into which a line can be put. Nothing was written. Add it there, then try again: ${variable}: \${env('${variable}', '')}`,
  );
}

/** @throws CliError where the build would refuse what comes out */
export function requireDeployable(
  deployment: string,
  example: string,
  configuration: CompiledConfiguration,
): void {
  const faults = [
    ...deploymentFaults(deployment, configuration),
    ...exampleFaults(example, deployment, configuration),
  ];
  if (faults.length === 0) return;
  throw new CliError(
    [
      's.yaml would not fit sources.yaml; nothing was written. npm run doctor -- --fix adds lines that are missing.',
      ...faults.map((fault) => `  ${fault}`),
    ].join('\n'),
  );
}

interface NewVariable {
  variable: string;
  comment: string;
  /** The secrets of the other sources. */
  others: readonly string[];
  source: CompiledSource;
  preset: Preset;
}

/** A new .env begins as a copy of .env.example. */
function addToEnv(
  { folder, shell, random }: Surroundings,
  example: string,
  { variable, comment, others, source, preset }: NewVariable,
): { change: Change; secret: Plan['secret'] } {
  const file = path.join(folder, '.env');
  const before = readIfThere(file);
  const known = readDeployEnvironment(folder, {}).env;
  const isThere = Boolean(known[variable] ?? shell[variable]);
  const secret = isThere ? 'there' : preset.makesSecret ? "sender's" : 'made';
  const value = secret === 'made' ? secretFor(source.verify, random) : '';
  const after = addLine(before ?? example, { name: variable, value, comment }, others);
  if (before !== undefined) requireSameValues(after, known, [variable]);
  return { change: { file, before, after, isSecret: true }, secret };
}

/** A value of several lines could be torn apart by a line in its middle. */
export function requireSameValues(text: string, before: Environment, variables: readonly string[]): void {
  const after = readEnvText(text, {}).env;
  const changed = Object.keys({ ...before, ...after }).find(
    (name) => !variables.includes(name) && before[name] !== after[name],
  );
  if (changed === undefined) return;
  throw new CliError(
    `.env is written in a way into which ${variables.join(', ')} cannot be put without changing ${changed}. Nothing was written: add ${variables.map((name) => `${name}=`).join(' and ')} by hand, then try again.`,
  );
}
