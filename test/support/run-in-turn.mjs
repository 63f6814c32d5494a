// Runs commands one after the other in this process, because most of what a command costs is to load its code. Takes
// [{file, args, env}, …] as JSON, and prints how each ended as JSON.
import { Console } from 'node:console';
import { PassThrough } from 'node:stream';
import { pathToFileURL } from 'node:url';

const own = process.env;
const ended = [];
for (const { file, args, env = {} } of JSON.parse(process.argv[2])) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  globalThis.console = new Console({ stdout, stderr });
  process.argv = [process.execPath, file, ...args];
  process.exitCode = 0;
  process.env = { ...own, ...env };
  // A module runs when it is first loaded, and under another address it is another one.
  await import(`${pathToFileURL(file).href}?${ended.length}`);
  ended.push({
    status: process.exitCode,
    stdout: String(stdout.read() ?? ''),
    stderr: String(stderr.read() ?? ''),
  });
}
process.exitCode = 0;
process.stdout.write(JSON.stringify(ended));
