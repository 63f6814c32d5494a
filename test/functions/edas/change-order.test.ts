import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  toChangeOrder,
  toStatus,
  parseBeijingTime,
  type ChangeFailure,
} from '../../../functions/edas/change-order.ts';
import { EdasFailure } from '../../../functions/edas/failure.ts';

const orderId = '4f40e616-cdcd-4250-a018-efd459900000';

/** An answer of GetChangeOrderInfo with these pipelines. */
function orderOf(pipelines: unknown, fields: object = {}) {
  const PipelineInfoList = { PipelineInfo: pipelines };
  return toChangeOrder({ Code: 200, changeOrderInfo: { Status: 1, ...fields, PipelineInfoList } }, orderId);
}

function failuresOf(...pipelines: object[]): ChangeFailure[] {
  return orderOf(pipelines).failures;
}

// Names and nesting: https://www.alibabacloud.com/help/en/edas/developer-reference/api-edas-2017-08-01-getchangeorderinfo
const pipelineOf = (fields: object, ...stages: object[]) => ({
  PipelineName: 'Batch: 1',
  PipelineStatus: 1,
  ...fields,
  StageDetailList: { StageDetailDTO: stages },
});
const stageOf = (fields: object, ...tasks: object[]) => ({
  StageName: 'Deploy Application',
  StageStatus: 1,
  ...fields,
  TaskList: { TaskInfoDTO: tasks },
});
const taskOf = (fields: object) => ({
  TaskName: 'Start Application',
  TaskStatus: '2',
  TaskMessage: '',
  TaskErrorCode: '',
  TaskErrorMessage: '',
  ...fields,
});

const offline = { TaskErrorCode: 'EDAS-10001', TaskErrorMessage: 'STAR_AGENT_OFFLINE' };
const place = 'Batch: 1 / Deploy Application / Start Application';

test('a whole answer, as EDAS documents it', () => {
  const answer = {
    Code: 200,
    Message: 'success',
    RequestId: 'D16979DC-4D42-0000-0000-000000000000',
    changeOrderInfo: {
      Status: 1,
      Desc: 'a description',
      ChangeOrderId: '4f40e616-cdcd-4250-a018-efd459900000',
      CoType: 'Deploy Application',
      BatchCount: 2,
      BatchType: 'Automatic',
      CreateTime: '2019-11-13 14:23:46',
      CreateUserId: 'somebody@example.com',
      SupportRollback: true,
      ChangeOrderDescription: 'Version: 2.4.0 | Package: demo.jar',
      PipelineInfoList: {
        PipelineInfo: [
          {
            PipelineId: 'fake-pipeline-1',
            PipelineName: 'Batch: 1 Change',
            PipelineStatus: 2,
            StartTime: '1573626227000',
            UpdateTime: '1573626237000',
            StageList: { StageInfoDTO: [{ StageId: 'fake-1', StageName: 'Deploy', Status: 2 }] },
            StageDetailList: {
              StageDetailDTO: [
                {
                  StageId: 'fake-1',
                  StageName: 'Deploy',
                  StageStatus: 2,
                  TaskList: {
                    TaskInfoDTO: [
                      {
                        TaskId: 'fake-task-1',
                        TaskName: 'Start Application',
                        TaskStatus: '2',
                        TaskMessage: 'done',
                        TaskErrorCode: '',
                        TaskErrorIgnorance: '',
                        TaskErrorMessage: '',
                        ShowManualIgnorance: false,
                      },
                    ],
                  },
                },
              ],
            },
          },
          {
            PipelineId: 'fake-pipeline-2',
            PipelineName: 'Batch: 2 Change',
            PipelineStatus: 1,
            StartTime: '1573626247000',
            StageDetailList: {
              StageDetailDTO: [
                {
                  StageName: 'Deploy',
                  StageStatus: 1,
                  TaskList: {
                    TaskInfoDTO: [
                      { TaskName: 'Stop Application', TaskStatus: '2' },
                      {
                        TaskName: 'Start Application',
                        TaskStatus: '3',
                        TaskMessage: 'the agent does not answer',
                        TaskErrorCode: 'EDAS-10001',
                        TaskErrorMessage: 'STAR_AGENT_OFFLINE',
                      },
                    ],
                  },
                },
              ],
            },
          },
        ],
      },
    },
  };
  expect(toChangeOrder(answer, orderId)).toEqual({
    status: 1,
    supportRollback: true,
    startedAt: 1573626227000,
    description: 'Version: 2.4.0 | Package: demo.jar',
    batches: { done: 1, total: 2 },
    failures: [
      {
        place: 'Batch: 2 Change / Deploy / Start Application',
        reason: 'EDAS-10001 STAR_AGENT_OFFLINE the agent does not answer',
      },
    ],
  });
});

describe('the order that EDAS answered about', () => {
  test.each([orderId, orderId.toUpperCase(), undefined, null, ''])(
    'is the one asked for with the id %j',
    (id) => {
      expect(orderOf([], { ChangeOrderId: id, Status: 6 }).status).toBe(6);
    },
  );

  test.each(['4f40e616-cdcd-4250-a018-efd459900001', 'another', 42])(
    'is another one with the id %j, and its status says nothing',
    (id) => {
      expect(() => orderOf([], { ChangeOrderId: id, Status: 6 })).toThrow(EdasFailure);
    },
  );
});

describe('what failed', () => {
  test.each([3, '3', 10, '10'])('is a task of status %j', (TaskStatus) => {
    const task = taskOf({ TaskStatus, ...offline });
    expect(failuresOf(pipelineOf({}, stageOf({}, task)))).toEqual([
      { place, reason: 'EDAS-10001 STAR_AGENT_OFFLINE' },
    ]);
  });

  test.each([0, 1, 2, 6, 7, 8, 9, '2', '', ' 3', '3.0', 'failed', null, undefined, true, [3], {}])(
    'is no task of status %j',
    (TaskStatus) => {
      expect(failuresOf(pipelineOf({}, stageOf({}, taskOf({ TaskStatus, ...offline }))))).toEqual([]);
    },
  );

  test.each([
    ['its code and message', offline, 'EDAS-10001 STAR_AGENT_OFFLINE'],
    ['its code alone', { TaskErrorCode: 'EDAS-10001' }, 'EDAS-10001'],
    ['its message alone', { TaskErrorMessage: 'STAR_AGENT_OFFLINE' }, 'STAR_AGENT_OFFLINE'],
    ['the message of the task', { TaskMessage: 'no answer' }, 'no answer'],
    ['all of them', { ...offline, TaskMessage: 'no answer' }, 'EDAS-10001 STAR_AGENT_OFFLINE no answer'],
    ['the same words once', { TaskErrorMessage: 'no', TaskMessage: ' no ' }, 'no'],
    ['nothing, where EDAS says nothing', {}, ''],
    ['nothing, where that is no text', { TaskErrorCode: 10001, TaskMessage: { a: 1 } }, ''],
  ])('is told with %s', (_what, fields, reason) => {
    const task = taskOf({ TaskStatus: '3', ...fields });
    expect(failuresOf(pipelineOf({}, stageOf({}, task)))).toEqual([{ place, reason }]);
  });

  test.each([{ StageStatus: 3 }, { StageStatus: '10' }, { StageStatus: undefined, Status: 3 }])(
    'is a stage (%j) whose tasks say nothing',
    (fields) => {
      const stage = stageOf(fields, taskOf({}));
      expect(failuresOf(pipelineOf({ PipelineStatus: 3 }, stage))).toEqual([
        { place: 'Batch: 1 / Deploy Application', reason: '' },
      ]);
    },
  );

  test('is a batch whose stages say nothing', () => {
    const batch = [{ place: 'Batch: 1', reason: '' }];
    expect(failuresOf(pipelineOf({ PipelineStatus: 3 }, stageOf({}, taskOf({}))))).toEqual(batch);
    expect(failuresOf(pipelineOf({ PipelineStatus: '10' }))).toEqual(batch);
    expect(failuresOf({ PipelineName: 'Batch: 1', PipelineStatus: 3 })).toEqual(batch);
  });

  test('is told once, by those who know most of it', () => {
    const task = taskOf({ TaskStatus: 3, ...offline });
    const pipeline = pipelineOf({ PipelineStatus: 3 }, stageOf({ StageStatus: 3 }, task), stageOf({}));
    expect(failuresOf(pipeline)).toHaveLength(1);
  });

  test('in every stage and batch is told', () => {
    const task = taskOf({ TaskStatus: 3 });
    const places = failuresOf(
      pipelineOf({}, stageOf({ StageName: 'Stop' }, task), stageOf({ StageName: 'Start', StageStatus: 3 })),
      pipelineOf({ PipelineName: 'Batch: 2', PipelineStatus: 10 }),
    ).map((failure) => failure.place);
    expect(places).toEqual(['Batch: 1 / Stop / Start Application', 'Batch: 1 / Start', 'Batch: 2']);
  });

  test('is placed by the names that there are', () => {
    const task = { TaskStatus: 3 };
    const nameless = {
      PipelineName: '',
      StageDetailList: { StageDetailDTO: [{ TaskList: { TaskInfoDTO: [task] } }] },
    };
    expect(failuresOf(nameless)).toEqual([{ place: '', reason: '' }]);
  });

  test('alike in many instances is told once, and does not hide what else failed', () => {
    const alike = Array.from({ length: 50 }, () => taskOf({ TaskStatus: 3, ...offline }));
    const other = taskOf({ TaskStatus: 3, TaskErrorMessage: 'NO_SPACE_LEFT_ON_DISK' });
    expect(failuresOf(pipelineOf({}, stageOf({}, ...alike, other)))).toEqual([
      { place, reason: 'EDAS-10001 STAR_AGENT_OFFLINE' },
      { place, reason: 'NO_SPACE_LEFT_ON_DISK' },
    ]);
  });

  test('is told of ten things at most, each of bounded length', () => {
    const tasks = Array.from({ length: 500 }, (_, index) =>
      taskOf({
        TaskName: `${index} ${'n'.repeat(10_000)}`,
        TaskStatus: 3,
        TaskErrorMessage: 'm'.repeat(1e5),
      }),
    );
    const failures = failuresOf(pipelineOf({ PipelineName: 'p'.repeat(1e5) }, stageOf({}, ...tasks)));
    expect(failures).toHaveLength(10);
    expect(failures[0]?.reason).toBe(`${'m'.repeat(200)}…`);
    expect(Math.max(...failures.map((failure) => failure.place.length))).toBeLessThan(450);
  });
});

describe('the batches', () => {
  test('that are done are those that have succeeded, as a number or text', () => {
    const pipelines = [2, '2', 3, 1, 0, 6, 10, undefined].map((PipelineStatus) => ({ PipelineStatus }));
    expect(orderOf(pipelines).batches).toEqual({ done: 2, total: 8 });
  });

  test.each([undefined, null, 'text', 7, {}, { PipelineInfo: null }, { PipelineInfo: 'x' }])(
    'are none with %j for the list',
    (PipelineInfoList) => {
      expect(toChangeOrder({ changeOrderInfo: { Status: 8, PipelineInfoList } }, orderId)).toEqual({
        status: 8,
        supportRollback: undefined,
        startedAt: undefined,
        description: undefined,
        batches: { done: 0, total: 0 },
        failures: [],
      });
    },
  );
});

describe('the description', () => {
  test.each([
    [{ ChangeOrderDescription: 'a', Desc: 'b' }, 'a'],
    [{ ChangeOrderDescription: ' ', Desc: 'b' }, 'b'],
    [{ Desc: ' b ' }, 'b'],
    [{ ChangeOrderDescription: 7, Desc: {} }, undefined],
    [{ Desc: 'x'.repeat(201) }, `${'x'.repeat(200)}…`],
  ])('of %j', (fields, description) => {
    expect(orderOf([], fields).description).toBe(description);
  });
});

test.each([
  [0, 0],
  ['0', 0],
  ['10', 10],
  [8, 8],
  ['', undefined],
  [' 2', undefined],
  ['2 ', undefined],
  ['-1', undefined],
  ['1e1', undefined],
  ['0x2', undefined],
  ['running', undefined],
  [null, undefined],
  [true, undefined],
  [[2], undefined],
])('the status %j is %j', (given, status) => {
  expect(toStatus(given)).toBe(status);
});

test.each([
  ['2019-11-13 14:23:46', Date.parse('2019-11-13T06:23:46Z')],
  ['2019-13-13 14:23:46', undefined],
  ['2019-11-13T14:23:46', undefined],
  ['2019-11-13 14:23:46Z', undefined],
  ['2019-11-13 14:23:46.5', undefined],
  ['+002019-11-13 14:23:46', undefined],
  [1573626226000, undefined],
])('the time %j is %j', (given, time) => {
  expect(parseBeijingTime(given)).toBe(time);
});

describe('whatever EDAS answers', () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('2', '3', '10', '1573626227000', '2019-11-13 14:23:46'));
  const anything = fc.oneof(fc.anything(), fc.constantFrom(0, 1, 2, 3, 8, 10, null), text);
  const record = (...keys: string[]) =>
    fc.record(Object.fromEntries(keys.map((key) => [key, anything])), { requiredKeys: [] });
  const within = (key: string, items: fc.Arbitrary<unknown>) =>
    fc.oneof(anything, fc.record({ [key]: fc.oneof(anything, fc.array(items, { maxLength: 4 })) }));
  const merged = (...parts: fc.Arbitrary<object>[]) =>
    fc.tuple(...parts).map((each): object => Object.assign({}, ...each) as object);

  const task = record('TaskName', 'TaskStatus', 'TaskMessage', 'TaskErrorCode', 'TaskErrorMessage');
  const stage = merged(
    record('StageName', 'StageStatus', 'Status'),
    fc.record({ TaskList: within('TaskInfoDTO', task) }),
  );
  const pipeline = merged(
    record('PipelineName', 'PipelineStatus', 'StartTime'),
    fc.record({ StageDetailList: within('StageDetailDTO', stage) }),
  );
  const info = merged(
    record('ChangeOrderId', 'Status', 'SupportRollback', 'CreateTime', 'ChangeOrderDescription', 'Desc'),
    fc.record({ PipelineInfoList: within('PipelineInfo', pipeline) }),
  );
  const answer = fc.oneof(
    record('changeOrderInfo', 'ChangeOrderInfo'),
    fc.record({ changeOrderInfo: info }),
    fc.record({ ChangeOrderInfo: info }),
  );

  test('is a change order of bounded size, or fails as EDAS', () => {
    fc.assert(
      fc.property(answer, (given) => {
        try {
          const { status, description = '', batches, failures } = toChangeOrder(given, orderId);
          expect(['number', 'undefined']).toContain(typeof status);
          expect(description.length).toBeLessThanOrEqual(201);
          expect(batches.done).toBeLessThanOrEqual(batches.total);
          expect(failures.length).toBeLessThanOrEqual(10);
          for (const failure of failures) {
            expect(failure.place.length).toBeLessThanOrEqual(3 * 201 + 2 * 3);
            expect(failure.reason.length).toBeLessThanOrEqual(3 * 201 + 2);
          }
        } catch (error) {
          if (!(error instanceof EdasFailure)) throw error;
        }
      }),
    );
  });
});
