import { compile } from '@jmespath-community/jmespath';
import { expect, test } from 'vitest';
import { pathsRead } from '../../../local/build/paths-read.ts';

test.each([
  ["commonLabels.team == 'shop'", [['commonLabels', 'team']]],
  ["status == 'firing' && alerts[0].labels.app", [['status'], ['alerts', 0, 'labels', 'app']]],
  ["a == 'x' || a == 'y' || !b", [['a'], ['b']]],
  ["contains(['x'], @.user.login) && $.state == 'ok'", [['user', 'login'], ['state']]],
  ["length(alerts[?status == 'firing']) > `0`", [['alerts']]],
  ['alerts[*].labels.team', [['alerts']]],
  ['alerts[-1].status', [['alerts']]],
  ['a."b.c"', [['a', 'b.c']]],
  ['let $a = b in $a == c', []],
  ['`{"type": "Field"}` == @', []],
])('the paths that %s reads are those of plain fields and indexes, each once', (text, paths) => {
  expect(pathsRead(compile(text))).toEqual(paths);
});
