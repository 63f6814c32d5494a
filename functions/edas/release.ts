import type { Credentials } from '../alibaba/credentials.ts';
import { holdsPieceOfCredentials, identifier } from '../alibaba/redact.ts';
import { isRecord, toRecord, toText } from '../lib/json.ts';
import { onOneLine } from '../lib/text-for-people.ts';
import { excerpt } from '../lib/text.ts';
import { requireSameId } from './answer.ts';
import { parseEpochMs, toStatus } from './change-order.ts';
import { EdasFailure, type EdasAnswer } from './failure.ts';
import { itemsOf } from './items.ts';

/** A version of an application in EDAS's history of deployments. */
export interface HistoryVersion {
  /** EDAS's own id, by which the state of an application names it. */
  id: string;
  /** The name that was given at the deployment, such as `2019-11-13 14:22:22`. Two versions may have the same. */
  version: string;
  /** Epoch milliseconds. */
  createdAt: number | undefined;
}

/** A group of instances, which runs one version. */
export interface InstanceGroup {
  id: string;
  /** Such as `_DEFAULT_GROUP`. */
  name: string | undefined;
  /** The id of a version of the history. Undefined where nothing was deployed. */
  versionId: string | undefined;
}

/** An instance of an application. */
export interface ApplicationInstance {
  id: string;
  groupId: string | undefined;
  /** One of {@link instanceStates}, or a number that EDAS does not document. */
  state: number | undefined;
  /** The id of the version that was deployed to it last. */
  versionId: string | undefined;
}

/** What runs of an application, and where. */
export interface ApplicationState {
  groups: readonly InstanceGroup[];
  instances: readonly ApplicationInstance[];
}

/**
 * How an instance is.
 * https://www.alibabacloud.com/help/en/edas/developer-reference/api-edas-2017-08-01-queryapplicationstatus
 */
export const instanceStates = { agentOff: 0, stopped: 1, unhealthy: 3, running: 7 } as const;

/** The redeployment of an earlier version. */
export interface ReleaseRollbackOrder {
  appId: string;
  /** The id of a group, or `all`. */
  groupId: string;
  /** The name of the version in the history, not its id. */
  version: string;
  /** 1 to 5. */
  batches: number;
  /** Minutes between two batches, 0 to 5. */
  batchWaitMinutes: number;
}

/** Characters. */
const longestVersion = 256;

/**
 * The history of an application, which an older page shows without the list inside the list. A version that cannot be
 * read keeps its place, without a name: left out, it would make another one the newest.
 * https://github.com/aliyun/alibabacloud-typescript-sdk/blob/master/edas-20170801/src/models/ListHistoryDeployVersionResponseBody.ts
 *
 * @throws EdasFailure
 */
export function toHistory(answer: EdasAnswer, appId: string, credentials: Credentials): HistoryVersion[] {
  const { PackageVersionList: list } = answer;
  const items = Array.isArray(list)
    ? (list as unknown[])
    : itemsOf(answer, 'PackageVersionList', 'PackageVersion', 'versions');
  return items.map((item) => {
    const entry = toRecord(item);
    requireSameId(entry['AppId'], appId);
    return {
      id: identifier(entry['Id'], credentials) ?? '',
      version: toVersion(entry['PackageVersion'], credentials),
      createdAt: parseEpochMs(entry['CreateTime']),
    };
  });
}

/**
 * Exactly as EDAS gives it, for it is sent back; empty where it cannot be passed on, or where people could not read which
 * one is meant.
 */
function toVersion(value: unknown, credentials: Credentials): string {
  const version = toText(value) ?? '';
  const isLegible = onOneLine(version, longestVersion) === version;
  return isLegible && !holdsPieceOfCredentials(version, credentials) ? version : '';
}

/**
 * What runs of an application.
 * https://github.com/aliyun/alibabacloud-typescript-sdk/blob/master/edas-20170801/src/models/QueryApplicationStatusResponseBody.ts
 *
 * @throws EdasFailure
 */
export function toApplicationState(
  answer: EdasAnswer,
  appId: string,
  credentials: Credentials,
): ApplicationState {
  const { AppInfo: info } = answer;
  if (!isRecord(info)) throw new EdasFailure('doubt', 'EDAS answered without the state of the application.');
  requireSameId(toRecord(info['Application'])['ApplicationId'], appId);
  const id = (value: unknown) => identifier(value, credentials);
  const listIn = (place: string, name: string) => {
    const records = itemsOf(info, place, name, place, answer).map(toRecord);
    for (const record of records) requireSameId(record['AppId'], appId);
    return records;
  };
  const deployed = listIn('DeployRecordList', 'DeployRecord').map((record) => ({
    instanceId: id(record['EccId']),
    versionId: id(record['PackageVersionId']),
    at: parseEpochMs(record['CreateTime']),
  }));
  return {
    groups: listIn('GroupList', 'Group').map((group) => ({
      id: id(group['GroupId']) ?? '',
      name: toName(group['GroupName'], credentials),
      versionId: id(group['PackageVersionId']),
    })),
    instances: listIn('EccList', 'Ecc').map((instance) => ({
      id: id(instance['EccId']) ?? '',
      groupId: id(instance['GroupId']),
      state: toStatus(instance['AppState']),
      versionId: newestVersionIn(deployed.filter(({ instanceId }) => instanceId === id(instance['EccId']))),
    })),
  };
}

interface DeployRecord {
  /** Undefined where EDAS names none that can be passed on. */
  instanceId: string | undefined;
  versionId: string | undefined;
  /** Epoch milliseconds. */
  at: number | undefined;
}

/** The version that was deployed last; undefined where the records of an instance do not agree on it. */
function newestVersionIn(records: readonly DeployRecord[]): string | undefined {
  const newestAt = Math.max(...records.map(({ at = 0 }) => at));
  // One without a time may be the newest, too.
  const candidates = records.filter(({ at, instanceId }) => (at ?? newestAt) === newestAt && instanceId);
  const [versionId, ...others] = new Set(candidates.map((record) => record.versionId));
  return others.length === 0 ? versionId : undefined;
}

function toName(value: unknown, credentials: Credentials): string | undefined {
  const name = excerpt(toText(value) ?? '');
  return name === '' || holdsPieceOfCredentials(name, credentials) ? undefined : name;
}
