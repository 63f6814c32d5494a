import { readFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { toRecord } from '../../functions/record.ts';
import { reasonOf } from '../../functions/text.ts';
import type { CompiledSource } from '../../functions/webhook/source/source.ts';
import { CliError } from '../cli.ts';
import type { CompiledConfiguration } from './compile-sources.ts';

/** Seconds between a source's deadline and the function's timeout, for loading the bundle and writing the answer. */
const marginSeconds = 5;
/** fc3's, where s.yaml says nothing. */
const defaultTimeoutSeconds = 3;
/** The shortest in which following makes sense: a rollback of several batches takes minutes. */
const shortestFollowSeconds = 600;

/** A function in s.yaml. */
interface DeployedFunction {
  /** Its key under resources. */
  name: string;
  props: Record<string, unknown>;
}

/**
 * Checks that s.yaml gives the functions what sources.yaml asks of them. Otherwise a source that builds would be closed
 * once it is deployed, or cut off before it can answer, or its rollbacks followed by nobody.
 *
 * @throws CliError that names each line to change
 */
export function requireDeployable(file: string, configuration: CompiledConfiguration): void {
  const faults = deploymentFaults(readFileSync(file, 'utf8'), configuration);
  if (faults.length > 0) {
    throw new CliError(
      ['s.yaml does not fit sources.yaml; nothing was built.', ...faults.map((fault) => `  ${fault}`)].join(
        '\n',
      ),
    );
  }
}

/** What is wrong in the text of an s.yaml, a line each, with the function that it is about. */
export function deploymentFaults(text: string, configuration: CompiledConfiguration): string[] {
  const deployment = parseYaml(text);
  const webhook = findFunction(deployment, 'webhook.handler');
  if (!webhook) throw new CliError('s.yaml has no function with the handler webhook.handler.');
  return [
    ...webhookFaults(webhook, configuration),
    ...followFaults(findFunction(deployment, 'follow.handler'), webhook, configuration),
  ];
}

function parseYaml(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new CliError(`s.yaml cannot be read: ${reasonOf(error)}`);
  }
}

function findFunction(deployment: unknown, handler: string): DeployedFunction | undefined {
  const resources = toRecord(toRecord(deployment)['resources']);
  return Object.entries(resources)
    .map(([name, resource]) => ({ name, props: toRecord(toRecord(resource)['props']) }))
    .find(({ props }) => props['handler'] === handler);
}

function webhookFaults(webhook: DeployedFunction, { sources, notify }: CompiledConfiguration): string[] {
  const given = environmentOf(webhook);
  const secrets = new Set(sources.flatMap((source) => source.secrets));
  const ofChannels = variablesOf(notify).filter((variable) => Object.hasOwn(given, variable));
  return [
    ...missingVariables(webhook, [...secrets]),
    ...ofChannels.map((variable) =>
      about(webhook, `take out of environmentVariables: ${variable}; only the follow function needs it`),
    ),
    ...sources.flatMap((source) => tooShort(webhook, source)),
  ];
}

function tooShort(webhook: DeployedFunction, { name, deadlineMs }: CompiledSource): string[] {
  const needed = Math.ceil(deadlineMs / 1000) + marginSeconds;
  return isTimeoutAtLeast(webhook, needed)
    ? []
    : [about(webhook, `raise timeout to ${needed}: the source ${name} has a deadlineMs of ${deadlineMs}`)];
}

/** Needed as soon as one source follows its rollbacks, or defers them. */
function followFaults(
  follow: DeployedFunction | undefined,
  webhook: DeployedFunction,
  { sources, notify }: CompiledConfiguration,
): string[] {
  const followed = sources.find((source) => source.follow);
  if (!followed) return [];
  if (!follow) {
    const task = `which follows the rollbacks of the source ${followed.name} (mode: deferred, follow or notify)`;
    return [`add a function with handler: follow.handler, ${task}`];
  }
  const { functionName, asyncInvokeConfig, triggers } = follow.props;
  const faults = [
    toRecord(asyncInvokeConfig)['asyncTask'] !== true &&
      'set under asyncInvokeConfig: asyncTask: true; without it, two tasks could do the same rollback',
    !isTimeoutAtLeast(follow, shortestFollowSeconds) &&
      `raise timeout to ${shortestFollowSeconds} or more: a rollback of several batches takes minutes`,
    Array.isArray(triggers) && triggers.length > 0 && 'take triggers out: only the webhook may start a task',
  ].filter((fault) => fault !== false);
  return [
    ...differences(webhook, { FOLLOW_FUNCTION: functionName }),
    ...faults.map((fault) => about(follow, fault)),
    ...differences(follow, sharedSettings(webhook)),
    ...missingVariables(follow, variablesOf(notify)),
  ];
}

/** What both functions must be told alike: which EDAS is rolled back, and the switch that holds every rollback. */
function sharedSettings(webhook: DeployedFunction): Record<string, unknown> {
  const { REGION, EDAS_ENDPOINT, ROLLBACK_SUSPENDED } = environmentOf(webhook);
  return {
    REGION,
    EDAS_ENDPOINT,
    ROLLBACK_SUSPENDED: ROLLBACK_SUSPENDED ?? "${env('ROLLBACK_SUSPENDED', 'false')}",
  };
}

/** The settings of a function that are not what they must be. */
function differences(deployed: DeployedFunction, settings: Record<string, unknown>): string[] {
  const given = environmentOf(deployed);
  return Object.entries(settings)
    .filter(([name, value]) => stringify(given[name]) !== stringify(value))
    .map(([name, value]) =>
      value === undefined
        ? about(deployed, `take out of environmentVariables: ${name}; the other function has none`)
        : about(deployed, `write under environmentVariables: ${name}: ${stringify(value).trimEnd()}`),
    );
}

function missingVariables(deployed: DeployedFunction, variables: readonly string[]): string[] {
  const given = environmentOf(deployed);
  return variables
    .filter((variable) => !Object.hasOwn(given, variable))
    .map((variable) =>
      about(deployed, `add under environmentVariables: ${variable}: \${env('${variable}', '')}`),
    );
}

function variablesOf(notify: CompiledConfiguration['notify']): string[] {
  return notify.flatMap(({ url, secret }) => (secret === undefined ? [url] : [url, secret]));
}

function environmentOf({ props }: DeployedFunction): Record<string, unknown> {
  return toRecord(props['environmentVariables']);
}

/** What is interpolated is no number here, and cannot be judged. */
function isTimeoutAtLeast({ props }: DeployedFunction, needed: number): boolean {
  const seconds = Number(props['timeout'] ?? defaultTimeoutSeconds);
  return Number.isNaN(seconds) || seconds >= needed;
}

function about({ name }: DeployedFunction, fault: string): string {
  return `${name}: ${fault}`;
}
