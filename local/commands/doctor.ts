import '../cli/ignore-debug.ts';
import { lookup } from 'node:dns/promises';
import path from 'node:path';
import { runCommand } from '../cli/command.ts';
import { readAccount, readUrl, sharedOptions } from '../cli/options.ts';
import { environmentFile, requireEnvironmentFile } from './deploy/environment-file.ts';
import { examine } from './doctor/examine.ts';
import { exitStatus, printRemarks, summarize } from './doctor/report.ts';

await runCommand({
  summary:
    'Checks everything that can be checked before and after a deployment. It changes nothing without --fix, and shows no secret.',
  usage:
    'npm run doctor -- [--offline] [--env NAME] [--fix] [--url URL] [--link LINK]… [--account ID] [--folder DIR]',
  options: {
    offline: { type: 'boolean', default: false, help: 'leave out what needs a network' },
    env: {
      type: 'string',
      value: 'NAME',
      help: 'take the values of .env.NAME instead of .env, as npm run deploy -- --env NAME does',
    },
    fix: {
      type: 'boolean',
      default: false,
      help: `first add the variables that are missing: to s.yaml, .env.example and, without a value, .env. Nothing
that is there is changed`,
    },
    url: {
      type: 'string',
      value: 'URL',
      help: `ask a deployed function, too: its health, whether it refuses forged webhooks, and whether it takes
signed ones. They ask for a change order that cannot exist, so nothing can be rolled back. A source for
which no such webhook can be made is sent nothing; and where other sources are deployed than those
here, nothing signed is sent`,
    },
    link: {
      type: 'string',
      value: 'LINK',
      multiple: true,
      default: [],
      help: 'check whether a link still opens its source, and for how long; may be given several times',
    },
    account: {
      type: 'string',
      value: 'ID',
      help: 'the account of the functions   (FC_ACCOUNT_ID, or the one in FUNCTION_ROLE)',
    },
    folder: sharedOptions.folder,
  },
  notes: `EDAS and Function Compute are asked with your own credentials, not with those of the functions' role, and only for what
cannot exist: change order 00000000-0000-0000-0000-000000000000. Each line says which answer came, and what it means.
Where a source has ended, EDAS is also asked what runs of each application in apps; nothing is sent to them.
Where there are events, Function Compute is asked for the triggers and the dead letters of their function, and RAM for the role of
EventBridge (RAM_ENDPOINT, where https://ram.aliyuncs.com cannot be reached). That takes fc:ListTriggers,
fc:GetFunctionAsyncInvokeConfig and ram:GetRole.
Secrets in KMS (kms:NAME in sources.yaml) are read with them, too, and KMS records that. Only --url shows whether the role
may read them: the function refuses a forged webhook only once it has. See policy/README.md#secrets-in-kms.

  ✓ right   ! to look at   ✗ wrong   ? could not be checked   – left out

It ends with status 0 where nothing is wrong, 1 where something is, and 2 where something could not be checked, which is
less than 1. What was left out by --offline, or because there is nothing to check, does not count.`,
  run: async (values) => {
    const accountId = readAccount(values.account);
    const folder = path.resolve(values.folder);
    const file = environmentFile(values.env);
    if (!values.fix) requireEnvironmentFile(folder, file);
    const findings = await printRemarks(
      examine({
        folder,
        file,
        shell: process.env,
        isOffline: values.offline,
        isFix: values.fix,
        url: values.url === undefined ? undefined : readUrl(values.url),
        links: values.link,
        accountId,
        now: Date.now,
        lookup: (hostname) => lookup(hostname),
      }),
    );
    console.log(`\n${summarize(findings)}`);
    process.exitCode = exitStatus(findings);
  },
});
