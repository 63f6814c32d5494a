import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { selectChangeOrderId, type Finding } from '../../../functions/select/identifier.ts';
import { codeOf, problemOf } from '../../support/problem.ts';
import { runs } from '../../support/runs.ts';

const id = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const otherId = '5ba3b2f4-1c7e-4a6d-8f00-000000000001';

function take(...values: Finding['value'][]): string {
  return selectChangeOrderId(values.map((value, index) => ({ place: `place${index}`, value })));
}

describe('the change order id', () => {
  test.each([
    id,
    id.toUpperCase(),
    ` ${id}\n`,
    `/rollback ${id} please`,
    `change order: ${id}.`,
    `https://edas.console.aliyun.com/#/changeOrder?id=${id}&region=cn-hangzhou`,
    `"${id}"`,
    `变更单${id}失败`,
    `x${id}_`,
    `${id}, again ${id.toUpperCase()}`,
  ])('is found in %j', (text) => {
    expect(take(text)).toBe(id);
  });

  test('may stand in several places, as long as it is the same', () => {
    expect(take(undefined, id, `again ${id}`, null)).toBe(id);
  });

  test.each<[string, Finding['value'], string]>([
    ['nothing', undefined, 'place0: nothing there'],
    ['null', null, 'place0: nothing there'],
    ['a number', 42, 'place0: 42, which is no text'],
    ['true', true, 'place0: true, which is no text'],
    ['an array', [id], 'place0: an array, which is no text'],
    ['an object', { id }, 'place0: an object, which is no text'],
    ['an empty text', '', 'place0: ""'],
    ['another text', 'v1.2.3 "final"', String.raw`place0: "v1.2.3 \"final\""`],
    ['a long text', 'x'.repeat(101), `place0: "${'x'.repeat(100)}…"`],
  ])('is missing where there is %s, and the message says what was looked at', (_, value, seen) => {
    const problem = problemOf(() => take(value));
    expect(problem?.code).toBe('change_order_id_missing');
    expect(problem?.message).toBe(`No change order id (a UUID) was found. Looked at ${seen}.`);
  });

  test.each([
    `0${id}`,
    `${id}0`,
    `a-${id}`,
    `${id}-1`,
    `${id}-${otherId}`,
    id.slice(1),
    id.slice(0, -1),
    id.replaceAll('-', ''),
    id.replaceAll('-', '_'),
    id.replace('d', 'g'),
  ])('is not cut out of some other id: %s', (text) => {
    expect(codeOf(() => take(text))).toBe('change_order_id_missing');
  });

  test('is ambiguous where two different ones are found, in one place or in two', () => {
    expect(codeOf(() => take(`${id} ${otherId}`))).toBe('change_order_id_ambiguous');
    expect(problemOf(() => take(id, otherId))?.message).toBe(
      `2 different ids were found in place0, place1: ${id}, ${otherId}.`,
    );
  });

  test('is told three at most when there are many', () => {
    const many = Array.from({ length: 9 }, (_, index) => `${id.slice(0, -1)}${index}`);
    const message = problemOf(() => take(many.join(' ')))?.message;
    expect(message).toMatch(/^9 different ids/);
    expect(message?.match(/dc5133d7/g)).toHaveLength(3);
  });
});

describe('whatever text there is', () => {
  const text = fc.string({ unit: 'binary' });
  const before = text.filter((each) => !/[0-9a-f-]$/i.test(each));
  const after = text.filter((each) => !/^[0-9a-f-]/i.test(each));
  const often = { numRuns: runs(500) };

  test('the id is found in it, unless it is a part of a longer run of hex and dashes', () => {
    fc.assert(
      fc.property(before, fc.uuid(), after, fc.boolean(), (before, id, after, isUpper) => {
        expect(take(before + (isUpper ? id.toUpperCase() : id) + after)).toBe(id);
      }),
      often,
    );
  });

  test('no id is found where one more hex digit or dash touches it', () => {
    const touch = fc.stringMatching(/^[0-9a-fA-F-]$/);
    fc.assert(
      fc.property(before, touch, fc.uuid(), after, fc.boolean(), (before, touch, id, after, isBefore) => {
        const text = isBefore ? `${before}${touch}${id}${after}` : `${before}${id}${touch}${after}`;
        expect(codeOf(() => take(text))).toBe('change_order_id_missing');
      }),
      often,
    );
  });

  test('Invariant 10: and whatever JSON stands there, nothing but a Problem is thrown', () => {
    const value = fc.oneof(fc.jsonValue(), text, fc.uuid(), fc.constant(undefined));
    fc.assert(
      fc.property(fc.array(value), (values) => {
        const code = codeOf(() => take(...(values as Finding['value'][])));
        expect([undefined, 'change_order_id_missing', 'change_order_id_ambiguous']).toContain(code);
      }),
      often,
    );
  });

  test('a megabyte of nearly-ids is judged in no time', () => {
    const startedAt = performance.now();
    expect(codeOf(() => take(`${id.slice(0, -1)}g`.repeat(29_000)))).toBe('change_order_id_missing');
    expect(codeOf(() => take('0-'.repeat(500_000)))).toBe('change_order_id_missing');
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});

describe('a change order id in text that is JSON itself', () => {
  const id = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
  const other = '3616cdca-0000-4000-8000-000000000001';
  const find = (value: string) => selectChangeOrderId([{ place: 'payload', value }]);

  test.each([
    [{ changeOrderId: id, build: other }],
    [{ ChangeOrderId: `order ${id}`, build: other }],
    [{ change_order_id: id.toUpperCase() }],
    [{ order: id }],
  ])('is what stands under the usual name, or the only one: %j', (value) => {
    expect(find(JSON.stringify(value))).toBe(id);
  });

  test.each([
    ['two usual names differ', JSON.stringify({ changeOrderId: id, ChangeOrderId: other })],
    ['a name is there twice', `{"changeOrderId":"${id}","changeOrderId":"${other}"}`],
    ['there is no usual name, and two ids', JSON.stringify({ a: id, b: other })],
    ['it is not JSON to its end', `{"changeOrderId":"${id}","build":"${other}"`],
  ])('is ambiguous where %s', (_where, value) => {
    expect(codeOf(() => find(value))).toBe('change_order_id_ambiguous');
  });
});
