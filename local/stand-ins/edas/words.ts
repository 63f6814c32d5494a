import type { Language } from './release-rules.ts';

const chinaMsAheadOfUtc = 8 * 3_600_000;

/** The group of every application, which need not be made. */
export const defaultGroupName = '_DEFAULT_GROUP';

interface Deployment {
  /** Undefined where nothing is deployed. */
  readonly version: string | undefined;
  readonly packageName: string;
  /** The name of a group; undefined for all. */
  readonly groupName: string | undefined;
}

/**
 * How EDAS describes a deployment. https://help.aliyun.com/document_detail/423164.html has the one in Chinese, of all groups;
 * EDAS's events have the one in English, of the default group. The other two targets are in no source.
 */
export function describeDeployment(deployment: Deployment, language: Language): string {
  const { version, packageName } = deployment;
  const target = targetWords(deployment, language);
  if (language === 'zh') {
    const deployed = version === undefined ? [] : [`版本:${version}`, `包名:${packageName}`];
    return [...deployed, `部署目标:${target}`].join(' | ');
  }
  const deployed = version === undefined ? [] : [`Version: ${version}`, `Package Name: ${packageName}`];
  return [...deployed, `Deployment Target: ${target}`].join(' | ');
}

/** The same, with words of rollback before it. In no source. */
export function describeReleaseRollback(deployment: Deployment, language: Language): string {
  const head = language === 'zh' ? '回滚应用' : 'Rollback Application';
  return `${head} | ${describeDeployment(deployment, language)}`;
}

// EDAS writes "2019-11-13 14:23:46" and documents no time zone. China's is the likely one, and the unkind one to a
// client that takes it for UTC.
export function localTime(epochMs: number): string {
  return new Date(epochMs + chinaMsAheadOfUtc).toISOString().slice(0, 19).replace('T', ' ');
}

function targetWords({ groupName }: Deployment, language: Language): string {
  if (groupName === undefined) return language === 'zh' ? '所有分组' : 'All Groups';
  if (groupName !== defaultGroupName) return groupName;
  return language === 'zh' ? '默认分组' : 'Default Group';
}
