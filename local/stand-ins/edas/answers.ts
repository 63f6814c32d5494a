import { randomUUID } from 'node:crypto';
import { jsonAnswer, type Answer } from '../answers.ts';
import type { ApiError } from '../gateway.ts';
import { statuses, type Batch, type ChangeOrder, type Ruling } from './change-orders.ts';
import { usualGroups } from './groups.ts';
import type { ReleaseRules } from './release-rules.ts';
import { localTime } from './words.ts';

/** A failure, in the shape of the gateway: `RequestId`, `HostId`, `Code`, `Message`. */
export function errorAnswer({ status, code, message }: ApiError): Answer {
  return jsonAnswer(status, {
    RequestId: newRequestId(),
    HostId: 'edas.cn-hangzhou.aliyuncs.com',
    Code: code,
    Message: message,
  });
}

/** What RollbackChangeOrder, AbortAndRollbackChangeOrder and AbortChangeOrder answer. */
export function rulingAnswer(ruling: Ruling): Answer {
  if (!ruling.accepted) return errorAnswer({ status: 400, code: ruling.code, message: ruling.message });
  return jsonAnswer(200, {
    ...success(),
    TraceId: randomUUID().replaceAll('-', ''),
    ErrorCode: 'success',
    Data: { ChangeOrderId: ruling.changeOrderId },
  });
}

/** What GetChangeOrderInfo answers, under the lower-case `changeOrderInfo` of the public cloud. */
export function changeOrderInfoAnswer(order: ChangeOrder): Answer {
  return jsonAnswer(200, {
    ...success(),
    changeOrderInfo: {
      ...commonFields(order),
      Desc: order.description,
      SupportRollback: order.supportRollback,
      PipelineInfoList: {
        PipelineInfo: order.batches.map((batch, index) => pipeline(order.id, batch, index)),
      },
    },
  });
}

/** What GetApplication answers. `ClusterType` 2 is a cluster of ECS instances. */
export function applicationAnswer(appId: string, name: string): Answer {
  const application = { AppId: appId, Name: name, RegionId: 'cn-hangzhou', ClusterType: 2 };
  return jsonAnswer(200, { ...success(), Application: application });
}

/** A business error: HTTP 200 around it. What EDAS says of an application that it does not know is documented nowhere. */
export function applicationNotFoundAnswer(): Answer {
  return jsonAnswer(200, {
    Code: 601,
    Message: 'The application does not exist.',
    RequestId: newRequestId(),
  });
}

/** What ListRecentChangeOrder answers. As seen in the field, there is no list at all when there is nothing in it. */
export function changeOrderListAnswer(orders: readonly ChangeOrder[], rules: ReleaseRules): Answer {
  if (orders.length === 0) return jsonAnswer(200, success());
  return jsonAnswer(200, {
    ...success(),
    ChangeOrderList: { ChangeOrder: orders.map((order) => listEntry(order, rules)) },
  });
}

function listEntry(order: ChangeOrder, { listsAllGroupsAs = 'default-group' }: ReleaseRules) {
  const allGroups = listsAllGroupsAs === 'all' ? 'all' : usualGroups[0]?.id;
  return {
    ...commonFields(order),
    AppId: order.appId,
    CoTypeCode: order.coType,
    GroupId: order.target === 'all' ? allGroups : order.target,
    Source: order.source,
    ...(order.finishedAt !== undefined && { FinishTime: localTime(order.finishedAt) }),
  };
}

function commonFields(order: ChangeOrder) {
  return {
    ChangeOrderId: order.id,
    Status: order.status,
    CoType: order.coType === 'CoDeploy' ? 'Deploy Application' : order.coType,
    ChangeOrderDescription: order.description,
    BatchCount: order.batches.length,
    BatchType: order.waitsForPerson ? 'Manual' : 'Automatic',
    CreateTime: localTime(order.createdAt),
    CreateUserId: 'somebody@example.com',
  };
}

function pipeline(orderId: string, batch: Batch, index: number) {
  const stage = { StageId: `${orderId}-${index}`, StageName: 'Deploy Application' };
  return {
    PipelineId: `${orderId}-${index}`,
    PipelineName: `Batch: ${index + 1}`,
    PipelineStatus: batch.status,
    ...(batch.startedAt !== undefined && { StartTime: String(batch.startedAt) }),
    ...(batch.updatedAt !== undefined && { UpdateTime: String(batch.updatedAt) }),
    StageList: { StageInfoDTO: [{ ...stage, Status: batch.status }] },
    StageDetailList: {
      StageDetailDTO: [{ ...stage, StageStatus: batch.status, TaskList: { TaskInfoDTO: [task(batch)] } }],
    },
  };
}

function task({ status, taskError }: Batch) {
  const batchError = status === statuses.failed ? diskIsFull : undefined;
  const error = taskError ?? batchError;
  return {
    TaskName: 'Start Application',
    TaskStatus: String(error ? statuses.failed : status),
    TaskMessage: '',
    TaskErrorCode: error?.code ?? '',
    TaskErrorMessage: error?.message ?? '',
  };
}

const diskIsFull = { code: 'EDAS-10000', message: 'NO_SPACE_LEFT_ON_DISK' };

export function success() {
  return { Code: 200, Message: 'success', RequestId: newRequestId() };
}

export function newRequestId(): string {
  return randomUUID().toUpperCase();
}
