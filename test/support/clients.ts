import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';
import { root } from '../../local/build/bundle.ts';

/** The page with the programs to copy. */
export const page = readFileSync(path.join(root, 'docs/clients.md'), 'utf8');

/** The last block of code under a heading of the page: the client itself. */
export function blockOf(title: string): string {
  const [, after = ''] = page.split(`\n## ${title}\n`);
  const [section = ''] = after.split('\n## ');
  const blocks = Array.from(section.matchAll(/^```[a-z]+\n(.*?)^```$/gms), ([, code = '']) => code);
  const code = blocks.at(-1);
  if (code === undefined) throw new Error(`docs/clients.md has no program under ${title}`);
  return code;
}

/** As the page has it for GitHub Actions. */
interface GitHubStep {
  if: string;
  env: Record<string, string>;
  run: string;
}

/** As the page has it for GitLab CI. */
interface GitLabJob {
  stage: string;
  when: string;
  script: [string];
}

export const [gitHubStep] = parse(blockOf('GitHub Actions')) as [GitHubStep];
export const { 'roll-back': gitLabJob } = parse(blockOf('GitLab CI')) as { 'roll-back': GitLabJob };

/** How a client is started for a change order. */
export type Start = (changeOrder: string) => { command: [string, ...string[]]; env?: NodeJS.Dict<string> };

export interface Client {
  /** The heading of the page. */
  title: string;
  /** Without one of which it cannot be tried. */
  tools: readonly string[];
  /** The client whose lines it has. */
  linesOf?: string;
  /** Writes it into a folder, and compiles it. */
  makeReady: (folder: string) => Start;
}

const shellTools = ['bash', 'curl', 'openssl'];

export const bash: Client = {
  title: 'Bash',
  tools: shellTools,
  makeReady: (folder) => {
    const file = write(folder, 'rollback.sh', blockOf('Bash'));
    return (id) => ({ command: ['bash', file, id] });
  },
};

export const clients: readonly Client[] = [
  bash,
  {
    title: 'GitHub Actions',
    tools: shellTools,
    linesOf: 'Bash',
    makeReady: (folder) => {
      const file = write(folder, 'step.sh', gitHubStep.run);
      // As a runner on Linux calls a step that names no shell: https://github.com/github/docs/issues/23853
      return (id) => ({ command: ['bash', '-e', file], env: { CHANGE_ORDER: id } });
    },
  },
  {
    title: 'GitLab CI',
    tools: shellTools,
    linesOf: 'Bash',
    makeReady: (folder) => {
      const file = write(folder, 'job.sh', gitLabJob.script[0]);
      return (id) => ({ command: ['bash', '-eo', 'pipefail', file], env: { CHANGE_ORDER: id } });
    },
  },
  {
    title: 'Python',
    tools: ['python3'],
    makeReady: (folder) => {
      const file = write(folder, 'rollback.py', blockOf('Python'));
      return (id) => ({ command: ['python3', file, id] });
    },
  },
  {
    title: 'Node.js',
    tools: ['node'],
    makeReady: (folder) => {
      const file = write(folder, 'rollback.mjs', blockOf('Node.js'));
      return (id) => ({ command: ['node', file, id] });
    },
  },
  {
    title: 'Go',
    tools: ['go'],
    makeReady: (folder) => {
      write(folder, 'rollback.go', blockOf('Go'));
      // As `go run` does each time, without a network.
      compile(folder, ['go', 'build', '-o', 'rollback', 'rollback.go'], { GO111MODULE: 'off', GOFLAGS: '' });
      return (id) => ({ command: [path.join(folder, 'rollback'), id] });
    },
  },
  {
    title: 'Java',
    tools: ['java', 'javac'],
    makeReady: (folder) => {
      // As `java Rollback.java` does each time.
      compile(folder, ['javac', write(folder, 'Rollback.java', blockOf('Java'))]);
      return (id) => ({ command: ['java', '-XX:TieredStopAtLevel=1', '-cp', folder, 'Rollback', id] });
    },
  },
];

function write(folder: string, name: string, content: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
}

function compile(folder: string, [command = '', ...args]: string[], env: NodeJS.Dict<string> = {}): void {
  const ownEnv = { ...process.env, ...env };
  const { status, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8', env: ownEnv });
  if (status !== 0) throw new Error(`${command} does not take it: ${stderr}`);
}

/** The tools of a client that this machine does not have. */
export function missingTools({ tools }: Client): string[] {
  return tools.filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
}

interface Ended {
  status: number | null;
  /** All that it wrote, standard error included. */
  output: string;
}

/** Runs a client to its end. It has nothing of this process's environment but PATH. */
export async function run(start: ReturnType<Start>, env: NodeJS.Dict<string>): Promise<Ended> {
  const [program, ...args] = start.command;
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'], ...start.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [out, errors, [status]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { status, output: out + errors };
}
