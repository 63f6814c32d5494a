import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { compileSources } from '../../../local/build/compile-sources.ts';
import {
  isSignedByOpenssl,
  opensslLines,
  type SignedByOpenssl,
} from '../../../local/signing/openssl-lines.ts';
import { signatureHeaders } from '../../../local/signing/sign.ts';

const secret = 'fake-secret-of-a-test-in-the-KMS';

function sourceWith(secrets: string): SignedByOpenssl {
  const [source] = compileSources(`sources: { pipeline: { preset: generic, secrets: [${secrets}] } }`);
  if (!source || !isSignedByOpenssl(source)) throw new Error('a shell must be able to sign for it');
  return source;
}

/** What a shell with these variables makes of the lines: the arguments of aliyun and of curl. */
function paste(lines: readonly string[], env: NodeJS.Dict<string>): { aliyun: string; curl: string[] } {
  const standIns = `
aliyun() { echo "$@" >&2; echo '{"SecretDataType": "text", "SecretData": "${secret}"}'; }
curl() { printf '%s\\n' "$@"; }
`;
  const { status, stdout, stderr } = spawnSync('sh', ['-ec', standIns + lines.join('\n')], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...env },
  });
  expect(status, stderr).toBe(0);
  return { aliyun: stderr.trim(), curl: stdout.trim().split('\n') };
}

const body = '{"changeOrderId":"CHANGE-ORDER-ID"}';
const signatureOf = (source: SignedByOpenssl) => {
  const [[name, value] = []] = Object.entries(signatureHeaders(source.verify, secret, body));
  return `${name ?? ''}: ${value ?? ''}`;
};

describe('the lines to paste', () => {
  test('sign with the variable of the source, and do not ask for it', () => {
    const source = sourceWith('SECRET_PIPELINE');
    const lines = opensslLines(source, 'https://function.example.com');
    const { aliyun, curl } = paste(lines, { SECRET_PIPELINE: secret });
    expect(aliyun).toBe('');
    expect(curl).toContain(signatureOf(source));
  });

  test.each(['kms:team/pipeline', 'kms:team/pipeline, OLD_SECRET'])(
    'read the secret from KMS first, in its region, and sign with it: [%s]',
    (secrets) => {
      const source = sourceWith(secrets);
      const lines = opensslLines(source, 'https://function.example.com', 'cn-beijing');
      const { aliyun, curl } = paste(lines, { OLD_SECRET: 'another-fake-secret' });
      expect(aliyun).toBe('kms GetSecretValue --SecretName team/pipeline --region cn-beijing');
      expect(curl).toContain(signatureOf(source));
      expect(curl).toContain('https://function.example.com/pipeline');
      expect(lines.join('\n')).not.toContain(secret);
    },
  );

  test('leave the region to the aliyun CLI where it is not known', () => {
    const [line] = opensslLines(sourceWith('kms:pipeline'), 'https://function.example.com');
    expect(line).not.toContain('--region');
  });

  test('sign with the variable where that comes before the secret in KMS', () => {
    const source = sourceWith('NEW_SECRET, kms:team/pipeline');
    const lines = opensslLines(source, 'https://function.example.com');
    expect(paste(lines, { NEW_SECRET: secret })).toMatchObject({ aliyun: '' });
  });
});
