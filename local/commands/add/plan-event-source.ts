import path from 'node:path';
import type { CompiledEventSource } from '../../../functions/events/event-source.ts';
import type { EventPreset } from '../../../presets/events/event-preset.ts';
import { eventPresets, type EventPresetName } from '../../../presets/events/index.ts';
import { findFunction, ownVariables } from '../../build/check-deployment.ts';
import { readDeployment } from '../../build/deployment.ts';
import { CliError } from '../../cli/cli.ts';
import { readIfThere, type Change } from '../../setup/change-files.ts';
import { addVariable, uncommentResource } from '../../setup/edit-deployment.ts';
import { addEventSource } from '../../setup/edit-sources.ts';
import { addLine, hasLine } from '../../setup/env-lines.ts';
import { eventPattern, sourcesOnDefaultBus, withEventPattern } from '../../setup/event-pattern.ts';
import { readEnvText } from '../doctor/env-file.ts';
import {
  compile,
  fileIn,
  requireDeployable,
  requireFreeName,
  requireIds,
  requireName,
  requireSameValues,
  rewritten,
  type Rewritten,
} from './plan-source.ts';

/** What a person asks for. */
export interface EventWish {
  name: string;
  preset: EventPresetName;
  /** Which events, where the preset does not say. */
  source?: string | undefined;
  type?: string | undefined;
  apps: readonly string[];
  when?: string | undefined;
  follow: boolean;
}

/** What will be written, and what there is to say of it. */
export interface EventPlan {
  source: CompiledEventSource;
  preset: EventPreset;
  changes: readonly Change[];
  /** With which the trigger in s.yaml lets its events pass, where they come on the bus `default`. */
  triggerPattern: string | undefined;
  /** Whether the trigger was there before, and has to be changed by hand. */
  hasOtherTrigger: boolean;
  /** With which a rule of a bus of one's own lets its events pass, where they come on one. */
  rulePattern: string | undefined;
}

/**
 * What it takes to have one source of events more: no secret, and the function, where it is the first. Nothing is written yet.
 *
 * @param folder where sources.yaml, s.yaml and .env are
 * @throws CliError where it cannot be had, or where what is there does not work
 */
export function planEventSource(wish: EventWish, folder: string): EventPlan {
  requireName(wish.name);
  requireIds(wish.apps);
  if (wish.apps.length === 0) {
    throw new CliError(
      'Events are not signed, so the source must name the applications that it may touch: --app ID, once for each. Nothing was written.',
    );
  }
  const read = (name: string) => fileIn(folder, name);
  const sources = read('sources.yaml');
  requireFreeName(wish.name, compile(sources.before, 'cannot work as it is'));
  const apps = wish.apps.map((app) => app.toLowerCase());
  const settings = { ...wish, apps, follow: wish.follow ? undefined : (false as const) };
  const added = rewritten(sources, () => addEventSource(sources.before, settings));
  const configuration = compile(added.after, 'could not work with this source');
  const source = configuration.events.find(({ name }) => name === wish.name);
  if (!source) throw new Error(`the source ${wish.name} was not added`);

  const onDefaultBus = sourcesOnDefaultBus(source);
  const onOwnBus = source.eventSources.filter((each) => !onDefaultBus.includes(each));
  const patternOf = (names: readonly string[]) =>
    names.length > 0 ? eventPattern(names, source.eventTypes) : undefined;
  const triggerPattern = patternOf(onDefaultBus);
  const before = read('s.yaml');
  const isThere = findFunction(readDeployment(before.before).functions, 'events') !== undefined;
  const withFunction = isThere ? before : withEventsFunction(before, triggerPattern);
  const deployment = withVariables(withFunction, ownVariables(configuration).events.names);
  const example = read('.env.example');
  const changedExample = { ...example, after: withLines(example.before, deployment.after, example.before) };
  requireDeployable(deployment.after, changedExample.after, configuration);
  const env = changeEnv(folder, deployment.after, changedExample.after);
  return {
    source,
    preset: eventPresets[wish.preset],
    changes: [env, changedExample, deployment, added],
    triggerPattern,
    hasOtherTrigger: isThere,
    rulePattern: patternOf(onOwnBus),
  };
}

/** @param pattern of the trigger; without one, the trigger stays as comments */
function withEventsFunction(file: Rewritten, pattern: string | undefined): Rewritten {
  const block = uncommentResource(file.before, 'events', pattern === undefined ? 'triggers' : undefined);
  const after = block !== undefined && pattern !== undefined ? withEventPattern(block, pattern) : block;
  if (after !== undefined) return { ...file, after };
  throw new CliError(
    's.yaml has neither a function with the handler events.handler nor the comments that become one. Nothing was written. Copy the block # events: from the s.yaml of the repository, then try again.',
  );
}

function withVariables(file: Rewritten, names: readonly string[]): Rewritten {
  const events = findFunction(readDeployment(file.after).functions, 'events')?.name ?? 'events';
  let { after } = file;
  for (const name of names) {
    const added = addVariable(after, events, name, []);
    if (added === undefined) {
      throw new CliError(
        `s.yaml has no environmentVariables of ${events} into which a line can be put. Nothing was written. Add it there, then try again: ${name}: \${env('${name}', '')}`,
      );
    }
    after = added;
  }
  return { ...file, after };
}

/** What is said in .env.example of each variable that the function has and the others have not. */
const comments: Record<string, string> = {
  EVENTS_FUNCTION:
    'Name of the function that EventBridge calls. Empty: sls-ops-edas-rollback-events; Simple Log Service needs a name that begins with sls-ops-',
  EVENTS_DEAD_LETTER_QUEUE:
    'Name of the queue that keeps events for which the function has failed to the end. Empty: edas-rollback-dead-letters',
  LOG_EVENTS: 'true: each event is written to the log, cut short and without what may be secret. Empty: not',
};

/** The text with a line for each of these variables that s.yaml reads, and that are in none of its own. */
function withLines(text: string, deployment: string, own: string): string {
  return readDeployment(deployment)
    .variables.filter((name) => comments[name] !== undefined && !hasLine(own, name))
    .reduce((all, name) => addLine(all, { name, value: '', comment: comments[name] ?? '' }), text);
}

/** A new .env begins as a copy of .env.example. */
function changeEnv(folder: string, deployment: string, example: string): Change {
  const file = path.join(folder, '.env');
  const before = readIfThere(file);
  if (before === undefined) return { file, before, after: example, isSecret: true };
  const after = withLines(before, deployment, before);
  requireSameValues(after, readEnvText(before, {}).env, Object.keys(comments));
  return { file, before, after, isSecret: true };
}
