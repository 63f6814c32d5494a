import { describe, expect, test } from 'vitest';
import { createLog, type LogFields, type LogLevel } from '../../../functions/platform/log.ts';

const now = Date.parse('2026-01-02T03:04:05.678Z');

/** The lines that come out. */
function linesOf(work: (log: ReturnType<typeof createLog>) => void, minimum?: string): string[] {
  const lines: string[] = [];
  work(
    createLog(
      minimum,
      (line) => lines.push(line),
      () => now,
    ),
  );
  return lines;
}

/** The one line that comes out, read back. */
function logged(fields: LogFields): unknown {
  const lines = linesOf((log) => {
    log('info', 'decision', fields);
  });
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? '');
}

describe('a line', () => {
  test('is one JSON object with time, level and msg first', () => {
    const lines = linesOf((log) => {
      log('warn', 'decision', { code: 'edas_denied', durationMs: 12 });
    });
    expect(lines).toEqual([
      '{"time":"2026-01-02T03:04:05.678Z","level":"warn","msg":"decision","code":"edas_denied","durationMs":12}',
    ]);
  });

  test('needs no fields', () => {
    expect(
      linesOf((log) => {
        log('info', 'hello');
      }),
    ).toEqual(['{"time":"2026-01-02T03:04:05.678Z","level":"info","msg":"hello"}']);
  });

  test.each([
    ['a line feed', 'a\nb'],
    ['a carriage return', 'a\r\nb'],
    ['a forged line', '"}\n{"msg":"decision","outcome":"rolling_back"}'],
    ['quotes and backslashes', '"\\"\\\\"'],
    ['control characters', '\u0000\u0007\u001b[31m\u007f'],
    ['the separators of Unicode', 'a\u2028b\u2029c\u0085d'],
    ['half a surrogate pair', '\ud83d'],
  ])('holds %s in a field, in the message and in a key, and stays one line', (_what, text) => {
    const lines = linesOf((log) => {
      log('info', text, { actor: text, nested: { list: [text] }, [text]: 1 });
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toMatch(/[\n\r]/);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      msg: text,
      actor: text,
      nested: { list: [text] },
      [text]: 1,
    });
  });

  test.each([
    [
      'that throws when it is read',
      {
        get detail(): string {
          throw new Error('fake');
        },
      },
    ],
    ['that is no JSON', { detail: 1n }],
    [
      'that throws when it becomes JSON',
      {
        detail: {
          toJSON: () => {
            throw new Error('fake');
          },
        },
      },
    ],
  ])('with a field %s is a line without it', (_what, fields) => {
    expect(logged(fields)).toEqual({
      time: '2026-01-02T03:04:05.678Z',
      level: 'info',
      msg: 'decision',
      fields: 'cannot be written',
    });
  });

  test('leaves undefined fields out', () => {
    expect(logged({ source: 'demo', delivery: undefined })).toEqual({
      time: '2026-01-02T03:04:05.678Z',
      level: 'info',
      msg: 'decision',
      source: 'demo',
    });
  });

  test('cuts text of more than 2000 characters, wherever it stands', () => {
    const [longest, tooLong] = ['x'.repeat(2000), 'x'.repeat(2001)];
    expect(logged({ detail: longest, nested: { list: [tooLong] } })).toMatchObject({
      detail: longest,
      nested: { list: [`${longest}…`] },
    });
  });
});

describe('LOG_LEVEL', () => {
  const levels: LogLevel[] = ['debug', 'info', 'warn', 'error'];

  test.each([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
    [undefined, ['info', 'warn', 'error']],
    ['', ['info', 'warn', 'error']],
    ['WARN', ['info', 'warn', 'error']],
    ['verbose', ['info', 'warn', 'error']],
    ['length', ['info', 'warn', 'error']],
  ])('%j lets through %j', (minimum, expected) => {
    const lines = linesOf((log) => {
      for (const level of levels) log(level, level);
    }, minimum);
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(expected);
  });
});
