import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder outside the repository that lives as long as the test. */
export function temporaryFolder(): string {
  const folder = createTemporaryFolder();
  onTestFinished(() => {
    removeFolder(folder);
  });
  return folder;
}

/** A folder outside the repository, which its maker removes. */
export function createTemporaryFolder(): string {
  return mkdtempSync(path.join(tmpdir(), 'edas-rollback-webhook-'));
}

/** Removes a folder, also one into which Serverless Devs still writes its log a moment after it has ended. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, maxRetries: 10, retryDelay: 100 });
}
