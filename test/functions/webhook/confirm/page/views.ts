import type { Language } from '../../../../../functions/lib/language.ts';
import type {
  ClosedStage,
  OverStage,
  PageView,
  Stage,
} from '../../../../../functions/webhook/confirm/page/view.ts';

/** The night of these tests, UTC: in China it is five to three. */
export const at = (time: string) => Date.parse(`2026-03-04T${time}Z`);

const decision = {
  decision: 'roll_back',
  name: 'Alice Wang',
  isProved: false,
  decidedAt: at('18:54:10'),
} as const;
const left = { decision: 'leave', name: 'Bob', isProved: true, decidedAt: at('18:50:00') } as const;

const rollback = {
  changeOrderId: '08e5b76a-4b9a-4708-91bf-729a6175b02c',
  status: 1,
  batches: { done: 1, total: 3 },
  startedAt: at('18:54:12'),
};
const instances = {
  total: 4,
  healthy: 3,
  versions: [
    { version: '2.3.9', count: 3 },
    { version: '2.4.0', count: 1 },
  ],
};
const allBack = { total: 4, healthy: 4, versions: [{ version: '2.3.9', count: 4 }] };
const refusal = {
  kind: 'problem',
  code: 'problem_predates_change',
  message: 'The problem began before this change, so the change is not to blame.',
} as const;

const results: OverStage['result'][] = [
  'rolled_back',
  'partly',
  'failed',
  'terminated',
  'already_over',
  'unknown',
];
const reasons: ClosedStage['reason'][] = ['expired', 'suspended', 'dry_run', 'refused', 'in_chat'];

/** One of each kind of state that the page can show. */
export const stages: Record<string, Stage> = {
  'a change in flight': { stage: 'open', does: 'stop_change', shown: 's1', instances },
  'a change in flight that was left alone': { stage: 'open', does: 'stop_change', shown: 's2', left },
  'a change in flight that was tried': { stage: 'open', does: 'stop_change', shown: 's3', tried: decision },
  'a release of which the version is sure': {
    stage: 'open',
    does: 'roll_back_release',
    shown: 's4',
    choice: { fromVersion: '2.4.0', toVersion: '2.3.9', candidates: ['2.3.9', '2.3.8', '2.2.0'] },
  },
  'a release of which no version is sure': {
    stage: 'open',
    does: 'roll_back_release',
    shown: 's5',
    choice: { fromVersion: '2.4.0', candidates: ['2.3.9', '2.3.8'] },
  },
  'a release without a version to go back to': {
    stage: 'open',
    does: 'roll_back_release',
    shown: 's6',
    choice: { fromVersion: '2.4.0', candidates: [] },
  },
  'EDAS that cannot be read': { stage: 'open', does: 'brake', shown: 's7' },
  'a rollback under way': { stage: 'moving', isInDoubt: false, decision, rollback, instances },
  'a rollback that waits': {
    stage: 'moving',
    isInDoubt: false,
    decision,
    rollback: { ...rollback, status: 8 },
  },
  'a rollback that is handed over': { stage: 'moving', isInDoubt: false, decision },
  'a rollback in doubt': { stage: 'moving', isInDoubt: true, decision: { ...decision, name: undefined } },
  ...Object.fromEntries(
    results.map((result): [string, OverStage] => [
      `over: ${result}`,
      {
        stage: 'over',
        result,
        ...(result !== 'already_over' && { decision, rollback: { ...rollback, status: 2 } }),
        instances: result === 'rolled_back' ? allBack : instances,
      },
    ]),
  ),
  ...Object.fromEntries(
    reasons.map((reason): [string, ClosedStage] => [
      `closed: ${reason}`,
      {
        stage: 'closed',
        reason,
        ...(reason === 'refused' && { problem: refusal }),
        ...(reason === 'expired' && { left }),
      },
    ]),
  ),
};

/** The page of one state, at night. */
export function viewOf(stage: Stage, language: Language = 'en', changes: Partial<PageView> = {}): PageView {
  const isBrake = stage.stage === 'open' && stage.does === 'brake';
  return {
    language,
    app: isBrake
      ? { id: '3616cdca-4f92-4413-0000-000000000000' }
      : { id: '3616cdca-4f92-4413-0000-000000000000', name: 'checkout' },
    change: {
      changeOrderId: 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a',
      ...(!isBrake && {
        description: '版本:2.4.0 | 包名:checkout.jar | 部署目标:所有分组',
        status: 1,
        batches: { done: 2, total: 5 },
        startedAt: at('18:40:00'),
      }),
    },
    asked: {
      source: 'alertmanager',
      actor: 'prometheus',
      summary: 'HighErrorRate: 12% of the requests to checkout fail',
      problemStartedAt: at('18:43:00'),
      requestedAt: at('18:46:00'),
      expiresAt: at('19:01:00'),
    },
    stage,
    consoleUrl: 'https://edas.console.aliyun.com/#/home?regionNo=cn-hangzhou',
    seenAt: at('18:55:03'),
    ...changes,
  };
}
