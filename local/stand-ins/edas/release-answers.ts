import { createHash } from 'node:crypto';
import { jsonAnswer, type Answer } from '../answers.ts';
import { newRequestId, success } from './answers.ts';
import type { PackageVersion, Ruling } from './change-orders.ts';
import type { ReleaseRules } from './release-rules.ts';
import type { Deployed, RunningGroup, RunningInstance } from './what-runs.ts';

const clusterId = '0d247b93-8d62-4e34-0000-000000000000';
const vpcId = 'vpc-fake';
const regionId = 'cn-hangzhou';

/** What RollbackApplication answers: the id of the order at the top level. */
export function releaseRollbackAnswer(ruling: Ruling): Answer {
  if (ruling.accepted) return jsonAnswer(200, { ...success(), ChangeOrderId: ruling.changeOrderId });
  const { code, message } = ruling;
  return jsonAnswer(200, { Code: Number(code), Message: message, RequestId: newRequestId() });
}

/**
 * What ListHistoryDeployVersion answers.
 * https://github.com/aliyun/alibabacloud-typescript-sdk/blob/master/edas-20170801/src/models/ListHistoryDeployVersionResponseBody.ts
 */
export function historyAnswer(
  appId: string,
  history: readonly PackageVersion[],
  { historyShape = 'object' }: ReleaseRules,
): Answer {
  const versions = history.map(({ id, name, packageName, createdAt }) => ({
    Id: id,
    AppId: appId,
    PackageVersion: name,
    Type: 'url',
    CreateTime: createdAt,
    UpdateTime: createdAt,
    Description: '',
    WarUrl: `https://edas-hz.oss-cn-hangzhou.aliyuncs.com/apps/${packageName}`,
    PublicUrl: `https://edas-hz.oss-cn-hangzhou.aliyuncs.com/apps/${packageName}`,
  }));
  const list = historyShape === 'array' ? versions : { PackageVersion: versions };
  return jsonAnswer(200, { ...success(), PackageVersionList: list });
}

/**
 * What QueryApplicationStatus answers.
 * https://github.com/aliyun/alibabacloud-typescript-sdk/blob/master/edas-20170801/src/models/QueryApplicationStatusResponseBody.ts
 */
export function applicationStatusAnswer(
  appId: string,
  name: string,
  groups: readonly RunningGroup[],
  { deployRecords = 'last' }: ReleaseRules,
): Answer {
  const instances = groups.flatMap((group) =>
    group.instances.map((each) => ({ ...each, groupId: group.id })),
  );
  const appInfo = {
    Application: applicationFields(appId, name, instances),
    GroupList: { Group: groups.map((group) => groupFields(appId, group)) },
    EccList: { Ecc: instances.map((instance) => eccFields(appId, instance)) },
    EcuList: { Ecu: instances.map(ecuFields) },
    DeployRecordList: { DeployRecord: instances.flatMap((each) => recordsOf(each, deployRecords)) },
  };
  return jsonAnswer(200, { ...success(), AppInfo: appInfo });
}

type InstanceOfGroup = RunningInstance & { readonly groupId: string };

function applicationFields(appId: string, name: string, instances: readonly InstanceOfGroup[]) {
  return {
    ApplicationId: appId,
    Name: name,
    ClusterId: clusterId,
    RegionId: regionId,
    Dockerize: false,
    Port: 8080,
    HealthCheckUrl: '',
    InstanceCount: instances.length,
    RunningInstanceCount: instances.filter(({ state }) => state === 7).length,
  };
}

function groupFields(appId: string, { id, name, type, deployed }: RunningGroup) {
  return {
    AppId: appId,
    GroupId: id,
    GroupName: name,
    GroupType: type,
    ClusterId: clusterId,
    ...(deployed && {
      PackageVersionId: deployed.version.id,
      // "The ID of the change process"; the example is "changeorder_a**_***", and no UUID.
      AppVersionId: `changeorder_${deployed.changeOrderId}`,
      UpdateTime: deployed.at,
    }),
  };
}

function eccFields(appId: string, { id, groupId, state, deployed }: InstanceOfGroup) {
  return {
    AppId: appId,
    EccId: id,
    EcuId: ecuIdOf(id),
    GroupId: groupId,
    AppState: state,
    TaskState: state === 7 ? 2 : 3,
    ContainerStatus: '',
    VpcId: vpcId,
    ...(deployed && { UpdateTime: deployed.at }),
  };
}

function ecuFields({ id, groupId, state }: InstanceOfGroup) {
  return {
    EcuId: ecuIdOf(id),
    GroupId: groupId,
    InstanceId: `i-${ecuIdOf(id).slice(-12)}`,
    Online: state !== 0,
    DockerEnv: false,
    RegionId: regionId,
    VpcId: vpcId,
  };
}

function recordsOf({ id, past, deployed }: InstanceOfGroup, which: ReleaseRules['deployRecords']) {
  const listed = which === 'every' ? past : [deployed].filter((each) => each !== undefined);
  return listed.map((each) => recordFields(id, each));
}

function recordFields(id: string, { version, changeOrderId, at }: Deployed) {
  return {
    DeployRecordId: `${changeOrderId}-${id.slice(-4)}`,
    EccId: id,
    EcuId: ecuIdOf(id),
    PackageVersionId: version.id,
    PackageMd5: createHash('md5').update(version.name).digest('hex'),
    CreateTime: at,
  };
}

/** The machine under an instance. */
function ecuIdOf(instanceId: string): string {
  return instanceId.replace(/^0cf49a6c/, '07bd417a');
}
