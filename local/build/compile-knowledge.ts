import type { Expression } from '../../functions/select/expression.ts';
import type { PayloadKind, RollbackPolicy } from '../../functions/select/policy.ts';
import type { ExpectedPayloads, KnownMonitorAlarms, KnownPayload, Preset } from '../../presets/preset.ts';
import { compileExpression, type Purpose } from './compile-expression.ts';
import type { SourceSettings } from './sources-schema.ts';

type Knowledge = Pick<RollbackPolicy, 'expects' | 'event' | 'monitorAlarms'>;
type OwnExpressions = Pick<SourceSettings, 'when' | 'app' | 'changeOrderId' | 'problemStartedAt'>;

/** What is known of a sender's payloads. */
type Known = Pick<Preset, 'expects' | 'event' | 'monitorAlarms' | 'problemStartedAt'>;

/**
 * What a preset knows of its sender's payloads, as far as the source does not say otherwise:
 * docs/decisions/0014-what-a-payload-means.md.
 */
export function compileKnowledge(own: OwnExpressions, preset: Known): Knowledge {
  const { expects, event, monitorAlarms } = preset;
  return {
    expects: expects && !readsAnotherPayload(own, preset) ? compileExpected(expects) : undefined,
    event: event && {
      of: event.of,
      name: compilePresetExpression(event.name, 'text'),
      acts: own.when === undefined ? event.acts : undefined,
    },
    monitorAlarms: monitorAlarms && compileMonitorAlarms(monitorAlarms, own.when ?? ''),
  };
}

/** Whether the source itself says all that is read out of a payload, so that it may have another shape. */
function readsAnotherPayload(own: OwnExpressions, preset: Known): boolean {
  const saysTarget = own.app !== undefined || own.changeOrderId !== undefined;
  const saysTime = own.problemStartedAt !== undefined || preset.problemStartedAt === undefined;
  return own.when !== undefined && saysTarget && saysTime;
}

function compileExpected({ is, what, others = [], advice }: ExpectedPayloads): RollbackPolicy['expects'] {
  return { ...compileKind({ is, what }), others: others.map(compileKind), advice };
}

export function compileKind({ is, what }: KnownPayload): PayloadKind {
  return { is: compilePresetExpression(is, 'truth'), what };
}

/** An alarm that the source's own `when` names is left to it. */
function compileMonitorAlarms(
  { each, values = {}, parts = {}, meaning }: KnownMonitorAlarms,
  when: string,
): RollbackPolicy['monitorAlarms'] {
  const tests = [
    ...Object.entries(values).flatMap(([path, known]) => valueTest(path, known, when)),
    ...Object.entries(parts).flatMap(([path, known]) => partTests(path, known, when)),
  ];
  if (tests.length === 0) return undefined;
  const isAlarm = tests.join(' || ');
  if (each === 'payload') {
    const [path = '@'] = [...Object.keys(values), ...Object.keys(parts)];
    return { found: compilePresetExpression(`(${isAlarm}) && (${path})`, 'value'), meaning };
  }
  const firing = "alerts[?status == 'firing'";
  return {
    found: compilePresetExpression(
      `${firing} && (${isAlarm})].[not_null(labels.alertname, 'an alert without a name')]`,
      'value',
    ),
    meaning,
    alerts: compilePresetExpression(`${firing} && !(${isAlarm})]`, 'value'),
  };
}

function valueTest(path: string, known: readonly string[], when: string): string[] {
  const left = known.filter((value) => !when.includes(`'${value}'`) && !when.includes(`"${value}"`));
  if (left.length === 0) return [];
  return [`contains([${left.map((value) => `'${value}'`).join(', ')}], ${path})`];
}

function partTests(path: string, known: readonly string[], when: string): string[] {
  const left = known.filter((part) => !when.toLowerCase().includes(part));
  return left.map((part) => `contains(lower(to_string(${path})), '${part}')`);
}

/** A preset is written by hand like the rest of the program: a fault in it is one of ours. */
export function compilePresetExpression(text: string, purpose: Purpose): Expression {
  return compileExpression(text, purpose, (message) => {
    throw new Error(`The preset's ${text}: ${message}`);
  });
}
