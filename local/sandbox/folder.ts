import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { codeOf } from '../cli/cli.ts';
import { root } from '../cli/root.ts';

const all = path.join(root, '.sandbox');

/**
 * A folder for what this process builds, until it ends: another sandbox may be running, and reads its own again for each
 * task. Inside the repository, because the default credentials chain is found in its node_modules.
 */
export function ownFolder(): string {
  for (const name of existsSync(all) ? readdirSync(all) : []) {
    if (!isRunning(Number(name))) rmSync(path.join(all, name), { recursive: true, force: true });
  }
  const folder = path.join(all, String(process.pid));
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // The process runs, under another user.
    return codeOf(error) === 'EPERM';
  }
}
