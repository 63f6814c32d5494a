import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../../../local/cli/root.ts';
import { drawTerminal, readPicture } from '../../../../local/commands/picture/draw.ts';
import { isStale, pictureOfPlay } from '../../../../local/commands/picture/picture-of-play.ts';
import { readStyles } from '../../../../local/commands/picture/styled-lines.ts';

const committed = readFileSync(path.join(root, 'docs/pictures/start.svg'), 'utf8');

describe('a picture', () => {
  test.each([
    ['another answer', (svg: string) => svg.replace('answered </tspan>', 'refused </tspan>')],
    ['a message with other words', (svg: string) => svg.replace('Succeeded:', 'Done:')],
    ['a call that is not made', (svg: string) => svg.replace(/^ +<text .*RollbackChangeOrder .*\n/m, '')],
    [
      'another colour of a line',
      (svg: string) => svg.replace('class="magenta">sender', 'class="cyan">sender'),
    ],
    ['another font', (svg: string) => svg.replace('font: 14px', 'font: 12px')],
    ['one step less', (svg: string) => svg.replace(/^ +<text .*>5\. Somebody.*\n/m, '')],
  ])('is stale with %s', (_what, change) => {
    expect(change(committed)).not.toBe(committed);
    expect(isStale(change(committed), committed)).toBe(true);
  });

  test('is not stale because two that act at the same time wrote in another order', () => {
    const line = /^ +<text .*>task → log<.*\n/m.exec(committed)?.[0] ?? '';
    const later = committed.replace(line, '').replace(/(?=^<\/svg>)/m, line);
    expect(later).not.toBe(committed);
    expect(isStale(later, committed)).toBe(false);
  });

  test('is read as it was drawn, with what XML would take for its own', () => {
    const lines = [
      readStyles('a <b> & "c" \u001B[1mbold\u001B[22m &lt;'),
      [],
      readStyles('\u001B[31m回滚\u001B[39m'),
    ];
    const svg = drawTerminal({ title: 'a < b', description: '&', lines });
    expect(readPicture(svg)).toEqual(lines);
    expect(svg).toContain('<title id="title">a &lt; b</title>');
  });

  test('has nothing in it that differs from run to run', () => {
    const play = (port: number, id: string, seconds: number) =>
      [
        'Your sources.yaml has no notify',
        '',
        '\u001B[1m1. A release is under way in EDAS\u001B[22m',
        `POST http://127.0.0.1:${port}/pipeline`,
        `{"time":"2026-11-25T16:24:0${seconds}.748Z","requestId":"${id}","durationMs":${port}}`,
        `answered 202 in ${seconds} ms`,
        `Time since the request: ${seconds} s`,
        '',
        'Your turn.',
      ].join('\n');
    const one = pictureOfPlay(play(40_001, '3967861c-a6d8-4a11-89f7-33b7c1cee0d2', 5));
    expect(pictureOfPlay(play(9, '4705CC63-B40F-4EF2-825A-2766254EEF6E', 7))).toBe(one);
    expect(one).toContain('POST http://127.0.0.1:9000/pipeline');
  });

  test('is not made of a play that has not ended', () => {
    expect(() => pictureOfPlay('1. A release is under way in EDAS\n')).toThrow('has not played to its end');
  });
});
