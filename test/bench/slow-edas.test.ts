import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { chosen } from '../../bench/slow-edas.ts';
import { root } from '../../local/build/bundle.ts';

test('the goals are judged on the part of a core that s.yaml asks for', () => {
  expect(parse(readFileSync(path.join(root, 's.yaml'), 'utf8'))).toMatchObject({
    resources: { webhook: { props: { cpu: chosen } } },
  });
});
