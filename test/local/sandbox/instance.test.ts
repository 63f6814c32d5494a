import { EventEmitter, once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startInstance, type Instance } from '../../../local/sandbox/instance.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** An instance that runs this CommonJS. `answer(value)` in it makes a response of a value. */
function start(
  code: string,
  env: NodeJS.Dict<string> = {},
  onLog: (line: string) => void = () => undefined,
): Instance {
  const bundle = path.join(temporaryFolder(), 'bundle.cjs');
  const answer = `const answer = (value) => ({ statusCode: 200, body: JSON.stringify(value) });`;
  writeFileSync(bundle, `${answer}\n${code}`);
  const instance = startInstance(bundle, env, onLog);
  onTestFinished(() => instance.close());
  return instance;
}

const invoke = (instance: Instance, event = '') => instance.invoke(Buffer.from(event), {});

async function valueOf(instance: Instance, event?: string): Promise<unknown> {
  return JSON.parse((await invoke(instance, event)).body);
}

test('the handler gets the bytes of the event, and the context', async () => {
  const instance = start(
    'exports.handler = async (event, context) => answer([Buffer.from(event).toString(), context]);',
  );
  const { body } = await instance.invoke(Buffer.from('ü'), { region: 'cn-hangzhou' });
  expect(JSON.parse(body)).toEqual(['ü', { region: 'cn-hangzhou' }]);
});

test('the function sees the environment that it is given, and nothing of ours', async () => {
  const instance = start('exports.handler = async () => answer(process.env);', { REGION: 'cn-hangzhou' });
  expect(await valueOf(instance)).toEqual({ REGION: 'cn-hangzhou' });
});

test('the bundle is loaded once for all events', async () => {
  const instance = start('let count = 0; exports.handler = async () => answer((count += 1));');
  expect([await valueOf(instance), await valueOf(instance)]).toEqual([1, 2]);
});

test('what the function writes comes line by line', async () => {
  const lines: string[] = [];
  const events = new EventEmitter();
  const ended = once(events, 'end');
  const code = `exports.handler = async () => {
    process.stdout.write('{"n":1}\\n{"n"');
    process.stdout.write(':2}\\n');
    console.log('end');
    return answer(null);
  };`;
  const instance = start(code, {}, (line) => {
    lines.push(line);
    events.emit(line);
  });
  await invoke(instance);
  await ended;
  expect(lines).toEqual(['{"n":1}', '{"n":2}', 'end']);
});

test('each of several callers gets its own answer, in every order', async () => {
  const instance = start(`
    const held = [];
    exports.handler = async (event) => {
      const name = Buffer.from(event).toString();
      if (name !== 'last') await new Promise((resolve) => held.unshift(resolve));
      else for (const release of held) release();
      return answer(name);
    };
  `);
  const names = ['a', 'b', 'c', 'last'];
  expect(await Promise.all(names.map((name) => valueOf(instance, name)))).toEqual(names);
});

test('a handler that throws rejects the invocation with the reason, and goes on', async () => {
  const instance = start(`
    let count = 0;
    exports.handler = async () => {
      if ((count += 1) === 1) throw new TypeError('the handler broke');
      return answer(count);
    };
  `);
  await expect(invoke(instance)).rejects.toThrow('TypeError: the handler broke');
  expect(await valueOf(instance)).toBe(2);
});

test('a handler that returns nothing rejects the invocation', async () => {
  await expect(invoke(start('exports.handler = async () => undefined;'))).rejects.toThrow(
    'the handler returned nothing',
  );
});

test.each([
  ['cannot load', `throw new Error('cannot load');`, 'Error: cannot load'],
  ['exports no handler', 'exports.run = 1;', 'handler is not a function'],
  ['ends the process', 'exports.handler = () => process.exit(3);', 'the instance ended'],
  [
    'breaks after its answer was due',
    `exports.handler = () => new Promise(() => setImmediate(() => { throw new Error('too late'); }));`,
    'Error: too late',
  ],
])('a bundle that %s rejects the invocation with the reason', async (_what, code, reason) => {
  await expect(invoke(start(code))).rejects.toThrow(reason);
});

test('an instance that failed to load rejects later invocations with the same reason', async () => {
  const instance = start(`throw new Error('cannot load');`);
  await expect(invoke(instance)).rejects.toThrow('cannot load');
  await instance.close();
  await expect(invoke(instance)).rejects.toThrow('cannot load');
});

test('close ends the instance, and with it every invocation, waiting or to come', async () => {
  const instance = start('exports.handler = () => new Promise(() => setInterval(() => undefined, 1000));');
  const waiting = expect(invoke(instance)).rejects.toThrow('the instance ended');
  await instance.close();
  await waiting;
  await expect(invoke(instance)).rejects.toThrow('the instance ended');
});
