import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { root } from '../../../local/cli/root.ts';
import { uncommentResource } from '../../../local/setup/edit-deployment.ts';
import { runCommand, type Ended } from '../../support/command.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

// Each test starts a process that bundles, and a busy machine takes its time.
vi.setConfig({ testTimeout: 30_000 });

const url = 'https://edas-rollback-webhook-abcdefghij.cn-hangzhou.fcapp.run';
const secret = 'fake-secret-of-the-pipeline-of-a-test';
const info = JSON.stringify({ webhook: { url: { system_url: url } }, follow: {} });
const pipeline = 'sources: { pipeline: { preset: generic, secrets: [SECRET_PIPELINE] } }\n';

/** A name that resolves without a network, and a home in which Serverless Devs has keys. */
function withNetworkAndKey(): NodeJS.Dict<string> {
  const home = temporaryFolder();
  mkdirSync(path.join(home, '.s'));
  const key = { AccountID: 'fake', AccessKeyID: 'fake', AccessKeySecret: 'fake-key-of-a-test' };
  const keys = Object.fromEntries(['default', 'other', 'test', 'template'].map((alias) => [alias, key]));
  writeFileSync(path.join(home, '.s/access.yaml'), JSON.stringify(keys));
  return { HOME: home, EDAS_ENDPOINT: 'http://127.0.0.1:9' };
}

/** A deployment with a stand-in for the command `s`, which notes its arguments and says what it is told to. */
function stage({
  env = { SECRET_PIPELINE: secret },
  sources = pipeline,
  deployStatus = 0,
  said = info,
  shell = {},
}: {
  shell?: NodeJS.Dict<string>;
  env?: Record<string, string>;
  sources?: string;
  deployStatus?: number;
  said?: string;
} = {}) {
  const folder = temporaryFolder();
  for (const name of ['s.yaml', '.env.example']) copyFileSync(path.join(root, name), path.join(folder, name));
  writeFileSync(path.join(folder, 'sources.yaml'), sources);
  writeFileSync(
    path.join(folder, '.env'),
    Object.entries(env)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  const bin = temporaryFolder();
  const command = path.join(bin, 's');
  writeFileSync(
    command,
    `#!${process.execPath}
const { appendFileSync, existsSync } = require('node:fs');
const [action, ...args] = process.argv.slice(2);
appendFileSync('seen', JSON.stringify({ REGION: process.env.REGION, LOG_LEVEL: process.env.LOG_LEVEL }) + '\\n');
appendFileSync('calls', JSON.stringify([action, ...args, existsSync('dist/webhook.js')]) + '\\n');
if (action === 'deploy') {
  console.log('fake output of s deploy');
  process.exit(${deployStatus});
}
console.log(${JSON.stringify(said)});
`,
  );
  chmodSync(command, 0o755);
  return {
    folder,
    /** What the command was called with, and whether the function was built by then. */
    calls: (): unknown[] => {
      const file = path.join(folder, 'calls');
      if (!existsSync(file)) return [];
      return readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown);
    },
    run: (...args: string[]): Promise<Ended> =>
      runCommand('local/commands/deploy.ts', ['--folder', folder, ...args], {
        ...withNetworkAndKey(),
        ...shell,
        PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      }),
  };
}

describe('npm run deploy', () => {
  test('examines, builds, deploys, and says how to send the first webhook', async () => {
    const { calls, run } = stage();
    const { status, stdout, stderr } = await run('-y', '-a', 'other');
    expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: '' });
    expect(calls()).toEqual([
      ['deploy', '-y', '-a', 'other', true],
      ['info', '--silent', '--output-format', 'raw', '-a', 'other', true],
    ]);
    const parts = [
      '✓ SECRET_PIPELINE (pipeline)',
      '\nBuild\n',
      'fake output of s deploy',
      `\nDeployed\n${url}\n`,
    ];
    const places = parts.map((part) => stdout.indexOf(part));
    expect(
      places.every((place, index) => place > (places[index - 1] ?? 0)),
      stdout,
    ).toBe(true);
    expect(stdout.slice(stdout.indexOf('Is it up?')).split('\n')).toEqual([
      'Is it up?',
      `  curl ${url}/`,
      '',
      'The first webhook. Put an id in; while ROLLBACK_SUSPENDED=true, nothing is rolled back:',
      expect.stringContaining('  . ./.env'),
      `  body='{"changeOrderId":"CHANGE-ORDER-ID"}'`,
      `  curl -i ${url}/pipeline -H 'Content-Type: application/json' --data-raw "$body" \\`,
      expect.stringMatching(
        /^ {4}-H 'x-signature-256: sha256='.*openssl dgst -sha256 -hmac "\$SECRET_PIPELINE"/,
      ),
      '',
      'Check it, with what cannot exist:',
      `  npm run doctor -- --url ${url}`,
      '',
    ]);
    expect(stdout).not.toContain(secret);
  });

  describe('with events', () => {
    const events = 'events: { slo: { preset: sls-event, apps: [3616cdca-0000-4000-8000-000000000001] } }\n';

    test('deploys nothing as long as s.yaml lacks their function', async () => {
      const { calls, run } = stage({ sources: pipeline + events });
      const { status, stdout } = await run('-y');
      expect(status).toBe(1);
      expect(stdout).toContain('take the # away from the block events');
      expect(calls()).toEqual([]);
    });

    test('builds their function, and says how to see what calls it; two environments may not share it', async () => {
      const { folder, run } = stage({ sources: pipeline + events });
      const deployment = path.join(folder, 's.yaml');
      const withFunction = uncommentResource(readFileSync(deployment, 'utf8'), 'events') ?? '';
      writeFileSync(deployment, withFunction);
      const own = 'WEBHOOK_FUNCTION=production-webhook\nFOLLOW_FUNCTION=production-follow\n';
      writeFileSync(path.join(folder, '.env.production'), own);
      const { status, stdout } = await run('-y');
      expect(status, stdout).toBe(0);
      expect(existsSync(path.join(folder, 'dist/events.js'))).toBe(true);
      expect(stdout).toContain(
        '! .env and .env.production deploy to the same functions in cn-hangzhou: EVENTS_FUNCTION (sls-ops-edas-rollback-events)',
      );
      expect(stdout).toContain(
        'What calls sls-ops-edas-rollback-events, and whether it may:\n  npm run doctor -- --account ACCOUNT-ID\n',
      );
    });
  });

  test('shows npm run send for a sender for which a shell cannot sign', async () => {
    const sources = 'sources: { pipeline: { preset: slack, secrets: [SECRET_PIPELINE] } }\n';
    const { stdout } = await stage({ sources }).run();
    expect(stdout).toContain(
      `npm run send -- --source pipeline --change-order CHANGE-ORDER-ID --url ${url})`,
    );
  });

  test('asks for a payload where none can be made into which an id could be put', async () => {
    const app = "labels.service == 'shop' && '3616cdca-0000-4000-8000-0000000000aa'";
    const sources = `sources: { pipeline: { preset: generic, secrets: [SECRET_PIPELINE], app: "${app}" } }\n`;
    const { stdout } = await stage({ sources }).run();
    expect(stdout).toContain(`npm run send -- --source pipeline --payload FILE --url ${url})`);
    expect(stdout).not.toContain('Put an id in');
  });

  test('deploys a source whose secret is in KMS alone, and reads that from there before it signs', async () => {
    const sources = 'sources: { pipeline: { preset: generic, secrets: [kms:pipeline] } }\n';
    const { status, stdout } = await stage({ sources, env: { REGION: 'cn-beijing' } }).run();
    expect(status, stdout).toBe(0);
    expect(stdout).toContain('– kms:pipeline (pipeline) is in KMS');
    const lines = stdout.slice(stdout.indexOf('The first webhook.')).split('\n').slice(1, 5);
    expect(lines).toEqual([
      expect.stringMatching(
        /^ {2}export SECRET="\$\(aliyun kms GetSecretValue --SecretName pipeline --region cn-beijing \| /,
      ),
      `  body='{"changeOrderId":"CHANGE-ORDER-ID"}'`,
      expect.stringContaining(`  curl -i ${url}/pipeline`),
      expect.stringContaining('-hmac "$SECRET"'),
    ]);
    expect(stdout).not.toContain('. ./.env');
  });

  test('says how to send with a secret in KMS what a shell cannot sign', async () => {
    const sources = 'sources: { chat: { preset: slack, secrets: [kms:chat] } }\n';
    const { stdout } = await stage({ sources, env: {} }).run();
    expect(stdout).toMatch(
      /\n {2}export SECRET=.*--SecretName chat --region cn-hangzhou .*\n {2}npm run send -- --source chat .*--secret-env SECRET\n/,
    );
    expect(stdout).not.toContain('. ./.env');
  });

  test('says what an application is asked for with where a source is told one', async () => {
    const sources = 'sources: { pipeline: { preset: stripe-style, app: app, secrets: [SECRET_PIPELINE] } }\n';
    const { stdout } = await stage({ sources }).run();
    expect(stdout).toContain('npm run send -- --source pipeline --app APPLICATION-ID --url');
  });

  test('stops before it builds where the doctor finds something wrong', async () => {
    const { folder, calls, run } = stage({ env: { SECRET_PIPELINE: 'changeme' } });
    const { status, stdout, stderr } = await run();
    expect(status).toBe(1);
    expect(stdout).toContain('✗ SECRET_PIPELINE is a placeholder');
    expect(stderr).toBe('error Nothing was built or deployed: put right what is marked with ✗.\n');
    expect(calls()).toEqual([]);
    expect(existsSync(path.join(folder, 'dist'))).toBe(false);
  });

  test('with --env deploys the values of that file, and none of .env', async () => {
    const { folder, calls, run } = stage({
      env: { SECRET_PIPELINE: 'changeme', REGION: 'cn-beijing', LOG_LEVEL: 'debug' },
    });
    const own = `SECRET_PIPELINE=${secret}\nREGION=cn-shanghai\nROLLBACK_SUSPENDED=true\n`;
    writeFileSync(path.join(folder, '.env.production'), own);
    const { status, stdout } = await run('--env', 'production', '-y');
    expect(status, stdout).toBe(0);
    expect(stdout).toContain('✓ the region is cn-shanghai');
    expect(calls()[0]).toEqual(['deploy', '-y', true]);
    const [seen = ''] = readFileSync(path.join(folder, 'seen'), 'utf8').split('\n');
    expect(JSON.parse(seen)).toEqual({ REGION: 'cn-shanghai', LOG_LEVEL: '' });
    expect(stdout).toContain('\n  . ./.env.production ');
    expect(stdout).toContain(`\n  npm run doctor -- --env production --url ${url}`);
    expect(stdout).toMatch(
      /into \.env\.production, and deploy again:\n {2}npm run deploy -- --env production -y\n$/,
    );
  });

  test('with --env speaks of that file where something is wrong', async () => {
    const { folder, calls, run } = stage();
    writeFileSync(path.join(folder, '.env.production'), 'SECRET_PIPELINE=changeme\n');
    const { status, stdout } = await run('--env', 'production');
    expect(status).toBe(1);
    expect(stdout).toContain('Put another value into .env.production.');
    expect(calls()).toEqual([]);
  });

  test('with --env asks for the file where it is not there', async () => {
    const { calls, run } = stage();
    const { status, stderr } = await run('--env', 'production');
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^error .*\.env\.production is not there: cp \.env\.example \.env\.production, .*WEBHOOK_FUNCTION/,
    );
    expect(calls()).toEqual([]);
  });

  test('marks two environments that would replace each other', async () => {
    const { folder, run } = stage();
    const write = (more: string) => {
      writeFileSync(path.join(folder, '.env.production'), `SECRET_PIPELINE=${secret}\n${more}`);
    };
    write('');
    const same = await run('--env', 'production', '-y');
    expect(same.stdout).toContain(
      '\n! .env.production and .env deploy to the same functions in cn-hangzhou: WEBHOOK_FUNCTION (edas-rollback-webhook), FOLLOW_FUNCTION (edas-rollback-follow)\n',
    );
    write('WEBHOOK_FUNCTION=production-webhook\nFOLLOW_FUNCTION=production-follow\n');
    expect((await run('--env', 'production', '-y')).stdout).not.toContain('the same functions');
    write('REGION=cn-beijing\n');
    expect((await run('--env', 'production', '-y')).stdout).not.toContain('the same functions');
  });

  test('says that there is no network, and does nothing else', async () => {
    const noNetwork = path.join(root, 'test/support/no-network.cjs');
    const shell = { NODE_OPTIONS: `--require=${JSON.stringify(noNetwork)}`, EDAS_ENDPOINT: '' };
    const { folder, calls, run } = stage({ shell });
    const { status, stdout, stderr } = await run('-y');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(
      /^error There is no network: .*Nothing was built or deployed\. Connect to a network/,
    );
    expect(stderr).not.toContain('ENOTFOUND');
    expect(calls()).toEqual([]);
    expect(existsSync(path.join(folder, 'dist'))).toBe(false);
  });

  test('stops before it builds where Serverless Devs has no key under the alias', async () => {
    const { calls, run } = stage();
    const { status, stdout } = await run('-a', 'defualt');
    expect(status).toBe(1);
    expect(stdout).toContain('✗ Serverless Devs has no key under the alias defualt');
    expect(stdout).toContain('did you mean "default"?');
    expect(stdout).toContain('npx s config add -a defualt');
    expect(stdout).not.toContain('fake-key-of-a-test');
    expect(calls()).toEqual([]);
  });

  test('marks an armed first deployment, and no further one', async () => {
    const { run } = stage();
    const first = await run('-y');
    expect(first.stdout).toMatch(/\n! rollbacks are armed, and nothing has been deployed from here yet/);
    const second = await run('-y');
    expect(second.stdout).toMatch(/\n✓ rollbacks are armed/);
  });

  test('marks an armed first deployment to another region, too', async () => {
    const { folder, run } = stage();
    await run('-y');
    writeFileSync(path.join(folder, '.env'), `SECRET_PIPELINE=${secret}\nREGION=cn-beijing\n`);
    expect((await run('-y')).stdout).toContain('\n! rollbacks are armed, and nothing has been deployed');
  });

  test('does not take a deployment that failed for one', async () => {
    const { run } = stage({ deployStatus: 101 });
    await run('-y');
    expect((await run('-y')).stdout).toContain('\n! rollbacks are armed, and nothing has been deployed');
  });

  test('says how to arm what was deployed suspended', async () => {
    const { run } = stage({ env: { SECRET_PIPELINE: secret, ROLLBACK_SUSPENDED: 'true' } });
    const { stdout } = await run('-y');
    expect(stdout).toContain('✓ rollbacks are suspended');
    expect(stdout).toMatch(
      /\nRollbacks are suspended\..* write ROLLBACK_SUSPENDED=false into \.env, and deploy again:\n {2}npm run deploy -- -y\n$/,
    );
  });

  test('does not deploy another file than it checks', async () => {
    const { calls, run } = stage();
    const { status, stdout, stderr } = await run('-t', 'other.yaml');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^error npm run deploy takes no -t or --template: .* use --folder DIR\.\n$/);
    expect(calls()).toEqual([]);
  });

  test('hands on what only looks like another file', async () => {
    const { calls, run } = stage();
    const args = ['-a=test', '--use-local', '--access', 'template'];
    const { status, stderr } = await run(...args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(calls()[0]).toEqual(['deploy', ...args, true]);
  });

  test('says so where the deployment fails, and does not ask for a URL', async () => {
    const { calls, run } = stage({ deployStatus: 101 });
    const { status, stdout, stderr } = await run();
    expect(status).toBe(1);
    expect(stderr).toBe('error s deploy ended with status 101: see above. Then run npm run deploy again.\n');
    expect(stdout).not.toContain('Is it up?');
    expect(calls()).toHaveLength(1);
  });

  test('is no failure where the URL cannot be told: it stands in what was printed before', async () => {
    const { status, stdout } = await stage({ said: 'something else' }).run();
    expect(status).toBe(0);
    expect(stdout).toContain('It stands above, as system_url');
    expect(stdout).toContain('curl $URL/');
  });

  test('says what to do where there is no Serverless Devs', async () => {
    const { folder } = stage();
    const env = { ...withNetworkAndKey(), PATH: '' };
    const { status, stderr } = await runCommand('local/commands/deploy.ts', ['--folder', folder], env);
    expect(status).toBe(1);
    expect(stderr).toBe('error The command s is not there: npm ci, then npm run deploy.\n');
  });

  test('explains itself with --help, and deploys nothing', async () => {
    const { calls, run } = stage();
    const { status, stdout } = await run('--help');
    expect(status).toBe(0);
    expect(stdout).toContain('npm run deploy -- [--env NAME] [--folder DIR] [arguments of s deploy]');
    expect(calls()).toEqual([]);
  });
});
