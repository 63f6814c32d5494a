import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { verify } from '../../../functions/webhook/verify/verify.ts';
import { compileSources } from '../../../local/build/compile-sources.ts';
import { sandboxSecrets } from '../../../local/sandbox/secrets.ts';
import { runCommand, type Ended } from '../../support/command.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { startLocalFunction } from '../sandbox/local-function.ts';
import { oneLine } from './one-line.ts';

// Each test starts a process, and a busy machine takes its time.
vi.setConfig({ testTimeout: 15_000 });

const app = '3616cdca-0000-4000-8000-0000000000aa';
const order = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const sourcesYaml = `
sources:
  monitor: { preset: cloudmonitor, secrets: [MONITOR_SECRET], apps: [${app}] }
  stored: { preset: cloudmonitor, secrets: [kms:stored, OLD_SECRET], apps: [${app}] }
  pipeline: { preset: generic, secrets: [SECRET_PIPELINE] }
`;

function link(args: readonly string[], env: NodeJS.Dict<string> = {}): Promise<Ended> {
  const file = path.join(temporaryFolder(), 'sources.yaml');
  writeFileSync(file, sourcesYaml);
  return runCommand('local/commands/link.ts', ['--sources', file, ...args], env);
}

describe('npm run link', () => {
  test('writes a link that opens its source, alone, and beside it what it is worth', async () => {
    const { url, edas, secrets } = await startLocalFunction(sourcesYaml);
    edas.orders.add({
      id: order,
      appId: app,
      createdAt: Date.now() - 60_000,
      readyMs: 0,
      waitsForPerson: true,
    });
    const args = ['--url', url, '--source', 'monitor', '--app', app, '--expires', '12h'];
    const { status, stdout, stderr } = await link(args, secrets);
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(
      /^http:\/\/127\.0\.0\.1:\d+\/monitor\?app=[0-9a-f-]{36}&exp=\d{10}&sig=[0-9a-f]{64}\n$/,
    );
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(/^expires {5}\d{4}-\d{2}-\d{2}T\S+Z, in 12 hours$/),
      `authorises  anyone who has it to have the source monitor roll back what is being deployed to the application ${app}`,
      'to revoke   rotate MONITOR_SECRET and deploy: every link that was made with the old value ends',
      '',
    ]);

    const response = await fetch(stdout.trim(), {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `alertState=ALERT&timestamp=${Date.now()}`,
    });
    expect(response.status, await response.text()).toBe(202);
  });

  test("makes one for the sandbox with the sandbox's secret, and for one change order", async () => {
    const args = ['--source', 'monitor', '--app', app, '--change-order', order, '--expires', '90d'];
    const { stdout, stderr } = await link(args);
    expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:9000\/monitor\?/);
    expect(stderr).toContain(`the change order ${order} of the application ${app}, and nothing else`);

    const secret = sandboxSecrets(compileSources(sourcesYaml))['MONITOR_SECRET'] ?? '';
    const query = new Map(new URL(stdout.trim()).searchParams);
    const request = { headers: new Map<string, string>(), query, body: Buffer.alloc(0) };
    const grant = verify({ scheme: 'link', source: 'monitor' }, [Buffer.from(secret)], request, Date.now());
    expect(grant).toMatchObject({ app, changeOrderId: order });
  });

  test('makes one with a secret of KMS that stands in a variable, and says what it takes to revoke it', async () => {
    const args = ['--source', 'stored', '--expires', '12h', '--secret-env', 'SECRET'];
    const { stdout, stderr } = await link(args, { SECRET: 'fake-secret-of-kms' });
    const query = new Map(new URL(stdout.trim()).searchParams);
    const request = { headers: new Map<string, string>(), query, body: Buffer.alloc(0) };
    const key = Buffer.from('fake-secret-of-kms');
    expect(verify({ scheme: 'link', source: 'stored' }, [key], request, Date.now())).toMatchObject({ app });
    expect(stderr).toContain(
      'to revoke   store two new versions of kms:stored in KMS and wait for 5 minutes, and rotate OLD_SECRET and deploy: every',
    );
  });

  test.each([
    ['no source', [], '--source NAME is missing'],
    [
      'a source that is not called by links',
      ['--source', 'pipeline'],
      'The source pipeline is not called by a link',
    ],
    [
      'an application that the source may not touch',
      ['--source', 'monitor', '--app', order, '--expires', '1d'],
      `The source monitor may not touch the application ${order}. Its apps are ${app}.`,
    ],
    ['no end', ['--source', 'monitor', '--app', app], '--expires is missing'],
    [
      'an end with a bad unit',
      ['--source', 'monitor', '--app', app, '--expires', '3w'],
      '--expires must be days (90d)',
    ],
    [
      'a secret that is not set',
      ['--source', 'monitor', '--app', app, '--expires', '1d', '--url', 'https://fc.example.com'],
      'MONITOR_SECRET is not set.',
    ],
  ])('says in one line what is wrong with %s, and writes no link', async (_what, args, beginning) => {
    expect(await link(args)).toEqual({ status: 1, stdout: '', stderr: oneLine(beginning) });
  });

  test('explains its options with --help', async () => {
    const { status, stdout, stderr } = await link(['--help']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('npm run link -- --source NAME');
  });
});
