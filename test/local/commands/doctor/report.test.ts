import { describe, expect, test, vi } from 'vitest';
import {
  right,
  skipped,
  unknown,
  warning,
  wrong,
  type Remark,
} from '../../../../local/commands/doctor/finding.ts';
import { exitStatus, printRemarks, summarize } from '../../../../local/commands/doctor/report.ts';

const [aWarning, aWrong, anUnknown] = [warning('w', 'W'), wrong('x', 'X'), unknown('u', 'U')];

describe('the status', () => {
  test.each([
    [[right('r'), skipped('s'), aWarning], 0],
    [[right('r'), anUnknown], 2],
    [[anUnknown, aWrong], 1],
    [[], 0],
  ])('of %j is %i', (findings, status) => {
    expect(exitStatus(findings)).toBe(status);
  });
});

describe('the summary', () => {
  test('says what to do first: about what is wrong, then about what could not be checked, then about the rest', () => {
    expect(summarize([aWarning, anUnknown, aWrong, wrong('y', 'Y')])).toBe(
      '2 things wrong, 1 thing could not be checked, 1 thing to look at. First: x.\n  X',
    );
    expect(summarize([aWarning, anUnknown])).toBe(
      '1 thing could not be checked, 1 thing to look at. First: u.\n  U',
    );
    expect(summarize([aWarning])).toBe('1 thing to look at. First: w.\n  W');
  });

  test('does not repeat a list of places, which was printed below its finding', () => {
    const many = { ...wrong('x', 'X'), places: ['s.yaml:1 one', 's.yaml:2 two'] };
    expect(summarize([many])).toBe('1 thing wrong. First: x.\n  X');
  });

  test('is short where there is nothing to do', () => {
    expect(summarize([right('r'), skipped('s')])).toBe('Everything that was checked is right.');
  });
});

test('nothing that a finding quotes is obeyed by a terminal', async () => {
  const lines: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  const findings = [wrong('it said \u001b[2J', 'Look\u0007.\nAnd look.'), skipped('\u009b')];
  async function* remarks(): AsyncGenerator<Remark> {
    await Promise.resolve();
    yield* findings;
  }
  await printRemarks(remarks());
  vi.restoreAllMocks();
  expect(lines).toEqual(['✗ it said \\u{1b}[2J', '  Look\\u{7}.\n  And look.', '– \\u{9b}']);
  expect(summarize(findings)).toBe('1 thing wrong. First: it said \\u{1b}[2J.\n  Look\\u{7}.\nAnd look.');
});

test('each finding is printed before the next check begins', async () => {
  const lines: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  const seen: number[] = [];
  async function* remarks(): AsyncGenerator<Remark> {
    yield { heading: 'First' };
    yield right('one');
    seen.push(lines.length);
    await Promise.resolve();
    yield { asking: 'EDAS' };
    yield { ...wrong('two', 'Do this.\nAnd that.'), places: ['s.yaml:1'] };
    yield skipped('three');
  }
  const findings = await printRemarks(remarks());
  vi.restoreAllMocks();
  expect(seen).toEqual([2]);
  expect(lines).toEqual(['\nFirst', '✓ one', '✗ two', '  Do this.\n  And that.\n  s.yaml:1', '– three']);
  expect(findings.map(({ verdict }) => verdict)).toEqual(['right', 'wrong', 'skipped']);
});
