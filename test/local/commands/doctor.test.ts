import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { compileSources } from '../../../local/build/compile-sources.ts';
import { root } from '../../../local/cli/root.ts';
import { sandboxSecrets } from '../../../local/sandbox/secrets.ts';
import { uncommentResource } from '../../../local/setup/edit-deployment.ts';
import { linkQuery } from '../../../local/signing/sign.ts';
import { startKmsStandIn, type KmsStandIn } from '../../../local/stand-ins/kms/stand-in.ts';
import { listen } from '../../../local/stand-ins/listen.ts';
import { startRamStandIn } from '../../../local/stand-ins/ram/stand-in.ts';
import { runCommand, type Ended } from '../../support/command.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { fakeAccountId, fakeCredentials, followFunction } from '../../support/webhook.ts';
import { startLocalFunction, type LocalFunction } from '../sandbox/local-function.ts';
import { oneLine } from './one-line.ts';

// Each test starts a process, and a busy machine takes its time.
vi.setConfig({ testTimeout: 20_000 });

const app = '3616cdca-0000-4000-8000-0000000000aa';
const sourcesYaml = `
sources:
  pipeline: { preset: generic, secrets: [SECRET_PIPELINE], follow: true }
  monitor: { preset: cloudmonitor, secrets: [SECRET_GITHUB], apps: [${app}] }
`;
const secrets = {
  SECRET_PIPELINE: 'fake-secret-of-the-pipeline-of-a-test',
  SECRET_GITHUB: 'fake-secret-of-the-monitor-of-a-test',
};

/** The repository's s.yaml beside other sources and an .env. */
function folderWith(env: NodeJS.Dict<string>, sources = sourcesYaml): string {
  const folder = temporaryFolder();
  for (const name of ['s.yaml', '.env.example']) copyFileSync(path.join(root, name), path.join(folder, name));
  writeFileSync(path.join(folder, 'sources.yaml'), sources);
  const lines = Object.entries(env).map(([name, value = '']) => `${name}=${value}\n`);
  writeFileSync(path.join(folder, '.env'), lines.join(''));
  // The folder is the home as well, with a key that deploys.
  mkdirSync(path.join(folder, '.s'));
  writeFileSync(path.join(folder, '.s/access.yaml'), 'default: { AccountID: fake }\n');
  return folder;
}

const ownCredentials = {
  ALIBABA_CLOUD_ACCESS_KEY_ID: fakeCredentials.accessKeyId,
  ALIBABA_CLOUD_ACCESS_KEY_SECRET: fakeCredentials.accessKeySecret,
  ALIBABA_CLOUD_SECURITY_TOKEN: fakeCredentials.securityToken,
};

/** With nothing of this machine: neither a profile, nor the metadata of a cloud machine. */
function doctor(folder: string, args: readonly string[] = [], env: NodeJS.Dict<string> = {}): Promise<Ended> {
  const alone = { HOME: folder, ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true' };
  return runCommand('local/commands/doctor.ts', ['--folder', folder, ...args], { ...alone, ...env });
}

const standIns = ({ edas, fc }: LocalFunction) => ({ EDAS_ENDPOINT: edas.url, FUNCTION_ENDPOINT: fc.url });

describe('npm run doctor', () => {
  test('is green where everything is right, and ends with 0', async () => {
    const local = await startLocalFunction(sourcesYaml);
    const folder = folderWith({ ...secrets, ...standIns(local) });
    const [, monitor] = local.sources;
    if (monitor?.verify.scheme !== 'link') throw new Error('the second source must be called by a link');
    const grant = { app, expiresAtSeconds: Math.floor(Date.now() / 1000) + 90 * 86_400 };
    const link = `https://function.example.com/monitor?${linkQuery(monitor.verify, secrets.SECRET_GITHUB, grant)}`;

    const args = ['--url', local.url, '--link', link, '--account', fakeAccountId];
    const { status, stdout, stderr } = await doctor(folder, args, ownCredentials);
    expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: '' });
    expect(stdout.split('\n').filter((line) => line !== '')).toEqual([
      'What is here',
      `✓ Node.js ${process.versions.node}`,
      '✓ sources.yaml: 2 sources',
      '✓ s.yaml gives the functions what sources.yaml asks for',
      '✓ .env is read as it looks',
      expect.stringContaining('– whether .env is in git'),
      'Secrets and settings',
      '✓ SECRET_PIPELINE (pipeline) is set, and long enough',
      '✓ SECRET_GITHUB (monitor) is set, and long enough',
      expect.stringContaining('✓ rollbacks are armed'),
      '✓ the functions take the role edas-rollback-webhook, which policy/README.md creates',
      '✓ Serverless Devs has a key under the alias default',
      expect.stringMatching(
        /^✓ link 1 \(monitor\) opens its source for the application .*, (89|90) days from now$/,
      ),
      'EDAS and Function Compute, asked with your own credentials',
      `✓ the region is cn-hangzhou, and EDAS is called at ${local.edas.url}`,
      '✓ the name 127.0.0.1 resolves',
      '✓ EDAS can be reached',
      expect.stringMatching(/^✓ credentials are there, from ALIBABA_CLOUD_ACCESS_KEY_ID in this shell/),
      expect.stringMatching(/^✓ you may read change orders/),
      expect.stringMatching(/^✓ you may roll back/),
      expect.stringMatching(`^✓ the follow function ${followFunction} is there`),
      'The function that is deployed',
      `✓ ${local.url} is up, 2 of 2 sources ready`,
      '✓ /pipeline refuses a forged webhook (401 signature_mismatch)',
      expect.stringMatching(/^✓ \/pipeline takes a signed webhook/),
      expect.stringMatching(/^– \/monitor: a link names a real application/),
      'Everything that was checked is right.',
    ]);
    const known = [
      ...Object.values(secrets),
      ...Object.values(ownCredentials),
      ...Object.values(local.secrets),
    ];
    const sig = /sig=(\w+)/.exec(link)?.[1] ?? '';
    expect([...known, sig].filter((secret) => stdout.includes(secret))).toEqual([]);
  });

  test('shows which version the application of an ended release would go back to, and sends nothing', async () => {
    const ended = `${sourcesYaml}  late: { preset: generic, secrets: [SECRET_GITHUB], follow: true, app: app, apps: [${app}], ended: { within: 6h } }\n`;
    const local = await startLocalFunction(ended);
    const createdAt = Date.now() - 7_200_000;
    local.edas.orders.add({ appId: app, version: '1.1', createdAt: createdAt - 86_400_000 });
    local.edas.orders.add({ appId: app, version: '1.2', createdAt });
    const folder = folderWith({ ...secrets, ...standIns(local) }, ended);
    const { status, stdout } = await doctor(folder, ['--account', fakeAccountId], ownCredentials);
    expect(status, stdout).toBe(0);
    expect(stdout).toContain('\n! late rolls back what ended up to 6 h ago (ended.within)\n');
    expect(stdout).toMatch(
      new RegExp(
        `\n✓ ${app}: 1\\.2 runs in 1 group since .*, and 1\\.1 would be gone back to\\. That is sure\n`,
      ),
    );
    expect(stdout).toContain('\n– whether you may roll back a release that has ended (RollbackApplication)');
    expect(local.edas.orders.releaseRollbacksOf(app)).toEqual([]);
    expect(local.edas.calls.map(({ operation }) => operation)).not.toContain('RollbackApplication');

    const before = local.edas.calls.length;
    const offline = await doctor(folder, ['--offline'], ownCredentials);
    expect(offline.stdout).toContain('\n! late rolls back what ended up to 6 h ago (ended.within)\n');
    expect(local.edas.calls).toHaveLength(before);
  });

  test('is red where something is wrong, says what to do first, and ends with 1', async () => {
    const local = await startLocalFunction(sourcesYaml);
    const folder = folderWith({ ...secrets, ...standIns(local), SECRET_PIPELINE: 'changeme' });
    const args = ['--account', fakeAccountId];
    const { status, stdout } = await doctor(folder, args, {
      ...ownCredentials,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'fake',
    });
    expect(status, stdout).toBe(1);
    expect(stdout).toContain('\n✗ SECRET_PIPELINE is a placeholder');
    expect(stdout).toContain('\n✗ EDAS does not accept these credentials');
    expect(stdout).toMatch(
      /\n2 things wrong.* First: SECRET_PIPELINE is a placeholder.*\n {2}Put another value.*\n$/,
    );
    expect(stdout).not.toContain('changeme');
  });

  test('ends with 2 where nothing is wrong and something could not be checked', async () => {
    const { url, close } = await listen(createServer(), 0);
    await close();
    const { status, stdout } = await doctor(
      folderWith({ ...secrets, EDAS_ENDPOINT: url, ROLLBACK_SUSPENDED: 'true' }),
    );
    expect(status, stdout).toBe(2);
    expect(stdout).toContain(`\n? EDAS does not answer at ${url}: ECONNREFUSED`);
    expect(stdout).toContain('\n? no Alibaba Cloud credentials were found on this machine');
    expect(stdout).toContain(
      '\n– what you may do in EDAS: not asked, as that takes an address that answers, and credentials',
    );
    expect(stdout).toMatch(/\n2 things could not be checked\. First: EDAS does not answer/);
  });

  test('with --offline asks no server, says what it left out, and ends with 0', async () => {
    const local = await startLocalFunction(sourcesYaml);
    const folder = folderWith({ ...secrets, ...standIns(local) });
    const { status, stdout } = await doctor(folder, ['--offline', '--url', local.url], ownCredentials);
    expect(status, stdout).toBe(0);
    expect(stdout).toMatch(/\n– whether EDAS answers.*: --offline\n/);
    expect(stdout).toContain(`\n– ${local.url}: --offline\n`);
    expect([...local.edas.calls, ...local.fc.calls]).toEqual([]);
  });

  describe('with secrets in KMS', () => {
    const inKms = 'sources: { pipeline: { preset: generic, secrets: [kms:pipeline, SECRET_PIPELINE] } }';
    const inKmsAlone = 'sources: { pipeline: { preset: generic, secrets: [kms:pipeline] } }';
    const secretThere = 'fake-secret-of-a-pipeline-in-KMS';

    async function startKms(): Promise<KmsStandIn> {
      const kms = await startKmsStandIn({ credentials: fakeCredentials });
      onTestFinished(() => kms.close());
      kms.secrets.put('pipeline', secretThere);
      return kms;
    }

    test('reads them with the credentials of this machine, beside the variables', async () => {
      const [local, kms] = [await startLocalFunction(inKms), await startKms()];
      const folder = folderWith({ ...secrets, ...standIns(local), KMS_ENDPOINT: kms.url }, inKms);
      const { status, stdout, stderr } = await doctor(folder, [], ownCredentials);
      expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: '' });
      expect(stdout).toContain(
        '\n✓ kms:pipeline (pipeline) is in KMS, and long enough\n✓ SECRET_PIPELINE (pipeline) is set',
      );
      expect(stdout).toMatch(/\n– whether the functions' role may read .* --url URL .*policy\/README\.md/);
      expect(stdout).not.toContain(secretThere);
    });

    test('asks KMS nothing with --offline, and does not call a source closed that has all there', async () => {
      const [local, kms] = [await startLocalFunction(inKmsAlone), await startKms()];
      const folder = folderWith({ ...standIns(local), KMS_ENDPOINT: kms.url }, inKmsAlone);
      const { status, stdout } = await doctor(folder, ['--offline'], ownCredentials);
      expect(status, stdout).toBe(0);
      expect(stdout).toContain(
        '\n– kms:pipeline (pipeline) is in KMS, which was not asked: --offline\n– whether the functions',
      );
      expect(kms.calls).toEqual([]);
    });

    test('leaves them out where there are no credentials', async () => {
      const local = await startLocalFunction(inKmsAlone);
      const { status, stdout } = await doctor(folderWith(standIns(local), inKmsAlone));
      expect(status, stdout).toBe(2);
      expect(stdout).toContain(
        '\n– kms:pipeline (pipeline) is in KMS, which was not asked: that takes its address, and credentials\n',
      );
    });

    test('is red where KMS_ENDPOINT cannot be used, also with --offline', async () => {
      const folder = folderWith({ KMS_ENDPOINT: 'http://kms.example.com' }, inKmsAlone);
      const { status, stdout } = await doctor(folder, ['--offline']);
      expect(status).toBe(1);
      expect(stdout).toContain('\n✗ KMS_ENDPOINT must be https');
    });
  });

  describe('with --fix', () => {
    const more = `${sourcesYaml}  shop: { preset: generic, secrets: [SECRET_SHOP] }
notify: [{ kind: dingtalk, url: ROBOT_URL, secret: ROBOT_SECRET }]
`;
    const read = (folder: string, name: string) => readFileSync(path.join(folder, name), 'utf8');

    test('adds what is missing to s.yaml, .env.example and .env, and nothing else', async () => {
      const folder = folderWith(secrets, more);
      const before = Object.fromEntries(
        ['s.yaml', '.env.example', '.env'].map((name) => [name, read(folder, name)]),
      );
      const { status, stdout } = await doctor(folder, ['--offline', '--fix']);
      expect(status, stdout).toBe(0);
      expect(stdout).toContain('\n✓ added to s.yaml: SECRET_SHOP, ROBOT_URL, ROBOT_SECRET\n');
      expect(stdout).toContain('\n✓ added to .env.example: SECRET_SHOP, ROBOT_URL, ROBOT_SECRET\n');
      expect(stdout).toContain('\n✓ added to .env: SECRET_SHOP, ROBOT_URL, ROBOT_SECRET\n');
      expect(stdout).toContain('\n✓ s.yaml gives the functions what sources.yaml asks for\n');
      for (const [name, text] of Object.entries(before)) {
        const kept = read(folder, name)
          .split('\n')
          .filter((line) => text.split('\n').includes(line));
        expect(kept.join('\n').replaceAll(/\n{2,}/g, '\n')).toBe(text.replaceAll(/\n{2,}/g, '\n'));
      }
      expect(read(folder, '.env')).toMatch(/# Secret behind POST \/shop\..*\nSECRET_SHOP=\n/);
      expect(read(folder, '.env')).toMatch(/# Address of the channel dingtalk.*\nROBOT_URL=\n/);
    });

    test('finds nothing to add the second time', async () => {
      const folder = folderWith(secrets, more);
      await doctor(folder, ['--offline', '--fix']);
      const first = ['s.yaml', '.env.example', '.env'].map((name) => read(folder, name));
      const { stdout } = await doctor(folder, ['--offline', '--fix']);
      expect(stdout).toContain('\n✓ no variable is missing, so --fix added nothing\n');
      expect(['s.yaml', '.env.example', '.env'].map((name) => read(folder, name))).toEqual(first);
    });

    test('makes an .env for its owner alone where there is none', async () => {
      const folder = folderWith({}, more);
      rmSync(path.join(folder, '.env'));
      await doctor(folder, ['--offline', '--fix']);
      expect(statSync(path.join(folder, '.env')).mode & 0o777).toBe(0o600);
      expect(read(folder, '.env')).toBe(read(folder, '.env.example'));
    });

    test('says what to write by hand where nothing can be put in, and writes nothing', async () => {
      const folder = folderWith(secrets, more);
      const deployment = read(folder, 's.yaml').replace(/ {6}environmentVariables:\n( {8}.*\n)*/, '');
      writeFileSync(path.join(folder, 's.yaml'), deployment);
      const { status, stdout } = await doctor(folder, ['--offline', '--fix']);
      expect(status).toBe(1);
      expect(stdout).toMatch(/\n✗ s\.yaml is written in a way into which SECRET_PIPELINE cannot be put/);
      expect(read(folder, 's.yaml')).toBe(deployment);
      expect(read(folder, '.env')).not.toContain('SECRET_SHOP');
    });
  });

  test('names each missing line once', async () => {
    const folder = folderWith(secrets, `${sourcesYaml}  shop: { preset: generic, secrets: [SECRET_SHOP] }\n`);
    const { stdout } = await doctor(folder, ['--offline']);
    expect(stdout.match(/add under environmentVariables: SECRET_SHOP/g)).toHaveLength(1);
    expect(stdout.match(/add to \.env\.example: SECRET_SHOP/g)).toHaveLength(1);
    expect(stdout).toContain('First: s.yaml does not fit sources.yaml.\n  npm run doctor -- --fix adds');
  });

  test('goes no further than a sources.yaml that does not build', async () => {
    const folder = folderWith(secrets, sourcesYaml.replace('generic', 'genric'));
    const { status, stdout } = await doctor(folder, ['--offline']);
    expect(status).toBe(1);
    expect(stdout).toMatch(/\n✗ .*sources\.yaml cannot work.*\n.*\n.*did you mean "generic"\?\n/);
    expect(stdout).toContain('\n– everything else: it depends on sources.yaml\n');
  });

  test('wants the account of a follow function, and takes it from the ARN of the role', async () => {
    const local = await startLocalFunction(sourcesYaml);
    const env = { ...secrets, ...standIns(local) };
    const without = await doctor(folderWith(env), [], ownCredentials);
    expect(without.status).toBe(2);
    expect(without.stdout).toContain('? whether the follow function is there: the account is not known');
    const role = `acs:ram::${fakeAccountId}:role/edas-rollback-webhook`;
    const withRole = await doctor(folderWith({ ...env, FUNCTION_ROLE: role }), [], ownCredentials);
    expect(withRole.status, withRole.stdout).toBe(0);
  });

  test('of a sandbox on this machine takes its secrets, and not those of .env', async () => {
    const yaml = 'sources: { pipeline: { preset: generic, secrets: [SECRET_PIPELINE] } }';
    const local = await startLocalFunction(yaml);
    expect(local.secrets).toEqual(sandboxSecrets(compileSources(yaml)));
    const folder = folderWith({ ...secrets, ...standIns(local) }, yaml);
    const { stdout } = await doctor(folder, ['--url', local.url]);
    expect(stdout).toContain('\n✓ /pipeline takes a signed webhook');
  });

  test.each([
    ['an address with a path', ['--url', 'https://fc.example.com/pipeline'], '--url must be'],
    ['an account that is no number', ['--account', 'mine'], '--account must be the number'],
    ['an unknown option', ['--ofline'], "Unknown option '--ofline'"],
  ])('says in one line what is wrong with %s', async (_what, args, beginning) => {
    expect(await doctor(temporaryFolder(), args)).toEqual({
      status: 1,
      stdout: '',
      stderr: oneLine(beginning),
    });
  });

  test('explains its options and its status with --help', async () => {
    const { status, stdout, stderr } = await doctor(temporaryFolder(), ['--help']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const option of ['--offline', '--url URL', '--link LINK', '--account ID', '--folder DIR']) {
      expect(stdout).toContain(option);
    }
    expect(stdout).toMatch(/status 0 .* 1 .* and 2 /);
  });
});

test('npm run doctor and npm run deploy look at the Node.js version first', () => {
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  for (const name of ['doctor', 'deploy'])
    expect(scripts[name]).toMatch(/^node local\/cli\/preflight\.cjs && /);
});

describe('npm run doctor, with events,', () => {
  const eventsYaml = `${sourcesYaml}events:\n  slo: { preset: sls-event, apps: [${app}] }\n`;

  test('looks at what calls their function, and whether EventBridge may', async () => {
    const local = await startLocalFunction(sourcesYaml);
    const ram = await startRamStandIn({ credentials: fakeCredentials, roles: [] });
    onTestFinished(() => ram.close());
    const folder = folderWith({ ...secrets, ...standIns(local) }, eventsYaml);
    const deployment = uncommentResource(
      readFileSync(path.join(root, 's.yaml'), 'utf8'),
      'events',
      'triggers',
    );
    writeFileSync(path.join(folder, 's.yaml'), deployment ?? '');
    const { status, stdout } = await doctor(folder, ['--account', fakeAccountId], {
      ...ownCredentials,
      RAM_ENDPOINT: ram.url,
    });
    const lines = stdout.split('\n');
    expect(lines).toContain('✓ sources.yaml: 2 sources, 1 source of events');
    expect(lines).toContain('✓ s.yaml gives the functions what sources.yaml asks for');
    expect(lines).toContain(
      '! Function Compute knows no function sls-ops-edas-rollback-events in this region',
    );
    expect(lines).toContain(
      '✗ EventBridge may not call functions: its role AliyunServiceRoleForEventBridgeSendToFC is missing',
    );
    expect(status).toBe(1);
  });

  test('asks for nothing with --offline, and says what s.yaml lacks', async () => {
    const folder = folderWith(secrets, eventsYaml);
    const { stdout } = await doctor(folder, ['--offline']);
    expect(stdout).toContain('take the # away from the block events');
    expect(stdout).toContain('the follow and the events function: --offline');
  });

  test('where no source of webhooks is left, none is missed', async () => {
    const alone = `events:\n  slo: { preset: sls-event, apps: [${app}] }\n`;
    const { stdout } = await doctor(folderWith({}, alone), ['--offline']);
    expect(stdout).toContain('✓ sources.yaml: 1 source of events');
    expect(stdout).not.toContain('every webhook is refused');
  });

  test('--fix gives their function what the links to the page need', async () => {
    const asking = `events:\n  slo: { preset: sls-event, apps: [${app}], confirm: all }\nnotify: [{ kind: slack, url: SLACK_URL }]\n`;
    const folder = folderWith({}, asking);
    const deployment = uncommentResource(readFileSync(path.join(root, 's.yaml'), 'utf8'), 'events') ?? '';
    writeFileSync(path.join(folder, 's.yaml'), deployment);
    const { stdout } = await doctor(folder, ['--offline', '--fix']);
    expect(stdout).toContain('✓ s.yaml gives the functions what sources.yaml asks for');
    expect(readFileSync(path.join(folder, 's.yaml'), 'utf8').match(/CONFIRM_SECRET: /g)).toHaveLength(2);
  });
});
