import { compile } from '@jmespath-community/jmespath';
import { describe, expect, test } from 'vitest';
import { describeMissing } from '../../../../local/commands/explain/missing-fields.ts';

const payload = {
  status: 'firing',
  alerts: [
    { status: 'firing', labels: { team: 'shop', severity: 'page' } },
    { status: 'resolved', labels: { team: 'shop', zone: 'a' } },
  ],
  commonLabels: { team: 'shop' },
  empty: {},
  nothing: null,
};

const missing = (text: string) => describeMissing(compile(text), payload);

test.each([
  ["commonLabel.team == 'shop'", 'The payload has no commonLabel; did you mean commonLabels?'],
  ["commonLabels.taem == 'shop'", 'The payload has no commonLabels.taem; did you mean commonLabels.team?'],
  ["alerts[0].label.team == 'shop'", 'The payload has no alerts[0].label; did you mean alerts[0].labels?'],
  ['alerts[].labels.tema', 'The payload has no alerts[].labels.tema; did you mean alerts[].labels.team?'],
  ["alerts[?state == 'firing'].labels", 'The payload has no alerts[].state; did you mean alerts[].status?'],
  ["severity == 'page'", 'The payload has no severity; did you mean alerts[0].labels.severity?'],
  [
    "contains(['x'], user_name)",
    'The payload has no user_name; there are status, alerts, commonLabels, empty, nothing',
  ],
  ['empty.id', 'The payload has no empty.id; there is nothing'],
  ['commonLabels | tem', 'The payload has no commonLabels.tem; did you mean commonLabels.team?'],
])('%s reads a field that is not there, and the one that was meant is named', (text, sentence) => {
  expect(missing(text)).toEqual([sentence]);
});

describe('nothing is missing', () => {
  test.each([
    ['where all is there', "status == 'firing' && alerts[0].labels.team == 'shop'"],
    ['where a value is null', 'nothing.id'],
    ['where one of two alternatives is there', "commonLabel.team || commonLabels.team || ''"],
    ['where one argument of not_null is there', 'not_null(labels.team, commonLabels.team)'],
    ['where some items of a list have the field', 'alerts[].labels.zone'],
    ['where a filter lets no item through', "alerts[?status == 'other'].labels.nope"],
    ['where an expression cannot be followed', 'let $a = b in $a.c'],
    ['where a function fails on what is there', "contains(status, 'x') && sum(alerts) == `1`"],
  ])('%s', (_where, text) => {
    expect(missing(text)).toEqual([]);
  });
});

test('where both alternatives are wrong, both are named, each once', () => {
  expect(missing("stats == 'a' || stats == 'b' || comonLabels.team == 'c'")).toEqual([
    'The payload has no stats; did you mean status?',
    'The payload has no comonLabels; did you mean commonLabels?',
  ]);
});
