import { describe, expect, test } from 'vitest';
import { KmsFailure } from '../../../../functions/kms/failure.ts';
import type { LinkParameters } from '../../../../functions/webhook/verify/link.ts';
import { compileSources } from '../../../../local/build/compile-sources.ts';
import { checkLinks } from '../../../../local/commands/doctor/check-links.ts';
import type { KmsReading } from '../../../../local/commands/doctor/kms-readings.ts';
import { linkQuery } from '../../../../local/signing/sign.ts';

const app = '3616cdca-0000-4000-8000-0000000000aa';
const sources = compileSources(`
sources:
  monitor: { preset: cloudmonitor, secrets: [MONITOR_SECRET], apps: [${app}] }
  pipeline: { preset: generic, secrets: [SECRET_PIPELINE] }
`);
const env = { MONITOR_SECRET: 'fake-secret-of-the-monitor-of-a-test' };
const now = Date.parse('2026-01-02T03:04:05.000Z');
const verify: LinkParameters = { scheme: 'link', source: 'monitor' };

const linkFor = (days: number, secret = env.MONITOR_SECRET) =>
  `https://function.example.com/monitor?${linkQuery(verify, secret, { app, expiresAtSeconds: now / 1000 + days * 86_400 })}`;

const check = (...links: string[]) => checkLinks(links, sources, env, now);

describe('a link', () => {
  test('that opens its source for a while is right', () => {
    expect(check(linkFor(90))).toEqual([
      {
        verdict: 'right',
        what: `link 1 (monitor) opens its source for the application ${app}, until 2026-04-02T03:04:05.000Z, 90 days from now`,
      },
    ]);
  });

  test('that expires within 14 days is a warning', () => {
    expect(check(linkFor(14), linkFor(13))).toMatchObject([
      { verdict: 'right' },
      { verdict: 'warning', what: expect.stringMatching(/^link 2 .*13 days from now$/) as unknown },
    ]);
  });

  test.each([
    ['has expired', linkFor(-1), 'link_expired'],
    ['was made with another secret', linkFor(90, 'another-fake-secret'), 'signature_mismatch'],
    ['has lost its end', linkFor(90).slice(0, -2), 'link_malformed'],
    ['has a part twice', `${linkFor(90)}&app=${app}`, 'link_malformed'],
    ['leads to a source that signs', linkFor(90).replace('/monitor', '/pipeline'), 'leads to no source'],
    ['leads nowhere', linkFor(90).replace('/monitor', '/elsewhere'), 'leads to no source'],
    ['is no address', 'monitor', 'is no address'],
  ])('that %s is wrong, and its signature is not shown', (_what, link, reason) => {
    const findings = check(link);
    expect(findings).toMatchObject([{ verdict: 'wrong', what: expect.stringContaining(reason) as unknown }]);
    const signature = /sig=(\w+)/.exec(link)?.[1] ?? 'none';
    expect(JSON.stringify(findings)).not.toContain(signature);
  });

  test('cannot be checked without the secret of its source', () => {
    expect(checkLinks([linkFor(90)], sources, {}, now)).toMatchObject([
      { verdict: 'unknown', what: expect.stringContaining('MONITOR_SECRET') as unknown },
    ]);
  });
});

describe('without a link', () => {
  test('it is said that links are stored nowhere, where a source has some', () => {
    expect(check()).toMatchObject([
      { verdict: 'skipped', what: expect.stringContaining('--link') as unknown },
    ]);
  });

  test('nothing is said where no source has any', () => {
    expect(checkLinks([], sources.slice(1), env, now)).toEqual([]);
  });
});

describe('a link whose secret is in KMS', () => {
  const inKms = compileSources(
    `sources: { monitor: { preset: cloudmonitor, secrets: [kms:monitor], apps: [${app}] } }`,
  );
  const version = (secretText: string) => ({ text: secretText, versionId: undefined });
  const checkWith = (reading?: KmsReading) =>
    checkLinks([linkFor(90)], inKms, {}, now, new Map(reading ? [['monitor', reading]] : []));
  const other = 'another-fake-secret-of-the-monitor';

  test('is right with either version of it', () => {
    expect(checkWith([version(env.MONITOR_SECRET)])).toMatchObject([{ verdict: 'right' }]);
    expect(checkWith([version(other), version(env.MONITOR_SECRET)])).toMatchObject([{ verdict: 'right' }]);
  });

  test('is wrong where both versions are others', () => {
    expect(checkWith([version(other)])).toMatchObject([{ verdict: 'wrong' }]);
  });

  test('is not called wrong by the variable beside it, as long as it was not read', () => {
    const mixed = compileSources(
      `sources: { monitor: { preset: cloudmonitor, secrets: [kms:monitor, OLD], apps: [${app}] } }`,
    );
    const withOld = (OLD: string) => checkLinks([linkFor(90)], mixed, { OLD }, now);
    expect(withOld(other)).toMatchObject([{ verdict: 'unknown' }]);
    expect(withOld(env.MONITOR_SECRET)).toMatchObject([{ verdict: 'right' }]);
  });

  test.each([
    ['was not asked for', undefined],
    ['could not be read', new KmsFailure('unavailable', 'KMS is down.')],
  ])('cannot be checked where that %s', (_what, reading) => {
    expect(checkWith(reading)).toMatchObject([
      {
        verdict: 'unknown',
        what: 'link 1 (monitor): kms:monitor cannot be used here',
        advice: expect.stringContaining('read from KMS') as unknown,
      },
    ]);
  });
});
