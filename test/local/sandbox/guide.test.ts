import { expect, onTestFinished, test, vi } from 'vitest';
import { compileSources } from '../../../local/build/compile-sources.ts';
import { printRealEdas, printYourTurn } from '../../../local/sandbox/guide.ts';
import { createNarrator } from '../../../local/sandbox/narrator.ts';
import { playRollback } from '../../../local/sandbox/play.ts';
import { sandboxSecrets } from '../../../local/sandbox/secrets.ts';
import { startLocalFunction } from './local-function.ts';
import { pastedRequests } from './pasted.ts';

// The play of a rollback takes its time, and busy machines take more.
vi.setConfig({ testTimeout: 30_000 });

const apps = 'apps: [3616cdca-0000-4000-8000-0000000000aa]';
const playedOrder = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const pastedOrder = '4f40e616-cdcd-4250-a018-efd4599c0b1d';

/** All that goes to the terminal until the test ends. */
function captureOutput(): () => string {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  onTestFinished(() => {
    log.mockRestore();
  });
  return () => log.mock.calls.map((parts) => parts.join(' ')).join('\n');
}

test.each([
  ['a signature over the body, and a quote in it', `preset: generic, changeOrderId: '"order''s id"'`, ''],
  ['a signed time', 'preset: svix', ' (good for 300 s)'],
  ['a time in the payload', 'preset: linear', ' (good for 60 s)'],
  ["Stripe's scheme", 'preset: stripe-style', ' (good for 300 s)'],
  ["DingTalk's scheme, and a chat", `preset: dingtalk, ${apps}`, ' (good for 3600 s)'],
  ["Feishu's scheme, and a chat", 'preset: feishu', ' (good for 300 s)'],
  ['a form, and a chat', 'preset: slack', ' (good for 300 s)'],
  ['a bearer token, and an application in the payload', `preset: alertmanager, ${apps}`, ''],
  ['user and password, and one application', `preset: azure-devops, ${apps}`, ''],
  [
    'an application that it names itself',
    `preset: generic, app: "'3616cdca-0000-4000-8000-0000000000cc'"`,
    '',
  ],
  ['a link, and a form', `preset: cloudmonitor, ${apps}`, ' (good for 300 s)'],
])(
  'the line to paste for a source with %s rolls back, and the forged one is refused',
  async (_what, settings, good) => {
    const local = await startLocalFunction(`sources: { hook: { secrets: [HOOK_SECRET], ${settings} } }`);
    const output = captureOutput();
    await printYourTurn({ ...local, forged: sandboxSecrets(local.sources, 'forged'), isSuspended: false });

    expect(output()).toContain(`this is the request of hook for it${good}:`);
    const [signed, forged, ...others] = pastedRequests(output());
    if (!signed || !forged) throw new Error(`there must be two curl lines in:\n${output()}`);
    expect(others).toEqual([]);
    expect((await fetch(forged.url, forged.init)).status).toBe(401);
    expect(local.edas.orders.rollbacksOf(pastedOrder)).toBe(0);
    const response = await fetch(signed.url, signed.init);
    expect(local.edas.orders.rollbacksOf(pastedOrder), await response.text()).toBe(1);
  },
);

test.each([
  ['a chat', 'preset: slack'],
  ['a link', `preset: cloudmonitor, ${apps}`],
  ['a task that rolls back', 'preset: generic, mode: deferred'],
])('the play runs to its end for a source with %s, and rolls back once', async (_what, settings) => {
  const local = await startLocalFunction(`sources: { hook: { secrets: [HOOK_SECRET], ${settings} } }`);
  const [source] = local.sources;
  if (!source) throw new Error('there must be a source');
  const output = captureOutput();
  await playRollback({
    ...local,
    source,
    forged: sandboxSecrets(local.sources, 'forged'),
    narrator: createNarrator(false),
  });
  expect(output()).toContain('5. A webhook that is forged is refused.');
  expect(local.edas.orders.rollbacksOf(playedOrder)).toBe(1);
});

test('the play ends early where the source would not act on any webhook that can be derived', async () => {
  const local = await startLocalFunction(
    `sources: { hook: { secrets: [HOOK_SECRET], preset: generic, when: started < finished } }`,
  );
  const [source] = local.sources;
  if (!source) throw new Error('there must be a source');
  const output = captureOutput();
  await playRollback({ ...local, source, forged: {}, narrator: createNarrator(false) });
  expect(output()).toContain('Nothing was rolled back, so the play ends here');
});

test('for real EDAS, the lines to paste are those of the first source that a shell can sign for', async () => {
  const sources = compileSources(`
sources:
  chat: { preset: slack, secrets: [CHAT_SECRET] }
  monitor: { preset: pagerduty, secrets: [MONITOR_SECRET], ${apps} }
  pipeline: { preset: generic, secrets: [SECRET_PIPELINE], changeOrderId: order }
`);
  const output = captureOutput();
  await printRealEdas({ url: 'http://127.0.0.1:9000', sources, secrets: { SECRET_PIPELINE: 'fake-secret' } });
  expect(output()).toContain(
    [
      'To roll a change order back, put its id in and paste:',
      "SECRET_PIPELINE='fake-secret'",
      `body='{"order":"CHANGE-ORDER-ID"}'`,
      `curl -i http://127.0.0.1:9000/pipeline -H 'Content-Type: application/json' --data-raw "$body" \\`,
      `  -H 'x-signature-256: sha256='"$(printf %s "$body" | openssl dgst -sha256 -hmac "$SECRET_PIPELINE" -r | cut -d' ' -f1)"`,
    ].join('\n'),
  );
});

test('for real EDAS, nothing is to be pasted where no shell can sign', async () => {
  const sources = compileSources('sources: { chat: { preset: slack, secrets: [CHAT_SECRET] } }');
  const output = captureOutput();
  await printRealEdas({ url: 'http://127.0.0.1:9000', sources, secrets: {} });
  expect(output()).not.toContain('paste');
});

test('for real EDAS, nothing is to be pasted for a source whose expression has applications of its own', async () => {
  const app = '3616cdca-0000-4000-8000-0000000000aa';
  const sources = compileSources(`
sources:
  mapped: { preset: generic, secrets: [A_SECRET], app: "service == 'shop' && '${app}' || labels.other || '${app}'" }
  fixed: { preset: generic, secrets: [B_SECRET], changeOrderId: "lower('${app}')" }
`);
  const output = captureOutput();
  await printRealEdas({ url: 'http://127.0.0.1:9000', sources, secrets: {} });
  expect(output()).not.toContain('paste');
});

test('for real EDAS, the secret of a source that has it in KMS is read from there before it signs', async () => {
  const sources = compileSources(
    'sources: { pipeline: { preset: generic, secrets: [kms:pipeline/secret] } }',
  );
  vi.stubEnv('REGION', 'cn-beijing');
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const output = captureOutput();
  await printRealEdas({ url: 'http://127.0.0.1:9000', sources, secrets: {} });
  expect(output()).toContain("secret kms:pipeline/secret (KMS's own)");
  expect(output()).toContain(
    'export SECRET="$(aliyun kms GetSecretValue --SecretName pipeline/secret --region cn-beijing | node -p ',
  );
  expect(output()).toContain('-hmac "$SECRET" -r');
});

test('the line to paste for a source whose secret is in KMS rolls back, and the forged one is refused', async () => {
  const local = await startLocalFunction('sources: { hook: { preset: svix, secrets: [kms:hook] } }');
  const output = captureOutput();
  await printYourTurn({ ...local, forged: sandboxSecrets(local.sources, 'forged'), isSuspended: false });
  const [signed, forged] = pastedRequests(output());
  if (!signed || !forged) throw new Error(`there must be two curl lines in:\n${output()}`);
  expect((await fetch(forged.url, forged.init)).status).toBe(401);
  expect((await fetch(signed.url, signed.init)).status).toBe(202);
  expect(local.edas.orders.rollbacksOf(pastedOrder)).toBe(1);
});
