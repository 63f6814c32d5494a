import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { root } from '../../../local/cli/root.ts';
import { startKmsStandIn } from '../../../local/stand-ins/kms/stand-in.ts';
import { runCommand } from '../../support/command.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { fakeCredentials } from '../../support/webhook.ts';
import { startLocalFunction } from '../sandbox/local-function.ts';

// Each test starts a process, and a busy machine takes its time.
vi.setConfig({ testTimeout: 20_000 });

const notice =
  'DEBUG is ignored: with it, the clients of Alibaba Cloud would print secrets and security tokens.\n';

const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
const commands = [
  ...new Set(Object.values(scripts).flatMap((script) => script.match(/(local|bench)\/\S+\.ts/g) ?? [])),
];

test('there are commands to look at', () => {
  expect(commands).toEqual(expect.arrayContaining(['local/commands/doctor.ts', 'local/commands/start.ts']));
});

test.each(commands)('%s takes DEBUG away before it loads anything else', (command) => {
  const [, first = ''] =
    /^import\b[^']*'([^']+)'/m.exec(readFileSync(path.join(root, command), 'utf8')) ?? [];
  expect(path.join(path.dirname(command), first)).toBe('local/cli/ignore-debug.ts');
});

describe('npm run doctor', () => {
  const inKms = 'sources: { pipeline: { preset: generic, secrets: [kms:pipeline], follow: true } }';
  const secret = 'fake-secret-of-a-pipeline-in-KMS';

  /** With what it asks EDAS, Function Compute and KMS, whose stand-ins it finds in .env. */
  async function doctor(env: NodeJS.Dict<string>) {
    const local = await startLocalFunction(inKms);
    const kms = await startKmsStandIn({ credentials: fakeCredentials });
    onTestFinished(() => kms.close());
    kms.secrets.put('pipeline', secret);
    const folder = temporaryFolder();
    for (const name of ['s.yaml', '.env.example']) {
      copyFileSync(path.join(root, name), path.join(folder, name));
    }
    writeFileSync(path.join(folder, 'sources.yaml'), inKms);
    writeFileSync(
      path.join(folder, '.env'),
      `EDAS_ENDPOINT=${local.edas.url}\nFUNCTION_ENDPOINT=${local.fc.url}\nKMS_ENDPOINT=${kms.url}\n`,
    );
    const ended = await runCommand('local/commands/doctor.ts', ['--folder', folder, '--account', '1'], {
      HOME: folder,
      ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true',
      ALIBABA_CLOUD_ACCESS_KEY_ID: fakeCredentials.accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: fakeCredentials.accessKeySecret,
      ALIBABA_CLOUD_SECURITY_TOKEN: fakeCredentials.securityToken,
      ...env,
    });
    return { ...ended, calls: [local.edas.calls.length, kms.calls.length] };
  }

  test.each(['*', 'httpx:*', 'roa,httpx:body'])(
    'with DEBUG=%s says that it is ignored, and prints neither a secret nor a token',
    async (debug) => {
      const { stdout, stderr, calls } = await doctor({ DEBUG: debug });
      expect(Math.min(...calls), stdout).toBeGreaterThan(0);
      expect(stdout).toContain('✓ kms:pipeline (pipeline) is in KMS, and long enough');
      expect(stderr).toBe(notice);
      const { accessKeySecret, securityToken } = fakeCredentials;
      const hidden = [secret, accessKeySecret, securityToken].filter((each) => stdout.includes(each));
      expect(hidden).toEqual([]);
    },
  );

  test.each([undefined, ''])('with DEBUG=%j has nothing to say of it', async (debug) => {
    expect((await doctor({ DEBUG: debug })).stderr).toBe('');
  });
});
