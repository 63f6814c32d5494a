import type { ListedChangeOrder } from '../edas/client.ts';
import type { HistoryVersion } from '../edas/release.ts';

// Of a deployment EDAS writes `版本:2020-05-14 20:02:33 | 包名:demo-1.0.jar | 部署目标:所有分组`, or in English
// `Version: … | Package Name: … | Deployment Target: …`.
// https://help.aliyun.com/document_detail/423164.html
// https://www.alibabacloud.com/help/en/eventbridge/user-guide/edas-events

/** What stands in a description from the version on; undefined where it does not begin with a version. */
export function versionField(description: string): string | undefined {
  return /^\s*(?:\u7248\u672c|Version)\s*[:\uff1a]\s*(.*)$/is.exec(description)?.[1];
}

/** Whether a field of a description is this version. The version is compared as a whole: it may hold any character. */
export function beginsWith(field: string, version: string): boolean {
  return version !== '' && field.startsWith(version) && /^\s*(\||$)/.test(field.slice(version.length));
}

/** The versions of the history that have the name in an order's description; undefined where there is none in it. */
export function versionsBy(
  { description }: ListedChangeOrder,
  history: readonly HistoryVersion[],
): HistoryVersion[] | undefined {
  const named = versionField(description);
  return named === undefined ? undefined : history.filter(({ version }) => beginsWith(named, version));
}

/** Which groups a deployment was for, as far as its description says it. */
export function targetIn({ description }: ListedChangeOrder): string | undefined {
  return /\|\s*(?:\u90e8\u7f72\u76ee\u6807|Deployment Target|Deploy to)\s*[:\uff1a]\s*([^|]*)/i
    .exec(description)?.[1]
    ?.trim();
}

/** A version without a time counts as the oldest. */
export function newestVersionFirst(a: HistoryVersion, b: HistoryVersion): number {
  return (b.createdAt ?? 0) - (a.createdAt ?? 0);
}

/** `RollbackApplication` takes the name of a version, so one that stands there twice is not certain. */
export function standsOnce({ version }: HistoryVersion, history: readonly HistoryVersion[]): boolean {
  return version !== '' && history.filter((each) => each.version === version).length === 1;
}

/** The versions that a person may go back to: all but the newest whose names stand there once, the newest first. */
export function choosableVersions(history: readonly HistoryVersion[]): string[] {
  const [, ...earlier] = history.toSorted(newestVersionFirst);
  return earlier.filter((each) => standsOnce(each, history)).map(({ version }) => version);
}
