import '../cli/ignore-debug.ts';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../build/bundle.ts';
import { runCli } from '../cli/cli.ts';
import { assembleTemplate } from './template/assemble.ts';

const help = `Puts the application template for the registry of Serverless Devs together.

  npm run template -- [--out DIR]

  --out DIR  a folder that is not there yet, or an earlier one of this command   (.template)

To try it:       npx s init edas-rollback-webhook --uri DIR -d my-rollback   (which takes DIR away)
To publish it:   cd DIR && npx s registry login && npx s registry publish
`;

await runCli(async () => {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: path.join(root, '.template') },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return;
  }
  const out = path.resolve(values.out);
  await assembleTemplate(out);
  console.log(
    `${path.relative(process.cwd(), out)}  next: cd there, npx s registry login, npx s registry publish`,
  );
});
