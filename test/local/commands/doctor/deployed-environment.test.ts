import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { findFunction } from '../../../../local/build/check-deployment.ts';
import { readDeployment } from '../../../../local/build/deployment.ts';
import { root } from '../../../../local/cli/root.ts';
import { deployedEnvironment, resolve } from '../../../../local/commands/doctor/deployed-environment.ts';

describe('a value of s.yaml', () => {
  test.each([
    ["${env('A', 'default')}", 'set'],
    ["${env('EMPTY', 'default')}", 'default'],
    ["${env('UNSET', 'default')}", 'default'],
    ["${env('UNSET', '')}", ''],
    ["${env('UNSET')}", ''],
    ['${ env( "A" , "default" ) }', 'set'],
    ["x-${env('A', '')}-y", 'x-set-y'],
    ['as it is', 'as it is'],
    [undefined, ''],
  ])('%j becomes %j', (value, expected) => {
    expect(resolve(value, { A: 'set', EMPTY: '' })).toBe(expected);
  });
});

test('the webhook function finds its settings, with the defaults of s.yaml', () => {
  const { functions } = readDeployment(readFileSync(path.join(root, 's.yaml'), 'utf8'));
  const webhook = findFunction(functions, 'webhook');
  if (!webhook) throw new Error('there must be a webhook function');
  expect(deployedEnvironment(webhook, { SECRET_PIPELINE: 'fake', REGION: '' })).toMatchObject({
    SECRET_PIPELINE: 'fake',
    REGION: 'cn-hangzhou',
    EDAS_ENDPOINT: '',
    FOLLOW_FUNCTION: 'edas-rollback-follow',
  });
});
