import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../../local/cli/root.ts';
import { uncommentResource } from '../../../local/setup/edit-deployment.ts';
import { eventPattern, sourcesOnDefaultBus, withEventPattern } from '../../../local/setup/event-pattern.ts';

const withEvents =
  uncommentResource(readFileSync(path.join(root, 's.yaml'), 'utf8'), 'events') ?? 'no events';

test.each([
  [['acs.arms'], ['acs.arms']],
  [['arms', 'acs.cms'], ['acs.cms']],
  [['acs.sls.alert'], []],
  [['shop.monitor'], []],
])('of the events of %j, those of %j come on the bus default', (eventSources, expected) => {
  expect(sourcesOnDefaultBus({ eventSources, eventTypes: ['x'] })).toEqual(expected);
});

test.each([
  [['acs.cms'], ['a:B:C'], '{"source":["acs.cms"],"type":["a:B:C"]}'],
  [['acs.arms'], ['arms:Alert:*', 'x'], '{"source":["acs.arms"],"type":[{"prefix":"arms:Alert:"},"x"]}'],
  [['shop.*'], ['*'], '{"source":[{"prefix":"shop."}]}'],
])('a rule lets events of %j with the types %j pass', (sources, types, pattern) => {
  expect(eventPattern(sources, types)).toBe(pattern);
});

test('the trigger of s.yaml takes another pattern, and all else stays', () => {
  const changed = withEventPattern(withEvents, '{"source":["it\'s"]}') ?? '';
  expect(changed).toContain(`eventRuleFilterPattern: '{"source":["it''s"]}'`);
  expect(changed.split('\n').filter((line) => !withEvents.includes(`${line}\n`))).toHaveLength(1);
});

test('a pattern is for a person to write where there is no trigger, or more than one', () => {
  const line = /^ +eventRuleFilterPattern: .*\n/m.exec(withEvents)?.[0] ?? '';
  expect(withEventPattern(withEvents.replace(line, ''), '{}')).toBeUndefined();
  expect(withEventPattern(withEvents.replace(line, line + line), '{}')).toBeUndefined();
});
