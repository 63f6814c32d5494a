import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { reasonOf } from '../functions/lib/text.ts';

/** Holds processes to a fraction of a core. */
export interface Holder {
  /** What a shell has to run first, to be held together with all that it starts. */
  enter: string;
  release: () => void;
}

/** Microseconds: the kernel's own default, and so probably Function Compute's, which is not documented. */
const periodMicroseconds = 100_000;

/**
 * Makes a control group whose processes get this much of a core: once they have used their part of a tenth of a second, they
 * stand still for the rest of it. Version 1 or 2 of Linux's control groups, and the right to make one, which root has.
 * https://docs.kernel.org/scheduler/sched-bwc.html
 *
 * @returns why not, where it cannot
 */
export function holdTo(cores: number): Holder | { reason: string } {
  const quota = Math.round(cores * periodMicroseconds);
  const name = `edas-rollback-bench-${process.pid}`;
  try {
    if (existsSync('/sys/fs/cgroup/cgroup.controllers')) {
      writeFileSync('/sys/fs/cgroup/cgroup.subtree_control', '+cpu');
      const group = path.join('/sys/fs/cgroup', name);
      mkdirSync(group);
      writeFileSync(path.join(group, 'cpu.max'), `${quota} ${periodMicroseconds}`);
      return holderOf(group);
    }
    const group = path.join('/sys/fs/cgroup/cpu', name);
    mkdirSync(group);
    writeFileSync(path.join(group, 'cpu.cfs_period_us'), String(periodMicroseconds));
    writeFileSync(path.join(group, 'cpu.cfs_quota_us'), String(quota));
    return holderOf(group);
  } catch (error) {
    return { reason: `no control group can be made (${reasonOf(error)}); root on Linux can` };
  }
}

function holderOf(group: string): Holder {
  return {
    enter: `echo $$ > ${path.join(group, 'cgroup.procs')}`,
    release: () => {
      rmdirSync(group);
    },
  };
}
