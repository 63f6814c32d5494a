import { expect, test } from 'vitest';
import { faultMenu, servicesWith } from '../../../../local/sandbox/page/fault-menu.ts';
import { createFaultSwitch } from '../../../../local/sandbox/page/switch-faults.ts';
import { serviceNames } from '../../../../local/sandbox/page/view.ts';
import * as edas from '../../../../local/stand-ins/edas/faults.ts';
import * as fc from '../../../../local/stand-ins/fc/faults.ts';
import * as kms from '../../../../local/stand-ins/kms/faults.ts';

const made = { edas, fc, kms };
/** What a person would have to write out. */
const notOffered = ['anyAnswer', 'refusal'];

test.each(serviceNames)(
  'every fault that the stand-in for %s can have is in the menu, under an id of its own',
  (service) => {
    const ids = faultMenu[service].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const names = Object.keys(made[service]).filter((name) => !notOffered.includes(name));
    expect(names.filter((name) => !ids.includes(name))).toEqual([]);
    const titles = servicesWith([service]).flatMap(({ faults }) => faults.map(({ title }) => title));
    expect(new Set(titles).size).toBe(titles.length);
  },
);

/** Stand-ins that keep the choice of faults they were given. */
function switches() {
  const chosen: Record<string, ((call: never) => { name: string } | undefined) | undefined> = {};
  const standIn = (name: string) => ({
    setFault: (choose: ((call: never) => { name: string } | undefined) | undefined) => {
      chosen[name] = choose;
    },
  });
  const faults = createFaultSwitch({ edas: standIn('edas'), fc: standIn('fc'), kms: standIn('kms') });
  const met = (name: string, call: object) => chosen[name]?.(call as never)?.name;
  return { faults, met };
}

test.each([
  ['every call', 'deniedByRam', 'deniedByRam'],
  ['reads', 'deniedByRam', undefined],
  ['calls that change something', undefined, 'deniedByRam'],
] as const)('of EDAS, %s meet the fault', (scope, read, write) => {
  const { faults, met } = switches();
  expect(faults.set('edas', 'deniedByRam', scope)).toBe(true);
  expect(met('edas', { operation: 'GetChangeOrderInfo' })).toBe(read);
  expect(met('edas', { operation: 'RollbackChangeOrder' })).toBe(write);
  expect(faults.view()).toMatchObject({ edas: { id: 'deniedByRam', scope } });
});

test('one button makes all well again', () => {
  const { faults, met } = switches();
  for (const service of serviceNames) faults.set(service, 'silent', 'every call');
  expect([met('fc', { operation: 'GetAsyncTask' }), met('kms', {})]).toEqual(['silent', 'silent']);
  faults.allWell();
  expect(serviceNames.map((service) => met(service, { operation: 'GetAsyncTask' }))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(faults.view()).toEqual({});
});

test('a fault that is not in the menu changes nothing', () => {
  const { faults, met } = switches();
  faults.set('edas', 'silent', 'every call');
  expect(faults.set('edas', 'constructor', 'every call')).toBe(false);
  expect(met('edas', { operation: 'RollbackChangeOrder' })).toBe('silent');
});
