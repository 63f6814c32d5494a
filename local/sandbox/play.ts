import { setTimeout as sleep } from 'node:timers/promises';
import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';
import { paint } from '../cli/terminal.ts';
import { isByApplication, sampleWebhook } from '../signing/sample-webhook.ts';
import { statuses, type ChangeOrder } from '../stand-ins/edas/change-orders.ts';
import { applicationFor } from './releases.ts';
import type { Secrets } from './secrets.ts';
import { describeOrder, post, step, watch, type Stage } from './stage.ts';

interface FirstAct extends Stage {
  /** Wrong secrets, with which a webhook is refused. */
  forged: Secrets;
}

/** Where people in a chat would be answered; nothing goes to these hosts from here. */
const answerAddresses: Partial<Record<CompiledSource['reply'], string>> = {
  slack: 'https://hooks.slack.com/commands/T00000000/0/sandbox',
  dingtalk: 'https://oapi.dingtalk.com/robot/sendBySession?session=sandbox',
};

/**
 * One rollback from the signed webhook to its end, then the same webhook again, then a forged one.
 *
 * @returns whether anything was rolled back
 */
export async function playRollback(stage: FirstAct): Promise<boolean> {
  const { edas, source } = stage;
  const appId = applicationFor(source);
  const id = edas.orders.add({
    id: 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a',
    appId,
    description: 'checkout 2.4.0',
    batches: 3,
    readyMs: 300,
    batchMs: 1500,
    // Longer than any machine takes to have it rolled back, so that the story is always of one batch.
    pauseMs: 10_000,
  });

  step(1, 'A release is under way in EDAS (a stand-in on this machine).');
  await watch(edas, id, (order) => order.batches.some(({ status }) => status === statuses.succeeded));

  step(2, `The release is bad. The sender "${source.name}" posts a signed webhook.`);
  const target = isByApplication(source) ? { app: appId } : { changeOrderId: id };
  const sample = sampleWebhook(source, target, Date.now(), answerAddresses[source.reply]);
  await post(stage, sample);
  const rollback = await rollbackOf(id, appId, stage);
  if (source.confirm?.by === 'page') {
    console.log(
      '\nA person decides now, so the play ends here: open the link of the message in your browser.',
    );
    return false;
  }
  if (!rollback) {
    console.log('\nNothing was rolled back, so the play ends here: the answer says why.');
    return false;
  }

  step(3, 'EDAS rolls the release back, batch by batch. A task follows it and tells the people.');
  console.log(paint('dim', '   It looks 5 to 7 seconds after the rollback began, and then every 10 to 12.'));
  await watch(edas, rollback.id, ({ finishedAt }) => finishedAt !== undefined);
  console.log(describeOrder(edas.orders.get(id)));
  await stage.fc.settled();
  await sleep(50);

  step(4, 'The sender repeats itself, as senders do. Nothing is rolled back twice.');
  await post(stage, sample);

  step(5, 'A webhook that is forged is refused.');
  await post({ ...stage, secrets: stage.forged }, sample);
  return true;
}

/** An answer may be in the language of a chat, and the work be done by a task; EDAS knows. */
async function rollbackOf(
  id: string,
  appId: string,
  { edas, fc, source }: Stage,
): Promise<ChangeOrder | undefined> {
  const find = () => edas.orders.ofApplication(appId).find(({ rollbackOf: of }) => of === id);
  if (source.mode === 'now') return find();
  const settled = fc.settled().then(() => 'settled' as const);
  for (;;) {
    const rollback = find();
    if (rollback || (await Promise.race([settled, sleep(50)])) === 'settled') return rollback ?? find();
  }
}
