import type { ContentType } from '../../../functions/webhook/source/compiled-source.ts';
import { coversPayload } from '../../../functions/webhook/verify/verify.ts';
import { lookAtFirstEvent, type EventPreset } from '../../../presets/events/event-preset.ts';
import { eventPresets, type EventPresetName } from '../../../presets/events/index.ts';
import { presets, type PresetName } from '../../../presets/index.ts';
import type { Preset } from '../../../presets/preset.ts';
import { presetMeant } from '../../build/preset-meant.ts';
import { secretVariableOf } from '../../build/sources-schema.ts';
import { CliError } from '../../cli/cli.ts';
import { describeVerify, timeShapes } from './describe-verify.ts';
import { table, type Row } from './table.ts';

/** All that a preset brings, for a person to read. */
export function describePreset(name: string): string {
  if (isEventPresetName(name)) return describeEventPreset(name);
  const preset = findPreset(name);
  const rows: Row[] = [
    ['preset', `${name}: ${preset.sender}`],
    ['documented at', preset.docs ?? 'nowhere but here'],
    ['must carry', describeVerify(preset.verify)],
    ['body', preset.contentTypes.map((each) => contentTypeWords[each])],
    ...(preset.payloadTimestamp ? [timeRow(preset.payloadTimestamp)] : []),
    ['handshake', describeHandshake(preset)],
    ['delivery id', preset.deliveryHeader ?? 'none'],
    ['answers', describeAnswers(preset)],
    ['outcomes', describeSuccess(preset)],
    ['refusals', describeRefusals(preset)],
    ['deadline', `${preset.deadlineMs} ms: by then it has answered, even where EDAS has not`],
    ['apps', describeApps(preset)],
    ['followed', describeFollow(preset)],
    ['expects', preset.expects?.what ?? 'any payload'],
    ...(preset.event ? [eventRow(preset.event)] : []),
    ...(preset.monitorAlarms ? [monitorRow(preset.monitorAlarms)] : []),
    ['when', preset.when ?? 'every payload counts'],
    ['rolls back', describeTarget(preset)],
    ['began at', preset.problemStartedAt ?? 'not asked'],
    ['summary', preset.summary ?? 'none: with confirm, people see no words of the alert'],
    ['actor', preset.actor ?? 'not asked'],
    ...(preset.answerAt === undefined ? [] : [answerRow(preset.answerAt)]),
    ['in sources.yaml', describeSource(name, preset)],
  ];
  return table(rows);
}

function describeEventPreset(name: EventPresetName): string {
  const preset: EventPreset = eventPresets[name];
  const { isConfirmed, source, type, when, problemStartedAt, summary, actor } = preset;
  return table([
    ['preset', `${name}: ${preset.sender}`],
    ['documented at', preset.docs ?? 'nowhere but here'],
    ['confirmed', isConfirmed ? 'yes' : `no: no page shows a whole event. ${lookAtFirstEvent}`],
    ['may call', 'who RAM lets invoke the function or write to the event bus: there is no URL and no secret'],
    ['source', source?.join(', ') ?? 'the source in sources.yaml must say'],
    ['type', type?.join(', ') ?? 'the source in sources.yaml must say'],
    ['apps', describeAppsOfEvents(preset)],
    ['followed', 'yes, unless follow: false: EventBridge delivers an event at least once'],
    ['expects', preset.expects?.what ?? 'any event of this source and type'],
    ...(preset.tellsEnds ? [endsRow] : []),
    ...(preset.actsOnlyOn ? [['acts only on', preset.actsOnlyOn.what] satisfies Row] : []),
    ['when', when ?? describeNoWhen(preset)],
    ['rolls back', describeTargetOfEvents(preset)],
    ['began at', problemStartedAt ?? 'not asked'],
    ['summary', summary ?? 'none: with confirm, people see no words of the alert'],
    ['actor', actor ?? 'not asked'],
    ['in sources.yaml', describeEventSource(name, preset)],
  ]);
}

const endsRow: Row = ['tells', 'that a change order has ended: the task that follows it looks at once'];

function describeNoWhen({ tellsEnds }: EventPreset): string {
  return tellsEnds
    ? 'none: nothing is rolled back, unless the source says when'
    : 'every event of this source and type counts';
}

function describeAppsOfEvents({ app, changeOrderId }: EventPreset): string {
  return app === undefined && changeOrderId === undefined
    ? 'required; exactly one, unless the source says with app or changeOrderId where an id stands'
    : 'required';
}

function describeTargetOfEvents({ app, changeOrderId }: EventPreset): string {
  if (changeOrderId !== undefined) return `the change order in ${changeOrderId}`;
  return app === undefined
    ? 'what is being deployed to the one application under apps'
    : `what is being deployed to the application in ${app}`;
}

function describeEventSource(name: string, { source, type }: EventPreset): string[] {
  return [
    'events:',
    `  ${name}:`,
    `    preset: ${name}`,
    ...(source ? [] : ['    source: <the source of the events>']),
    ...(type ? [] : ['    type: <the type of those that mean a rollback>']),
    '    apps: [<id of the application>]',
  ];
}

/** The presets of events in the same way. */
export function listEventPresets(): string {
  return table(Object.entries(eventPresets).map(([name, { sender }]) => [name, sender]));
}

/** Whether there is a preset of events of this name. */
export function isEventPresetName(name: string): name is EventPresetName {
  return Object.hasOwn(eventPresets, name);
}

/** Every preset with its sender, one a line. */
export function listPresets(): string {
  return table(Object.entries(presets).map(([name, { sender }]) => [name, sender]));
}

/** @throws CliError where there is none of this name */
export function findPreset(name: string): Preset {
  const names = [...Object.keys(presets), ...Object.keys(eventPresets)];
  if (isPresetName(name)) return presets[name];
  throw new CliError(`There is no preset ${JSON.stringify(name)}${presetMeant(name, names)}`);
}

/** Whether there is a preset of this name. */
export function isPresetName(name: string): name is PresetName {
  return Object.hasOwn(presets, name);
}

/** What a body of each type is. */
export const contentTypeWords: Record<ContentType, string> = {
  json: 'JSON (application/json)',
  'json-as-text': 'JSON as text (text/plain)',
  'json-in-form': 'a form whose field payload holds JSON (application/x-www-form-urlencoded)',
  form: 'a form, whose fields are an object of texts (application/x-www-form-urlencoded)',
};

/** The time in the payload that must be now. */
export function timeRow({ field, unit, toleranceSeconds }: NonNullable<Preset['payloadTimestamp']>): Row {
  return ['time', `${field} in the payload: <${timeShapes[unit]}>, within ${toleranceSeconds} s of now`];
}

function eventRow({ acts }: NonNullable<Preset['event']>): Row {
  return ['events', `${acts.join(', ')}; every other is ignored, unless the source has its own when`];
}

function monitorRow({ each, values = {}, parts = {} }: NonNullable<Preset['monitorAlarms']>): Row {
  const of = each === 'alerts' ? ' of a firing alert' : '';
  const lines = [
    ...Object.entries(values).map(([path, known]) => `${path}${of} is ${known.join(', ')}`),
    ...Object.entries(parts).map(([path, known]) => `${path}${of} holds ${known.join(', ')}`),
  ];
  return ['ignored', ['alarms about the monitor, unless the when of the source names them:', ...lines]];
}

function answerRow(answerAt: string): Row {
  return ['result goes to', `the address in ${answerAt}, once a task has followed the rollback (follow)`];
}

/** What a sender posts when it is set up. */
export function describeHandshake({ ping, handshake }: Preset): string[] {
  const lines = [
    ping && `${ping.header}: ${ping.value} is answered "ignored", once it is verified`,
    handshake?.description,
  ].filter((line) => line !== undefined);
  return lines.length > 0 ? lines : ['none'];
}

/** The format of the answers. */
export function describeAnswers({ reply }: Pick<Preset, 'reply'>): string {
  return reply === undefined
    ? 'JSON: an outcome, or a problem with a code (docs/errors.md)'
    : `messages of ${reply}, always with status 200 once the sender is known`;
}

/** The status of what was done, or was not to be done. */
export function describeSuccess({ successStatus, reply }: Pick<Preset, 'successStatus' | 'reply'>): string {
  return successStatus === undefined && reply === undefined
    ? '202 where a rollback begins, else 200'
    : '200, whatever came of it';
}

/** The status of the refusals. */
export function describeRefusals({
  refusalStatus,
  reply,
}: {
  refusalStatus?: number;
  reply?: Preset['reply'];
}): string {
  if (reply !== undefined) return '200, with a sentence that says why';
  return refusalStatus === undefined
    ? 'each with the status of its code'
    : `${refusalStatus} instead of every 4xx, once the sender is known`;
}

function describeFollow({ comesSeveralTimes }: Preset): string {
  return comesSeveralTimes
    ? 'yes, unless follow: false: the sender may send the same webhook several times at once'
    : 'where there is a notify, with mode: deferred, and with follow: true';
}

function describeApps(preset: Preset): string {
  if (preset.isByApplication && preset.verify.scheme !== 'link')
    return 'required, exactly one, unless the source says with app or changeOrderId where an id stands';
  return coversPayload(preset.verify)
    ? 'optional: without it, every application that the role of the function reaches'
    : 'required, for the sender does not sign its payload';
}

function describeTarget({ verify, changeOrderId, app, command, isByApplication }: Preset): string {
  if (changeOrderId !== undefined) return `the change order in ${changeOrderId}`;
  if (app !== undefined) return `what is being deployed to the application in ${app}`;
  if (command !== undefined) return `the change order in the command "rollback <id>" in ${command}`;
  if (verify.scheme === 'link')
    return 'what is being deployed to the application of the link, or its change order';
  return isByApplication
    ? 'what is being deployed to the one application under apps'
    : 'the change order in changeOrderId, ChangeOrderId or change_order_id';
}

function describeSource(name: string, preset: Preset): string[] {
  const needsApps = preset.isByApplication === true || !coversPayload(preset.verify);
  return [
    `${name}:`,
    `  preset: ${name}`,
    `  secrets: [${secretVariableOf(name)}]`,
    ...(needsApps ? ['  apps: [<id of the application>]'] : []),
  ];
}
