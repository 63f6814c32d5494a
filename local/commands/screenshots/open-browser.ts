import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Browser } from 'playwright-core';
import { reasonOf } from '../../../functions/lib/text.ts';
import { CliError, codeOf } from '../../cli/cli.ts';
import { root } from '../../cli/root.ts';

const packageName = '@sparticuz/chromium';
const useAnother = 'Set BROWSER_PATH to the program of a Chromium or Chrome that is installed.';

/**
 * What the package is asked for in a process of its own, because it unpacks into the temporary folder of its process. As
 * on AWS Lambda, it then unpacks the libraries along that a bare Linux lacks.
 */
const unpack = `import('${packageName}').then(({ default: chromium }) => chromium.executablePath())`;
const likeLambda = { AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' };

/**
 * Starts the browser of the tests, which came with `npm ci`, or the one that BROWSER_PATH names.
 *
 * @throws CliError
 */
export async function openBrowser(
  { BROWSER_PATH: installed }: NodeJS.ProcessEnv = process.env,
): Promise<Browser> {
  const { program, env } = installed ? { program: installed, env: {} } : await packagedBrowser();
  try {
    return await chromium.launch({
      executablePath: program,
      // In a container there is mostly no sandbox to be had, and every page here is our own.
      args: ['--no-sandbox', '--disable-gpu'],
      env: { ...process.env, ...env },
    });
  } catch (error) {
    throw new CliError(`The browser ${program} does not start: ${reasonOf(error)}\n${useAnother}`);
  }
}

interface Program {
  program: string;
  env: Record<string, string>;
}

async function packagedBrowser(): Promise<Program> {
  const { platform, arch } = process;
  if (platform !== 'linux' || arch !== 'x64') {
    throw new CliError(
      `The browser that npm ci installs is for Linux on x64, and this is ${platform} on ${arch}. ${useAnother}`,
    );
  }
  const folder = await unpackedPackage();
  const fonts = path.join(folder, 'fonts.conf');
  return {
    program: path.join(folder, 'chromium'),
    env: { LD_LIBRARY_PATH: path.join(folder, 'al2023/lib'), FONTCONFIG_FILE: fonts },
  };
}

/** Unpacks it where nothing is yet. Several processes may: each unpacks for itself, and the first one's folder stays. */
async function unpackedPackage(): Promise<string> {
  const manifest = path.join(root, 'node_modules', packageName, 'package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const cache = path.join(root, 'node_modules/.cache');
  const folder = path.join(cache, `chromium-${version}`);
  if (existsSync(folder)) return folder;

  mkdirSync(cache, { recursive: true });
  const own = mkdtempSync(`${folder}-`);
  try {
    const env = { ...process.env, ...likeLambda, TMPDIR: own };
    await promisify(execFile)(process.execPath, ['-e', unpack], { cwd: root, env });
    writeFileSync(path.join(own, 'fonts.conf'), fontsOf(folder));
    renameUnlessThere(own, folder);
  } catch (error) {
    throw new CliError(`The browser of ${packageName} cannot be unpacked: ${reasonOf(error)}`);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
  return folder;
}

function renameUnlessThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error;
  }
}

/** The fonts of the package, and those of the machine where it has any. */
function fontsOf(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${folder}/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <dir>/usr/local/share/fonts</dir>
  <dir prefix="xdg">fonts</dir>
  <cachedir>${folder}/fonts-cache</cachedir>
</fontconfig>
`;
}
