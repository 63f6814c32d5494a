import fc, { type Arbitrary, type AsyncCommand } from 'fast-check';
import { statuses, type ChangeOrderPlan } from '../../../../local/stand-ins/edas/change-orders.ts';
import { deliver, type Webhook, type Simulation } from './delivery.ts';
import type { Ledger } from './edas.ts';
import { requireRules } from './invariants.ts';
import { faults, type Fate, type Operation } from './network.ts';

type Step = AsyncCommand<Ledger, Simulation>;

/** A step of the story. After each one, the rules must hold. */
function step(
  story: string,
  take: (simulation: Simulation) => unknown,
  isPossible: (ledger: Readonly<Ledger>) => boolean = () => true,
): Step {
  return {
    check: isPossible,
    run: async (_ledger, simulation) => {
      await take(simulation);
      requireRules(simulation);
    },
    toString: () => story,
  };
}

const timePasses = (ms: number): Step =>
  step(`${ms} ms pass`, ({ timeline }) => timeline.moveTo(timeline.now + ms));

const webhooksCome = (webhooks: readonly Webhook[]): Step =>
  step(webhooks.map(tellWebhook).join(', and '), (simulation) => {
    deliver(webhooks, simulation);
  });

const release = (plan: ChangeOrderPlan): Step =>
  step(`a release: ${JSON.stringify(plan)}`, ({ edas }) => {
    edas.release(plan);
  });

const personAborts = (order: number): Step =>
  step(
    `a person aborts order ${order}`,
    ({ edas }) => {
      edas.abort(edas.idOf(order), 'a person');
    },
    exists(order),
  );

const personRollsBack = (order: number): Step =>
  step(
    `a person rolls order ${order} back`,
    ({ edas }) => edas.rollBack(edas.idOf(order), 'a person'),
    exists(order),
  );

const troubleBegins = (operation: Operation, fate: Fate, calls: number): Step =>
  step(`trouble: of each ${operation}, the next ${calls} ${fate.story}`, ({ network }) => {
    network.disturb(operation, fate, calls);
  });

const troubleEnds: Step = step('all trouble is over', ({ network }) => {
  network.recover();
});

const roleMayRead = (canRead: boolean): Step =>
  step(canRead ? 'the role may read' : 'the role may not read', ({ network }) => {
    network.canRead = canRead;
  });

function exists(order: number) {
  return ({ orders }: Readonly<Ledger>) => orders.length >= order;
}

function tellWebhook({ target, apps, hold, problemMsAgo, patienceMs, legsMs, luck }: Webhook): string {
  const facts = [
    'app' in target
      ? `a webhook for the newest deployment of ${target.app}`
      : `a webhook for order ${target.order}`,
    apps && `only if it is of ${apps.join(' or ')}`,
    problemMsAgo !== undefined && `with a problem that began ${problemMsAgo} ms ago`,
    hold,
    `patient for ${patienceMs} ms`,
    `on a way that takes ${legsMs.join(', ')} ms`,
    `with luck ${luck}`,
  ];
  return facts.filter(Boolean).join(', ');
}

const sometimes = <T>(arbitrary: Arbitrary<T>) =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

const order = fc.constantFrom(1, 1, 1, 1, 1, 2, 2, 3);
const app = fc.constantFrom('shop', 'shop', 'cart');

const webhook: Arbitrary<Webhook> = fc.record({
  target: fc.oneof(fc.record({ order }), fc.record({ order }), fc.record({ app })),
  apps: sometimes(fc.constantFrom(['shop'], ['cart'], ['cart', 'shop'])),
  hold: sometimes(fc.constantFrom('dry_run', 'suspended')),
  problemMsAgo: sometimes(fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 60_000 }))),
  patienceMs: fc.oneof(fc.constant(8_500), fc.integer({ min: 0, max: 9_000 })),
  // Often the same, so that much happens at the same moment.
  legsMs: fc.array(
    fc.oneof(fc.constantFrom(0, 10), fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 4_000 })),
    { minLength: 1, maxLength: 6 },
  ),
  luck: fc.constantFrom(0, 0.5, 1),
});

/** A release: of one or several batches, quick or slow, automatic or not, good or bad. */
export const plan: Arbitrary<ChangeOrderPlan> = fc.record({
  appId: app,
  batches: fc.integer({ min: 1, max: 3 }),
  readyMs: fc.constantFrom(0, 1_000),
  batchMs: fc.constantFrom(500, 10_000, 60_000),
  outcome: fc.constantFrom(statuses.succeeded, statuses.succeeded, statuses.failed, statuses.partlySucceeded),
  waitsForPerson: fc.boolean(),
  supportRollback: fc.boolean(),
});

const manyMs = fc.oneof(
  fc.integer({ min: 0, max: 100 }),
  fc.integer({ min: 0, max: 3_000 }),
  fc.constantFrom(9_000, 60_000),
);
const operation = fc.constantFrom<Operation>('read', 'list', 'put', 'put');
const trouble = fc.tuple(operation, fc.constantFrom(...faults), fc.integer({ min: 1, max: 4 }));

/** Whole stories: steps in any order. */
export const stories = fc.commands(
  [
    fc.oneof(
      { weight: 6, arbitrary: manyMs.map(timePasses) },
      { weight: 6, arbitrary: fc.array(webhook, { minLength: 1, maxLength: 3 }).map(webhooksCome) },
      { weight: 6, arbitrary: trouble.map((args) => troubleBegins(...args)) },
      { weight: 1, arbitrary: fc.constant(troubleEnds) },
      { weight: 1, arbitrary: plan.map(release) },
      { weight: 1, arbitrary: order.map(personAborts) },
      { weight: 1, arbitrary: order.map(personRollsBack) },
      { weight: 1, arbitrary: fc.boolean().map(roleMayRead) },
    ),
  ],
  { maxCommands: 20, size: 'max' },
);

/** How every story ends: whatever is under way gets there. */
export const theEnd = timePasses(60_000);
