import { expect, onTestFinished, test } from 'vitest';
import { change, openTaskFunction, taskApp, taskOrder } from '../../support/task.ts';

test('a night: rolled back, waits for a person, is confirmed, fails in part, waits again, is confirmed, and ends', async () => {
  const channels = ['webhook', 'dingtalk', 'feishu', 'slack', 'wecom'] as const;
  // The rollback: a batch from 0 to 60 s, the second from 100 to 160 s, and the third from 200 to 260 s.
  const order = { batches: 3, batchMs: 60_000, waitsForPerson: true, failsInBatch: 2 };
  const edas = { rollbackRules: { order } };
  const task = await openTaskFunction({ edas, channels, queue: true }, onTestFinished);
  task.edas.orders.add({ ...change, createdAt: task.clock.now() - 92_000 });
  const rollbackOrder = () =>
    task.edas.orders.ofApplication(taskApp).find(({ rollbackOf }) => rollbackOf === taskOrder)?.id ?? '';
  for (const seconds of [100, 200]) {
    task.clock.at(seconds, () => {
      expect(task.edas.orders.confirm(rollbackOrder())).toBe(true);
    });
  }

  expect(await task.runAll()).toEqual({ event: 'handed_over' });

  const what = { changeOrderId: taskOrder, rollbackChangeOrderId: rollbackOrder() };
  const who = { source: 'pipeline', actor: 'alice', delivery: 'delivery-1' };
  const where = {
    app: { id: taskApp, name: 'checkout' },
    description: 'checkout 2.4.0',
    consoleUrl: 'https://edas.console.aliyun.com/#/home?regionNo=cn-hangzhou',
  };
  const always = {
    ...{ requestId: 'fake-request-id', ...what, ...who, ...where },
    operation: 'RollbackChangeOrder',
    isPresumed: false,
    text: expect.any(String) as string,
  };
  const failure = {
    place: 'Batch: 2 / Deploy Application / Start Application',
    reason: 'EDAS-10001 STAR_AGENT_OFFLINE',
  };
  const seen = (status: number, done: number) => ({ status, changeStatus: 6, batches: { done, total: 3 } });
  expect(task.notifications()).toEqual([
    // The webhook came two seconds before the first task began, and the last one begins a second after that.
    { ...always, event: 'started', failures: [], tookMs: 3_000 },
    { ...always, event: 'waiting', ...seen(8, 1), failures: [], tookMs: 68_000 },
    { ...always, event: 'failing', ...seen(1, 1), failures: [failure], tookMs: 138_000 },
    { ...always, event: 'waiting', ...seen(8, 2), failures: [], tookMs: 168_000 },
    { ...always, event: 'succeeded', ...seen(2, 3), failures: [failure], tookMs: 268_000 },
  ]);

  const looks = Array.from({ length: 26 }, (_, index) => `${16 + index * 10} read rollback`);
  expect(task.calls()).toEqual([
    '0 read change',
    '0 PUT change',
    // The claim is watched for a second.
    '1 read change',
    '1 name',
    '6 read rollback',
    '6 read change',
    ...looks,
  ]);
  expect(task.edas.orders.rollbacksOf(taskOrder)).toBe(1);

  for (const kind of channels) {
    expect(task.receiver.messages.filter((message) => message.kind === kind)).toHaveLength(5);
  }
  const [, waiting, failing] = task.receiver.messages.filter(({ kind }) => kind === 'dingtalk');
  expect(waiting?.text).toContain('stands still until a person confirms the next batch.');
  expect(failing?.text).toContain('Batch: 2 / Deploy Application / Start Application');
  expect(failing?.text).toContain('EDAS-10001 STAR_AGENT_OFFLINE');

  const decision = {
    level: 'info',
    msg: 'decision',
    requestId: 'fake-request-id',
    retryCount: 0,
    webhookRequestId: 'fake-request-id-of-the-webhook',
    source: 'pipeline',
    delivery: 'delivery-1',
    app: taskApp,
    changeOrderId: taskOrder,
    actor: 'alice',
  };
  expect(task.decisions()).toEqual([
    {
      ...decision,
      time: '2026-01-02T03:04:05.000Z',
      rollback: 'due',
      outcome: 'handed_over',
      rollbackChangeOrderId: rollbackOrder(),
      durationMs: 0,
    },
    {
      ...decision,
      time: '2026-01-02T03:04:06.000Z',
      rollback: 'claimed',
      outcome: 'watched',
      durationMs: 1_000,
    },
    {
      ...decision,
      time: '2026-01-02T03:08:31.000Z',
      rollback: 'done',
      outcome: 'succeeded',
      rollbackChangeOrderId: rollbackOrder(),
      status: 2,
      durationMs: 265_000,
    },
  ]);
});
