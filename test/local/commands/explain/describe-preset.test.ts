import { describe, expect, test } from 'vitest';
import { compileConfiguration, compileSources } from '../../../../local/build/compile-sources.ts';
import {
  describePreset,
  listEventPresets,
  listPresets,
} from '../../../../local/commands/explain/describe-preset.ts';
import { eventPresets } from '../../../../presets/events/index.ts';
import { presets } from '../../../../presets/index.ts';

describe.each(Object.keys(presets))('the preset %s', (name) => {
  test('is described with lines for sources.yaml that compile', () => {
    const description = describePreset(name);
    const [, lines = ''] = description.split(/^in sources\.yaml +/m);
    const indented = lines.replaceAll(/^ {17}/gm, '').replaceAll(/^/gm, '  ');
    const yaml = `sources:\n${indented}\n`.replace(
      '<id of the application>',
      '3616cdca-0000-4000-8000-0000000000aa',
    );
    expect(compileSources(yaml)).toMatchObject([{ name }]);
  });

  test('is in the list, with its sender', () => {
    expect(listPresets()).toMatch(new RegExp(`^${name} +\\S`, 'm'));
  });
});

describe.each(Object.keys(eventPresets))('the preset of events %s', (name) => {
  test('is described with lines for sources.yaml that compile', () => {
    const [, lines = ''] = describePreset(name).split(/^in sources\.yaml +/m);
    const yaml = lines
      .replaceAll(/^ {17}/gm, '')
      .replace('<id of the application>', '3616cdca-0000-4000-8000-0000000000aa')
      .replaceAll(/<the (source|type) of .*>/g, 'shop.$1');
    expect(compileConfiguration(yaml).events).toMatchObject([{ name }]);
  });

  test('is in the list, with its sender', () => {
    expect(listEventPresets()).toMatch(new RegExp(`^${name} +\\S`, 'm'));
  });
});

test('all that a preset of events brings is told', () => {
  expect(describePreset('cloudmonitor-event').split('\n')).toEqual([
    'preset           cloudmonitor-event: CloudMonitor of Alibaba Cloud: alert callbacks of 1.0; for 2.0, say source and type',
    'documented at    https://help.aliyun.com/en/eventbridge/user-guide/cloudmonitor-events',
    'confirmed        no: no page shows a whole event. Set LOG_EVENTS=true for the events function, look at the first event in its log, and write when, app and problemStartedAt into sources.yaml as the event has them.',
    'may call         who RAM lets invoke the function or write to the event bus: there is no URL and no secret',
    'source           acs.cms',
    'type             cms:CloudMonitor:AlertWebHook',
    'apps             required; exactly one, unless the source says with app or changeOrderId where an id stands',
    'followed         yes, unless follow: false: EventBridge delivers an event at least once',
    'expects          an event whose data has alertState, as the callback of a threshold alert rule',
    "when             data.alertState == 'ALERT'",
    'rolls back       what is being deployed to the one application under apps',
    'began at         data.timestamp',
    `summary          ${eventPresets['cloudmonitor-event'].summary}`,
    'actor            data.alertName',
    'in sources.yaml  events:',
    '                   cloudmonitor-event:',
    '                     preset: cloudmonitor-event',
    '                     apps: [<id of the application>]',
  ]);
});

test('of any event, the source must say which ones are meant', () => {
  const description = describePreset('cloudevent');
  expect(description).toMatch(/^confirmed +yes$/m);
  expect(description).toMatch(/^source +the source in sources\.yaml must say$/m);
  expect(description).toMatch(/^when +every event of this source and type counts$/m);
});

test('of the events of EDAS, it is told that they roll nothing back', () => {
  const description = describePreset('edas-event');
  expect(description).toMatch(
    /^tells +that a change order has ended: the task that follows it looks at once$/m,
  );
  expect(description).toMatch(/^acts only on +the event of a deployment \(APPLICATION_CODEPLOY…\)$/m);
  expect(description).toMatch(/^when +none: nothing is rolled back, unless the source says when$/m);
});

test('all that a preset brings is told', () => {
  expect(describePreset('pagerduty').split('\n')).toEqual([
    'preset           pagerduty: PagerDuty webhooks v3',
    'documented at    https://developer.pagerduty.com/docs/webhooks-overview',
    'must carry       x-pagerduty-signature: v1=<HMAC-SHA256 over {body}, in hex>',
    '                 Several may be listed, with a comma between them.',
    'body             JSON (application/json)',
    'handshake        none',
    'delivery id      x-webhook-id',
    'answers          JSON: an outcome, or a problem with a code (docs/errors.md)',
    'outcomes         202 where a rollback begins, else 200',
    'refusals         200 instead of every 4xx, once the sender is known',
    'deadline         4500 ms: by then it has answered, even where EDAS has not',
    'apps             required, exactly one, unless the source says with app or changeOrderId where an id stands',
    'followed         where there is a notify, with mode: deferred, and with follow: true',
    'expects          an event of a webhook v3: an object with event, and event_type in it',
    'events           incident.triggered; every other is ignored, unless the source has its own when',
    'ignored          alarms about the monitor, unless the when of the source names them:',
    '                 event.data.title holds datasourcenodata, datasourceerror, [no data',
    "when             event.event_type == 'incident.triggered'",
    'rolls back       what is being deployed to the one application under apps',
    'began at         event.occurred_at',
    `summary          ${presets.pagerduty.summary}`,
    'actor            event.data.html_url',
    'in sources.yaml  pagerduty:',
    '                   preset: pagerduty',
    '                   secrets: [SECRET_PAGERDUTY]',
    '                   apps: [<id of the application>]',
  ]);
});

test.each([
  ['slack', 'response_url'],
  ['dingtalk', 'sessionWebhook'],
])('the preset %s says where the result goes', (name, field) => {
  expect(describePreset(name)).toMatch(new RegExp(`^result goes to +the address in ${field}, `, 'm'));
});

test('a preset that is not there is answered with the one that was meant', () => {
  expect(() => describePreset('gitub')).toThrow('There is no preset "gitub"; did you mean "github"?');
  expect(() => describePreset('sls_event')).toThrow(
    'There is no preset "sls_event"; did you mean "sls-event"?',
  );
  expect(() => describePreset('constructor')).toThrow('There is no preset "constructor"');
});
