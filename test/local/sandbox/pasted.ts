import { spawnSync } from 'node:child_process';

/** A curl line as a shell reads it. */
export interface PastedRequest {
  url: string;
  init: { method: 'POST'; headers: [string, string][]; body: string };
}

// Stands for curl in the shell, and prints its arguments instead, one JSON array a line.
const curl = `curl() { "${process.execPath}" -e 'console.log(JSON.stringify(process.argv.slice(1)))' -- "$@"; }`;

/** The curl lines with a body that are in an output, read by a shell. */
export function pastedRequests(output: string): PastedRequest[] {
  const lines = output.match(/^curl -i (?:.*\\\n)*.*$/gm) ?? [];
  const { stdout } = spawnSync('sh', ['-c', [curl, ...lines].join('\n')], { encoding: 'utf8' });
  const calls = stdout.trim().split('\n').filter(Boolean);
  return calls.map((call) => toRequest(JSON.parse(call) as string[]));
}

function toRequest(args: readonly string[]): PastedRequest {
  const after = (flag: string) =>
    args.flatMap((each, index) => (each === flag ? [args[index + 1] ?? ''] : []));
  const headers = after('-H').map((line): [string, string] => {
    const at = line.indexOf(': ');
    return [line.slice(0, at), line.slice(at + 2)];
  });
  return {
    url: args.find((each) => each.startsWith('http')) ?? '',
    init: { method: 'POST', headers, body: after('--data-raw')[0] ?? '' },
  };
}
