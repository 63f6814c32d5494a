import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { CliError } from '../local/cli/cli.ts';
import type { StandInUrls } from './stand-ins.ts';

/** The stand-ins, in a process of their own. */
export interface StandIns {
  urls: StandInUrls;
  /** The moment at which the last rollback reached EDAS; `NaN` before the first. */
  rollbackAt: () => number;
  stop: () => void;
}

/** @param certificate the file with the certificate and its key; without one, EDAS speaks no TLS */
export async function startStandIns(certificate: string | undefined): Promise<StandIns> {
  const child = fork(path.join(import.meta.dirname, 'stand-ins.ts'), certificate ? [certificate] : []);
  const ended = once(child, 'exit').then(() => {
    throw new CliError('The stand-ins did not start.');
  });
  const [urls] = await Promise.race([once(child, 'message') as Promise<[StandInUrls]>, ended]);
  // From now on it may end.
  ended.catch(() => undefined);
  let rollbackAt = Number.NaN;
  child.on('message', (moment: number) => {
    rollbackAt = moment;
  });
  return {
    urls,
    rollbackAt: () => rollbackAt,
    stop: () => {
      if (child.connected) child.disconnect();
    },
  };
}
