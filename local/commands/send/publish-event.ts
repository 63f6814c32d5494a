import { setTimeout as sleep } from 'node:timers/promises';
import { isLoopback } from '../../../functions/alibaba/origin.ts';
import { reasonOf } from '../../../functions/lib/text.ts';
import { CliError } from '../../cli/cli.ts';
import { readUrl } from '../../cli/options.ts';
import type { EventReport } from '../../stand-ins/eventbridge/stand-in.ts';
import { post } from './post.ts';

/** The deliveries of an event in the sandbox begin within a second, and one may take nine. */
const [longestWaitMs, lookEveryMs] = [20_000, 200];

/**
 * The address of the sandbox's event bus.
 *
 * @throws CliError where it is another one: what is posted there is taken for an event of EventBridge, and nothing is signed
 */
export function readBusUrl(text: string): string {
  const url = readUrl(text);
  if (isLoopback(new URL(url).hostname)) return url;
  throw new CliError(
    '--url with --event is for the sandbox on this machine. --deployed invokes the function that is deployed.',
  );
}

/**
 * Publishes an event on the event bus of the sandbox, and waits until it was delivered.
 *
 * @throws CliError where it was not taken
 */
export async function publishEvent(url: string, event: Buffer): Promise<EventReport> {
  const headers = { 'content-type': 'application/cloudevents+json' };
  const { status, text } = await post({ address: `${url}/events`, headers }, event);
  const id = status === 200 ? eventIdIn(text) : undefined;
  if (id === undefined) {
    const advice = status === 404 ? ' Is --url the address of EventBridge that npm start has printed?' : '';
    throw new CliError(`The event was not taken (${status}): ${text.trim()}${advice}`);
  }
  const until = Date.now() + longestWaitMs;
  for (;;) {
    const report = await readReport(url, id);
    if (!report.isOpen || Date.now() > until) return report;
    await sleep(lookEveryMs);
  }
}

function eventIdIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { eventId?: string }).eventId;
  } catch {
    return undefined;
  }
}

async function readReport(url: string, id: string): Promise<EventReport> {
  try {
    const response = await fetch(`${url}/events/${encodeURIComponent(id)}`);
    return (await response.json()) as EventReport;
  } catch (error) {
    throw new CliError(`The event was taken, and what became of it cannot be read: ${reasonOf(error)}`);
  }
}
