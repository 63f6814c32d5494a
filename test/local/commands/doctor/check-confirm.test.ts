import { createServer, type IncomingMessage } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { compileSources } from '../../../../local/build/compile-sources.ts';
import { checkConfirm, checkPage } from '../../../../local/commands/doctor/check-confirm.ts';
import { KmsFailure } from '../../../../functions/kms/failure.ts';
import { namesInKms, type KmsReading } from '../../../../local/commands/doctor/kms-readings.ts';
import { listen } from '../../../../local/stand-ins/listen.ts';
import { findingsIn } from './findings.ts';

const secret = 'fake-secret-that-signs-the-links';
const usable = { PUBLIC_URL: 'https://rollback.example.com', CONFIRM_SECRET: secret };

const sources = (more: string) =>
  compileSources(
    `sources: { shop: { preset: generic, secrets: [SECRET_SHOP], ${more} } }\nnotify: [{ kind: slack, url: CHAT_URL }]\n`,
  );
const asking = sources('confirm: all');

const told = (env: NodeJS.Dict<string>) =>
  checkConfirm(asking, env).map(({ verdict, what }) => `${verdict}: ${what}`);

describe('what people are asked with', () => {
  test('is looked at only where a source asks them on a page', () => {
    expect(checkConfirm(sources(''), {})).toEqual([]);
  });

  test('can be used', () => {
    expect(told(usable)).toEqual([
      'right: people are sent to https://rollback.example.com',
      'right: CONFIRM_SECRET can be used',
    ]);
  });

  test.each([
    [{ PUBLIC_URL: '' }, 'PUBLIC_URL is empty'],
    [{ PUBLIC_URL: undefined }, 'PUBLIC_URL is not set'],
    [{ PUBLIC_URL: 'http://rollback.example.com' }, 'PUBLIC_URL must be https'],
    [{ PUBLIC_URL: 'https://rollback.example.com/x?y' }, 'PUBLIC_URL must be a host name or an origin'],
    [{ CONFIRM_SECRET: '' }, 'CONFIRM_SECRET is empty'],
    [{ CONFIRM_SECRET: 'fifteen-letters' }, 'CONFIRM_SECRET is shorter than 16 bytes'],
    [{ CONFIRM_SECRET: 'kms:' }, 'CONFIRM_SECRET names no secret behind kms:'],
  ])('closes the source where it cannot be used: %j', (env, what) => {
    expect(told({ ...usable, ...env })).toEqual([expect.stringContaining(`wrong: ${what}`)]);
    expect(told({ ...usable, ...env })[0]).toContain('so shop would be closed');
  });

  test.each([
    'https://webhook-abcdef.cn-hangzhou.fcapp.run',
    'https://1234567890123456.cn-hangzhou.fc.aliyuncs.com',
  ])('is no address from which browsers download the page: %s', (PUBLIC_URL) => {
    expect(told({ ...usable, PUBLIC_URL })[0]).toMatch(
      /^wrong: PUBLIC_URL is an address of Function Compute's own/,
    );
  });

  test('is for this machine alone on loopback', () => {
    expect(told({ ...usable, PUBLIC_URL: 'http://127.0.0.1:9000' })[0]).toMatch(
      /^warning: .*leads to this machine/,
    );
  });

  test('has the name of the domain that is deployed', () => {
    const DOMAIN_NAME = 'other.example.com';
    expect(told({ ...usable, DOMAIN_NAME })[0]).toBe(
      'warning: PUBLIC_URL leads to rollback.example.com, and the domain that s.yaml deploys is other.example.com',
    );
    expect(told({ ...usable, DOMAIN_NAME: 'Rollback.example.com' })[0]).toMatch(/^right/);
  });

  test('is shared with no sender, and is not shown', () => {
    const findings = told({ ...usable, SECRET_SHOP: secret });
    expect(findings).toContain(
      'wrong: CONFIRM_SECRET is the same as SECRET_SHOP: its sender could make links, and decide',
    );
    expect(findings.join()).not.toContain(secret);
  });

  test('may be in KMS, which is asked for it', () => {
    const env = { ...usable, CONFIRM_SECRET: 'kms:links' };
    expect(namesInKms(asking, env)).toEqual(['links']);
    expect(namesInKms(sources(''), env)).toEqual([]);
    const judged = (reading?: KmsReading) =>
      checkConfirm(asking, env, new Map(reading ? [['links', reading]] : [])).at(-1);
    expect(judged()?.verdict).toBe('skipped');
    expect(judged([{ versionId: 'v1', text: secret }])).toEqual({
      verdict: 'right',
      what: 'CONFIRM_SECRET (kms:links) is in KMS, and long enough',
    });
    expect(judged([{ versionId: 'v1', text: 'short' }])?.what).toContain(
      '(kms:links) is shorter than 16 bytes',
    );
    const failure = new KmsFailure('unavailable', 'KMS does not answer.');
    expect(judged(failure)?.what).toBe('CONFIRM_SECRET (kms:links) could not be read from KMS');
  });
});

describe('the page', () => {
  const ask = async (answer: (request: IncomingMessage) => [number, Record<string, string>]) => {
    const seen: string[] = [];
    const server = await listen(
      createServer((request, response) => {
        seen.push(`${request.method ?? ''} ${request.url ?? ''}`);
        response.writeHead(...answer(request)).end();
      }),
      0,
    );
    onTestFinished(() => server.close());
    const findings = await findingsIn(checkPage(server.url));
    const plain = findings.map(({ verdict, what }) => `${verdict}: ${what.replace(server.url, 'URL')}`);
    return { findings: plain, seen };
  };
  const html = { 'content-type': 'text/html; charset=utf-8' };

  test('is shown where a link that no token opens is refused as a page, to GET and to HEAD', async () => {
    const { findings, seen } = await ask(() => [401, html]);
    expect(findings).toEqual([
      'right: URL shows the page on which people decide (GET)',
      'right: URL shows the page on which people decide (HEAD)',
    ]);
    expect(seen).toEqual(['GET /confirm/x', 'HEAD /confirm/x']);
  });

  test('is downloaded from an address of Function Compute, and it is said what that means', async () => {
    const { findings } = await ask(() => [401, { ...html, 'Content-Disposition': 'attachment' }]);
    expect(findings).toEqual([
      expect.stringMatching(
        /^wrong: URL sends Content-Disposition: attachment, so a browser downloads the page/,
      ),
    ]);
  });

  test.each<[number, Record<string, string>, string]>([
    [302, { location: 'https://elsewhere.example.com' }, 'it leads elsewhere'],
    [403, {}, 'answers 403 to GET'],
    [404, { 'content-type': 'application/problem+json' }, 'answers 404 to GET'],
    [401, { 'content-type': 'application/problem+json' }, 'answers 401 to GET'],
    [200, html, 'answers 200 to GET'],
  ])('is not there where the answer is %i %j', async (status, headers, what) => {
    const { findings } = await ask(() => [status, headers]);
    expect(findings).toEqual([expect.stringMatching(/^wrong: /)]);
    expect(findings[0]).toContain(what);
  });

  test('is hidden from previews where the route does not take HEAD', async () => {
    const { findings } = await ask(({ method }) => [method === 'HEAD' ? 403 : 401, html]);
    expect(findings[1]).toMatch(/^wrong: .*answers 403 to HEAD/);
  });

  test('cannot be judged where there is no answer', async () => {
    const server = await listen(createServer(), 0);
    await server.close();
    const [finding] = await findingsIn(checkPage(server.url));
    expect(finding?.verdict).toBe('unknown');
  });
});
