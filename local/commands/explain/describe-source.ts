import { readFileSync } from 'node:fs';
import path from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import type { CompiledEventSource } from '../../../functions/events/event-source.ts';
import type { CompiledChannel } from '../../../functions/follow/configuration.ts';
import { toRecord, toText } from '../../../functions/lib/json.ts';
import type { RollbackPolicy } from '../../../functions/select/policy.ts';
import type { CompiledSource } from '../../../functions/webhook/source/compiled-source.ts';
import { lookAtFirstEvent, type EventPreset } from '../../../presets/events/event-preset.ts';
import { eventPresets, type EventPresetName } from '../../../presets/events/index.ts';
import { presets } from '../../../presets/index.ts';
import type { Preset } from '../../../presets/preset.ts';
import { describeDuration } from '../../build/duration.ts';
import { offsetOf, toPosition } from '../../build/position.ts';
import { onlyAppOf } from '../../signing/sample-webhook.ts';
import {
  contentTypeWords,
  describeAnswers,
  describeHandshake,
  describeRefusals,
  describeSuccess,
  isPresetName,
  timeRow,
} from './describe-preset.ts';
import {
  describeApps,
  describeConfirm,
  describeEnded,
  describeRollback,
  findHolder,
  type Holder,
} from './describe-rollback.ts';
import { describeVerify } from './describe-verify.ts';
import { table, type Row } from './table.ts';

/** What a source says itself: where each of its keys stands, such as `sources.yaml:12`. */
export interface OwnSettings {
  /** As the source names it. */
  preset: string | undefined;
  places: ReadonlyMap<string, string>;
}

/** Reads a file that compiles. */
export function readOwnSettings(
  file: string,
  source: string,
  section: 'sources' | 'events' = 'sources',
): OwnSettings {
  const lines = new LineCounter();
  const document = parseDocument(readFileSync(file, 'utf8'), { lineCounter: lines });
  const { [section]: sources } = toRecord(document.toJS());
  const settings = toRecord(toRecord(sources)[source]);
  const placeOf = (key: string) => {
    const { line } = toPosition(lines, offsetOf(document, [section, source, key]));
    return `${path.basename(file)}:${line}`;
  };
  return {
    preset: toText(settings['preset']),
    places: new Map(Object.keys(settings).map((key) => [key, placeOf(key)])),
  };
}

/** Makes rows, each with the place of its key where the source says it itself. */
function placedRow(places: OwnSettings['places']) {
  return (label: string, key: string, text: string | string[]): Row => {
    const [first = '', ...others] = [text].flat();
    const place = places.get(key);
    return [label, [place === undefined ? first : `${first}   (${place})`, ...others]];
  };
}

/** All that the function does with the webhooks of a source. What the source says itself has its place beside it. */
export function describeSource(
  source: CompiledSource,
  notify: readonly CompiledChannel[],
  { preset: name, places }: OwnSettings,
  isSuspended: boolean,
): string {
  const preset: Preset = presets[name !== undefined && isPresetName(name) ? name : 'generic'];
  const row = placedRow(places);
  const { payloadTimestamp, deliveryHeader, deadlineMs, secrets } = source;
  const holder = findHolder(source, isSuspended);
  const { mode, follow, notify: told } = describeRollback(source, notify, holder);
  const target = describeTarget(source);
  return table([
    ['source', `${source.name}: POST /${source.name}`],
    row('preset', 'preset', name === undefined ? 'none: verify spells it out' : `${name}: ${preset.sender}`),
    row('secrets', 'secrets', secrets.join(', ')),
    row('must carry', 'verify', describeVerify(source.verify)),
    ['body', source.contentTypes.map((each) => contentTypeWords[each])],
    ...(payloadTimestamp ? [timeRow(payloadTimestamp)] : []),
    ['handshake', describeHandshake(preset)],
    ['delivery id', deliveryHeader ?? 'none'],
    ['answers', describeAnswers(preset)],
    row('outcomes', 'successStatus', describeSuccess(replyOf(source))),
    row('refusals', 'refusalStatus', describeRefusals(replyOf(source))),
    row('deadline', 'deadlineMs', `${deadlineMs} ms: by then it has answered, even where EDAS has not`),
    row('apps', 'apps', describeApps(source)),
    ['expects', source.expects?.what ?? 'any payload'],
    row('when', 'when', source.when?.text ?? 'none: every payload counts'),
    row('allow', 'allow', source.allow?.text ?? 'none: everybody who can sign'),
    row('began at', 'problemStartedAt', source.problemStartedAt?.text ?? 'not asked'),
    row('rolls back', target.key, target.text),
    ['actor', source.actor?.text ?? 'not asked'],
    row('cluster', 'cluster', source.cluster),
    row('mode', source.dryRun ? 'dryRun' : 'mode', mode),
    row('follow', 'follow', follow),
    ...endRows(source, holder, row),
    ...(source.decides ? [decidesRow] : []),
    ['notify', told],
  ]);
}

/** All that the events function does with the events of a source, in the same way. */
export function describeEventSource(
  source: CompiledEventSource,
  notify: readonly CompiledChannel[],
  { preset: name = '', places }: OwnSettings,
  isSuspended: boolean,
): string {
  const row = placedRow(places);
  const holder = findHolder(source, isSuspended);
  const { mode, follow, notify: told } = describeRollback(source, notify, holder);
  const { changeOrderId, tellsEnds, actsOnlyOn } = source;
  return table([
    ['source', `${source.name}: events, without a path or a secret: RAM says who may invoke the function`],
    row('preset', 'preset', `${name}: ${describeSender(name, places)}`),
    row('event source', 'source', source.eventSources.join(', ')),
    row('event type', 'type', source.eventTypes.join(', ')),
    ['account', 'that of the function; events of any other account are refused'],
    row('age', 'maxAge', `${describeDuration(source.maxAgeMs)} at most: an older event is refused for good`),
    row('apps', 'apps', describeApps(source)),
    ['expects', source.expects?.what ?? 'any event'],
    ...(tellsEnds
      ? [['tells', 'that a change order has ended: a task that follows it looks at once'] as const]
      : []),
    ...(tellsEnds && !source.when
      ? [['rolls back', 'nothing: it has no when'] as const]
      : [
          row('when', 'when', source.when?.text ?? 'none: every event counts'),
          row('began at', 'problemStartedAt', source.problemStartedAt?.text ?? 'not asked'),
          row('rolls back', changeOrderId ? 'changeOrderId' : 'app', describeTargetOfEvents(source)),
          ...(actsOnlyOn ? [['acts on', `${actsOnlyOn.what} alone`] as const] : []),
          ['actor', source.actor?.text ?? 'not asked'] as const,
          row('cluster', 'cluster', source.cluster),
          row('mode', source.dryRun ? 'dryRun' : 'mode', mode),
          row('follow', 'follow', follow),
          ...endRows(source, holder, row),
        ]),
    ['notify', told],
  ]);
}

function describeTargetOfEvents(source: CompiledEventSource): string {
  const { changeOrderId, app } = source;
  if (changeOrderId) return `the change order in ${changeOrderId.text}`;
  return `what is being deployed to the application ${onlyAppOf(source) ?? `in ${app?.text ?? ''}`}`;
}

/** Who makes the events; and, as in the build, whether what the source leaves to its preset is assumed. */
function describeSender(name: string, places: OwnSettings['places']): string {
  const preset: EventPreset | undefined = Object.hasOwn(eventPresets, name)
    ? eventPresets[name as EventPresetName]
    : undefined;
  if (!preset) return '';
  const isOwn = (key: string) => places.has(key) || (key === 'app' && places.has('changeOrderId'));
  const assumed = (['when', 'app', 'problemStartedAt'] as const).filter(
    (key) => preset[key] !== undefined && !isOwn(key),
  );
  if (preset.isConfirmed || assumed.length === 0) return preset.sender;
  return `${preset.sender}. Not confirmed (${assumed.join(', ')}): no page shows a whole event. ${lookAtFirstEvent}`;
}

/** What is done about a release that has ended, and whether people are asked. */
function endRows(
  source: RollbackPolicy,
  holder: Holder | undefined,
  row: ReturnType<typeof placedRow>,
): Row[] {
  return [
    row('ended', 'ended', describeEnded(source)),
    row('confirm', 'confirm', describeConfirm(source, holder)),
    ...(source.confirm
      ? [row('summary', 'summary', source.summary?.text ?? 'none: people see no words of the alert')]
      : []),
  ];
}

const decidesRow: Row = [
  'decides',
  'its commands also decide what sources with confirmBy: chat ask people: rollback <id>, or leave <id>',
];

function replyOf({ reply, refusalStatus, successStatus }: CompiledSource) {
  return {
    ...(successStatus !== undefined && { successStatus }),
    ...(reply !== 'json' && { reply }),
    ...(refusalStatus !== undefined && { refusalStatus }),
  };
}

/** What is rolled back, and the key that says so. */
function describeTarget(source: CompiledSource): { key: string; text: string } {
  const { changeOrderId, app, command, verify } = source;
  const only = onlyAppOf(source);
  if (changeOrderId) return { key: 'changeOrderId', text: `the change order in ${changeOrderId.text}` };
  if (only !== undefined) {
    return { key: 'app', text: `what is being deployed to the application ${only}` };
  }
  if (app) return { key: 'app', text: `what is being deployed to the application in ${app.text}` };
  if (command) {
    return { key: 'command', text: `the change order in the command "rollback <id>" in ${command.text}` };
  }
  return verify.scheme === 'link'
    ? { key: 'verify', text: 'what is being deployed to the application of the link, or its change order' }
    : { key: 'changeOrderId', text: 'the change order in changeOrderId, ChangeOrderId or change_order_id' };
}
