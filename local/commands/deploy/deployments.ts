import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { toRecord } from '../../../functions/lib/json.ts';

/** Where a function is deployed to. */
export interface Place {
  region: string;
  functionName: string;
}

/** Beside s.yaml, and not in git: it is about what was done from this folder. */
const fileName = '.deployed.json';

/** Whether `npm run deploy` has brought this function there before, from this folder. */
export function wasDeployed(folder: string, place: Place): boolean {
  return Object.hasOwn(readDeployments(folder), keyOf(place));
}

/** @param now epoch milliseconds */
export function recordDeployment(folder: string, place: Place, now: number): void {
  const all = { ...readDeployments(folder), [keyOf(place)]: new Date(now).toISOString() };
  writeFileSync(path.join(folder, fileName), `${JSON.stringify(all, null, 2)}\n`);
}

function readDeployments(folder: string): Record<string, unknown> {
  try {
    return toRecord(JSON.parse(readFileSync(path.join(folder, fileName), 'utf8')));
  } catch {
    return {};
  }
}

function keyOf({ region, functionName }: Place): string {
  return `${region}/${functionName}`;
}
