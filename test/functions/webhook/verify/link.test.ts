import { describe, expect, test } from 'vitest';
import { Problem } from '../../../../functions/errors.ts';
import {
  describeGrant,
  expiresSoon,
  verifyLink,
  type LinkGrant,
} from '../../../../functions/webhook/verify/link.ts';
import { problemOf, verdictOf } from '../../../support/problem.ts';

const now = Date.parse('2026-01-02T03:04:05Z');
const app = '3616cdca-4f92-4413-8a51-000000000001';
const otherApp = '3616cdca-4f92-4413-8a51-000000000002';
const order = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6a';
const otherOrder = 'dc5133d7-773f-4c81-9c5a-e2103dce0f6b';
/** 2026-04-01T00:00:00Z */
const exp = '1775001600';
// printf 'link\ncloudmonitor\n%s\n\n%s' "$app" "$exp" | openssl dgst -sha256 -hmac fake-secret
const sig = 'fbe1ea77cd81bc02b6bc77c91fa02a6f1f3d08ecf71a2ac96f2e08e96dfe5e91';
// printf 'link\ncloudmonitor\n%s\n%s\n%s' "$app" "$order" "$exp" | openssl dgst -sha256 -hmac fake-secret
const sigWithOrder = 'd7b813741849b6ebd90fa89fe9c0f42fc6273fe0bca24f532091f6293c8612e9';

const link = { app, exp, sig };
const linkToOrder = { app, order, exp, sig: sigWithOrder };

interface Attempt {
  source?: string;
  secrets?: string[];
  at?: number;
}

function verify(
  query: Record<string, string> | undefined,
  { source = 'cloudmonitor', secrets = ['fake-secret'], at = now }: Attempt = {},
): LinkGrant {
  const keys = secrets.map((secret) => Buffer.from(secret));
  return verifyLink({ scheme: 'link', source }, keys, { query: query && new Map(Object.entries(query)) }, at);
}

const verdict = verdictOf(verify);

describe('a link grants what it was made for', () => {
  test('an application', () => {
    expect(verify(link)).toEqual({ app, changeOrderId: undefined, expiresAtSeconds: 1_775_001_600 });
  });

  test('one change order of an application', () => {
    expect(verify(linkToOrder)).toEqual({ app, changeOrderId: order, expiresAtSeconds: 1_775_001_600 });
  });

  test('whatever the order of its parts, and with either of the secrets', () => {
    expect(verdict({ sig, exp, app })).toBe('accepted');
    expect(verdict(link, { secrets: ['fake-new-secret', 'fake-secret'] })).toBe('accepted');
  });
});

describe('changing any part of a link breaks it', () => {
  test.each<[string, string, Record<string, string>]>([
    ['signature_mismatch', 'another application', { ...link, app: otherApp }],
    ['signature_mismatch', 'another application of the order', { ...linkToOrder, app: otherApp }],
    ['signature_mismatch', 'another order', { ...linkToOrder, order: otherOrder }],
    ['signature_mismatch', 'the order left out', { app, exp, sig: sigWithOrder }],
    ['signature_mismatch', 'an order added', { ...link, order }],
    ['signature_mismatch', 'application and order exchanged', { ...linkToOrder, app: order, order: app }],
    ['signature_mismatch', 'a later expiry', { ...link, exp: '1775001601' }],
    ['signature_mismatch', 'an earlier expiry', { ...link, exp: '1775001599' }],
    ['signature_mismatch', 'another signature', { ...link, sig: '0'.repeat(64) }],
    ['signature_mismatch', 'the signature of another link', { ...link, sig: sigWithOrder }],
    ['signature_missing', 'no signature', { app, exp }],
    ['signature_missing', 'an empty signature', { ...link, sig: '' }],
    ['link_malformed', 'half a byte less of the signature', { ...link, sig: sig.slice(1) }],
    ['link_malformed', 'a byte less of the signature', { ...link, sig: sig.slice(2) }],
    ['link_malformed', 'a byte more of the signature', { ...link, sig: `${sig}00` }],
    ['link_malformed', 'a signature that is no hex', { ...link, sig: `g${sig.slice(1)}` }],
    ['link_malformed', 'a signature in base64', { ...link, sig: Buffer.from(sig, 'hex').toString('base64') }],
    ['link_malformed', 'no application', { exp, sig }],
    ['link_malformed', 'an empty application', { ...link, app: '' }],
    ['link_malformed', 'an application in upper case', { ...link, app: app.toUpperCase() }],
    ['link_malformed', 'an application with a blank', { ...link, app: `${app} ` }],
    ['link_malformed', 'an application with a newline', { ...link, app: `${app}\n` }],
    ['link_malformed', 'an order in upper case', { ...linkToOrder, order: order.toUpperCase() }],
    ['link_malformed', 'an empty order', { ...link, order: '' }],
    ['link_malformed', 'no expiry', { app, sig }],
    ['link_malformed', 'an empty expiry', { ...link, exp: '' }],
    ['link_malformed', 'an expiry with a zero before it', { ...link, exp: `0${exp}` }],
    ['link_malformed', 'an expiry with a sign', { ...link, exp: `+${exp}` }],
    ['link_malformed', 'an expiry with a fraction', { ...link, exp: `${exp}.0` }],
    ['link_malformed', 'an expiry with an exponent', { ...link, exp: '1775001600e0' }],
    ['link_malformed', 'an expiry in ISO 8601', { ...link, exp: '2026-04-01T00:00:00Z' }],
    ['link_malformed', 'an expiry without end', { ...link, exp: '9'.repeat(13) }],
    ['link_malformed', 'a key in upper case', { APP: app, exp, sig }],
    ['link_malformed', 'an unknown key', { ...link, force: '' }],
    ['link_malformed', 'an unknown key that every object knows', { ...link, constructor: 'x' }],
  ])('%s: %s', (code, _, query) => {
    expect(verdict(query)).toBe(code);
  });

  test.each<[string, Record<string, string>]>([
    [
      'The address carries no signature (sig). This source is called by a link: make one with npm run link.',
      { app, exp },
    ],
    [
      'The address must carry app, exp and sig, perhaps order, each once and nothing else. Copy the link whole.',
      { app, exp, sig: 'fake' },
    ],
    [
      "The link was not made with this source's secret, or something in it was changed. Make a new one with npm run link.",
      { ...link, app: otherApp },
    ],
  ])('and the refusal says what to do, but nothing that is expected: %s', (message, query) => {
    expect(problemOf(() => verify(query))?.message).toBe(message);
  });

  test.each(['app', 'exp', 'sig', 'order'] as const)(
    'a repeated %s, which arrives joined by a comma',
    (key) => {
      const value = linkToOrder[key];
      expect(verdict({ ...linkToOrder, [key]: `${value},${value}` })).toBe('link_malformed');
    },
  );

  test('a link for another source, although the secret is the same', () => {
    expect(verdict(link, { source: 'alertmanager' })).toBe('signature_mismatch');
  });

  test('another secret, or none', () => {
    expect(verdict(link, { secrets: ['fake-other-secret'] })).toBe('signature_mismatch');
    expect(verdict(link, { secrets: [] })).toBe('signature_mismatch');
  });

  test('no query at all', () => {
    expect(verdict(undefined)).toBe('signature_missing');
    expect(verdict({})).toBe('signature_missing');
  });
});

describe('a link always expires', () => {
  const at = Number(exp) * 1000;

  test('at its second, not after it', () => {
    expect(verdict(link, { at: at - 1 })).toBe('accepted');
    expect(verdict(link, { at })).toBe('link_expired');
    expect(problemOf(() => verify(link, { at }))).toEqual(
      new Problem(
        'link_expired',
        'The link expired at 2026-04-01T00:00:00.000Z. Make a new one with npm run link.',
      ),
    );
  });

  test('within 400 days, whatever was signed', () => {
    // 2027-02-06T03:04:05Z, and a second later.
    const last = {
      app,
      exp: '1801883045',
      sig: 'a412960a1bb23ad4ec2ac390d90a059f4ac6ea4cc255aa5473f2134aecb7e56c',
    };
    const tooLate = {
      app,
      exp: '1801883046',
      sig: 'ff5a9c392802d2b5628f6b252a5595d62764fc52169f92fa49b16135f58e7cda',
    };
    expect(verdict(last)).toBe('accepted');
    expect(verdict(tooLate)).toBe('link_malformed');
    expect(problemOf(() => verify(tooLate))?.message).toContain('400 days from now');
  });

  test('so that an expired link that was changed does not show when the right one expired', () => {
    expect(verdict({ ...link, app: otherApp }, { at })).toBe('signature_mismatch');
  });

  test('soon, for its last 14 days', () => {
    const grant = { app, expiresAtSeconds: Number(exp) };
    expect(expiresSoon(grant, at - 14 * 86_400_000)).toBe(false);
    expect(expiresSoon(grant, at - 14 * 86_400_000 + 1)).toBe(true);
  });
});

test('a grant is told to the log with its time as ISO 8601', () => {
  expect(describeGrant({ app, changeOrderId: order, expiresAtSeconds: 1_775_001_600 })).toEqual({
    app,
    changeOrderId: order,
    expiresAt: '2026-04-01T00:00:00.000Z',
  });
});
