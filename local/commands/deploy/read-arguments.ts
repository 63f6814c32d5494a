import path from 'node:path';
import { parseArgs } from 'node:util';
import { CliError } from '../../cli/cli.ts';
import { sharedOptions } from '../../cli/options.ts';
import { environmentFile } from './environment-file.ts';

const noTemplate =
  'npm run deploy takes no -t or --template: what it checks and builds is the s.yaml of a folder, so another file would be ' +
  'deployed unchecked. Put it into a folder as s.yaml, beside its sources.yaml and .env, and use --folder DIR.';

/** What npm run deploy is told. */
export interface Arguments {
  folder: string;
  /** The file with the values, in the folder: .env, or that of --env NAME. */
  file: string;
  isHelp: boolean;
  /** For `s deploy`, in their order. */
  forwarded: readonly string[];
  /** Those among them that say whose account it is, for `s info` as well. */
  access: readonly string[];
}

/** @throws CliError where another file than the one that is checked would be deployed */
export function readArguments(args: readonly string[]): Arguments {
  const { values, tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: {
      folder: sharedOptions.folder,
      env: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
      access: { type: 'string', short: 'a' },
      template: { type: 'string', short: 't' },
    },
  });
  if (values.template !== undefined || args.some(isGroupWithTemplate)) throw new CliError(noTemplate);
  const indexesOf = (name: string) =>
    tokens.flatMap((token) => {
      if (token.kind !== 'option' || token.name !== name) return [];
      return token.inlineValue === false ? [token.index, token.index + 1] : [token.index];
    });
  const own = [...indexesOf('folder'), ...indexesOf('env')];
  const ofAccess = indexesOf('access');
  return {
    folder: path.resolve(String(values.folder)),
    file: environmentFile(values.env === undefined ? undefined : String(values.env)),
    isHelp: values.help === true,
    forwarded: args.filter((_arg, index) => !own.includes(index)),
    access: args.filter((_arg, index) => ofAccess.includes(index)),
  };
}

/** Serverless Devs takes `-at FILE` for `-a -t FILE`, and parseArgs for `--access t`; after a `=` comes a value. */
function isGroupWithTemplate(arg: string): boolean {
  return /^-[A-Za-z]*t/.test(arg);
}
