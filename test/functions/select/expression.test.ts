import { compile } from '@jmespath-community/jmespath';
import { describe, expect, test } from 'vitest';
import { evaluate } from '../../../functions/select/evaluate.ts';
import type { Expression } from '../../../functions/select/expression.ts';
import { problemOfAsync } from '../../support/problem.ts';

/** As it comes out of the bundle, where it was JSON. */
function compiled(text: string): Expression {
  return JSON.parse(JSON.stringify({ text, tree: compile(text) })) as Expression;
}

const payload = {
  status: 'failed',
  tags: ['prod', 'checkout'],
  alerts: [
    { state: 'firing', labels: { app: 'a' } },
    { state: 'resolved', labels: { app: 'b' } },
  ],
};

describe('an expression, compiled when the function was built', () => {
  test.each<[string, unknown]>([
    ['status', 'failed'],
    ["status == 'failed' && contains(tags, 'prod')", true],
    ["alerts[?state == 'firing'].labels.app | [0]", 'a'],
    ['alerts[*].state', ['firing', 'resolved']],
    ['alerts[-1].labels.app', 'b'],
    ['length(tags) > `1`', true],
    ['sort_by(alerts, &state)[0].labels.app', 'a'],
    ["join('/', tags)", 'prod/checkout'],
    ['{app: alerts[0].labels.app}', { app: 'a' }],
    ['nothing.at.all', null],
    ['status[0]', null],
  ])('%s finds what JMESPath says', async (text, found) => {
    expect(await evaluate(compiled(text), payload, 'when')).toEqual(found);
  });

  test('finds the same however often it is used', async () => {
    const expression = compiled("contains(tags, 'prod')");
    expect(await evaluate(expression, payload, 'when')).toBe(true);
    expect(await evaluate(expression, { tags: [] }, 'when')).toBe(false);
    expect(await evaluate(expression, payload, 'when')).toBe(true);
  });

  test.each(["contains(nothing, 'x')", 'length(`7`)', 'sort(alerts)', 'nonsense(status)'])(
    '%s, which fails on this payload, is told by its key and its text',
    async (text) => {
      const problem = await problemOfAsync(() => evaluate(compiled(text), payload, 'allow'));
      expect(problem?.code).toBe('payload_malformed');
      expect(problem?.message).toContain(`The expression \`allow: ${text}\` does not work on this payload: `);
    },
  );
});
