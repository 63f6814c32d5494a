import { setTimeout as sleep } from 'node:timers/promises';
import { describeStatus } from '../../functions/edas/status.ts';
import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';
import { paint } from '../cli/terminal.ts';
import type { SampleWebhook } from '../signing/sample-webhook.ts';
import { signedRequest } from '../signing/sender.ts';
import { statuses, type ChangeOrder } from '../stand-ins/edas/change-orders.ts';
import type { EdasStandIn } from '../stand-ins/edas/stand-in.ts';
import type { FcStandIn } from '../stand-ins/fc/stand-in.ts';
import type { Narrator } from './narrator.ts';
import { applicationFor } from './releases.ts';
import { secretOf, type Secrets } from './secrets.ts';

/** What an act of the play is played with. */
export interface Stage {
  edas: EdasStandIn;
  fc: FcStandIn;
  /** Where the function listens. */
  url: string;
  source: CompiledSource;
  secrets: Secrets;
  narrator: Pick<Narrator, 'request'>;
}

/** Sends a signed webhook, and waits until all of it is told. */
export async function post(
  { url, source, secrets, narrator }: Stage,
  { contentType, body }: SampleWebhook,
): Promise<void> {
  const target = { app: applicationFor(source) };
  const secret = secretOf(source, secrets);
  const request = signedRequest(source, secret, { url, body, contentType, target, now: Date.now() });
  narrator.request(request, body);
  const { address, headers } = request;
  await (await fetch(address, { method: 'POST', headers, body })).text();
  // The log comes through another pipe than the answer; let it end before the next step begins.
  await sleep(50);
}

/** Shows an order each time that it moves, until it is as wanted. */
export async function watch(
  edas: EdasStandIn,
  id: string,
  isReached: (order: ChangeOrder) => boolean,
): Promise<void> {
  let shown = '';
  for (;;) {
    const order = edas.orders.get(id);
    const line = describeOrder(order);
    if (line !== shown) console.log(line);
    shown = line;
    if (!order || isReached(order)) return;
    await sleep(50);
  }
}

/** An order and its batches, in one line. */
export function describeOrder(order: ChangeOrder | undefined): string {
  if (!order) return '   EDAS has no such change order';
  const boxes = order.batches
    .map(({ status }) => (status === statuses.succeeded ? '■' : status === statuses.running ? '▣' : '□'))
    .join('');
  const label = paint('cyan', 'EDAS');
  // The package and the groups are left out: the line would be too long.
  const [description] = order.description.split(' | Package Name:');
  return `   ${label}               ${boxes} ${description}: ${describeStatus(order.status)}  ${paint('dim', order.id)}`;
}

/** The heading of a step. */
export function step(number: number, text: string): void {
  console.log(`\n${paint('bold', `${number}. ${text}`)}`);
}
