import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { findingsIn } from '../../../local/commands/audit/findings.ts';
import { listen } from '../../../local/stand-ins/listen.ts';
import { runCommand } from '../../support/command.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

// Each of these runs npm.
vi.setConfig({ testTimeout: 30_000 });

/** A fault of a package, as the registry tells it. */
const fault = (name: string) => ({
  id: 1,
  title: `A fault of ${name}`,
  url: 'https://github.com/advisories/GHSA-fake',
  severity: 'high',
  vulnerable_versions: '>=0',
});

/** A stand-in for the registry that knows of faults in some packages; without any list it answers as one that does not audit. */
async function startRegistry(faulty?: readonly string[]): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const body = await buffer(request);
      const send = (status: number, value: unknown) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
      if (request.method === 'POST' && faulty) {
        const isZipped = request.headers['content-encoding'] === 'gzip';
        const versions = JSON.parse((isZipped ? gunzipSync(body) : body).toString('utf8')) as object;
        asked.push(...Object.keys(versions));
        return send(200, Object.fromEntries(faulty.map((name) => [name, [fault(name)]])));
      }
      return send(request.method === 'POST' ? 405 : 404, {});
    })();
  });
  const { url, close } = await listen(server, 0);
  onTestFinished(close);
  return { url, asked };
}

async function audit(faulty?: readonly string[]) {
  const { url, asked } = await startRegistry(faulty);
  const env = { HOME: temporaryFolder(), npm_config_registry: url, npm_config_fetch_retries: '0' };
  return { ...(await runCommand('local/commands/audit.ts', [], env)), asked };
}

describe('npm run audit', () => {
  test('asks about every package that is bundled, and is content when nothing is known', async () => {
    const { status, stdout, stderr, asked } = await audit([]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(
      /^\d packages are in the bundle, and none has a fault that the registry knows of\.\n$/,
    );
    const bundled = ['@alicloud/pop-core', '@alicloud/fc2', '@jmespath-community/jmespath', 'httpx', 'kitx'];
    expect(asked).toEqual(expect.arrayContaining(bundled));
  });

  test('fails when a package in the bundle has a known fault, and names it', async () => {
    const { status, stderr } = await audit(['kitx']);
    expect(status).toBe(1);
    expect(stderr).toBe(
      'error These packages are in the bundle and have known faults:\n  kitx (high): A fault of kitx https://github.com/advisories/GHSA-fake\n',
    );
  });

  test('only mentions a fault of a package that is installed beside them', async () => {
    const { status, stdout } = await audit(['axios']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^not in the bundle: axios \(high\): A fault of axios .*\n\d packages /);
  });

  test('fails when the registry does not say, for then nothing is known', async () => {
    const { status, stdout, stderr } = await audit();
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^error The registry does not say what is known about the packages: 405 .*\n$/);
  });

  test('explains itself', async () => {
    const { status, stdout } = await runCommand('local/commands/audit.ts', ['--help']);
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: expect.stringContaining('npm run audit') as string,
    });
  });
});

describe('findingsIn', () => {
  const via = [{ title: 'A fault', url: 'https://example.com/1', severity: 'low' }];
  const report = (vulnerabilities: object) => JSON.stringify({ auditReportVersion: 2, vulnerabilities });

  test('goes by the folder: another copy of the same package is beside the bundle', () => {
    const nodes = ['node_modules/kitx'];
    const text = report({ kitx: { name: 'kitx', nodes, via } });
    expect(findingsIn(text, ['node_modules/@alicloud/pop-core/node_modules/kitx'])).toMatchObject({
      shipped: [],
      beside: [{ package: 'kitx' }],
    });
    expect(findingsIn(text, nodes)).toMatchObject({ shipped: [{ package: 'kitx' }], beside: [] });
  });

  test('blames a package for its own faults, not for those of one that it brings along', () => {
    const fc2 = { name: '@alicloud/fc2', nodes: ['node_modules/@alicloud/fc2'], via: ['axios'] };
    expect(findingsIn(report({ '@alicloud/fc2': fc2 }), fc2.nodes)).toEqual({ shipped: [], beside: [] });
  });

  test.each(['', 'npm error', '{}', '{"message":"405","error":{}}'])(
    'tells %j from a report without faults',
    (text) => {
      expect(() => findingsIn(text, [])).toThrow(
        'The registry does not say what is known about the packages: ',
      );
    },
  );
});
