import type { HmacParameters } from '../functions/webhook/verify/hmac.ts';
import type { TokenParameters } from '../functions/webhook/verify/token.ts';

export const json = ['json'] as const;

/** HMAC-SHA256 over the raw body, in hexadecimal: what most senders do. A preset adds the header and its prefix. */
export const hmacSha256Hex = {
  scheme: 'hmac',
  algorithm: 'sha256',
  encoding: 'hex',
  prefix: '',
  signed: ['{body}'],
  secretEncoding: 'plain',
} as const;

/** The secret as `Authorization: Bearer <token>`, for senders that cannot sign. */
export const bearer: TokenParameters = { scheme: 'token', header: 'authorization', format: 'bearer' };

/**
 * JMESPath to what stands at these places, one behind the other. What is missing, empty or no text is left out, so that a
 * payload which lacks a part still says the rest.
 */
export function inOneLine(...places: string[]): string {
  return `join(' · ', [${places.join(', ')}][?type(@) == 'string' && @])`;
}

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export function signedAsStandardWebhooks(headerPrefix: string): HmacParameters {
  return {
    scheme: 'hmac',
    algorithm: 'sha256',
    header: `${headerPrefix}-signature`,
    encoding: 'base64',
    prefix: 'v1,',
    separator: ' ',
    signed: ['{id}', '.', '{timestamp}', '.', '{body}'],
    timestamp: { header: `${headerPrefix}-timestamp`, unit: 's', toleranceSeconds: 300 },
    idHeader: `${headerPrefix}-id`,
    secretEncoding: 'whsec',
  };
}

/** What Prometheus itself posts to Alertmanager. https://prometheus.io/docs/alerting/latest/clients/ */
const alertsOfPrometheus = {
  is: "type(@) == 'array' && type([0].labels) == 'object'",
  what: "a JSON array of alerts, such as Prometheus itself posts to Alertmanager's API",
};

/** https://grafana.com/docs/grafana/v8.0/alerting/old-alerting/notifications/#webhook */
const oldAlertOfGrafana = {
  is: "type(ruleId) == 'number' && type(evalMatches) == 'array'",
  what: "an alert of Grafana's old alerting, which ended with Grafana 11",
};

/**
 * Groups of alerts in the shape of Alertmanager. Alerts are repeated: the time when one began keeps its repetition from
 * rolling back the next deployment, too.
 */
export const alertmanagerAlerts = {
  contentTypes: json,
  expects: {
    is: "type(@) == 'object' && type(alerts) == 'array' && contains(['firing', 'resolved'], status)",
    what: 'a group of alerts as Alertmanager posts it: an object with status, firing or resolved, and the list alerts',
    others: [alertsOfPrometheus, oldAlertOfGrafana],
    advice:
      'Let Prometheus post to Alertmanager, and Alertmanager to this address; a template or custom payload must keep status, alerts, and their labels and startsAt.',
  },
  monitorAlarms: {
    each: 'alerts',
    values: {
      'labels.alertname': [
        // https://github.com/grafana/grafana/blob/main/pkg/services/ngalert/state/compat.go
        'DatasourceNoData',
        'DatasourceError',
        // https://github.com/prometheus-operator/kube-prometheus/blob/main/manifests/kubePrometheus-prometheusRule.yaml
        'Watchdog',
        'InfoInhibitor',
        // What Watchdog was called before.
        'DeadMansSwitch',
      ],
      // Where a rule says that no data, or an error, is to fire: its own name, and this annotation.
      'annotations.grafana_state_reason': ['NoData', 'Error'],
    },
    meaning: 'The data source could not be asked or had nothing, or the alert fires always, by design.',
  },
  when: "status == 'firing'",
  app: 'commonLabels.edas_app_id',
  problemStartedAt: "alerts[?status == 'firing'].startsAt",
  // The annotations that rules carry by convention; of a group without common ones, those of three alerts.
  // https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/
  // https://grafana.com/docs/grafana/latest/alerting/fundamentals/alert-rules/annotation-label/
  summary: inOneLine(
    "commonLabels.alertname || join(', ', (alerts[?status == 'firing'].labels.alertname | [:3]) || `[]`)",
    "commonAnnotations.not_null(summary, description, message) || join(' · ', (alerts[?status == 'firing'].annotations.not_null(summary, description, message) | [:3]) || `[]`)",
  ),
} as const;
