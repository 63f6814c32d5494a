import { expect, onTestFinished, test, vi } from 'vitest';
import { narrateAnswer, narrateLog, narrateTaskLog } from '../../../local/sandbox/play.ts';

test('a terminal obeys nothing in an answer, nor in a line of a log', () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  onTestFinished(() => {
    log.mockRestore();
  });
  const body = '{"a":"\u009b2J"}\n';
  const response = { statusCode: 200, headers: {}, isBase64Encoded: false, body } as const;
  narrateAnswer({ method: 'POST', path: '/pipeline' }, response, 1);
  narrateLog('{"a":"\u202e"}');
  narrateTaskLog('{"a":"\u202e"}');
  const text = log.mock.calls.flat().join('\n');
  expect(text).toContain('"\\u{9b}2J"');
  expect(text.match(/"\\u\{202e\}"/g)).toHaveLength(2);
});
