import { spawn } from 'node:child_process';
import { platform } from 'node:process';
import { reasonOf } from '../../../functions/lib/text.ts';

/** The program of each system that opens an address. On Windows it is a word of the shell, whose first argument is a title. */
const openers: Partial<Record<NodeJS.Platform, [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/** How long the program may take to say that it cannot. */
const longestWaitMs = 5000;

/**
 * Opens an address in the browser of the person at the terminal.
 *
 * @returns undefined, or why that did not work: nothing depends on it
 */
export function openInBrowser(
  url: string,
  [program, ...args] = openers[platform] ?? ['xdg-open'],
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true });
    const timer = setTimeout(resolve, longestWaitMs, undefined);
    const end = (reason: string | undefined) => {
      clearTimeout(timer);
      resolve(reason);
    };
    child.on('error', (error) => {
      end(reasonOf(error));
    });
    child.on('exit', (code) => {
      end(code === 0 ? undefined : `${program} ended with ${code ?? 'a signal'}`);
    });
    // A browser that was not running before goes on when the sandbox has ended.
    child.unref();
  });
}
