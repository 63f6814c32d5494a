import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import path from 'node:path';
import type { Metafile, Plugin } from 'esbuild';
import { describe, expect, onTestFinished, test } from 'vitest';
import * as ended from '../../../functions/execute/execute-ended.ts';
import type { CompiledChannel } from '../../../functions/follow/configuration.ts';
import * as chatDecisions from '../../../functions/webhook/decide-in-chat.ts';
import { bundleFollow, bundleWebhook } from '../../../local/build/bundle.ts';
import { compileConfiguration, compileSources } from '../../../local/build/compile-sources.ts';
import { configurationDigest } from '../../../local/build/configuration-digest.ts';
import * as noChatDecisions from '../../../local/build/replacements/no-chat-decisions.ts';
import * as noEnded from '../../../local/build/replacements/no-ended.ts';
import { zippedBytes } from '../../../local/build/weight.ts';
import { buildFunctions, uploadedFiles } from '../../../local/build/write-bundle.ts';
import { root } from '../../../local/cli/root.ts';
import { startReceiver } from '../../../local/stand-ins/channels/receiver.ts';
import { startEdasStandIn, type EdasStandIn } from '../../../local/stand-ins/edas/stand-in.ts';
import { startFcStandIn } from '../../../local/stand-ins/fc/stand-in.ts';
import { saidToBeCompressed } from '../../../local/stand-ins/kms/faults.ts';
import { startKmsStandIn, type KmsStandIn } from '../../../local/stand-ins/kms/stand-in.ts';
import { cloudEvent } from '../../support/events.ts';
import { httpEvent } from '../../support/http-event.ts';
import {
  bundleInto,
  bundleSources,
  invokeBundle,
  secret,
  sources,
  webhook,
  writeBundle,
} from '../../support/invoke-bundle.ts';
import { taskDue } from '../../support/task.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const credentials = {
  accessKeyId: 'STS.test-only-key-id',
  accessKeySecret: 'test-only-key-secret',
  securityToken: 'test-only-security-token',
};
const accountId = '1234567890123456';
const changeOrderId = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const forged = webhook(changeOrderId, 'not-the-secret');
const signed = webhook(changeOrderId);

async function startEdas(): Promise<EdasStandIn> {
  const edas = await startEdasStandIn({ credentials });
  onTestFinished(() => edas.close());
  edas.orders.add({ id: changeOrderId, appId: 'app', waitsForPerson: true, readyMs: 0 });
  return edas;
}

const inKms = compileSources('sources: { pipeline: { preset: generic, secrets: [kms:pipeline] } }');

/** KMS with the secret that the webhooks are signed with. */
async function startKms(): Promise<KmsStandIn> {
  const kms = await startKmsStandIn({ credentials });
  onTestFinished(() => kms.close());
  kms.secrets.put('pipeline', secret);
  return kms;
}

/** The npm packages that something of is in the bundle. */
function packagesIn({ inputs }: Metafile): string[] {
  const names = Object.keys(inputs).map((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]);
  return names.filter((name) => name !== undefined);
}

/** What only the build needs, or was replaced. */
const outsiders = [
  'xml2js',
  'xmlbuilder',
  'sax',
  'debug',
  'yaml',
  'zod',
  'fastest-levenshtein',
  'json-bigint',
];

const notify: CompiledChannel[] = [{ kind: 'slack', url: 'SLACK_URL', language: 'zh' }];

describe.each([
  ['webhook', (folder: string) => bundleWebhook(sources, folder)],
  ['follow', (folder: string) => bundleFollow(notify, folder)],
] as const)('the bundle of %s', (name, bundle) => {
  test('is a CommonJS file that exports the handler that s.yaml names, needs nothing else to be loaded, and has nothing else to give', async () => {
    const folder = temporaryFolder();
    const {
      path: file,
      files: [own],
    } = await bundle(folder);
    writeFileSync(file, own?.contents ?? '');
    const print = 'Object.keys(require(process.argv[1])).join()';
    const env = { SECRET_PIPELINE: secret, SLACK_URL: 'https://hooks.slack.com/services/not-a-real-key' };
    expect(readdirSync(folder)).toEqual([`${name}.js`]);
    expect(execFileSync(process.execPath, ['-p', print, file], { env, cwd: folder, encoding: 'utf8' })).toBe(
      'handler\n',
    );
  });

  test('holds nothing that only the build needs or that was replaced', async () => {
    const { metafile } = await bundle(temporaryFolder());
    const packages = packagesIn(metafile);
    expect(packages).toContain('@alicloud/pop-core');
    expect(packages.filter((each) => outsiders.includes(each))).toEqual([]);
  });

  // They would add more than a megabyte, and slow every cold start that hands over a task.
  test('holds nothing of what fc2 requires and an invocation does not need', async () => {
    const { metafile } = await bundle(temporaryFolder());
    const needless = ['ali-oss', 'axios', 'ws', 'babel-runtime'];
    expect(packagesIn(metafile).filter((each) => needless.includes(each))).toEqual([]);
    expect(Object.keys(metafile.inputs).join('\n')).not.toContain('fc2/es5');
  });

  test("is read fast: it is ASCII, and V8 needs none of Unicode's tables to compile it", async () => {
    const { files } = await bundle(temporaryFolder());
    for (const { contents } of files) {
      const text = Buffer.from(contents).toString('utf8');
      // V8 keeps a text of anything but Latin-1 in two bytes a character.
      expect(text.length).toBe(contents.length);
      // It checks a regular expression that is written out even in a function that is never called.
      expect(text).not.toMatch(/\\p\{[^`"']*\/[a-z]*u/);
    }
  });

  test('leaves the default credentials chain outside, and nothing else but Node.js', async () => {
    const { files, metafile } = await bundle(temporaryFolder());
    const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
    const outside = imports.filter(({ external }) => external === true).map(({ path: each }) => each);
    const ownPackages = files.slice(1).map((each) => `./${path.basename(each.path)}`);
    expect([...new Set(outside)].filter((each) => !isBuiltin(each)).toSorted()).toEqual(
      [...ownPackages, '@alicloud/credentials'].toSorted(),
    );
    expect(Object.keys(metafile.inputs).join('\n')).not.toContain('providers/default.js');
  });
});

test.each([
  ['the sources are programs', 'preset: generic', []],
  ['people write in English', 'preset: generic, command: note', ['command.ts']],
  ['people of a chat are answered in English', 'preset: slack, language: en', ['command.ts']],
  ['people of a chat may write in Chinese', 'preset: slack', ['command.ts', 'texts-zh.ts']],
])(
  'what reads commands and answers in Chinese is there only where it is needed: %s',
  async (_, settings, files) => {
    const some = compileSources(`sources: { some: { ${settings}, secrets: [SECRET] } }`);
    const { metafile } = await bundleWebhook(some, temporaryFolder());
    const inputs = Object.keys(metafile.inputs).filter((file) => file.startsWith('functions/webhook/'));
    expect(inputs.flatMap((file) => /[^/]*$/.exec(file) ?? [])).toEqual(expect.arrayContaining(files));
    const others = ['command.ts', 'texts-zh.ts'].filter((file) => !files.includes(file));
    expect(inputs.filter((file) => others.some((other) => file.endsWith(`/${other}`)))).toEqual([]);
  },
);

describe('what lets people decide in a chat', () => {
  const chat = "chat: { preset: slack, secrets: [SECRET_CHAT], allow: user_id == 'U1'";
  const channel = 'notify: [{ kind: slack, url: SLACK_URL }]';

  test.each<[what: string, text: string, isThere: boolean]>([
    ['a source asks by chat', `sources: { ${chat}, confirm: all, confirmBy: chat } }`, true],
    ['one asks on the page', `sources: { ${chat}, confirm: all } }`, false],
    ['no source asks', `sources: { ${chat} } }`, false],
  ])('is in the webhook only where it is needed: %s', async (_what, text, isThere) => {
    const some = compileSources(`${text}\n${channel}\n`);
    const { metafile } = await bundleWebhook(some, temporaryFolder());
    expect('functions/webhook/decide-in-chat.ts' in metafile.inputs).toBe(isThere);
  });

  test('has in its place, elsewhere, what the handler calls', () => {
    expect(Object.keys(noChatDecisions)).toEqual(Object.keys(chatDecisions));
  });
});

describe('what rolls a release back that has ended', () => {
  const withEnded =
    'preset: generic, secrets: [SECRET_PIPELINE], apps: [3616cdca-0000-4000-8000-000000000001], follow: true, ended: { within: 1h }';
  const without = 'preset: generic, secrets: [SECRET_PIPELINE]';

  test.each<[what: string, settings: string[], isThere: boolean]>([
    ['one source of two has ended', [without, withEnded], true],
    ['no source has', [without, without], false],
  ])('is in the webhook only where it is needed: %s', async (_what, settings, isThere) => {
    const text = settings.map((each, index) => `  source-${index}: { ${each} }`).join('\n');
    const { metafile } = await bundleWebhook(compileSources(`sources:\n${text}`), temporaryFolder());
    const ofEnded = ['functions/execute/execute-ended.ts', 'functions/rollback/ended-release.ts'];
    expect(ofEnded.map((file) => file in metafile.inputs)).toEqual([isThere, isThere]);
  });

  test('has in its place, elsewhere, what has the same names', () => {
    expect(Object.keys(noEnded).toSorted()).toEqual(Object.keys(ended).toSorted());
  });

  test('is not missed where no source has it: a change order that has ended is refused, and one in flight is rolled back', async () => {
    const edas = await startEdas();
    const over = edas.orders.add({ appId: 'app', createdAt: Date.now() - 600_000, batchMs: 1 });
    const { path: file } = await bundleInto(temporaryFolder());
    const { answers } = await invokeBundle(file, [webhook(over), signed], {
      context: { credentials },
      env: { EDAS_ENDPOINT: edas.url },
    });
    expect(answers.map(({ statusCode, body }) => [statusCode, codeOf(body)])).toEqual([
      [409, 'change_order_finished'],
      [202, undefined],
    ]);
  });
});

function codeOf(body: string): unknown {
  return (JSON.parse(body) as { code?: unknown }).code;
}

test('of what the SDKs say of themselves, the bundles hold the names and versions alone', async () => {
  const bundles = [
    await bundleWebhook(sources, temporaryFolder()),
    await bundleFollow(notify, temporaryFolder()),
  ];
  const manifests = bundles.map(({ metafile }) =>
    Object.entries(metafile.inputs).filter(([file]) => file.endsWith('package.json')),
  );
  const [fc2, popCore] = ['@alicloud/fc2', '@alicloud/pop-core'].map((name): [string, object] => {
    const file = path.join('node_modules', name, 'package.json');
    const { version } = JSON.parse(readFileSync(path.join(root, file), 'utf8')) as { version: string };
    const bytes = JSON.stringify({ name, version }).length;
    return [file, expect.objectContaining({ bytes }) as object];
  });
  expect(manifests.map((each) => each.toSorted())).toEqual([
    [fc2, popCore],
    [fc2, popCore],
  ]);
});

test('the kitx of fc2, whose request is replaced, is in no bundle, and that of pop-core, which signs, is in both', async () => {
  const bundles = [
    await bundleWebhook(sources, temporaryFolder()),
    await bundleFollow(notify, temporaryFolder()),
  ];
  const withKitx = bundles.map(({ metafile }) => {
    const importing = Object.entries(metafile.inputs).filter(([, { imports }]) =>
      imports.some((each) => each.path.includes('/kitx/')),
    );
    return [...new Set(importing.map(([file]) => /@alicloud\/([^/]+)\/lib/.exec(file)?.[1]))];
  });
  expect(withKitx).toEqual([['pop-core'], ['pop-core']]);
  expect(bundles.flatMap(({ metafile }) => Object.keys(metafile.inputs)).join('\n')).not.toContain(
    'fc2/node_modules/kitx',
  );
});

test('JMESPath is with the function that uses it only, and so is what sources.yaml says', async () => {
  const bundles = [
    await bundleWebhook(sources, temporaryFolder()),
    await bundleFollow(notify, temporaryFolder()),
  ];
  const contents = bundles.map(({ files }) => files.map((each) => Buffer.from(each.contents)).join('\n'));
  const packages = bundles.map(({ metafile }) => packagesIn(metafile));
  expect(packages.map((each) => each.includes('@jmespath-community/jmespath'))).toEqual([true, false]);
  expect(packages.map((each) => each.includes('@alicloud/fc2'))).toEqual([true, true]);
  expect(contents.map((each) => each.includes('SLACK_URL'))).toEqual([false, true]);
  expect(contents.map((each) => each.includes('SECRET_PIPELINE'))).toEqual([true, false]);
});

test('the webhook answers and rolls back with nothing around its bundle', async () => {
  const edas = await startEdas();
  const folder = temporaryFolder();
  const { path: file } = await bundleInto(folder);
  expect(readdirSync(folder).toSorted()).toEqual([
    'credentials.js',
    'fc2.js',
    'jmespath.js',
    'pop-core-rpc.js',
    'pop-core.js',
    'webhook.js',
  ]);

  const { answers } = await invokeBundle(file, [httpEvent({ method: 'GET', path: '/' }), signed], {
    context: { credentials },
    env: { EDAS_ENDPOINT: edas.url },
  });
  expect(answers).toMatchObject([{ statusCode: 200 }, { statusCode: 202 }]);
  expect(JSON.parse(answers[0]?.body ?? '')).toMatchObject({ configuration: configurationDigest(sources) });
  expect(edas.orders.rollbacksOf(changeOrderId)).toBe(1);
});

test('a webhook whose secret is in KMS is let in with nothing around the bundle', async () => {
  const edas = await startEdas();
  const kms = await startKms();
  const { path: file } = await bundleSources(inKms, temporaryFolder());
  const { answers } = await invokeBundle(file, [forged, signed], {
    context: { credentials },
    env: { EDAS_ENDPOINT: edas.url, KMS_ENDPOINT: kms.url },
  });
  expect(answers).toMatchObject([{ statusCode: 401 }, { statusCode: 202 }]);
  expect(kms.calls).toHaveLength(2);
  expect(edas.orders.rollbacksOf(changeOrderId)).toBe(1);
});

/** Makes modules fail when they are loaded, with import or require. */
function poison(...names: string[]): Plugin {
  return {
    name: 'poison',
    setup: (build) => {
      build.onResolve({ filter: new RegExp(`^(${names.join('|')})(/|$)`) }, ({ path: name }) => ({
        path: name,
        namespace: 'poison',
      }));
      build.onLoad({ filter: /./, namespace: 'poison' }, ({ path: name }) => ({
        contents: `module.exports = {}; throw new Error('poisoned: ${name}');`,
      }));
    },
  };
}

describe('with modules that fail when they are loaded,', () => {
  const heavy = ['@alicloud/pop-core', '@alicloud/credentials', '@jmespath-community/jmespath'];

  test('a request that is refused is answered all the same, and so is one for the health', async () => {
    const { path: file } = await bundleInto(temporaryFolder(), poison(...heavy, '@alicloud/fc2'));
    const { answers, output } = await invokeBundle(file, [
      forged,
      httpEvent(),
      httpEvent({ path: '/unknown' }),
      httpEvent({ method: 'GET' }),
      httpEvent({ method: 'GET', path: '/' }),
    ]);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 401, 404, 405, 200]);
    expect(output).not.toContain('poisoned');
  });

  test.each([
    ['a request without a signature is refused without node:crypto', httpEvent(), false],
    ['a forged one is not, or the test would prove nothing', forged, true],
  ])('%s', async (_what, event, isLoaded) => {
    const { path: file } = await bundleInto(temporaryFolder());
    const { loaded } = await invokeBundle(file, [event]);
    expect(loaded.includes('NativeModule crypto')).toBe(isLoaded);
    expect(loaded).not.toContain('NativeModule perf_hooks');
  });

  // Without this, a poison that is never swallowed would prove nothing.
  test.each(heavy)('a webhook that is accepted meets the one in %s', async (name) => {
    const { path: file } = await bundleInto(temporaryFolder(), poison(name));
    const { answers, output } = await invokeBundle(file, [signed], {
      context: { credentials, region: 'cn-hangzhou' },
    });
    expect(answers).toMatchObject([
      { statusCode: 500, body: expect.stringContaining('"code":"internal"') as string },
    ]);
    expect(output).toContain(`poisoned: ${name}`);
  });

  test('a request that is refused without a key is answered all the same, where the secret is in KMS', async () => {
    const { path: file } = await bundleSources(inKms, temporaryFolder(), poison(...heavy));
    const { answers, output } = await invokeBundle(file, [
      httpEvent(),
      httpEvent({ headers: { 'X-Signature-256': 'sha256=0123' } }),
      httpEvent({ path: '/unknown' }),
      httpEvent({ method: 'GET' }),
      httpEvent({ method: 'GET', path: '/' }),
    ]);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 401, 404, 405, 200]);
    expect(output).not.toContain('poisoned');
  });

  test('a well-formed webhook, where the secret is in KMS, meets the one in the client of KMS', async () => {
    const poisoned = poison('@alicloud/pop-core/lib/rpc.js');
    const { path: file } = await bundleSources(inKms, temporaryFolder(), poisoned);
    const { answers, output } = await invokeBundle(file, [forged], {
      context: { credentials, region: 'cn-hangzhou' },
    });
    expect(answers).toMatchObject([{ statusCode: 503 }]);
    expect(output).toContain('poisoned: @alicloud/pop-core/lib/rpc.js');
  });

  test('a rollback that no task follows is done without fc2', async () => {
    const edas = await startEdas();
    const { path: file } = await bundleInto(temporaryFolder(), poison('@alicloud/fc2'));
    const { answers, output } = await invokeBundle(file, [signed], {
      context: { credentials },
      env: { EDAS_ENDPOINT: edas.url },
    });
    expect(answers).toMatchObject([{ statusCode: 202 }]);
    expect(output).not.toContain('poisoned');
  });

  test('a rollback that is deferred meets the one in fc2, and is done by the webhook', async () => {
    const edas = await startEdas();
    const deferring = compileSources(
      'sources: { pipeline: { preset: generic, secrets: [SECRET_PIPELINE], mode: deferred } }',
    );
    const file = writeBundle(await bundleWebhook(deferring, temporaryFolder(), [poison('@alicloud/fc2')]));
    const { answers, output } = await invokeBundle(file, [signed], {
      context: { credentials, region: 'cn-hangzhou', accountId: '1000000000000000' },
      env: { EDAS_ENDPOINT: edas.url, FOLLOW_FUNCTION: 'test-only-follow' },
    });
    expect(answers).toMatchObject([{ statusCode: 202 }]);
    expect(output).toContain('poisoned: @alicloud/fc2');
    expect(edas.orders.rollbacksOf(changeOrderId)).toBe(1);
  });
});

test('an answer of KMS that is compressed without being asked to is not unpacked', async () => {
  const kms = await startKms();
  kms.setFault(() => saidToBeCompressed());
  const { path: file } = await bundleSources(inKms, temporaryFolder());
  const { answers, output } = await invokeBundle(file, [signed], {
    context: { credentials },
    env: { KMS_ENDPOINT: kms.url },
  });
  expect(answers).toMatchObject([{ statusCode: 503 }]);
  expect(output).toContain('its answer cannot be read');
});

describe('with DEBUG=* in the environment,', () => {
  /** Puts a package back that the build replaces. */
  const restore = (name: string): Plugin => ({
    name: 'restore',
    setup: (build) => {
      const require = createRequire(import.meta.resolve('@alicloud/pop-core/lib/roa.js'));
      build.onResolve({ filter: new RegExp(`^${name}$`) }, () => ({ path: require.resolve(name) }));
    },
  });

  async function outputOfRollback(...plugins: Plugin[]): Promise<string> {
    const edas = await startEdas();
    const { path: file } = await bundleInto(temporaryFolder(), ...plugins);
    const { answers, output } = await invokeBundle(file, [signed], {
      context: { credentials },
      env: { EDAS_ENDPOINT: edas.url, DEBUG: '*', LOG_LEVEL: 'debug' },
    });
    expect(answers).toMatchObject([{ statusCode: 202 }]);
    return output;
  }

  test('a rollback prints JSON lines only, and neither a credential nor what was signed', async () => {
    const output = await outputOfRollback();
    const lines = output.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ msg: 'decision', outcome: 'rolling_back' }),
    ]);
    for (const leak of [...Object.values(credentials), 'x-acs-']) expect(output).not.toContain(leak);
  });

  test('the package that the build replaces would print the security token', async () => {
    expect(await outputOfRollback(restore('debug'))).toContain(credentials.securityToken);
  });

  test('a secret that is read from KMS is not printed, nor what was signed for it', async () => {
    const edas = await startEdas();
    const kms = await startKms();
    const { path: file } = await bundleSources(inKms, temporaryFolder());
    const { answers, output } = await invokeBundle(file, [signed], {
      context: { credentials },
      env: { EDAS_ENDPOINT: edas.url, KMS_ENDPOINT: kms.url, DEBUG: '*', LOG_LEVEL: 'debug' },
    });
    expect(answers).toMatchObject([{ statusCode: 202 }]);
    expect(
      output
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      expect.objectContaining({ msg: 'a secret was read from KMS', secret: 'kms:pipeline', version: 'v1' }),
      expect.objectContaining({ msg: 'decision', outcome: 'rolling_back' }),
    ]);
    for (const leak of [...Object.values(credentials), secret, 'SignatureNonce']) {
      expect(output).not.toContain(leak);
    }
  });

  const hookSecret = `whsec_${Buffer.from('fake-secret-of-a-webhook').toString('base64')}`;

  /** Of a task that rolls back, and of one that looks at the rollback once, and has no more time. */
  async function outputOfTask(...plugins: Plugin[]): Promise<{ output: string; hook: string }> {
    const edas = await startEdas();
    const receiver = await startReceiver({ secrets: { webhook: hookSecret } });
    onTestFinished(() => receiver.close());
    const hook = receiver.urlOf('webhook');
    const channel = { kind: 'webhook', url: 'HOOK_URL', secret: 'HOOK_SECRET', language: 'en' } as const;
    const file = writeBundle(await bundleFollow([channel], temporaryFolder(), plugins));
    const functions = { follow: () => new Promise<void>(() => undefined) };
    const fc = await startFcStandIn({ credentials, accountId, functions });
    onTestFinished(() => fc.close());
    const due = { ...taskDue, changeOrderId, app: undefined, requestedAt: Date.now() };
    const rollbackChangeOrderId = edas.orders.add({ appId: 'app', waitsForPerson: true, readyMs: 0 });
    const done = { ...due, rollback: 'done', rollbackChangeOrderId, isKnownToSender: false };
    const events = [due, done].map((task) => Buffer.from(JSON.stringify(task)));
    const { answers, output } = await invokeBundle(file, events, {
      context: {
        ...{ credentials, accountId, region: 'cn-hangzhou', requestId: 'fake-request-id' },
        function: { name: 'follow', timeout: 8 },
      },
      env: {
        ...{ EDAS_ENDPOINT: edas.url, FUNCTION_ENDPOINT: fc.url, HOOK_URL: hook, HOOK_SECRET: hookSecret },
        ...{ DEBUG: '*', LOG_LEVEL: 'debug' },
      },
    });
    expect(answers).toEqual([{ event: 'handed_over' }, { event: 'out_of_time' }]);
    expect(fc.tasks).toHaveLength(2);
    expect(edas.orders.rollbacksOf(changeOrderId)).toBe(1);
    expect(receiver.messages).toHaveLength(2);
    return { output, hook };
  }

  test('a task prints JSON lines only, and neither a credential nor the address and the secret of a channel', async () => {
    const { output, hook } = await outputOfTask();
    const lines = output.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ msg: 'decision', outcome: 'handed_over' }),
      expect.objectContaining({ msg: 'news', event: 'started', reached: 1 }),
      expect.objectContaining({ msg: 'news', event: 'out_of_time', reached: 1 }),
      expect.objectContaining({ msg: 'decision', outcome: 'out_of_time' }),
    ]);
    const leaks = [...Object.values(credentials), 'x-acs-', hook, new URL(hook).pathname, hookSecret];
    for (const leak of leaks) expect(output).not.toContain(leak);
  });

  test('of a task, too, that package would print the security token', async () => {
    expect((await outputOfTask(restore('debug'))).output).toContain(credentials.securityToken);
  });
});

describe('with events, the webhook and the events function', () => {
  const app = '3616cdca-4f92-4413-8e80-4de3a52b1c9f';
  const text = `
sources:
  pipeline: { preset: generic, secrets: [SECRET_PIPELINE], when: status == 'failed' }
events:
  slo: { preset: sls-event, apps: [${app}], follow: false }
`;
  const alert = (now: number) => {
    const data = { status: 'firing', labels: { edas_app_id: app }, fire_time: Math.floor(now / 1000) };
    return Buffer.from(JSON.stringify(cloudEvent(now, { aliyunaccountid: accountId, data })));
  };

  /** Outside of the repository, where neither its packages nor its "type": "module" help. */
  async function build(settings = text) {
    const folder = temporaryFolder();
    const built = await buildFunctions(compileConfiguration(settings), folder);
    return { folder, read: (name: string) => readFileSync(path.join(folder, name), 'utf8'), built };
  }

  const files = ['webhook.js', 'events.js', 'functions.js'];

  test('share a file, and neither has the sources of the other', async () => {
    const { folder, read } = await build();
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(files));
    expect(read('webhook.js')).toContain('SECRET_PIPELINE');
    expect(read('webhook.js')).not.toContain('acs.sls.alert');
    expect(read('events.js')).toContain('acs.sls.alert');
    expect(read('events.js')).not.toContain('SECRET_PIPELINE');
    for (const each of ['SECRET_PIPELINE', 'acs.sls.alert', app])
      expect(read('functions.js')).not.toContain(each);
  });

  test('take up 130 KB with the follow function, as they are uploaded', async () => {
    const { built, folder } = await build();
    const { webhook: own, follow, events } = built;
    const uploaded = uploadedFiles(events ? [own, follow, events] : [], folder);
    expect(uploaded.map((file) => path.basename(file.path))).toEqual(
      expect.arrayContaining([...files, 'follow.js']),
    );
    expect(zippedBytes(uploaded)).toBeLessThan(130_000);
  });

  test('do what each is for, and nothing of what the other is sent', async () => {
    const edas = await startEdas();
    edas.orders.add({
      createdAt: Date.now() - 60_000,
      id: '7ab81f1c-3d84-42a4-9c2d-8c3bd1d1b0a1',
      appId: app,
      waitsForPerson: true,
      readyMs: 0,
    });
    const { folder } = await build();
    const context = { credentials, accountId, region: 'cn-hangzhou', requestId: 'fake-request-id' };
    const event = alert(Date.now());
    const of = (name: string, events: Buffer[]) =>
      invokeBundle(path.join(folder, name), events, {
        context: { ...context, function: { name, timeout: 15 } },
        env: { EDAS_ENDPOINT: edas.url, SECRET_PIPELINE: secret },
      });

    const asWebhook = await of('webhook.js', [event, signed]);
    expect(asWebhook.answers).toMatchObject([{ statusCode: 400 }, { statusCode: 202 }]);
    const asEvent = await of('events.js', [signed, event]);
    expect(asEvent.answers).toMatchObject([{ code: 'event_malformed' }, { outcome: 'rolling_back' }]);
    expect(asEvent.output).not.toContain('a source is closed');
    expect(edas.orders.rollbacksOf('7ab81f1c-3d84-42a4-9c2d-8c3bd1d1b0a1')).toBe(1);
  });

  test('are as before where there are no events', async () => {
    const { folder, built } = await build(text.replace(/events:[^]*/, ''));
    expect(built.events).toBeUndefined();
    expect(readdirSync(folder)).not.toContain('functions.js');
    expect(readdirSync(folder)).not.toContain('events.js');
  });
});
