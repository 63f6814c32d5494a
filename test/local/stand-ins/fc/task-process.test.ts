import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { taskProcess, type TaskProcessOptions } from '../../../../local/stand-ins/fc/task-process.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const credentials = {
  accessKeyId: 'fake-key-id',
  accessKeySecret: 'fake-secret',
  securityToken: 'fake-token',
};

interface Attempt extends Partial<TaskProcessOptions> {
  payload?: string;
  signal?: AbortSignal;
}

/** Runs this CommonJS as a function once, and gives the lines that it wrote. */
async function run(code: string, { payload = '', signal, ...options }: Attempt = {}): Promise<string[]> {
  const bundle = path.join(temporaryFolder(), 'bundle.cjs');
  writeFileSync(bundle, code);
  const lines: string[] = [];
  const attempt = taskProcess({
    bundle,
    env: () => ({}),
    region: 'cn-hangzhou',
    accountId: '1234567890123456',
    credentials,
    timeout: 60,
    onLog: (line) => lines.push(line),
    ...options,
  });
  await attempt({
    functionName: 'follow',
    taskId: 'task',
    payload: Buffer.from(payload),
    requestId: 'fake-request-id',
    retryCount: 2,
    signal: signal ?? new AbortController().signal,
  });
  return lines;
}

const hanging = `exports.handler = () => new Promise(() => { console.log(process.pid); });`;

function isAlive(pid: string): boolean {
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false;
  }
}

test('the handler gets the bytes of the event, and the context of a task', async () => {
  const code = `exports.handler = async (event, context) =>
    console.log(JSON.stringify([Buffer.isBuffer(event), event.toString(), context]));`;
  const [line = ''] = await run(code, { payload: 'ü', timeout: 30 });
  expect(JSON.parse(line)).toEqual([
    true,
    'ü',
    {
      requestId: 'fake-request-id',
      region: 'cn-hangzhou',
      accountId: '1234567890123456',
      credentials,
      retryCount: 2,
      function: { name: 'follow', timeout: 30 },
    },
  ]);
});

test('the function sees the environment that it is given, and nothing of ours', async () => {
  const code = 'exports.handler = async () => console.log(JSON.stringify(process.env));';
  const [line = ''] = await run(code, { env: () => ({ REGION: 'cn-hangzhou', UNSET: undefined }) });
  expect(JSON.parse(line)).toEqual({ REGION: 'cn-hangzhou' });
});

test('every attempt has a process of its own, and finds nothing of the one before', async () => {
  const code = 'let count = 0; exports.handler = async () => console.log((count += 1), process.pid);';
  const lines = [...(await run(code)), ...(await run(code))].map((line) => line.split(' '));
  expect(lines.map(([count]) => count)).toEqual(['1', '1']);
  expect(new Set(lines.map(([, pid]) => pid)).size).toBe(2);
});

test('what the function writes comes line by line, to the last', async () => {
  const code = `exports.handler = async () => {
    process.stdout.write('{"n":1}\\n{"n"');
    process.stdout.write(':2}\\n');
    for (let n = 3; n <= 5000; n += 1) console.log('{"n":' + n + '}');
    process.stdout.write('end');
  };`;
  const lines = await run(code);
  expect(lines).toEqual([...Array.from({ length: 5000 }, (_each, index) => `{"n":${index + 1}}`), 'end']);
});

test('what the function leaves running when it returns does not run on', async () => {
  const code = `exports.handler = async () => { console.log(process.pid); setInterval(() => undefined, 1000); };`;
  const [pid = ''] = await run(code);
  expect(isAlive(pid)).toBe(false);
});

describe('the attempt fails, with the reason, when', () => {
  test.each([
    [
      'the handler rejects',
      `exports.handler = async () => { throw new TypeError('broke'); };`,
      'TypeError: broke',
    ],
    ['the handler throws', `exports.handler = () => { throw new TypeError('broke'); };`, 'TypeError: broke'],
    ['the bundle cannot load', `throw new Error('cannot load');`, 'Error: cannot load'],
    ['the bundle exports no handler', 'exports.run = 1;', 'handler is not a function'],
    ['the process ends itself', 'exports.handler = () => process.exit(3);', 'The process ended with code 3'],
    [
      'the process is killed',
      `exports.handler = () => process.kill(process.pid, 'SIGTERM');`,
      'The process ended with SIGTERM before the handler returned.',
    ],
    [
      'something breaks while the handler waits',
      `exports.handler = () => new Promise(() => setImmediate(() => { throw new Error('too late'); }));`,
      'Error: too late',
    ],
    [
      'a promise is left to reject while the handler waits',
      `exports.handler = () => { Promise.reject(new Error('not handled')); return new Promise(() => undefined); };`,
      'Error: not handled',
    ],
  ])('%s', async (_what, code, reason) => {
    await expect(run(code)).rejects.toThrow(reason);
  });

  test('the time is over, and the process is killed', async () => {
    const code = `process.on('SIGTERM', () => undefined); exports.handler = () => new Promise(() => undefined);`;
    await expect(run(code, { timeout: 0.5 })).rejects.toThrow('Function timed out after 0.5 seconds.');
  });

  test('the folder of the bundle does not exist', async () => {
    const bundle = path.join(temporaryFolder(), 'nowhere', 'bundle.cjs');
    await expect(run('', { bundle })).rejects.toThrow('The process cannot be started: ');
  });

  test('it is stopped, and its process is gone', async () => {
    const stop = new AbortController();
    let pid = '';
    const onLog = (line: string) => {
      pid = line;
      stop.abort();
    };
    await expect(run(hanging, { onLog, signal: stop.signal })).rejects.toThrow('The task was stopped.');
    expect(isAlive(pid)).toBe(false);
  });

  test('it was stopped before it began', async () => {
    const lines: string[] = [];
    const attempt = run(hanging, { signal: AbortSignal.abort(), onLog: (line) => lines.push(line) });
    await expect(attempt).rejects.toThrow('aborted');
    expect(lines).toEqual([]);
  });
});
