import { readFileSync } from 'node:fs';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { isLoopback } from '../../functions/alibaba/origin.ts';
import { isId, reasonOf } from '../../functions/lib/text.ts';
import { CliError } from './cli.ts';
import { root } from './root.ts';

/** Where `npm start` listens by default. */
export const sandboxUrl = 'http://127.0.0.1:9000';

/** Where the event bus of `npm start` listens by default. */
export const sandboxEventsUrl = 'http://127.0.0.1:9090';

/** The options that several commands take. */
export const sharedOptions = {
  source: { type: 'string', value: 'NAME', help: 'the source, by its name in sources.yaml' },
  payload: {
    type: 'string',
    value: 'FILE',
    help: 'the body as the sender posts it; - reads it from standard input',
  },
  'content-type': { type: 'string', value: 'T', help: 'the content type of the body   (as the body looks)' },
  'change-order': { type: 'string', value: 'ID', help: 'the change order to roll back' },
  app: { type: 'string', value: 'ID', help: 'the application of the link   (the only one of its apps)' },
  url: {
    type: 'string',
    value: 'URL',
    default: sandboxUrl,
    help: `where the function listens   (${sandboxUrl}, the sandbox)`,
  },
  'secret-env': {
    type: 'string',
    value: 'V',
    help: 'the environment variable with the secret, such as one in KMS   (those that the source names)',
  },
  sources: {
    type: 'string',
    value: 'FILE',
    default: path.join(root, 'sources.yaml'),
    help: 'the sources   (sources.yaml)',
  },
  folder: {
    type: 'string',
    value: 'DIR',
    default: root,
    help: 'where sources.yaml, s.yaml and .env are   (this repository)',
  },
} as const;

/** @throws CliError where the option is not given */
export function requireOption(option: string, text: string | undefined): string {
  if (text !== undefined) return text;
  throw new CliError(`${option} is missing. See --help.`);
}

/**
 * The id in an option, in lower case as EDAS writes it; undefined where the option is not given.
 *
 * @throws CliError where it is not an id
 */
export function readId(option: string, text: string | undefined): string | undefined {
  const id = text?.toLowerCase();
  if (id === undefined || isId(id)) return id;
  throw new CliError(
    `${option} must be an id as the EDAS console shows it (a UUID), not ${JSON.stringify(text)}.`,
  );
}

/**
 * The number of an account; undefined where the option is not given.
 *
 * @throws CliError where it is none
 */
export function readAccount(text: string | undefined): string | undefined {
  if (text === undefined || /^\d+$/.test(text)) return text;
  throw new CliError(`--account must be the number of an account, not ${JSON.stringify(text)}.`);
}

/**
 * The address of a function, without a slash at its end.
 *
 * @throws CliError where it is more than an address, or where others could read what is posted to it
 */
export function readUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.href !== `${url?.origin}/`) {
    throw new CliError(
      '--url must be the address of the function alone, such as https://example.cn-hangzhou.fcapp.run, without user, password or path. The name of the source is added to it.',
    );
  }
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return url.origin;
  throw new CliError('--url must be https; plain http is for this machine only.');
}

/**
 * The bytes of a payload; `-` stands for standard input.
 *
 * @throws CliError where the file cannot be read
 */
export async function readPayloadFile(file: string): Promise<Buffer> {
  if (file === '-') return buffer(process.stdin);
  try {
    return readFileSync(file);
  } catch (error) {
    throw new CliError(`${file} cannot be read: ${reasonOf(error)}`);
  }
}
