import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../../../local/build/bundle.ts';
import { signalCommand, startCommand, type RunningCommand } from '../../support/command.ts';
import { runs } from '../../support/runs.ts';
import { listeners } from './listeners.ts';
import { sendRaw, type Ending } from './raw.ts';

const files = Object.keys(listeners);

let child: RunningCommand;
let errors = '';
let urls: Record<string, string>;

beforeAll(async () => {
  child = startCommand('test/local/stand-ins/serve-listeners.ts');
  child.stderr.on('data', (text) => (errors += String(text)));
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  urls = JSON.parse(line) as Record<string, string>;
  // The child is not compiled before: on a busy machine, to load it takes its time.
}, 60_000);

afterAll(() => {
  signalCommand(child, 'SIGKILL');
});

const urlOf = (file: string) => urls[file] ?? '';
const hostOf = (file: string) => new URL(urlOf(file)).host;

/** What each listener must still be after whatever was sent to it: there, and of use; and none of its code threw. */
async function expectAlive(file: string): Promise<void> {
  const listener = listeners[file];
  expect(await listener?.ask(urlOf(file))).toMatchObject(listener?.answer ?? {});
  expect([child.exitCode, errors]).toEqual([null, '']);
}

test('every server in local/ goes through serve.ts, and is tried here', () => {
  const sources = readdirSync(path.join(root, 'local'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.([cm]?js|ts)$/.test(name))
    .map(
      (name) => [name.replaceAll('\\', '/'), readFileSync(path.join(root, 'local', name), 'utf8')] as const,
    );
  const filesWith = (pattern: RegExp) =>
    sources.flatMap(([name, text]) => (pattern.test(text) ? [name] : []));

  expect(filesWith(/\bcreate(Secure)?Server\b|\bnew (\w+\.)?Server\b/)).toEqual(['stand-ins/serve.ts']);
  const callers = filesWith(/\b(?<!function )(serve|startApi)(<[^(]*>)?\(/);
  expect(
    callers.filter((name) => name !== 'stand-ins/stand-in.ts' && !name.startsWith('commands/')).sort(),
  ).toEqual([...files].sort());
});

/** A request up to its body, with the right Host. */
const headOf = (file: string, line: string, ...headers: string[]) =>
  [line, `Host: ${hostOf(file)}`, ...headers, '', ''].join('\r\n');

test.each(files)('POST //[ does not end the process of %s', async (file) => {
  expect(await sendRaw(urlOf(file), headOf(file, 'POST //[ HTTP/1.1', 'Content-Length: 0'))).toMatch(
    /^HTTP\/1\.1 (?!500)\d{3} /,
  );
  await expectAlive(file);
});

const targets = [
  ...['//[', '//', '/%', '/%00', '/?%', '/?#', '/\\..\\', '/..//../', `/${'a'.repeat(10_000)}`],
  ...['*', 'http://[', 'http://evil.example/', 'evil.example:80', '?', 'a', '/é', '/\u0080'],
];
const methods = ['GET', 'POST', 'OPTIONS', 'CONNECT', 'PROPFIND', 'BREW'];

const oddRequests: Record<string, (file: string) => string> = {
  'no Host': () => 'GET / HTTP/1.1\r\n\r\n',
  'HTTP/1.0 without a Host': () => 'POST / HTTP/1.0\r\n\r\n',
  'HTTP/0.9': () => 'GET /\r\n',
  'HTTP/2': () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  TLS: () => '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
  'two of Host': (file) => headOf(file, 'GET / HTTP/1.1', 'Host: localhost'),
  'a body that is cut off': (file) => headOf(file, 'POST / HTTP/1.1', 'Content-Length: 10') + 'half',
  'a chunk that is cut off': (file) =>
    `${headOf(file, 'POST / HTTP/1.1', 'Transfer-Encoding: chunked')}ff\r\nhalf`,
  'a chunk of no size': (file) => `${headOf(file, 'POST / HTTP/1.1', 'Transfer-Encoding: chunked')}x\r\n`,
  'two lengths': (file) => headOf(file, 'POST / HTTP/1.1', 'Content-Length: 1', 'Content-Length: 2'),
  'a length and chunks': (file) =>
    headOf(file, 'POST / HTTP/1.1', 'Content-Length: 1', 'Transfer-Encoding: chunked'),
  'a negative length': (file) => headOf(file, 'POST / HTTP/1.1', 'Content-Length: -1'),
  'a header of 100 kB': (file) => headOf(file, 'GET / HTTP/1.1', `X: ${'x'.repeat(100_000)}`),
  'two thousand headers': (file) =>
    headOf(file, 'GET / HTTP/1.1', ...Array.from({ length: 2_001 }, () => 'X: 1')),
  'an upgrade': (file) => headOf(file, 'GET / HTTP/1.1', 'Connection: Upgrade', 'Upgrade: websocket'),
  'an expectation': (file) => headOf(file, 'POST / HTTP/1.1', 'Expect: 100-continue', 'Content-Length: 2'),
  'an unknown expectation': (file) => headOf(file, 'POST / HTTP/1.1', 'Expect: tea'),
  'a hundred requests at once': (file) => headOf(file, 'GET //[ HTTP/1.1').repeat(100),
  'names of Object.prototype': (file) =>
    headOf(
      file,
      'POST /?__proto__=1&constructor=2 HTTP/1.1',
      '__proto__: 1',
      'constructor: 2',
      'authorization: acs',
    ),
  'a form that is none': (file) =>
    `${headOf(file, 'POST / HTTP/1.1', 'Content-Type: application/x-www-form-urlencoded', 'Content-Length: 9')}%&=%ff&%=`,
};
const oddLines = methods.flatMap((method) =>
  targets.map((target) => (file: string) => headOf(file, `${method} ${target} HTTP/1.1`)),
);

test.each(files)('no odd request ends the process of %s, however its sender goes away', async (file) => {
  const endings: Ending[] = ['ends', 'resets'];
  const all = [...Object.values(oddRequests), ...oddLines].flatMap((request) =>
    endings.map((ending) => ({ request, ending })),
  );
  const answers = await Promise.all(
    all.map(({ request, ending }) => sendRaw(urlOf(file), Buffer.from(request(file), 'latin1'), ending)),
  );
  expect(answers.filter((answer) => answer.startsWith('HTTP/1.1 5'))).toEqual([]);
  await expectAlive(file);
});

const rubbish = fc.oneof(fc.string({ unit: 'binary', maxLength: 20 }), fc.stringMatching(/^[!-~]{0,20}$/));
const requests = fc.record({
  method: fc.oneof(fc.constantFrom('GET', 'POST', 'PUT', 'OPTIONS', 'CONNECT', 'M-SEARCH'), rubbish),
  target: fc.oneof(
    rubbish.map((text) => `/${text}`),
    rubbish,
    fc.constantFrom('*', '//[', '/%', '/services/T00000000/B00000000/fakeSlackHookToken', 'http://[::1'),
  ),
  version: fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/9.9', ''),
  hasHost: fc.boolean(),
  headers: fc.array(
    fc.tuple(
      fc.oneof(
        fc.constantFrom(
          'Host',
          'Origin',
          'Content-Length',
          'Transfer-Encoding',
          'Connection',
          'Expect',
          'Upgrade',
        ),
        fc.constantFrom(
          'Authorization',
          'Content-Type',
          'Date',
          'X-Acs-Version',
          'X-Fc-Account-Id',
          'Cookie',
        ),
        rubbish,
      ),
      fc.oneof(fc.constantFrom('0', '5', 'chunked', 'close', 'keep-alive', 'acs a:b', 'FC a:b'), rubbish),
    ),
    { maxLength: 6 },
  ),
  body: fc.oneof(fc.constant(''), fc.json({ maxDepth: 2 }), rubbish),
  lineEnd: fc.constantFrom('\r\n', '\r\n', '\n', '\r'),
  ending: fc.constantFrom<Ending>('ends', 'ends', 'resets'),
});
type FuzzedRequest = typeof requests extends fc.Arbitrary<infer T> ? T : never;

function bytesOf(
  file: string,
  { method, target, version, hasHost, headers, body, lineEnd }: FuzzedRequest,
): Buffer {
  const all = [...(hasHost ? [['Host', hostOf(file)] as const] : []), ...headers];
  const head = [`${method} ${target} ${version}`, ...all.map(([name, value]) => `${name}: ${value}`), '', ''];
  return Buffer.from(head.join(lineEnd) + body);
}

test.each(files)('no bytes end the process of %s', async (file) => {
  await fc.assert(
    fc.asyncProperty(fc.array(requests, { minLength: 1, maxLength: 3 }), async (pipelined) => {
      const bytes = Buffer.concat(pipelined.map((request) => bytesOf(file, request)));
      const answer = await sendRaw(urlOf(file), bytes, pipelined[0]?.ending);
      expect(answer).not.toContain('The listener failed');
      expect([child.exitCode, errors]).toEqual([null, '']);
    }),
    { numRuns: runs(100) },
  );
  await expectAlive(file);
});

describe.each(files)('a web page cannot call %s', (file) => {
  /** The answer to a request with these headers, and nothing else. */
  const ask = (...headers: string[]) =>
    sendRaw(urlOf(file), ['POST / HTTP/1.0', ...headers, '', ''].join('\r\n'));
  const port = () => new URL(urlOf(file)).port;
  const fill = (text: string) => text.replace('PORT', port());
  const strange = /^HTTP\/1\.1 403 .*The header Host must be one of 127\.0\.0\.1:\d+/s;
  const page = /^HTTP\/1\.1 403 .*The request comes from a web page/s;

  test.each([
    '127.0.0.1:PORT',
    'localhost:PORT',
    'LocalHost:PORT',
    '[::1]:PORT',
    // As pop-core sends it.
    '127.0.0.1',
  ])('and a program that names the host %s is heard', async (host) => {
    const answer = await ask(`Host: ${fill(host)}`);
    expect(answer).toMatch(/^HTTP\/1\.1 \d{3} /);
    expect(answer).not.toMatch(strange);
    expect(answer).not.toMatch(page);
  });

  test.each([
    [[]],
    [['Host:']],
    [['Host: evil.example']],
    [['Host: evil.example:PORT']],
    [['Host: 127.0.0.1:1']],
    [['Host: 127.0.0.1.evil.example:PORT']],
    [['Host: localhost.evil.example']],
    [['Host: evil.example@localhost:PORT']],
    [['Host: localhost:PORT, evil.example']],
    [['Host: localhost:PORT', 'Host: evil.example']],
    [['Host: localhost:PORT', 'Host: localhost:PORT']],
    [['Host: 0.0.0.0:PORT']],
  ])('by a name of its own, or by none, or by two: %j', async (headers) => {
    expect(await ask(...headers.map(fill))).toMatch(strange);
  });

  test.each([
    'Origin: http://evil.example',
    'Origin: null',
    'Origin:',
    'Origin: http://localhost:1',
    'Origin: http://127.0.0.1:PORT',
    'Origin: https://localhost:PORT',
    'Origin: http://localhost:PORT, http://evil.example',
    'Sec-Fetch-Site: cross-site',
    'Sec-Fetch-Site: same-site',
    'Sec-Fetch-Site: none, cross-site',
  ])('from its own origin: %s', async (header) => {
    expect(await ask(fill('Host: localhost:PORT'), fill(header))).toMatch(page);
  });

  test.each(['Origin: http://localhost:PORT', 'Sec-Fetch-Site: same-origin', 'Sec-Fetch-Site: none'])(
    'but an address that a person types, and what comes from there, is heard: %s',
    async (header) => {
      expect(await ask(fill('Host: localhost:PORT'), fill(header))).not.toMatch(page);
    },
  );

  test('and so is a form of a page of its own that sends no referrer', async () => {
    const own = [fill('Host: localhost:PORT'), 'Origin: null'];
    expect(await ask(...own, 'Sec-Fetch-Site: same-origin')).not.toMatch(page);
    expect(await ask(...own, 'Sec-Fetch-Site: cross-site')).toMatch(page);
  });

  test('nor ask for leave to', async () => {
    const answer = await sendRaw(
      urlOf(file),
      headOf(
        file,
        'OPTIONS / HTTP/1.1',
        'Origin: http://evil.example',
        'Access-Control-Request-Method: POST',
      ),
    );
    expect(answer).toMatch(page);
    expect(answer).not.toMatch(/access-control/i);
  });
});
