import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { root } from '../../../../local/cli/root.ts';
import {
  checkEndpoint,
  checkName,
  checkReachable,
} from '../../../../local/commands/doctor/check-endpoint.ts';
import { listen } from '../../../../local/stand-ins/listen.ts';

/** A network in which these names are known. */
const knowing =
  (...names: string[]) =>
  (hostname: string): Promise<unknown> =>
    names.includes(hostname) ? Promise.resolve() : Promise.reject(failure('ENOTFOUND'));

const failure = (code: string) => Object.assign(new Error('fake'), { code });
const endpoint = 'https://edas.cn-hangzhou.aliyuncs.com';

describe('the address of EDAS', () => {
  test('follows from the region', () => {
    expect(checkEndpoint({ REGION: 'cn-hangzhou' })).toEqual({
      finding: { verdict: 'right', what: `the region is cn-hangzhou, and EDAS is called at ${endpoint}` },
      endpoint,
    });
  });

  test.each([
    ['cn-hangzhuo', 'no document names the region cn-hangzhuo for EDAS (did you mean cn-hangzhou?)'],
    ['xx-nowhere-9', 'no document names the region xx-nowhere-9 for EDAS, which'],
  ])('is to be looked at where no document names the region: %s', (region, what) => {
    const { finding, endpoint } = checkEndpoint({ REGION: region });
    expect(finding).toMatchObject({ verdict: 'warning', what: expect.stringContaining(what) as unknown });
    expect(endpoint).toBe(`https://edas.${region}.aliyuncs.com`);
  });

  test('is right in a region that no document names, where EDAS_ENDPOINT says it', () => {
    const env = { REGION: 'cn-new-1', EDAS_ENDPOINT: 'edas.cn-new-1.aliyuncs.com' };
    expect(checkEndpoint(env).finding.verdict).toBe('right');
  });

  test('is known in every region that the template offers', () => {
    const { Parameters } = parse(readFileSync(path.join(root, 'template/publish.yaml'), 'utf8')) as {
      Parameters: { properties: { region: { enum: string[] } } };
    };
    const offered = Parameters.properties.region.enum;
    expect(offered.length).toBeGreaterThan(10);
    expect(offered.filter((region) => checkEndpoint({ REGION: region }).finding.verdict !== 'right')).toEqual(
      [],
    );
  });

  test('is that of EDAS_ENDPOINT', () => {
    expect(checkEndpoint({ EDAS_ENDPOINT: 'edas-vpc.cn-hangzhou.aliyuncs.com' }).endpoint).toBe(
      'https://edas-vpc.cn-hangzhou.aliyuncs.com',
    );
  });

  test.each([
    ['a region that is none', { REGION: 'Hangzhou' }, 'REGION is "Hangzhou"'],
    ['no region', {}, 'The region is not known'],
    ['plain http', { EDAS_ENDPOINT: 'http://edas.example.com' }, 'EDAS_ENDPOINT must be https'],
  ])('is wrong with %s', (_what, env, what) => {
    const { finding, endpoint } = checkEndpoint(env);
    expect(endpoint).toBeUndefined();
    expect(finding).toMatchObject({ verdict: 'wrong', what: expect.stringContaining(what) as unknown });
  });
});

describe('the name of its host', () => {
  test('is right where it resolves', async () => {
    expect(await checkName(endpoint, knowing('edas.cn-hangzhou.aliyuncs.com'))).toMatchObject({
      verdict: 'right',
    });
  });

  test('is wrong where it does not exist and there is a network', async () => {
    expect(
      await checkName('https://edas.cn-hangzho.aliyuncs.com', knowing('edas.aliyuncs.com')),
    ).toMatchObject({
      verdict: 'wrong',
      advice: expect.stringContaining('REGION') as unknown,
    });
  });

  test('cannot be checked without a network', async () => {
    expect(await checkName(endpoint, knowing())).toMatchObject({ verdict: 'unknown' });
    const failing = () => Promise.reject(failure('EAI_AGAIN'));
    expect(await checkName(endpoint, failing)).toMatchObject({
      verdict: 'unknown',
      what: expect.stringContaining('EAI_AGAIN') as unknown,
    });
  });
});

describe('EDAS', () => {
  test('can be reached where anything answers', async () => {
    const server = await listen(
      createServer((_request, response) => response.writeHead(404).end()),
      0,
    );
    onTestFinished(() => server.close());
    expect(await checkReachable(server.url)).toEqual({ verdict: 'right', what: 'EDAS can be reached' });
  });

  test('cannot be reached where nothing listens, which says nothing about the functions', async () => {
    const { url, close } = await listen(createServer(), 0);
    await close();
    expect(await checkReachable(url)).toMatchObject({
      verdict: 'unknown',
      what: expect.stringContaining('ECONNREFUSED') as unknown,
      advice: expect.stringContaining('from Function Compute') as unknown,
    });
  });
});
