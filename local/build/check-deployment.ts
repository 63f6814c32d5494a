import { readFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import type { CompiledEventSource } from '../../functions/events/event-source.ts';
import { toRecord, toText } from '../../functions/lib/json.ts';
import { reasonOf } from '../../functions/lib/text.ts';
import { nameInKms } from '../../functions/secrets/secret-name.ts';
import type { RollbackPolicy } from '../../functions/select/policy.ts';
import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';
import { CliError } from '../cli/cli.ts';
import type { CompiledConfiguration } from './compile-sources.ts';
import { readDeployment, type DeployedFunction } from './deployment.ts';
import type { Path } from './position.ts';
import { confirmSecret } from './sources-schema.ts';

/** Seconds between a source's deadline and the function's timeout, for loading the bundle and writing the answer. */
const marginSeconds = 5;
/** fc3's, where s.yaml says nothing. */
const defaultTimeoutSeconds = 3;
/** The shortest in which following makes sense: a rollback of several batches takes minutes. */
const shortestFollowSeconds = 600;
/**
 * Function Compute runs nothing for longer.
 * https://www.alibabacloud.com/help/en/functioncompute/what-can-i-do-if-my-function-exceeds-the-timeout-period-1
 */
const longestFollowSeconds = 86_400;
/** A task that waits for longer would roll back when it is no longer expected. */
const longestWaitSeconds = 3600;
const mostRetries = 3;
/** The events function decides within 9 s: functions/events/handler.ts. */
const shortestEventsSeconds = 15;

/** A place in s.yaml, and what to change there. */
interface Fault {
  path: Path;
  message: string;
}

/**
 * Checks that s.yaml gives the functions what sources.yaml asks of them, and that the `.env.example` beside it has each
 * variable. Otherwise a source that builds would be closed once it is deployed, or cut off before it can answer, or its
 * rollbacks not followed.
 *
 * @throws CliError that names each line to change
 */
export function requireDeployable(file: string, configuration: CompiledConfiguration): void {
  const text = readFileSync(file, 'utf8');
  const faults = [
    ...deploymentFaults(text, configuration),
    ...exampleFaults(readExample(path.join(path.dirname(file), '.env.example')), text, configuration),
  ];
  if (faults.length > 0) {
    throw new CliError(
      ['s.yaml does not fit sources.yaml; nothing was built.', ...faults.map((fault) => `  ${fault}`)].join(
        '\n',
      ),
    );
  }
}

function readExample(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CliError(`.env.example cannot be read: ${reasonOf(error)}`);
  }
}

/** What is wrong in the text of an s.yaml, in its order: a line each, with its number and the function that it is about. */
export function deploymentFaults(text: string, configuration: CompiledConfiguration): string[] {
  const { functions, lineOf } = readDeployment(text);
  const webhook = findFunction(functions, 'webhook');
  if (!webhook) throw new CliError('s.yaml has no function with the handler webhook.handler.');
  const follow = findFunction(functions, 'follow');
  const events = findFunction(functions, 'events');
  return [
    ...webhookFaults(webhook, configuration),
    ...(follow ? variableFaults(follow, ownVariables(configuration).follow) : []),
    ...followFaults(follow, webhook, configuration),
    ...eventsFaults(events, { webhook, follow }, configuration),
  ]
    .map((fault) => ({ ...fault, line: lineOf(fault.path) }))
    .toSorted((a, b) => a.line - b.line)
    .map(({ line, message }) => `s.yaml:${line} ${message}`);
}

/** The variables that the text of an .env.example lacks, a line each: those that s.yaml reads, or will have to read. */
export function exampleFaults(example: string, text: string, configuration: CompiledConfiguration): string[] {
  const { webhook, follow, events } = ownVariables(configuration);
  const there = new Set([...example.matchAll(/^(\w+)=/gm)].map(([, name]) => name));
  return [...new Set([...readDeployment(text).variables, ...webhook.names, ...follow.names, ...events.names])]
    .filter((name) => !there.has(name))
    .map((name) => `add to .env.example: ${name}= (and above it, in a comment, what it is for)`);
}

/** The functions that there can be, which are also the files in dist/. */
const functionNames = ['webhook', 'follow', 'events'] as const;

export type FunctionName = (typeof functionNames)[number];

/** The function that was meant: by its handler, else by its name, for a handler can be mistyped. */
export function findFunction(
  functions: readonly DeployedFunction[],
  name: FunctionName,
): DeployedFunction | undefined {
  return (
    functions.find(({ props }) => props['handler'] === `${name}.handler`) ??
    functions.find((each) => each.name === name && !isOneOfOurs(each.props['handler']))
  );
}

function isOneOfOurs(handler: unknown): boolean {
  return functionNames.some((name) => handler === `${name}.handler`);
}

function webhookFaults(webhook: DeployedFunction, configuration: CompiledConfiguration): Fault[] {
  const own = ownVariables(configuration).webhook;
  const policies = [...configuration.sources, ...configuration.events];
  return [
    ...handlerFaults(webhook, 'webhook.handler', 'which answers the webhooks'),
    ...missingVariables(webhook, own.names),
    ...variableFaults(webhook, own),
    ...configuration.sources.flatMap((source) => tooShort(webhook, source)),
    ...(policies.some(asksOnPage) ? methodFaults(webhook) : []),
  ];
}

function handlerFaults(deployed: DeployedFunction, handler: string, task: string): Fault[] {
  const given = deployed.props['handler'];
  if (given === handler) return [];
  const is = toText(given) ?? 'missing';
  return [about(deployed, ['handler'], `its handler is ${is}: write handler: ${handler}, ${task}`)];
}

function tooShort(webhook: DeployedFunction, { name, deadlineMs }: CompiledSource): Fault[] {
  const needed = Math.ceil(deadlineMs / 1000) + marginSeconds;
  const why = `the source ${name} has a deadlineMs of ${deadlineMs}`;
  return isTimeoutAtLeast(webhook, needed)
    ? []
    : [about(webhook, ['timeout'], `raise timeout to ${needed}: ${why}`)];
}

/** The page is shown with GET, and a person decides with POST. */
function methodFaults(webhook: DeployedFunction): Fault[] {
  const triggers = triggersOf(webhook);
  const index = triggers.findIndex((trigger) => toRecord(trigger)['triggerType'] === 'http');
  const { methods } = toRecord(toRecord(triggers[index])['triggerConfig']);
  if (!Array.isArray(methods) || ['GET', 'POST'].every((method) => methods.includes(method))) return [];
  const path = ['triggers', index, 'triggerConfig', 'methods'];
  return [
    about(
      webhook,
      path,
      'write methods: [GET, HEAD, POST]: people open the page with GET, and decide with POST',
    ),
  ];
}

/** Needed as soon as one source follows its rollbacks, defers them, or rolls ended releases back. */
function followFaults(
  follow: DeployedFunction | undefined,
  webhook: DeployedFunction,
  configuration: CompiledConfiguration,
): Fault[] {
  const followed = [...configuration.sources, ...configuration.events].find((source) => source.follow);
  if (!followed) return [];
  const task = `which follows the rollbacks of the source ${followed.name} (ended, mode: deferred, follow or notify)`;
  if (!follow) {
    return [{ path: ['resources'], message: `add a function with handler: follow.handler, ${task}` }];
  }
  return [
    ...handlerFaults(follow, 'follow.handler', task),
    ...differences(webhook, { FOLLOW_FUNCTION: follow.props['functionName'] }),
    ...differentProps(follow, webhook),
    ...taskFaults(follow),
    ...differences(follow, sharedSettings(webhook)),
    ...missingVariables(follow, ownVariables(configuration).follow.names),
  ];
}

/** The settings with which a task runs once, in time, long enough, and only when another function starts it. */
function taskFaults(follow: DeployedFunction): Fault[] {
  const { asyncInvokeConfig, timeout } = follow.props;
  const asynchronous = toRecord(asyncInvokeConfig);
  const set = (key: string, advice: string) =>
    about(follow, ['asyncInvokeConfig', key], `set under asyncInvokeConfig: ${key}: ${advice}`);
  const faults = [
    asynchronous['asyncTask'] !== true &&
      set('asyncTask', 'true; without it, two tasks could do the same rollback'),
    !isNumberFrom(0, mostRetries, asynchronous['maxAsyncRetryAttempts']) &&
      set('maxAsyncRetryAttempts', `2, or another number up to ${mostRetries}; each attempt may tell again`),
    !isNumberFrom(1, longestWaitSeconds, asynchronous['maxAsyncEventAgeInSeconds']) &&
      set(
        'maxAsyncEventAgeInSeconds',
        `${longestWaitSeconds}, or a lower number; else Function Compute decides how late a rollback may come`,
      ),
    !isNumberFrom(shortestFollowSeconds, longestFollowSeconds, timeout) &&
      about(
        follow,
        ['timeout'],
        `write timeout as a number from ${shortestFollowSeconds} to ${longestFollowSeconds}: a rollback of several batches takes minutes, and Function Compute stops everything after a day`,
      ),
    triggersOf(follow).length > 0 &&
      about(follow, ['triggers'], 'take triggers out: only the other functions may start a task'),
  ];
  return faults.filter((fault) => fault !== false);
}

/** Needed where sources.yaml has events, and only there: its file in dist/ is not built otherwise. */
function eventsFaults(
  events: DeployedFunction | undefined,
  { webhook, follow }: { webhook: DeployedFunction; follow: DeployedFunction | undefined },
  configuration: CompiledConfiguration,
): Fault[] {
  const { events: sources } = configuration;
  const names = sources.map(({ name }) => name).join(', ');
  if (sources.length === 0) return events ? [notDeployable(events)] : [];
  const task = `which takes the events of ${names}`;
  if (!events) {
    const message = `take the # away from the block events, or add a function with handler: events.handler, ${task}`;
    return [{ path: ['resources'], message }];
  }
  const own = ownVariables(configuration).events;
  const isFollowed = follow !== undefined && sources.some((source) => source.follow);
  return [
    ...handlerFaults(events, 'events.handler', task),
    ...differentProps(events, webhook),
    ...differences(events, {
      ...sharedSettings(webhook),
      ...(isFollowed && { FOLLOW_FUNCTION: follow.props['functionName'] }),
      ...(sources.some(asksOnPage) && { KMS_ENDPOINT: environmentOf(webhook)['KMS_ENDPOINT'] }),
    }),
    ...missingVariables(events, own.names),
    ...variableFaults(events, own),
    ...invocationFaults(events, sources),
    ...triggersOf(events).flatMap((trigger, index) => triggerFaults(events, trigger, index)),
  ];
}

function notDeployable(events: DeployedFunction): Fault {
  return about(
    events,
    [],
    'put a # before each of its lines, or take them out: sources.yaml has no events, so dist/events.js is not built',
  );
}

/** The settings with which an event is decided in time, and comes again for as long as it counts. */
function invocationFaults(
  events: DeployedFunction,
  sources: readonly Pick<CompiledEventSource, 'maxAgeMs'>[],
): Fault[] {
  const { asyncTask, maxAsyncEventAgeInSeconds: age } = toRecord(events.props['asyncInvokeConfig']);
  const longest = Math.max(...sources.map(({ maxAgeMs }) => maxAgeMs)) / 1000;
  const faults = [
    !isTimeoutAtLeast(events, shortestEventsSeconds) &&
      about(
        events,
        ['timeout'],
        `raise timeout to ${shortestEventsSeconds}: the function takes up to 9 s to decide about an event`,
      ),
    asyncTask === true &&
      about(
        events,
        ['asyncInvokeConfig', 'asyncTask'],
        'take asyncTask out: an event is no task, and Function Compute would keep it for all who may read tasks',
      ),
    typeof age === 'number' &&
      age < longest &&
      about(
        events,
        ['asyncInvokeConfig', 'maxAsyncEventAgeInSeconds'],
        `raise maxAsyncEventAgeInSeconds to ${longest}, the longest maxAge in sources.yaml: Function Compute would drop an event that still counts`,
      ),
  ];
  return faults.filter((fault) => fault !== false);
}

/**
 * Only EventBridge may call the function, with one whole event at a time. It may have no trigger at all: a rule of a bus of one's
 * own calls it, too.
 */
function triggerFaults(events: DeployedFunction, trigger: unknown, index: number): Fault[] {
  const { triggerType, triggerConfig } = toRecord(trigger);
  const place = ['triggers', index];
  if (triggerType === 'http') {
    const why = 'an event is not signed, so all who know the URL could roll back';
    return [about(events, place, `take the http trigger out: ${why}`)];
  }
  if (triggerType !== 'eventbridge') {
    const type = toText(triggerType) ?? 'without a type';
    return [about(events, place, `take the trigger ${type} out: only events of EventBridge can be read`)];
  }
  const { asyncInvocationType, eventSinkConfig, runOptions } = toRecord(triggerConfig);
  const { eventSchema } = toRecord(toRecord(eventSinkConfig)['deliveryOption']);
  const config = [...place, 'triggerConfig'];
  const faults = [
    asyncInvocationType !== true &&
      about(
        events,
        [...config, 'asyncInvocationType'],
        'write asyncInvocationType: true; else it is not known whether an event comes again after the function has failed',
      ),
    eventSchema !== 'CloudEvents' &&
      about(
        events,
        [...config, 'eventSinkConfig', 'deliveryOption', 'eventSchema'],
        'write eventSchema: CloudEvents, for the function reads the account, source and time of an event',
      ),
    toRecord(runOptions)['mode'] !== 'event-driven' &&
      about(
        events,
        [...config, 'runOptions', 'mode'],
        'write mode: event-driven, which sends one event at a time',
      ),
  ];
  return faults.filter((fault) => fault !== false);
}

/** Tasks are started in the region of the functions only; policy/README.md gives all functions one role. */
function differentProps(other: DeployedFunction, webhook: DeployedFunction): Fault[] {
  return ['region', 'role']
    .filter((key) => stringify(other.props[key]) !== stringify(webhook.props[key]))
    .map((key) => {
      const value = webhook.props[key];
      return value === undefined
        ? about(other, [key], `take ${key} out: ${webhook.name} has none`)
        : about(other, [key], `write ${key}: ${stringify(value).trimEnd()}, as ${webhook.name} has it`);
    });
}

/** What all functions must be told alike: which EDAS is rolled back, and the switch that holds every rollback. */
function sharedSettings(webhook: DeployedFunction): Record<string, unknown> {
  const { REGION, EDAS_ENDPOINT, FUNCTION_ENDPOINT, ROLLBACK_SUSPENDED } = environmentOf(webhook);
  return {
    REGION,
    EDAS_ENDPOINT,
    FUNCTION_ENDPOINT,
    ROLLBACK_SUSPENDED: ROLLBACK_SUSPENDED ?? "${env('ROLLBACK_SUSPENDED', 'false')}",
  };
}

/** The settings of a function that are not what they must be. */
function differences(deployed: DeployedFunction, settings: Record<string, unknown>): Fault[] {
  const given = environmentOf(deployed);
  return Object.entries(settings)
    .filter(([name, value]) => stringify(given[name]) !== stringify(value))
    .map(([name, value]) =>
      aboutVariable(
        deployed,
        name,
        value === undefined
          ? `take out of environmentVariables: ${name}; the other function has none`
          : `write under environmentVariables: ${name}: ${stringify(value).trimEnd()}`,
      ),
    );
}

/** The variables that a function needs, and those that it must not have, because only others need them. */
interface Variables {
  names: readonly string[];
  ofOthers: readonly { name: string; reader: FunctionName }[];
}

/** What each function needs in its environment besides settings: secrets, and what the channels of notify take. */
export function ownVariables({
  sources,
  events,
  notify,
}: CompiledConfiguration): Record<FunctionName, Variables> {
  const inVariables = sources.flatMap(({ secrets }) => secrets.filter(isVariable));
  const secrets = [...new Set(inVariables)];
  const pageIf = (isAsked: boolean) => (isAsked ? variablesOfPage : []);
  const ofPageInEvents = pageIf(events.some(asksOnPage));
  const channels = notify.flatMap(({ url, secret }) => (secret === undefined ? [url] : [url, secret]));
  const readBy = (reader: FunctionName, names: readonly string[]) => names.map((name) => ({ name, reader }));
  const ofFollow = readBy('follow', channels);
  return {
    webhook: { names: [...secrets, ...pageIf([...sources, ...events].some(asksOnPage))], ofOthers: ofFollow },
    follow: { names: channels, ofOthers: readBy('webhook', [...secrets, ...variablesOfPage]) },
    events: {
      names: ofPageInEvents,
      ofOthers: [
        ...readBy('webhook', [...secrets, ...(ofPageInEvents.length > 0 ? [] : variablesOfPage)]),
        ...ofFollow,
      ],
    },
  };
}

/** What signs the links on which people decide, and where these lead. */
const variablesOfPage = [confirmSecret, 'PUBLIC_URL'];

/** Whether people decide on a page about this source. */
export function asksOnPage({ confirm }: Pick<RollbackPolicy, 'confirm'>): boolean {
  return confirm?.by === 'page';
}

/** A secret in KMS is in no environment. */
function isVariable(secret: string): boolean {
  return nameInKms(secret) === undefined;
}

function missingVariables(deployed: DeployedFunction, variables: readonly string[]): Fault[] {
  const given = environmentOf(deployed);
  return variables
    .filter((name) => !Object.hasOwn(given, name))
    .map((name) => aboutVariable(deployed, name, `add under environmentVariables: ${fromEnv(name)}`));
}

/** Secrets in a place where they can be read by others: in another function, or in the repository. */
function variableFaults(deployed: DeployedFunction, { names, ofOthers }: Variables): Fault[] {
  const given = environmentOf(deployed);
  const isGiven = (name: string) => Object.hasOwn(given, name);
  return [
    ...ofOthers
      .filter(({ name }) => isGiven(name))
      .map(({ name, reader }) =>
        aboutVariable(
          deployed,
          name,
          `take out of environmentVariables: ${name}; only the ${reader} function needs it`,
        ),
      ),
    ...names
      .filter((name) => isGiven(name) && !isFromEnv(name, given[name]))
      .map((name) =>
        aboutVariable(
          deployed,
          name,
          `write under environmentVariables: ${fromEnv(name)}; the value goes into .env, under the same name, for s.yaml is committed`,
        ),
      ),
  ];
}

function fromEnv(name: string): string {
  return `${name}: \${env('${name}', '')}`;
}

function isFromEnv(name: string, value: unknown): boolean {
  const [, , read] =
    /^\$\{\s*env\(\s*(['"])(\w+)\1\s*,\s*(?:''|"")\s*\)\s*\}$/.exec(toText(value) ?? '') ?? [];
  return read === name;
}

function triggersOf({ props }: DeployedFunction): unknown[] {
  return [props['triggers'] ?? []].flat();
}

function environmentOf({ props }: DeployedFunction): Record<string, unknown> {
  return toRecord(props['environmentVariables']);
}

/** What is interpolated is no number here, and cannot be judged. */
function isTimeoutAtLeast({ props }: DeployedFunction, needed: number): boolean {
  const seconds = Number(props['timeout'] ?? defaultTimeoutSeconds);
  return Number.isNaN(seconds) || seconds >= needed;
}

function isNumberFrom(least: number, most: number, value: unknown): boolean {
  return typeof value === 'number' && value >= least && value <= most;
}

function aboutVariable(deployed: DeployedFunction, name: string, message: string): Fault {
  return about(deployed, ['environmentVariables', name], message);
}

/** @param keys from the function's props to the place */
function about({ name }: DeployedFunction, keys: Path, message: string): Fault {
  return { path: ['resources', name, 'props', ...keys], message: `${name}: ${message}` };
}
