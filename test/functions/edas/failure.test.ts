import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EdasFailure, failureOf, failureOfRefusal } from '../../../functions/edas/failure.ts';

describe('a call that got no answer', () => {
  test.each([
    ['ConnectTimeout', 'not_sent', false],
    ['ConnectTimeout', 'doubt', true],
    ['ReadTimeout', 'not_sent', false],
    ['ReadTimeout', 'doubt', true],
  ])('and that pop-core calls %s is %s when connected is %s', (word, kind, connected) => {
    const error = Object.assign(new Error(`${word}: Connect failed.`), { name: 'RequestTimeoutError' });
    expect(failureOf(error, connected)).toMatchObject({
      kind,
      message: expect.stringMatching(/: it took too long$/) as string,
    });
  });

  test('is never not_sent once connected, and never anything else before, whatever was thrown', () => {
    fc.assert(
      fc.property(fc.anything(), fc.boolean(), (thrown, connected) => {
        expect(failureOf(thrown, connected).kind === 'not_sent').toBe(!connected);
      }),
    );
  });

  test.each([
    ['an Error without a message', new Error('')],
    ['nothing', undefined],
    ['a string', 'text'],
  ])('has a readable message when %s was thrown', (_what, thrown) => {
    expect(failureOf(thrown, true).message).toMatch(/no reason given$/);
  });

  test('keeps the message of what was thrown, without the blanks around it', () => {
    expect(failureOf(new Error(' incorrect header check '), true)).toMatchObject({
      kind: 'doubt',
      message: 'EDAS gave no answer that can be relied on: incorrect header check',
    });
  });

  test('gives the code of the system rather than the message, which holds the address', () => {
    const error = Object.assign(new Error('aborted PUT http://…'), { code: 'ECONNRESET' });
    expect(failureOf(error, true).message).toBe('EDAS gave no answer that can be relied on: ECONNRESET');
  });

  test.each(['EPROTO failed', 'an EPROTO', 'eproto', 'E', ''])(
    'keeps its message where its code, %j, is none of the system',
    (code) => {
      const error = Object.assign(new Error('a reason'), { code });
      expect(failureOf(error, true).message).toBe('EDAS gave no answer that can be relied on: a reason');
    },
  );

  test('that was understood before stays as it is', () => {
    const failure = new EdasFailure('throttled', 'A fake message');
    expect(failureOf(failure, true)).toBe(failure);
    expect(failureOf(failure, false)).toBe(failure);
  });
});

describe('the identifiers of a refusal', () => {
  test('are those of EDAS', () => {
    const answer = {
      Code: 601,
      ErrorCode: 'fake.error',
      RequestId: 'FAKE-REQUEST-ID',
      TraceId: 'fake-trace',
    };
    expect(failureOfRefusal(answer, 200)).toMatchObject({
      code: '601',
      requestId: 'FAKE-REQUEST-ID',
      traceId: 'fake-trace',
      message: 'EDAS answered 601, fake.error: no message',
    });
  });

  test.each([
    [
      { code: 'fake.lower', message: 'A fake message' },
      'fake.lower',
      'EDAS answered fake.lower (HTTP 400): A fake message',
    ],
    [{ ErrorCode: 'fake.error' }, 'fake.error', 'EDAS answered fake.error (HTTP 400): no message'],
    [{}, undefined, 'EDAS answered without a code (HTTP 400): no message'],
  ])('are taken from %j', (answer, code, message) => {
    expect(failureOfRefusal(answer, 400)).toMatchObject({ code, message });
  });
});
