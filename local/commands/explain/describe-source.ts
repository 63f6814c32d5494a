import { readFileSync } from 'node:fs';
import path from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import type { CompiledChannel } from '../../../functions/follow/configuration.ts';
import { toRecord, toText } from '../../../functions/lib/json.ts';
import type { CompiledSource } from '../../../functions/webhook/source/compiled-source.ts';
import { presets, type PresetName } from '../../../presets/index.ts';
import type { Preset } from '../../../presets/preset.ts';
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
} from './describe-rollback.ts';
import { describeVerify } from './describe-verify.ts';
import { table, type Row } from './table.ts';

/** What a source says itself: where each of its keys stands, such as `sources.yaml:12`. */
export interface OwnSettings {
  preset: PresetName | undefined;
  places: ReadonlyMap<string, string>;
}

/** Reads a file that compiles. */
export function readOwnSettings(file: string, source: string): OwnSettings {
  const lines = new LineCounter();
  const document = parseDocument(readFileSync(file, 'utf8'), { lineCounter: lines });
  const { sources } = toRecord(document.toJS());
  const settings = toRecord(toRecord(sources)[source]);
  const placeOf = (key: string) => {
    const { line } = toPosition(lines, offsetOf(document, ['sources', source, key]));
    return `${path.basename(file)}:${line}`;
  };
  const preset = toText(settings['preset']) ?? '';
  return {
    preset: isPresetName(preset) ? preset : undefined,
    places: new Map(Object.keys(settings).map((key) => [key, placeOf(key)])),
  };
}

/** All that the function does with the webhooks of a source. What the source says itself has its place beside it. */
export function describeSource(
  source: CompiledSource,
  notify: readonly CompiledChannel[],
  { preset: name, places }: OwnSettings,
  isSuspended: boolean,
): string {
  const preset: Preset = presets[name ?? 'generic'];
  const row = (label: string, key: string, text: string | string[]): Row => {
    const [first = '', ...others] = [text].flat();
    const place = places.get(key);
    return [label, [place === undefined ? first : `${first}   (${place})`, ...others]];
  };
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
    row('ended', 'ended', describeEnded(source)),
    row('confirm', 'confirm', describeConfirm(source, holder)),
    ...(source.confirm
      ? [row('summary', 'summary', source.summary?.text ?? 'none: people see no words of the alert')]
      : []),
    ...(source.decides ? [decidesRow] : []),
    ['notify', told],
  ]);
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
