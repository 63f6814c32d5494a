import { errorCatalogue, type ErrorCode } from '../../../functions/errors.ts';
import { toRecord, toText } from '../../../functions/lib/json.ts';
import type { Environment } from '../../../functions/platform/settings.ts';
import { eventPresetsOf } from '../../build/event-presets-of.ts';
import { CliError } from '../../cli/cli.ts';
import { sandboxEventsUrl } from '../../cli/options.ts';
import { paint, showLines } from '../../cli/terminal.ts';
import { readEventSource } from '../../signing/sender.ts';
import {
  asFromEventBridge,
  invokeDeployed,
  readDeployedFunction,
  type InvocationEnd,
} from './invoke-deployed.ts';
import { makeEvent, type EventOptions } from './make-event.ts';
import { publishEvent, readBusUrl } from './publish-event.ts';

interface SendEvent extends EventOptions {
  sourcesFile: string;
  source: string;
  /** Of the sandbox's event bus. */
  url: string | undefined;
  isDeployed: boolean;
  account: string | undefined;
  isPrint: boolean;
}

/**
 * Sends an event to the sandbox, or invokes the deployed function with it, and tells what came of it.
 *
 * @returns whether the function decided with an outcome, and not with a refusal or a failure
 */
export async function sendEvent(asked: SendEvent, env: Environment): Promise<boolean> {
  const now = Date.now();
  const { source, events } = readEventSource(asked.sourcesFile, asked.source);
  const preset = eventPresetsOf(asked.sourcesFile).get(source.name);
  if (!preset) throw new Error(`the source ${source.name} has no preset`);
  const event = await makeEvent(source, events, preset, asked, now);
  if (asked.isDeployed) {
    if (asked.url !== undefined) throw new CliError('Give either --url or --deployed, not both.');
    const target = readDeployedFunction(asked.account, env);
    const whole = asFromEventBridge(event, target, now);
    printEvent(whole);
    if (asked.isPrint) return true;
    console.log(
      `\n${paint('bold', `${target.name} in ${target.region} is invoked, with the credentials of this machine: what it decides, it does.`)}`,
    );
    return tellEnd(await invokeDeployed(target, whole, env), 'It', idOf(whole));
  }
  const url = readBusUrl(asked.url ?? sandboxEventsUrl);
  printEvent(event);
  if (asked.isPrint) return true;
  return publish(url, event);
}

async function publish(url: string, event: Buffer): Promise<boolean> {
  console.log(`\nPOST ${url}/events`);
  const { id, deliveries, deadLetters, isOpen } = await publishEvent(url, event);
  const inOrder = deliveries.toSorted((a, b) => a.startedAt - b.startedAt);
  const fine = inOrder.map(({ end }, index) =>
    end === undefined ? false : tellEnd(end, `Delivery ${index + 1}`, id),
  );
  for (const { reason } of deadLetters) {
    console.log(
      `\n${paint('red', 'It is given up, and goes to the dead-letter queue:')} ${showLines(reason)}`,
    );
  }
  if (isOpen) console.log('\nIt is delivered again later: see the terminal of npm start.');
  const isDone = fine.includes(true);
  if (isDone && fine.includes(false)) {
    console.log('\nEvents come more than once. A repeat finds the work done, and may be refused for that.');
  }
  return isDone;
}

function printEvent(event: Buffer): void {
  console.log(showLines(indented(event.toString('utf8'))));
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function idOf(event: Buffer): string {
  return toText(toRecord(JSON.parse(event.toString('utf8')))['id']) ?? '';
}

/** @returns whether it came to an outcome */
function tellEnd(end: InvocationEnd, what: string, id: string): boolean {
  if ('threw' in end) {
    const again = `${paint('red', `${what} failed, so that the event comes again:`)} ${showLines(end.threw)}`;
    console.log(`\n${again}`);
    return false;
  }
  const { outcome, message, detail } = toRecord(end.returned);
  const code = toText(toRecord(end.returned)['code']);
  const isFine = code === undefined;
  const word = code ?? toText(outcome) ?? '';
  const said = toText(message) ?? toText(detail) ?? '';
  console.log(`\n${what} came to ${paint(isFine ? 'green' : 'red', word)}\n${showLines(said)}`);
  if (isErrorCode(code)) console.log(`${errorCatalogue[code].title}: docs/errors.md#${code}`);
  console.log(
    paint('dim', `In the log of the events function: msg: decision and delivery: ${showLines(id)}`),
  );
  return isFine;
}

function isErrorCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(errorCatalogue, code);
}
