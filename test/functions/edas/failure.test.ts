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
  interface Row {
    /** 200: pop-core hands the answer over. 400 and above: it throws it. */
    http: number;
    code?: string | number;
    errorCode?: string;
    kind: EdasFailureKind;
    because: string;
  }

  const table: Row[] = [
    { http: 200, code: '601', kind: 'rejected', because: 'it is a business error' },
    { http: 200, code: 601, kind: 'rejected', because: 'it is a business error' },
    { http: 200, code: 404, kind: 'rejected', because: 'EDAS knows no such path, and no order is named' },
    { http: 200, code: 401, kind: 'denied', because: 'it stands for no permission' },
    { http: 200, code: '403', kind: 'denied', because: 'it stands for denied' },
    { http: 200, code: 'Throttling.User', kind: 'throttled', because: 'the status of throttling varies' },
    {
      http: 200,
      code: 'InvalidChangeOrder.NotFound',
      kind: 'not_found',
      because: 'the status of business errors varies',
    },
    { http: 200, code: 500, kind: 'doubt', because: 'a server that failed may have done it before' },
    { http: 200, code: '503', kind: 'doubt', because: 'a server that failed may have done it before' },
    {
      http: 200,
      code: 500,
      errorCode: 'Edas.errorcode.User.Invalid.message',
      kind: 'rejected',
      because: 'the error code says that it was a decision',
    },
    {
      http: 200,
      code: 601,
      errorCode: 'Forbidden.RAM',
      kind: 'denied',
      because: 'the error code is the more precise one',
    },

    { http: 400, code: 'Throttling.User', kind: 'throttled', because: 'the gateway documents it under 400' },
    { http: 400, code: 'Throttling', kind: 'throttled', because: 'there is a shorter form' },
    { http: 503, code: 'Rejected.Throttling', kind: 'throttled', because: 'the code outweighs the 503' },
    { http: 200, code: 'Throttling', kind: 'throttled', because: 'a 2xx can carry a failure' },
    { http: 429, kind: 'doubt', because: 'whoever says so is not the gateway of EDAS' },
    { http: 504, code: 'Throttling.Timeout', kind: 'doubt', because: 'EDAS may have been reached' },
    { http: 500, code: 'Throttling.User', kind: 'doubt', because: 'the two contradict each other' },
    {
      http: 500,
      code: 'Edas.errorcode.EcsThrottling',
      kind: 'rejected',
      because: 'something that EDAS called was throttled, not the caller',
    },
    { http: 400, code: 'NoThrottling', kind: 'rejected', because: 'it only sounds like it' },
    {
      http: 400,
      code: 'SignatureNonceUsed',
      kind: 'doubt',
      because: 'somebody in between has sent the request twice',
    },
    { http: 403, code: 'Throttling.User', kind: 'throttled', because: 'the code outweighs the 403' },

    { http: 403, code: 'Forbidden.RAM', kind: 'denied', because: 'the policy does not allow it' },
    { http: 403, kind: 'denied', because: 'the status alone says it' },
    { http: 401, kind: 'denied', because: 'the status alone says it' },
    { http: 400, code: 'NoPermission', kind: 'denied', because: 'RAM spells it so too' },
    { http: 400, code: 'Resouce.no.permission', kind: 'denied', because: 'SAE spells it so' },
    {
      http: 404,
      code: 'InvalidAccessKeyId.NotFound',
      kind: 'unauthenticated',
      because: 'the key, not the order, was not found',
    },
    {
      http: 400,
      code: 'InvalidSecurityToken.Expired',
      kind: 'unauthenticated',
      because: 'the token has expired',
    },
    { http: 400, code: 'MissingSecurityToken', kind: 'unauthenticated', because: 'the token is missing' },
    { http: 400, code: 'SignatureDoesNotMatch', kind: 'unauthenticated', because: 'the secret is wrong' },

    { http: 400, code: 'InvalidChangeOrder.NotFound', kind: 'not_found', because: 'SAE documents it' },
    { http: 404, code: 'InvalidChangeOrder.NotFound', kind: 'not_found', because: 'the code says it' },
    { http: 400, code: 'ChangeOrder.Not.Exist', kind: 'not_found', because: 'it means the same' },
    { http: 404, code: 'InvalidAction.NotFound', kind: 'rejected', because: 'the operation is unknown' },

    { http: 400, code: 'Application.ChangerOrder.Not.Running', kind: 'rejected', because: 'it has ended' },
    { http: 400, code: 'System.Upgrading', kind: 'rejected', because: 'EDAS is not taking changes' },
    { http: 400, kind: 'rejected', because: 'a 4xx without a code is a no' },
    {
      http: 500,
      code: 'Edas.errorcode.User.Invalid.message',
      kind: 'rejected',
      because: 'business errors of EDAS come as 500 too',
    },

    { http: 408, kind: 'doubt', because: 'a time-out on the other side decides nothing' },
    { http: 500, kind: 'doubt', because: 'it may have been done before the failure' },
    { http: 500, code: 'InternalError', kind: 'doubt', because: 'it may have been done before the failure' },
    { http: 502, code: 'BadGateway', kind: 'doubt', because: 'EDAS may have been reached' },
    { http: 503, code: 'ServiceUnavailable', kind: 'doubt', because: 'no source says that nothing was done' },
    { http: 504, kind: 'doubt', because: 'the gateway gave up waiting' },
    { http: 500, code: 200, kind: 'doubt', because: 'the two contradict each other' },
  ];

  test.each(table)(
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
