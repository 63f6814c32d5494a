import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { root } from '../local/build/bundle.ts';

interface Job {
  'runs-on': string;
  'timeout-minutes': number;
  permissions?: object;
  strategy?: { matrix: { node: string[] } };
  steps: {
    uses?: string;
    run?: string;
    env?: object;
    with?: Record<string, unknown>;
    'continue-on-error'?: boolean;
  }[];
}

interface Workflow {
  on: Record<string, unknown>;
  permissions: object;
  jobs: Record<string, Job>;
}

const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const text = read('.github/workflows/ci.yml');
const { on, permissions, jobs } = parse(text) as Workflow;
const manifest = JSON.parse(read('package.json')) as {
  engines: { node: string };
  scripts: Record<string, string>;
  dependencies: object;
};

describe('.github/workflows/ci.yml', () => {
  const runs = (name: string) => jobs[name]?.steps.flatMap(({ run }) => run ?? []);

  test('runs .ci/run, which can be run, and nothing else, for each push and pull request', () => {
    expect(runs('test')).toEqual(['.ci/run']);
    expect(statSync(path.join(root, '.ci/run')).mode & 0o111).not.toBe(0);
    expect(Object.keys(on)).toEqual(expect.arrayContaining(['push', 'pull_request']));
  });

  test('runs it on the oldest Node.js that package.json allows, and on newer ones', () => {
    const [oldest, ...newer] = jobs['test']?.strategy?.matrix.node ?? [];
    expect(`>=${oldest}`).toBe(`${manifest.engines.node}.0`);
    expect(newer.length).toBeGreaterThan(0);
    const versions = jobs['test']?.steps.flatMap((step) => step.with?.['node-version'] ?? []);
    expect(versions).toEqual(['${{ matrix.node }}']);
  });

  test('tries every client of docs/clients.md, so that none is skipped for want of a tool', () => {
    const step = jobs['test']?.steps.find(({ run }) => run === '.ci/run');
    expect(step?.env).toEqual({ EVERY_CLIENT: 'true' });
  });

  test('installs the real senders, and tries them', () => {
    const commands = runs('real') ?? [];
    expect(commands.some((command) => /apt-get install .*\bprometheus-alertmanager$/.test(command))).toBe(
      true,
    );
    expect(commands.slice(-2)).toEqual(['npm ci', 'npm run test:real']);
  });

  test('asks every week what is known about what ships', () => {
    expect(runs('audit')).toEqual(['npm ci', 'npm audit --omit=dev']);
    expect(on).toHaveProperty('schedule');
  });

  test('takes each action at the commit of an exact version', () => {
    const uses = text.split('\n').filter((line) => line.includes('uses:'));
    expect(uses.length).toBe(
      Object.values(jobs).flatMap(({ steps }) => steps.filter((step) => step.uses)).length,
    );
    for (const line of uses) expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test('may read the repository and nothing more, and leaves no token in it', () => {
    expect(permissions).toEqual({ contents: 'read' });
    for (const { permissions: own, steps } of Object.values(jobs)) {
      expect(own).toBeUndefined();
      const [checkout] = steps;
      expect(checkout?.uses).toMatch(/^actions\/checkout@/);
      expect(checkout?.with).toEqual({ 'persist-credentials': false });
    }
    expect(text).not.toMatch(/secrets\.|pull_request_target/);
  });

  test('ends in time, on an image that does not move, and forgives no step', () => {
    for (const job of Object.values(jobs)) {
      expect(job['runs-on']).toMatch(/^ubuntu-\d+\.\d+$/);
      expect(job['timeout-minutes']).toBeGreaterThan(0);
      expect(job.steps.filter((step) => step['continue-on-error'])).toEqual([]);
    }
  });
});

describe('.github/dependabot.yml', () => {
  interface Update {
    'package-ecosystem': string;
    directory: string;
    schedule: { interval: string };
    groups: Record<string, { patterns?: string[] }>;
  }
  const { updates } = parse(read('.github/dependabot.yml')) as { updates: Update[] };

  test('looks at packages and actions once a week, and at those of the benchmark once a month, in groups', () => {
    expect(
      updates.map((each) => [each['package-ecosystem'], each.directory, each.schedule.interval]),
    ).toEqual([
      ['npm', '/', 'weekly'],
      ['npm', '/bench', 'monthly'],
      ['github-actions', '/', 'weekly'],
    ]);
    for (const { groups } of updates) expect(Object.keys(groups).length).toBeGreaterThan(0);
  });

  test('has a group of their own for all packages that are bundled', () => {
    const bundled = updates[0]?.groups['bundled']?.patterns ?? [];
    expect(bundled.toSorted()).toEqual(Object.keys(manifest.dependencies).toSorted());
  });
});

test('.ci/run installs from the lock file and runs npm test', () => {
  const script = read('.ci/run');
  expect(script).toMatch(/^npm ci$/m);
  expect(script).toMatch(/^NO_COLOR=1 npm test /m);
});
