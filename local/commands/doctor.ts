import '../cli/ignore-debug.ts';
import { lookup } from 'node:dns/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../build/bundle.ts';
import { runCli, CliError } from '../cli/cli.ts';
import { readUrl } from '../signing/sender.ts';
import { examine } from './doctor/examine.ts';
import { exitStatus, printRemarks, summarize } from './doctor/report.ts';

const help = `Checks everything that can be checked before and after a deployment. It changes nothing, and shows no secret.

  npm run doctor -- [--offline] [--url URL] [--link LINK]… [--account ID] [--folder DIR]

  --offline     leave out what needs a network
  --url URL     ask a deployed function, too: its health, whether it refuses forged webhooks, and whether it takes
                signed ones. They ask for a change order that cannot exist: nothing can be rolled back by that. A source
                for which no such webhook can be made is sent nothing; and where other sources are deployed than those
                that stand here, nothing signed is sent
  --link LINK   look whether a link still opens its source, and for how long; may be there several times
  --account ID  the account of the follow function          (FC_ACCOUNT_ID, or the one in FUNCTION_ROLE)
  --folder DIR  where sources.yaml, s.yaml and .env are      (this repository)

EDAS and Function Compute are asked with your own credentials, not with those of the functions' role, and only for what
cannot exist: change order 00000000-0000-0000-0000-000000000000. Each line says which answer came, and what it means.
Secrets in KMS (kms:NAME in sources.yaml) are read with them, too, and KMS notes that. Only --url shows whether the role
may read them: a webhook that is forged is refused as such once it has. It needs policy/README.md#secrets-in-kms.

  ✓ right   ! to look at   ✗ wrong   ? could not be checked   – left out

It ends with status 0 where nothing is wrong, 1 where something is, and 2 where something could not be checked, which is
less than 1. What was left out by --offline, or because there is nothing to check, does not count.
`;

await runCli(async () => {
  const { values } = parseArgs({
    options: {
      offline: { type: 'boolean', default: false },
      url: { type: 'string' },
      link: { type: 'string', multiple: true, default: [] },
      account: { type: 'string' },
      folder: { type: 'string', default: root },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return;
  }
  if (values.account !== undefined && !/^\d+$/.test(values.account)) {
    throw new CliError(`--account must be the number of an account, not ${JSON.stringify(values.account)}.`);
  }
  const findings = await printRemarks(
    examine({
      folder: path.resolve(values.folder),
      shell: process.env,
      isOffline: values.offline,
      url: values.url === undefined ? undefined : readUrl(values.url),
      links: values.link,
      accountId: values.account,
      now: Date.now,
      lookup: (hostname) => lookup(hostname),
    }),
  );
  console.log(`\n${summarize(findings)}`);
  process.exitCode = exitStatus(findings);
});
