import '../cli/ignore-debug.ts';
import { nameInKms } from '../../functions/secrets/secret-name.ts';
import type { LinkGrant } from '../../functions/webhook/verify/link.ts';
import { CliError } from '../cli/cli.ts';
import { runCommand } from '../cli/command.ts';
import { readId, readUrl, requireOption, sharedOptions } from '../cli/options.ts';
import { findSecret } from '../sandbox/find-secret.ts';
import { readExpiry } from '../signing/expiry.ts';
import { appOfLink, readSource } from '../signing/sender.ts';
import { linkQuery } from '../signing/sign.ts';

await runCommand({
  summary: 'Makes a signed address for a sender that can only be given an address.',
  usage: `npm run link -- --source NAME --app ID [--change-order ID] --expires 90d|12h|2026-12-31
                [--url URL] [--secret-env V] [--sources FILE]`,
  options: {
    source: {
      ...sharedOptions.source,
      help: 'a source that is called by a link (preset: cloudmonitor, or verify: { scheme: link })',
    },
    app: {
      ...sharedOptions.app,
      help: "the application whose newest deployment in flight the link rolls back; one of the source's apps",
    },
    'change-order': { ...sharedOptions['change-order'], help: 'only this change order of the application' },
    expires: {
      type: 'string',
      value: 'WHEN',
      help: 'when it ends: days or hours from now, or the beginning of a day in UTC; 400 days at most',
    },
    url: sharedOptions.url,
    'secret-env': sharedOptions['secret-env'],
    sources: sharedOptions.sources,
  },
  notes: `Only the link goes to standard output. The secret comes from the variable that the source names. To take it from .env:
(set -a; . ./.env; set +a; npm run -s link -- …). Where the URL is on this machine and the variable is not set, the link
is signed with the sandbox's own secret.`,
  run: (values) => {
    const url = readUrl(values.url);
    const { source, sources } = readSource(values.sources, requireOption('--source NAME', values.source));
    const { name, verify, secrets } = source;
    if (verify.scheme !== 'link') {
      throw new CliError(
        `The source ${name} is not called by a link; its scheme is ${verify.scheme}. Use npm run send to post to it.`,
      );
    }
    const now = Date.now();
    const grant: LinkGrant = {
      app: appOfLink(source, readId('--app', values.app)),
      changeOrderId: readId('--change-order', values['change-order']),
      expiresAtSeconds: readExpiry(values.expires, now),
    };
    const secret = findSecret(source, { url, sources, env: process.env, given: values['secret-env'] });
    console.log(`${url}/${name}?${linkQuery(verify, secret, grant)}`);
    for (const line of describeLink(name, grant, secrets, now)) console.error(line);
  },
});

function describeLink(
  source: string,
  { app, changeOrderId, expiresAtSeconds }: LinkGrant,
  secrets: readonly string[],
  now: number,
): string[] {
  const hours = Math.round((expiresAtSeconds - now / 1000) / 3600);
  const left = hours < 48 ? `${hours} hours` : `${Math.floor(hours / 24)} days`;
  const subject =
    changeOrderId === undefined
      ? `what is being deployed to the application ${app}`
      : `the change order ${changeOrderId} of the application ${app}, and nothing else`;
  return [
    `expires     ${new Date(expiresAtSeconds * 1000).toISOString()}, in ${left}`,
    `authorises  anyone who has it to have the source ${source} roll back ${subject}`,
    `to revoke   ${describeRevocation(secrets)}: every link that was made with the old value ends`,
  ];
}

/** In KMS, the previous version of a secret is valid, too: so two new versions are needed. */
function describeRevocation(secrets: readonly string[]): string {
  const variables = secrets.filter((secret) => nameInKms(secret) === undefined);
  const inKms = secrets.filter((secret) => nameInKms(secret) !== undefined);
  return [
    ...(inKms.length > 0
      ? [`store two new versions of ${inKms.join(', ')} in KMS and wait for 5 minutes`]
      : []),
    ...(variables.length > 0 ? [`rotate ${variables.join(', ')} and deploy`] : []),
  ].join(', and ');
}
