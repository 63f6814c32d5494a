import { expect, test } from 'vitest';
import { requireNetwork } from '../../../../local/commands/deploy/require-network.ts';

const edas = 'https://edas.cn-hangzhou.aliyuncs.com';
const notFound = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'EAI_AGAIN' });

function lookupOf(known: readonly string[], asked: string[] = []) {
  return (name: string): Promise<unknown> => {
    asked.push(name);
    return known.includes(name) ? Promise.resolve('192.0.2.1') : Promise.reject(notFound);
  };
}

test('where no name can be looked up, there is no network, and it says what to do', async () => {
  const asked: string[] = [];
  await expect(requireNetwork(edas, {}, lookupOf([], asked))).rejects.toThrow(
    /^There is no network: .*\(EAI_AGAIN\)\. Nothing was built or deployed\. Connect to a network, or set HTTPS_PROXY/,
  );
  expect(asked).toEqual(['edas.cn-hangzhou.aliyuncs.com', 'edas.aliyuncs.com', 'www.alibabacloud.com']);
});

test.each(['edas.cn-hangzhou.aliyuncs.com', 'edas.aliyuncs.com', 'www.alibabacloud.com'])(
  'where %s alone can be looked up, there is one',
  async (name) => {
    await expect(requireNetwork(edas, {}, lookupOf([name]))).resolves.toBeUndefined();
  },
);

test('with a proxy, which looks names up itself, nothing is asked', async () => {
  const asked: string[] = [];
  await requireNetwork(edas, { https_proxy: 'http://127.0.0.1:3128' }, lookupOf([], asked));
  expect(asked).toEqual([]);
});
