import { isRecord, toRecord, toText } from '../lib/json.ts';
import { excerpt } from '../lib/text.ts';
import { requireSameId } from './answer.ts';
import { EdasFailure, type EdasAnswer } from './failure.ts';
import { changeOrderStatus } from './status.ts';

/** What a rollback needs to know of a change order; a field that EDAS left out is undefined. */
export interface ChangeOrderInfo {
  /** One of {@link changeOrderStatus}, or a number that EDAS does not document. */
  status: number | undefined;
  /** EDAS's own word on whether a finished order can be rolled back. */
  supportRollback: boolean | undefined;
  /** When the change began, epoch milliseconds. */
  startedAt: number | undefined;
}

/** A stage or a task of a change order that has failed. */
export interface ChangeFailure {
  /** The batch, the stage and the task, as EDAS names them. */
  place: string;
  /** EDAS's code and message, as far as it gives any. */
  reason: string;
}

/** How far a change order has come. */
export interface ChangeOrderProgress extends ChangeOrderInfo {
  /** What was written down when it was made, such as a version. */
  description: string | undefined;
  batches: { done: number; total: number };
  failures: ChangeFailure[];
}

/** Characters of a name or message inside a change order that are passed on. */
const longestText = 200;
/** Of a change order with many instances that all failed alike. */
const mostFailures = 10;

/** Stages and tasks have the same status numbers as change orders. */
const failedStatuses: readonly (number | undefined)[] = [
  changeOrderStatus.failed,
  changeOrderStatus.systemException,
];

/** @throws EdasFailure where the answer does not hold the change order that was asked for */
export function toChangeOrder(answer: EdasAnswer, changeOrderId: string): ChangeOrderProgress {
  // Lower-case on the public cloud, upper-case on Apsara Stack.
  const info = answer['changeOrderInfo'] ?? answer['ChangeOrderInfo'];
  if (!isRecord(info)) throw new EdasFailure('doubt', 'EDAS answered without the change order.');
  requireSameId(info['ChangeOrderId'], changeOrderId);
  const { SupportRollback: supportRollback } = info;
  const pipelines = recordsIn(info['PipelineInfoList'], 'PipelineInfo');
  return {
    status: toStatus(info['Status']),
    supportRollback: typeof supportRollback === 'boolean' ? supportRollback : undefined,
    startedAt: startOf(pipelines) ?? parseBeijingTime(info['CreateTime']),
    description: words(info['ChangeOrderDescription']) ?? words(info['Desc']),
    batches: {
      done: pipelines.filter(
        (pipeline) => toStatus(pipeline['PipelineStatus']) === changeOrderStatus.succeeded,
      ).length,
      total: pipelines.length,
    },
    failures: distinct(pipelines.flatMap(failuresIn)).slice(0, mostFailures),
  };
}

/** The failed tasks; the failed stages whose tasks say nothing; the pipeline itself, where its stages say nothing. */
function failuresIn(pipeline: Record<string, unknown>): ChangeFailure[] {
  const place = words(pipeline['PipelineName']);
  const stages = recordsIn(pipeline['StageDetailList'], 'StageDetailDTO').flatMap((stage) => {
    const inStage = [place, words(stage['StageName'])];
    const tasks = recordsIn(stage['TaskList'], 'TaskInfoDTO').flatMap((task) =>
      failureIf(task['TaskStatus'], [...inStage, words(task['TaskName'])], reasonIn(task)),
    );
    return tasks.length > 0 ? tasks : failureIf(stage['StageStatus'] ?? stage['Status'], inStage, '');
  });
  return stages.length > 0 ? stages : failureIf(pipeline['PipelineStatus'], [place], '');
}

/** Instances have no names here: the same task may fail in each of them, and fill the list. */
function distinct(all: readonly ChangeFailure[]): ChangeFailure[] {
  return [...new Map(all.map((failure) => [keyOf(failure), failure])).values()];
}

/** The same for failures that say the same. */
export function keyOf({ place, reason }: ChangeFailure): string {
  return `${place}\n${reason}`;
}

function failureIf(status: unknown, names: readonly (string | undefined)[], reason: string): ChangeFailure[] {
  if (!failedStatuses.includes(toStatus(status))) return [];
  return [{ place: names.filter((name) => name !== undefined).join(' / '), reason }];
}

function reasonIn(task: Record<string, unknown>): string {
  const texts = [task['TaskErrorCode'], task['TaskErrorMessage'], task['TaskMessage']].map(words);
  return [...new Set(texts)].filter((text) => text !== undefined).join(' ');
}

function words(value: unknown): string | undefined {
  const text = toText(value)?.trim();
  return text === undefined || text === '' ? undefined : excerpt(text, longestText);
}

function recordsIn(list: unknown, name: string): Record<string, unknown>[] {
  const { [name]: items } = toRecord(list);
  return Array.isArray(items) ? items.map(toRecord) : [];
}

/** The start of the first pipeline. */
function startOf(pipelines: readonly Record<string, unknown>[]): number | undefined {
  const starts = pipelines.flatMap((pipeline) => parseEpochMs(pipeline['StartTime']) ?? []);
  return starts.length > 0 ? Math.min(...starts) : undefined;
}

// Zero, or seconds taken for milliseconds, would make a change older than every problem. So a time that is not of this
// age is none.

/** Milliseconds since 1970, thirteen digits, as a number or a text; undefined where it is no such time. */
export function parseEpochMs(value: unknown): number | undefined {
  const text = typeof value === 'number' ? String(value) : toText(value);
  return text !== undefined && /^\d{13}$/.test(text) ? Number(text) : undefined;
}

/** `2019-11-13 14:23:46`, taken for Beijing time: see docs/decisions/0004. */
export function parseBeijingTime(value: unknown): number | undefined {
  const text = toText(value);
  if (text === undefined || !/^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text)) return undefined;
  const time = Date.parse(`${text.replace(' ', 'T')}+08:00`);
  return Number.isNaN(time) ? undefined : time;
}

export function toStatus(value: unknown): number | undefined {
  const status = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof status === 'number' ? status : undefined;
}
