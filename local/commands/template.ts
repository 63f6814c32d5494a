import '../cli/ignore-debug.ts';
import path from 'node:path';
import { runCommand } from '../cli/command.ts';
import { root } from '../cli/root.ts';
import { assembleTemplate } from './template/assemble.ts';

await runCommand({
  summary: 'Assembles the application template for the registry of Serverless Devs.',
  usage: 'npm run template -- [--out DIR]',
  options: {
    out: {
      type: 'string',
      value: 'DIR',
      default: path.join(root, '.template'),
      help: 'a new folder, or one that this command has written before   (.template)',
    },
  },
  notes: `To try it:       npx s init edas-rollback-webhook --uri DIR -d my-rollback   (which takes DIR away)
To publish it:   cd DIR && npx s registry login && npx s registry publish`,
  run: async (values) => {
    const out = path.resolve(values.out);
    await assembleTemplate(out);
    console.log(
      `${path.relative(process.cwd(), out)}  next: cd there, npx s registry login, npx s registry publish`,
    );
  },
});
