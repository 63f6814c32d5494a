import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  hasWordsOfSuccess,
  isSameId,
  requireSameId,
  requireSuccess,
  type AnswerHead,
} from '../../../functions/edas/answer.ts';
import { EdasFailure, type EdasFailureKind } from '../../../functions/edas/failure.ts';
import { runs } from '../../support/runs.ts';

const id = '4f40e616-cdcd-4250-a018-efd459900000';

/** The sample of https://www.alibabacloud.com/help/en/edas/developer-reference/api-edas-2017-08-01-rollbackchangeorder */
const documented = {
  Code: 200,
  Message: 'success',
  RequestId: 'B9096DBE-7A1B-4A3F-9F5F-0000000000',
  TraceId: '0000',
  ErrorCode: 'success',
  Data: { ChangeOrderId: id },
};

interface Wrapping {
  status?: number;
  type?: string | undefined;
  complete?: boolean;
}

function headOf({ status = 200, complete = true, ...rest }: Wrapping): AnswerHead {
  const type = 'type' in rest ? rest.type : 'application/json;charset=utf-8';
  return { statusCode: status, headers: { 'content-type': type }, complete };
}

/** Text is the body as it is; anything else is written as JSON. */
function judge(answer: unknown, wrapping: Wrapping = {}): unknown {
  const body = typeof answer === 'string' ? answer : JSON.stringify(answer);
  return requireSuccess(headOf(wrapping), body);
}

function failureOf(answer: unknown, wrapping: Wrapping = {}): EdasFailure {
  try {
    judge(answer, wrapping);
  } catch (error) {
    if (error instanceof EdasFailure) return error;
    throw error;
  }
  throw new Error('It was taken for a success');
}

describe('what an answer of EDAS means', () => {
  /** HTTP's status; Code, or Code and ErrorCode; what it means, and why. */
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
    [429, 'TooManyRequests', 'doubt', 'whoever says so is not the gateway of EDAS'],
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
    [403, 'fake.code', 'denied', 'the status says it'],
    [401, 'fake.code', 'denied', 'the status says it'],
    [403, none, 'doubt', 'a firewall may have kept the true answer back'],
    [403, 'ServiceUnavailable', 'doubt', 'the two contradict each other'],
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
    [404, '404', 'rejected', 'EDAS knows no such path'],
    [400, none, 'doubt', 'EDAS and its gateway name a code'],
    [500, 'Edas.errorcode.User.Invalid.message', 'rejected', 'business errors of EDAS come as 500 too'],

    [408, none, 'doubt', 'a time-out on the other side decides nothing'],
    [500, none, 'doubt', 'it may have been done before the failure'],
    [500, 'InternalError', 'doubt', 'it may have been done before the failure'],
    [502, 'BadGateway', 'doubt', 'EDAS may have been reached'],
    [503, 'ServiceUnavailable', 'doubt', 'no source says that nothing was done'],
    [504, none, 'doubt', 'the gateway gave up waiting'],
    [500, 'Edas.errorcode.InternalError', 'doubt', 'it may have been done before the failure'],
    [502, 'Edas.errorcode.User.Invalid.message', 'doubt', 'EDAS uses 500 for its own'],
    [502, 'Forbidden.RAM', 'doubt', 'the two contradict each other'],
    [500, 'InvalidChangeOrder.NotFound', 'doubt', 'the two contradict each other'],
    [499, 'fake.code', 'doubt', 'who asked did not wait for it'],
    [400, 'OperationTimeout', 'doubt', 'a time-out on the other side decides nothing'],
    [400, 'OperationTimedOut', 'doubt', 'a time-out on the other side decides nothing'],
    [200, 'fake.code', 'doubt', 'it is no code that anybody documents'],
    [200, 'fakeCode', 'doubt', 'it is no code that anybody documents'],
    [200, '4010', 'doubt', 'it is no code that anybody documents'],
    [200, '1401', 'doubt', 'it is no code that anybody documents'],
    [200, '6011', 'doubt', 'it is no code that anybody documents'],
    [200, '1601', 'doubt', 'it is no code that anybody documents'],
    [400, 'fake.code', 'rejected', 'a 4xx with a code is a no'],
    [400, '503', 'doubt', 'the two contradict each other'],
    [400, '5031', 'rejected', 'it only looks like it'],
    [400, '1503', 'rejected', 'it only looks like it'],
    [400, 'Throttling.User2', 'rejected', 'it only sounds like it'],
    [400, 'NoSignatureNonceUsed', 'rejected', 'it only sounds like it'],
    [400, 'NotInvalidAccessKeyId', 'rejected', 'it only sounds like it'],
    [200, 'NotForbidden', 'rejected', 'it only sounds like it'],
    [500, 'No.Edas.errorcode.fake', 'doubt', 'it only sounds like it'],
    [400, 'ChangeOrderNotFound', 'not_found', 'the code says it'],
    [200, [408, 'fake.code'], 'doubt', 'a time-out on the other side decides nothing'],
  ];
  const rows = table.map(([http, told, kind, because]) => {
    const [code, errorCode] = Array.isArray(told) ? told : [told];
    return { http, code, errorCode, kind, because };
  });

  test.each(rows)(
    'HTTP $http with Code $code, ErrorCode $errorCode is $kind, because $because',
    ({ http, code, errorCode, kind }) => {
      const answer = { Code: code, ErrorCode: errorCode, Message: 'A fake message', RequestId: 'FAKE-ID' };
      expect(failureOf(answer, { status: http })).toMatchObject({
        kind,
        requestId: 'FAKE-ID',
        message: expect.stringMatching(/^EDAS answered .*: A fake message$/) as string,
      });
    },
  );
});

describe('a success', () => {
  test.each([
    ['the documented sample', documented],
    ['Code as text', { ...documented, Code: '200' }],
    ['no ErrorCode, which a read has not', { Code: 200, Message: 'success' }],
    ['an empty ErrorCode', { Code: 200, ErrorCode: '' }],
    ['null for ErrorCode and Success', { Code: 200, ErrorCode: null, Success: null }],
    ['Success beside it', { ...documented, Success: true }],
    ['Success as text', { ...documented, Success: 'true' }],
  ])('is %s', (_what, answer) => {
    expect(judge(answer)).toEqual(answer);
  });

  test.each(['application/json', 'application/json; charset=UTF-8'])('may be announced as %s', (type) => {
    expect(judge(documented, { type })).toEqual(documented);
  });

  test.each([
    [
      'HTML',
      '<html><body>502 Bad Gateway</body></html>',
      'it is a page of HTML or XML, not JSON',
      'text/html',
    ],
    ['XML', '\n <?xml version="1.0"?><Error/>', 'it is a page of HTML or XML, not JSON', 'text/xml'],
    ['plain text', 'upstream connect < error', 'it is text, not JSON', 'text/plain'],
    ['JSON that is called text', JSON.stringify(documented), 'it is text, not JSON', 'text/plain'],
    ['JSON that is called nothing', JSON.stringify(documented), 'it is text, not JSON', undefined],
    ['nothing', '', 'it is empty', 'application/json'],
    [
      'half of it',
      JSON.stringify(documented).slice(0, 50),
      'it is not JSON, although it says so',
      'application/json',
    ],
    ['null', 'null', 'it has no Code', 'application/json'],
    ['a number', '200', 'it has no Code', 'application/json'],
    ['a list', JSON.stringify([documented]), 'it has no Code', 'application/json'],
    ['an object without a Code', '{"Message":"success"}', 'it has no Code', 'application/json'],
    ['an empty Code', '{"Code":""}', 'it has no Code', 'application/json'],
    ['a Code that is neither number nor text', '{"Code":[200]}', 'it has no Code', 'application/json'],
    ['a code in lower case', '{"code":200}', 'it has no Code', 'application/json'],
    ['a Code in a prototype', '{"__proto__":{"Code":200}}', 'it has no Code', 'application/json'],
    [
      'a Code that stands twice',
      '{"Code":500,"Code":200}',
      'it has the key "Code" twice in one object',
      'application/json',
    ],
    [
      'an id that stands twice',
      `{"Code":200,"Data":{"ChangeOrderId":"${id}","ChangeOrderId":"another"}}`,
      'it has the key "ChangeOrderId" twice in one object',
      'application/json',
    ],
  ])('is not: %s, which leaves the outcome in doubt', (_what, body, why, type) => {
    expect(failureOf(body, { type })).toMatchObject({
      kind: 'doubt',
      message: `EDAS gave no answer that can be relied on: ${why}.`,
    });
  });

  test('is not an answer that was cut short, though what came can be read', () => {
    expect(failureOf(documented, { complete: false })).toMatchObject({
      kind: 'doubt',
      message: 'EDAS gave no answer that can be relied on: it was cut short.',
    });
  });

  test('is not an answer of which no head was seen', () => {
    expect(() => requireSuccess(undefined, JSON.stringify(documented))).toThrow('it was cut short');
  });

  test.each([
    [201, documented, 'HTTP 201, Code 200, ErrorCode success'],
    [202, { Code: 200 }, 'HTTP 202, Code 200'],
    [302, { Code: '200' }, 'HTTP 302, Code 200'],
    [399, { Code: 601 }, 'HTTP 399, Code 601'],
    [400, documented, 'HTTP 400, Code 200, ErrorCode success'],
    [403, documented, 'HTTP 403, Code 200, ErrorCode success'],
    [500, documented, 'HTTP 500, Code 200, ErrorCode success'],
    [404, { Code: 404, ErrorCode: 'success' }, 'HTTP 404, Code 404, ErrorCode success'],
    [
      200,
      { Code: 200, ErrorCode: 'Edas.errorcode.fake' },
      'HTTP 200, Code 200, ErrorCode Edas.errorcode.fake',
    ],
    [200, { Code: 601, ErrorCode: 'success' }, 'HTTP 200, Code 601, ErrorCode success'],
    [200, { Code: 601, Success: true }, 'HTTP 200, Code 601, Success true'],
    [200, { ...documented, Success: false }, 'HTTP 200, Code 200, ErrorCode success, Success false'],
    [200, { Code: 200, Success: 'false' }, 'HTTP 200, Code 200, Success false'],
    [200, { Code: 200, Success: 1 }, 'HTTP 200, Code 200, Success 1'],
  ])('and a refusal at once, under HTTP %i in %j, is doubt', (status, answer, said) => {
    expect(failureOf(answer, { status })).toMatchObject({
      kind: 'doubt',
      message: `EDAS answered neither a clear yes nor a clear no: ${said}.`,
    });
  });

  test('is HTTP 200, whole JSON and every sign that agrees, whatever is answered', () => {
    const maybe = <T>(...values: T[]) => fc.option(fc.constantFrom(...values), { nil: undefined });
    const answers = fc.record({
      Code: maybe<unknown>(200, '200', 500, '601', null, true, 'Throttling'),
      ErrorCode: maybe<unknown>('success', 'Success!', '', null, 'Edas.errorcode.fake', 0),
      Success: maybe<unknown>(true, 'true', false, 'false', null, 0),
      Message: maybe<unknown>('success', 'operation not allowed'),
    });
    const statuses = fc.oneof(fc.constant(200), fc.integer({ min: 200, max: 599 }));
    fc.assert(
      fc.property(answers, statuses, fc.boolean(), (answer, status, complete) => {
        const isYes = (value: unknown, ...yes: unknown[]) => [undefined, null, '', ...yes].includes(value);
        const isSuccess =
          status === 200 &&
          complete &&
          (answer.Code === 200 || answer.Code === '200') &&
          isYes(answer.ErrorCode, 'success') &&
          isYes(answer.Success, true, 'true');
        if (isSuccess) expect(judge(answer, { status, complete })).toMatchObject({ Code: answer.Code });
        else expect(failureOf(answer, { status, complete }).kind).not.toBe('not_sent');
      }),
      { numRuns: runs(500) },
    );
  });

  test('whatever is answered, a failure is an EdasFailure', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.jsonValue().map((each) => JSON.stringify(each)),
        ),
        (body) => {
          expect(failureOf(body).kind).toBe('doubt');
        },
      ),
      { numRuns: runs(300) },
    );
  });
});

describe('the words of an answer', () => {
  test.each([
    ['success'],
    ['Success'],
    ['successful'],
    ['successfully'],
    ['success.'],
    ['OK'],
    ['\u6210\u529f'],
    ['\u64cd\u4f5c\u6210\u529f\u3002'],
    [''],
    [null],
    [undefined],
  ])('say success in %j', (Message) => {
    expect(hasWordsOfSuccess({ Message })).toBe(true);
  });

  test.each([
    ['operation not allowed'],
    ['unsuccessful'],
    ['no success'],
    ['not ok'],
    ['success is not possible'],
    ['\u4e0d\u6210\u529f'],
    [' '],
    [0],
    [false],
    [{}],
  ])('do not say success in %j', (Message) => {
    expect(hasWordsOfSuccess({ Message })).toBe(false);
    expect(hasWordsOfSuccess({ Message, ErrorCode: '' })).toBe(false);
  });

  test('do not matter beside an ErrorCode of success, for they may be in any language', () => {
    expect(hasWordsOfSuccess({ ErrorCode: 'success', Message: 'accept\u00e9' })).toBe(true);
  });
});

describe('an id', () => {
  test.each([[id], [id.toUpperCase()], [undefined], [null], ['']])(
    'that is %j is not that of another order',
    (given) => {
      expect(isSameId(given, id)).toBe(true);
      expect(isSameId(given, id.toUpperCase())).toBe(true);
      requireSameId(given, id);
    },
  );

  test.each([['another'], [`${id} `], [id.slice(1)], [42], [0], [false], [[id]], [{}]])(
    'that is %j is that of another order, and leaves in doubt what was asked',
    (given) => {
      expect(isSameId(given, id)).toBe(false);
      expect(() => {
        requireSameId(given, id);
      }).toThrow(
        expect.objectContaining({
          kind: 'doubt',
          message: `EDAS was asked about ${id} and answered about another.`,
        }) as Error,
      );
    },
  );
});
