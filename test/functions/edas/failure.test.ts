import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  EdasFailure,
  failureOf,
  requireSuccess,
  type EdasFailureKind,
} from '../../../functions/edas/failure.ts';

/** What pop-core throws for JSON under an HTTP status of 400 and above. */
function popCoreError(statusCode: number, result: unknown): Error {
  return Object.assign(new Error(`code: ${statusCode}`), { name: 'FakeCodeError', statusCode, result });
}

describe('what an answer of EDAS means', () => {
  /** HTTP's status, of which pop-core throws 400 and above and hands 200 over; Code, or Code and ErrorCode; what it means, and why. */
  type Row = [number, string | number | undefined | [number, string], EdasFailureKind, string];

  const none = undefined;
  const table: Row[] = [
    [200, '601', 'rejected', 'it is a business error'],
    [200, 601, 'rejected', 'it is a business error'],
    [200, 404, 'rejected', 'EDAS knows no such path, and no order is named'],
    [200, 401, 'denied', 'it stands for no permission'],
    [200, '403', 'denied', 'it stands for denied'],
    [200, 'Throttling.User', 'throttled', 'the status of throttling varies'],
    [200, 'InvalidChangeOrder.NotFound', 'not_found', 'the status of business errors varies'],
    [200, 500, 'doubt', 'a server that failed may have done it before'],
    [200, '503', 'doubt', 'a server that failed may have done it before'],
    [
      200,
      [500, 'Edas.errorcode.User.Invalid.message'],
      'rejected',
      'the error code says that it was a decision',
    ],
    [200, [601, 'Forbidden.RAM'], 'denied', 'the error code is the more precise one'],

    [400, 'Throttling.User', 'throttled', 'the gateway documents it under 400'],
    [400, 'Throttling', 'throttled', 'there is a shorter form'],
    [503, 'Rejected.Throttling', 'throttled', 'the code outweighs the 503'],
    [200, 'Throttling', 'throttled', 'a 2xx can carry a failure'],
    [429, none, 'doubt', 'whoever says so is not the gateway of EDAS'],
    [504, 'Throttling.Timeout', 'doubt', 'EDAS may have been reached'],
    [500, 'Throttling.User', 'doubt', 'the two contradict each other'],
    [
      500,
      'Edas.errorcode.EcsThrottling',
      'rejected',
      'something that EDAS called was throttled, not the caller',
    ],
    [400, 'NoThrottling', 'rejected', 'it only sounds like it'],
    [400, 'SignatureNonceUsed', 'doubt', 'somebody in between has sent the request twice'],
    [403, 'Throttling.User', 'throttled', 'the code outweighs the 403'],

    [403, 'Forbidden.RAM', 'denied', 'the policy does not allow it'],
    [403, none, 'denied', 'the status alone says it'],
    [401, none, 'denied', 'the status alone says it'],
    [400, 'NoPermission', 'denied', 'RAM spells it so too'],
    [400, 'Resouce.no.permission', 'denied', 'SAE spells it so'],
    [404, 'InvalidAccessKeyId.NotFound', 'unauthenticated', 'the key, not the order, was not found'],
    [400, 'InvalidSecurityToken.Expired', 'unauthenticated', 'the token has expired'],
    [400, 'MissingSecurityToken', 'unauthenticated', 'the token is missing'],
    [400, 'SignatureDoesNotMatch', 'unauthenticated', 'the secret is wrong'],

    [400, 'InvalidChangeOrder.NotFound', 'not_found', 'SAE documents it'],
    [404, 'InvalidChangeOrder.NotFound', 'not_found', 'the code says it'],
    [400, 'ChangeOrder.Not.Exist', 'not_found', 'it means the same'],
    [404, 'InvalidAction.NotFound', 'rejected', 'the operation is unknown'],

    [400, 'Application.ChangerOrder.Not.Running', 'rejected', 'it has ended'],
    [400, 'System.Upgrading', 'rejected', 'EDAS is not taking changes'],
    [400, none, 'rejected', 'a 4xx without a code is a no'],
    [500, 'Edas.errorcode.User.Invalid.message', 'rejected', 'business errors of EDAS come as 500 too'],

    [408, none, 'doubt', 'a time-out on the other side decides nothing'],
    [500, none, 'doubt', 'it may have been done before the failure'],
    [500, 'InternalError', 'doubt', 'it may have been done before the failure'],
    [502, 'BadGateway', 'doubt', 'EDAS may have been reached'],
    [503, 'ServiceUnavailable', 'doubt', 'no source says that nothing was done'],
    [504, none, 'doubt', 'the gateway gave up waiting'],
    [500, 200, 'doubt', 'the two contradict each other'],
  ];
  const rows = table.map(([http, told, kind, because]) => {
    const [code, errorCode] = Array.isArray(told) ? told : [told];
    return { http, code, errorCode, kind, because };
  });

  test.each(rows)(
    'HTTP $http with Code $code, ErrorCode $errorCode is $kind, because $because',
    ({ http, code, errorCode, kind }) => {
      const answer = { Code: code, ErrorCode: errorCode, Message: 'A fake message', RequestId: 'FAKE-ID' };
      const failure =
        http === 200 ? thrownBy(() => requireSuccess(answer)) : failureOf(popCoreError(http, answer), true);
      expect(failure).toMatchObject({
        kind,
        requestId: 'FAKE-ID',
        message: expect.stringMatching(/^EDAS answered .*: A fake message$/) as string,
      });
    },
  );
});

describe('a success', () => {
  test.each([200, '200'])('is a Code of %j', (code) => {
    const answer = { Code: code, Data: {} };
    expect(requireSuccess(answer)).toBe(answer);
  });

  test.each([
    ['HTML', '<html><body>502 Bad Gateway</body></html>', /a page of HTML or XML/],
    ['XML', '\n <?xml version="1.0"?><Error/>', /a page of HTML or XML/],
    ['plain text', 'upstream connect error', /text, not JSON/],
    ['nothing', '', /it is empty/],
    ['null', null, /it has no Code/],
    ['undefined', undefined, /it has no Code/],
    ['a number', 200, /it has no Code/],
    ['a list', [{ Code: 200 }], /it has no Code/],
    ['XML that pop-core parsed', { RollbackChangeOrderResponse: { Code: ['200'] } }, /it has no Code/],
    ['an empty Code', { Code: '' }, /it has no Code/],
    ['a Code that is no text', { Code: true }, /it has no Code/],
    ['a code in lower case', { code: 200 }, /it has no Code/],
  ])('is not: %s, which leaves the outcome in doubt', (_what, answer, message) => {
    expect(thrownBy(() => requireSuccess(answer))).toMatchObject({
      kind: 'doubt',
      message: expect.stringMatching(message) as string,
    });
  });
});

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

  test('keeps the message of a plain object, which json-bigint throws', () => {
    expect(failureOf({ name: 'FormatError', message: ' parse response to json error ' }, true)).toMatchObject(
      {
        kind: 'doubt',
        message: 'EDAS gave no answer that can be relied on: parse response to json error',
      },
    );
  });

  test('that was understood before stays as it is', () => {
    const failure = new EdasFailure('throttled', 'A fake message');
    expect(failureOf(failure, true)).toBe(failure);
    expect(failureOf(failure, false)).toBe(failure);
  });
});

describe('the identifiers of a failure', () => {
  test('are those of EDAS', () => {
    const answer = {
      Code: 601,
      ErrorCode: 'fake.error',
      RequestId: 'FAKE-REQUEST-ID',
      TraceId: 'fake-trace',
    };
    expect(thrownBy(() => requireSuccess(answer))).toMatchObject({
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
  ])('are taken from %j', (result, code, message) => {
    expect(failureOf(popCoreError(400, result), true)).toMatchObject({ code, message });
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('It did not throw');
}
