import '../cli/ignore-debug.ts';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runCli } from '../cli/cli.ts';
import { root } from '../cli/root.ts';
import { isStale, pictureOfPlay } from './picture/picture-of-play.ts';
import { runSandbox } from './picture/run-sandbox.ts';

const help = `Draws the terminal of npm start for the README, by running it.

  npm run picture [-- --out FILE]

  --out FILE  where the picture goes, an SVG     (docs/pictures/start.svg)

A picture that still tells what happens is left as it is.
`;

await runCli(async () => {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: path.join(root, 'docs/pictures/start.svg') },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return;
  }
  const out = path.resolve(values.out);
  const picture = pictureOfPlay(await runSandbox());
  if (existsSync(out) && !isStale(readFileSync(out, 'utf8'), picture)) {
    console.log(`${out} is up to date.`);
    return;
  }
  mkdirSync(path.dirname(out), { recursive: true });
  writeFileSync(out, picture);
  console.log(`Wrote ${out}. Look at it before you commit it.`);
});
