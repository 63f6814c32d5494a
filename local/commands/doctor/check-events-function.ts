import type { CompiledEventSource } from '../../../functions/events/event-source.ts';
import { isRecord, toRecord, toText } from '../../../functions/lib/json.ts';
import type { ApiAnswer } from '../../../functions/platform/fc2-task-queue.ts';
import { TaskQueueFailure } from '../../../functions/platform/task-queue.ts';
import { sourcesOnDefaultBus } from '../../setup/event-pattern.ts';
import type { FunctionReader } from './ask-function-compute.ts';
import type { RoleReading } from './ask-ram.ts';
import { right, skipped, unknown, warning, wrong, type Finding } from './finding.ts';

/** With this role EventBridge calls functions. https://www.alibabacloud.com/help/doc-detail/181425.htm */
export const eventBridgeRole = 'AliyunServiceRoleForEventBridgeSendToFC';

/**
 * Whether the events function is there, and what calls it. Nothing is changed, and no event is sent.
 *
 * @param isDeployed whether it must be there by now
 */
export async function checkTriggers(
  reader: FunctionReader,
  name: string,
  sources: readonly CompiledEventSource[],
  isDeployed: boolean,
): Promise<Finding[]> {
  const what = `what calls the events function ${name}`;
  const answer = await ask(reader.triggers, what);
  if ('verdict' in answer) return [answer];
  const { status, data, isForeign } = answer;
  if (status === 404) {
    const found = `Function Compute knows no function ${name} in this region`;
    return [
      isDeployed
        ? wrong(found, 'Deploy it: npm run deploy. Is EVENTS_FUNCTION right?')
        : warning(found, 'Before the first npm run deploy with events, this is as it should be.'),
    ];
  }
  if (status !== 200 || isForeign || !Array.isArray(data['triggers'])) {
    return [notRead(what, answer, 'fc:ListTriggers')];
  }
  const triggers = data['triggers'].map(toRecord);
  const findings = triggers.map((trigger) => checkTrigger(trigger));
  const isCalled = triggers.some(({ triggerType }) => triggerType === 'eventbridge');
  return isCalled ? findings : [...findings, ...withoutTrigger(name, sources)];
}

function checkTrigger(trigger: Record<string, unknown>): Finding {
  const name = toText(trigger['triggerName']) ?? 'without a name';
  const type = toText(trigger['triggerType']) ?? 'without a type';
  if (type === 'http') {
    return wrong(
      `the events function has a URL, by the trigger ${name}: an event is not signed, so all who know it could roll back`,
      'Delete that trigger in the Function Compute console, and take it out of s.yaml.',
    );
  }
  if (type !== 'eventbridge') {
    return warning(
      `the events function has a trigger ${name} of the type ${type}, whose events it refuses`,
      'Delete that trigger in the Function Compute console.',
    );
  }
  const config = parse(trigger['triggerConfig']);
  const fault = config === undefined ? undefined : faultOf(config);
  if (config === undefined) {
    return unknown(
      `how the trigger ${name} is set: its configuration cannot be read`,
      'Look at it in the Function Compute console.',
    );
  }
  if (fault !== undefined) {
    return fault.isFatal
      ? wrong(`the trigger ${name} ${fault.what}`, fault.advice)
      : warning(`the trigger ${name} ${fault.what}`, fault.advice);
  }
  return right(
    `EventBridge calls the events function by the trigger ${name}, for ${toText(config['eventRuleFilterPattern']) ?? 'every event'}`,
  );
}

interface TriggerFault {
  what: string;
  advice: string;
  /** Whether no event can be acted on. */
  isFatal: boolean;
}

function faultOf(config: Record<string, unknown>): TriggerFault | undefined {
  const { triggerEnable, asyncInvocationType, eventSinkConfig, runOptions } = config;
  const delivery = toRecord(toRecord(eventSinkConfig)['deliveryOption']);
  const mode = toRecord(runOptions)['mode'] ?? delivery['mode'];
  const advice = 'Set it as s.yaml of the repository has it, and deploy again.';
  if (triggerEnable === false) {
    return {
      what: 'is disabled, so no event comes by it',
      advice: 'Enable it: triggerEnable: true in s.yaml.',
      isFatal: false,
    };
  }
  if (mode === 'event-streaming') {
    return { what: 'sends lists of events (event-streaming), which are refused', advice, isFatal: true };
  }
  if (delivery['eventSchema'] === 'RawData') {
    return { what: 'sends only the data of an event (RawData), which is refused', advice, isFatal: true };
  }
  if (asyncInvocationType === false) {
    return {
      what: 'waits for the function (synchronous): whether an event then comes again after a failure is documented nowhere',
      advice,
      isFatal: false,
    };
  }
  return undefined;
}

/** A rule of a bus of one's own calls the function without a trigger, and says nowhere in Function Compute that it does. */
function withoutTrigger(name: string, sources: readonly CompiledEventSource[]): Finding[] {
  const waiting = sources.filter((source) => sourcesOnDefaultBus(source).length > 0);
  const names = waiting.map((source) => source.name).join(', ');
  return [
    ...(waiting.length > 0
      ? [
          warning(
            `${name} has no trigger of EventBridge, and the events of ${names} come on the bus default`,
            'Take the # away from triggers in s.yaml, unless a rule that you made on that bus calls it.',
          ),
        ]
      : []),
    skipped(
      `which rules of a bus of your own call ${name}: they were not looked at. aliyun eventbridge ListRules --EventBusName BUS lists them with their targets`,
    ),
  ];
}

/** Whether events that failed to the end are kept. Of a function that is not there, nothing is said. */
export async function checkDeadLetters(reader: FunctionReader, name: string): Promise<Finding[]> {
  const what = `whether events that failed to the end are kept (${name})`;
  const answer = await ask(reader.asyncInvokeConfig, what);
  if ('verdict' in answer) return [answer];
  const { status, data, isForeign, code } = answer;
  if (status === 404 && code === 'FunctionNotFound') return [];
  if ((status !== 200 && status !== 404) || isForeign) {
    return [notRead(what, answer, 'fc:GetFunctionAsyncInvokeConfig')];
  }
  const destination = toText(toRecord(toRecord(data['destinationConfig'])['onFailure'])['destination']);
  if (destination !== undefined && destination !== '') {
    return [right(`events that failed to the end are kept in ${destination}`)];
  }
  return [
    warning(
      `events that failed to the end are lost: ${name} has no destination for them`,
      'Set destinationConfig under asyncInvokeConfig in s.yaml, as the repository has it, and deploy again.',
    ),
  ];
}

/** Whether EventBridge may call functions of this account. */
export function checkEventBridgeRole(reading: RoleReading): Finding {
  if (reading === 'there') return right(`EventBridge may call functions (${eventBridgeRole})`);
  if (reading === 'missing') {
    return wrong(
      `EventBridge may not call functions: its role ${eventBridgeRole} is missing`,
      `Create it, once for the account: aliyun eventbridge CreateServiceLinkedRoleForProduct --ProductName ${eventBridgeRole}`,
    );
  }
  return unknown(
    `whether EventBridge may call functions: RAM did not show the role ${eventBridgeRole} (${reading.code})`,
    'Your credentials need ram:GetRole for that. Or look for the role in the RAM console.',
  );
}

async function ask(read: () => Promise<ApiAnswer>, what: string): Promise<ApiAnswer | Finding> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof TaskQueueFailure)) throw error;
    return unknown(`${what}: ${error.message.replace(/\.$/, '')}`, 'Run the doctor again.');
  }
}

function notRead(what: string, { status, code, isForeign }: ApiAnswer, action: string): Finding {
  const said = [status, code].filter((part) => part !== undefined).join(' ');
  const isRefused = !isForeign && (status === 401 || status === 403);
  return isRefused
    ? unknown(`${what}: your credentials may not ask (${said})`, `They need ${action} for that.`)
    : unknown(`${what}: Function Compute gave no clear answer (${said})`, 'Run the doctor again.');
}

function parse(config: unknown): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(toText(config) ?? '');
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
