import '../cli/ignore-debug.ts';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { nameInKms } from '../../functions/webhook/source/secret-name.ts';
import type { LinkGrant } from '../../functions/webhook/verify/link.ts';
import { root } from '../build/bundle.ts';
import { CliError, runCli } from '../cli/cli.ts';
import { readExpiry } from '../signing/expiry.ts';
import { appOfLink, readId, readSource, readUrl, sandboxUrl, secretFor } from '../signing/sender.ts';
import { linkQuery } from '../signing/sign.ts';

const help = `Makes a signed address for a sender that can only be given an address.

  npm run link -- --source NAME --app ID [--change-order ID] --expires 90d|12h|2026-12-31
                  [--url URL] [--secret-env V] [--sources FILE]

  --source NAME      a source that is called by a link (preset: cloudmonitor, or verify: { scheme: link })
  --app ID           the application whose newest deployment in flight it rolls back; one of the source's apps
  --change-order ID  only this change order of the application
  --expires WHEN     when it ends: days or hours from now, or the beginning of a day in UTC; 400 days at most
  --url URL          where the function listens     (${sandboxUrl}, the sandbox)
  --secret-env V     the environment variable with the secret, such as one in KMS  (those that the source names)
  --sources FILE     the sources                    (sources.yaml)

The link alone goes to standard output. The secret comes from the variable that the source names; where .env has it:
(set -a; . ./.env; set +a; npm run -s link -- …). For a URL of this machine it is the sandbox's own where that variable is
not set.
`;

await runCli(() => {
  const { values } = parseArgs({
    options: {
      source: { type: 'string' },
      app: { type: 'string' },
      'change-order': { type: 'string' },
      expires: { type: 'string' },
      url: { type: 'string', default: sandboxUrl },
      sources: { type: 'string', default: path.join(root, 'sources.yaml') },
      'secret-env': { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return;
  }
  if (values.source === undefined)
    throw new CliError('--source NAME is missing: who is the link for? See --help.');
  const url = readUrl(values.url);
  const { source, sources } = readSource(values.sources, values.source);
  const { name, verify, secrets } = source;
  if (verify.scheme !== 'link') {
    throw new CliError(
      `The source ${name} is not called by a link, but by the scheme ${verify.scheme}: npm run send posts to it.`,
    );
  }
  const now = Date.now();
  const grant: LinkGrant = {
    app: appOfLink(source, readId('--app', values.app)),
    changeOrderId: readId('--change-order', values['change-order']),
    expiresAtSeconds: readExpiry(values.expires, now),
  };
  const secret = secretFor(source, { url, sources, env: process.env, given: values['secret-env'] });
  console.log(`${url}/${name}?${linkQuery(verify, secret, grant)}`);
  for (const line of explain(name, grant, secrets, now)) console.error(line);
});

function explain(
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
    `authorises  whoever has it to have the source ${source} roll back ${subject}`,
    `to revoke   ${revocation(secrets)}: every link that was made with the old value ends`,
  ];
}

/** In KMS the version before the newest is valid, too. */
function revocation(secrets: readonly string[]): string {
  const variables = secrets.filter((secret) => nameInKms(secret) === undefined);
  const inKms = secrets.filter((secret) => nameInKms(secret) !== undefined);
  return [
    ...(inKms.length > 0
      ? [`store two new versions of ${inKms.join(', ')} in KMS and wait for 5 minutes`]
      : []),
    ...(variables.length > 0 ? [`rotate ${variables.join(', ')} and deploy`] : []),
  ].join(', and ');
}
