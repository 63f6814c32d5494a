import { expect, test } from 'vitest';
import { isSuspended, setting } from '../../../functions/platform/settings.ts';

test('a variable that is empty is not set', () => {
  expect(setting({ REGION: 'cn-hangzhou' }, 'REGION')).toBe('cn-hangzhou');
  expect(setting({ REGION: '' }, 'REGION')).toBeUndefined();
  expect(setting({}, 'REGION')).toBeUndefined();
});

test.each([undefined, '', ' ', 'false', 'False', 'FALSE', 'no', ' no ', '0', 'off'])(
  '%j suspends nothing',
  (value) => {
    expect(isSuspended({ ROLLBACK_SUSPENDED: value })).toBe(false);
  },
);

test.each(['true', ' true ', 'TRUE', '1', 'yes', 'on', 'tru', 'ture', 'no way', 'please'])(
  '%j suspends',
  (value) => {
    expect(isSuspended({ ROLLBACK_SUSPENDED: value })).toBe(true);
  },
);
