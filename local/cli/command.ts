import { parseArgs, type ParseArgsConfig } from 'node:util';
import { runCli } from './cli.ts';

type Descriptors = NonNullable<ParseArgsConfig['options']>;

/** An option as `parseArgs` takes it, and as the help shows it: `--NAME VALUE  HELP`. */
export type Option = Descriptors[string] & { value?: string; help: string };

type Values<Options extends Record<string, Option>> = ReturnType<
  typeof parseArgs<{ options: Options }>
>['values'];

interface Command<Options extends Record<string, Option>> {
  summary: string;
  /** The command line, one line or more. */
  usage: string;
  /** Besides `--help`, which every command has. */
  options: Options;
  /** What the help says below the options. */
  notes?: string;
  /** Whether it takes words besides its options. */
  takesWords?: boolean;
  run: (values: Values<Options>, help: string, words: readonly string[]) => Promise<void> | void;
}

const helpOption = { help: { type: 'boolean', short: 'h' } } as const;

/** Runs one of the commands of package.json, or prints its help. */
export async function runCommand<const Options extends Record<string, Option>>(
  command: Command<Options>,
): Promise<void> {
  await runCli(async () => {
    const { values, positionals } = parseArgs({
      options: { ...helpOption, ...command.options },
      allowPositionals: command.takesWords ?? false,
    });
    const help = helpText(command);
    if ('help' in values) console.log(help);
    else await command.run(values, help, positionals);
  });
}

/** The help of a command, as its `--help` prints it. */
export function helpText({
  summary,
  usage,
  options,
  notes,
}: Omit<Command<Record<string, Option>>, 'run' | 'takesWords'>): string {
  const rows = Object.entries(options).map(
    ([name, { value, help }]) => [`--${name}${value === undefined ? '' : ` ${value}`}`, help] as const,
  );
  const width = Math.max(...rows.map(([name]) => name.length)) + 4;
  const lines = rows.map(
    ([name, help]) => `  ${name}`.padEnd(width) + help.replaceAll('\n', `\n${' '.repeat(width)}`),
  );
  const parts = [summary, indent(usage), lines.join('\n'), notes].filter(Boolean);
  return `${parts.join('\n\n')}\n`;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
