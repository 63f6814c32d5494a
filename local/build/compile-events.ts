import { isAmong } from '../../functions/events/check-event.ts';
import type { CompiledEventSource, EndExpressions } from '../../functions/events/event-source.ts';
import type { EventPreset, EndPaths } from '../../presets/events/event-preset.ts';
import { eventPresets } from '../../presets/events/index.ts';
import { compileConfirm } from './compile-confirm.ts';
import { compileEnded } from './compile-ended.ts';
import { compileKind, compileKnowledge, compilePresetExpression } from './compile-knowledge.ts';
import { checkFixedApp, expressionsOf, follows, withPaths } from './compile-policy.ts';
import { checkedDuration } from './duration.ts';
import type { Report } from './position.ts';
import type { EventSourceSettings } from './sources-schema.ts';

/** A source of `events`, as the function reads it: preset resolved, expressions compiled. Reports what cannot work. */
export function compileEventSource(
  name: string,
  settings: EventSourceSettings,
  hasChannels: boolean,
  report: Report,
): CompiledEventSource {
  const { apps, cluster, ended, mode, dryRun } = settings;
  const preset: EventPreset = eventPresets[settings.preset];
  if (new Set(apps).size < apps.length) report(['apps'], 'an application is named twice');
  const expressions = compileExpressions(settings, preset, report);
  const eventTypes = namesOf('type', settings, preset, report);
  if (expressions.when === undefined && !preset.tellsEnds) reportTypesOfAnyKind(eventTypes, report);
  const { tellsEnds, actsOnlyOn } = preset;
  if (tellsEnds) checkEndsOnly(settings, report);
  // EventBridge delivers at least once, and often twice: a rollback is claimed unless the source says otherwise.
  const follow = follows({ mode, follow: settings.follow }, true, report);
  // Of an application that is written out, nothing stands in the event.
  const fixedApp = expressions.app?.tree.type === 'Literal' ? expressions.app.text : undefined;
  const rest = { ...expressions, apps, cluster, follow, hasCommands: false, coversPayload: true };
  return {
    name,
    eventSources: namesOf('source', settings, preset, report),
    eventTypes,
    maxAgeMs: checkedDuration(settings.maxAge),
    ...expressions,
    ...compileKnowledge({ ...settings, app: settings.app ?? fixedApp }, preset),
    apps,
    tellsEnds: tellsEnds && compileEnd(tellsEnds),
    actsOnlyOn: actsOnlyOn && compileKind(actsOnlyOn),
    cluster,
    ended: ended && compileEnded(ended, rest, report),
    mode,
    follow,
    dryRun,
    ...compileConfirm(settings, preset, hasChannels, report),
  };
}

/** Types that are not listed one by one may say anything: then only `when` can tell a problem from the end of one. */
function reportTypesOfAnyKind(types: readonly string[], report: Report): void {
  if (!types.some((type) => type.endsWith('*'))) return;
  report(
    ['type'],
    'with a * it takes the events that say that all is well, too: add a when that is true only where something has to be rolled back, or name the types',
  );
}

/** A source whose preset reads an event of which no page shows the whole. */
export interface UnconfirmedSource {
  name: string;
  preset: string;
  /** Keys for which the source takes what its preset assumes. */
  assumed: readonly string[];
}

/** Undefined where nothing is assumed: the preset is confirmed, or the source says itself where all of it stands. */
export function unconfirmedSource(
  name: string,
  settings: EventSourceSettings,
): UnconfirmedSource | undefined {
  const preset: EventPreset = eventPresets[settings.preset];
  const says = { ...settings, app: settings.app ?? settings.changeOrderId };
  const assumed = (['when', 'app', 'problemStartedAt'] as const).filter(
    (key) => preset[key] !== undefined && says[key] === undefined,
  );
  return preset.isConfirmed || assumed.length === 0 ? undefined : { name, preset: settings.preset, assumed };
}

/** Without `when`, its events only tell how change orders end. With it, they may tell of our own rollbacks, too. */
function checkEndsOnly(settings: EventSourceSettings, report: Report): void {
  const { preset, when, follow } = settings;
  if (when === undefined) {
    for (const key of keysOfRollbacks.filter((each) => settings[each] !== undefined)) {
      report([key], `without a when, ${preset} rolls nothing back: add a when, or take ${key} out`);
    }
  } else if (follow === false) {
    report(
      ['follow'],
      `the tasks that follow rollbacks tell which change orders are rollbacks themselves, and ${preset} must know that: take this out`,
    );
  }
}

const keysOfRollbacks = ['changeOrderId', 'app', 'problemStartedAt', 'ended', 'confirm', 'summary'] as const;

function compileEnd({ is, app, changeOrderId }: EndPaths): EndExpressions {
  return {
    is: compilePresetExpression(is, 'truth'),
    app: compilePresetExpression(app, 'text'),
    changeOrderId: compilePresetExpression(changeOrderId, 'text'),
  };
}

/** Which events are its own: as the source says, or else its preset. */
function namesOf(
  key: 'source' | 'type',
  settings: EventSourceSettings,
  preset: EventPreset,
  report: Report,
): readonly string[] {
  const names = settings[key] ?? preset[key];
  if (names) return names;
  report(
    ['preset'],
    `${settings.preset} is for the events of any service: say with ${key} which ones are meant, as the event has it under ${key}`,
  );
  return [];
}

type Expressions = Pick<
  CompiledEventSource,
  'actor' | 'when' | 'changeOrderId' | 'app' | 'problemStartedAt' | 'mayLackProblemStart'
>;

function compileExpressions(settings: EventSourceSettings, preset: EventPreset, report: Report): Expressions {
  const expression = expressionsOf(report);
  const { changeOrderId, app } = placesOf(settings, preset, report);
  const compiledApp = expression('app', app, 'text');
  checkFixedApp(compiledApp, settings.apps, report);
  const isPresetsTime = settings.problemStartedAt === undefined && preset.problemStartedAt !== undefined;
  // An event that comes twice must not roll back the fix that came after the first time. An order that it names is no other one by then.
  const timeOfEvent = app === undefined ? undefined : 'time';
  return {
    actor: expression('preset', preset.actor, 'text'),
    when: withPaths(expression('when', settings.when ?? preset.when, 'truth')),
    changeOrderId: expression('changeOrderId', changeOrderId, 'text'),
    app: compiledApp,
    problemStartedAt: expression(
      'problemStartedAt',
      settings.problemStartedAt ?? preset.problemStartedAt ?? timeOfEvent,
      'time',
    ),
    mayLackProblemStart: isPresetsTime ? true : undefined,
  };
}

/** Where an event says what to roll back. Without a place for that, the one application that may be touched is meant. */
function placesOf(
  { changeOrderId, app, apps, preset: name }: EventSourceSettings,
  preset: EventPreset,
  report: Report,
): { changeOrderId?: string | undefined; app?: string | undefined } {
  if (changeOrderId !== undefined && app !== undefined) {
    report(['app'], 'app and changeOrderId both say what to roll back: take one of them out');
  }
  if (changeOrderId !== undefined) return { changeOrderId };
  if (app !== undefined) return { app };
  if (preset.changeOrderId !== undefined || preset.app !== undefined) return preset;
  const [only, ...others] = apps;
  if (only !== undefined && others.length === 0) return { app: `'${only}'` };
  report(
    ['preset'],
    `the events of ${name} have no field for an id that is known: say with app or changeOrderId where one stands, or name the one application to roll back under apps`,
  );
  return {};
}

/** An event goes to the first source for which it counts, so no event reaches a source behind one for which all of its events count. */
export function reportUnreachable(sources: readonly CompiledEventSource[], report: Report): void {
  sources.forEach((source, index) => {
    const before = sources.slice(0, index).find((each) => countsForAllOf(each, source));
    if (!before) return;
    report(
      ['events', source.name],
      `${before.name}, which stands before it, takes all of its events: give ${before.name} a when that is false for some of them, or move it behind ${source.name}`,
    );
  });
}

/** Whether each event that could count for the second source counts for the first: as in functions/events/choose-source.ts. */
function countsForAllOf(first: CompiledEventSource, second: CompiledEventSource): boolean {
  return (
    !first.tellsEnds &&
    second.eventSources.every((name) => isAmong(first.eventSources, name)) &&
    second.eventTypes.every((name) => isAmong(first.eventTypes, name)) &&
    first.maxAgeMs >= second.maxAgeMs &&
    (first.expects === undefined || first.expects.is.text === second.expects?.is.text) &&
    (first.when === undefined || first.when.text === second.when?.text) &&
    findsTargetOf(first, second)
  );
}

/** Whether the first source finds what to roll back wherever the second does. Only an application is compared with `apps` then. */
function findsTargetOf(first: CompiledEventSource, second: CompiledEventSource): boolean {
  if (first.changeOrderId) return first.changeOrderId.text === second.changeOrderId?.text;
  if (first.app?.tree.type === 'Literal') return true;
  return first.app?.text === second.app?.text && second.apps.every((app) => first.apps.includes(app));
}
