import { Problem } from '../../errors.ts';
import { isForm, parseForm } from '../../lib/form.ts';
import { onOneLine } from '../../lib/text-for-people.ts';
import type { Decision } from '../../task.ts';
import { rawBody, type WebhookRequest } from '../receive.ts';

/** What a person decided on the page. */
export interface DecisionForm {
  decision: Decision;
  /** What the page showed of the state. */
  shown: string;
  /** As typed; undefined where the field was left empty. */
  name: string | undefined;
  /** Of a release that has ended: the version to go back to. */
  version: string | undefined;
}

/** The form is small, and anyone may post. */
const mostBytes = 16 * 1024;
/** Characters. */
const longestName = 80;

/**
 * Reads the form of the page.
 *
 * @throws Problem `content_type_unsupported`, `body_too_large`, `payload_malformed`, `sender_not_allowed`
 */
export function readForm(request: WebhookRequest): DecisionForm {
  requireOwnForm(request.headers);
  if (!isForm(request.headers.get('content-type'))) {
    throw new Problem('content_type_unsupported', 'A decision comes from the form of the page.');
  }
  const body = rawBody(request);
  if (body.length > mostBytes) throw new Problem('body_too_large', 'The form of the page is not that long.');
  const fields = new Map(parseForm(body));
  const decision = fields.get('decision');
  const shown = fields.get('shown');
  if ((decision !== 'roll_back' && decision !== 'leave') || shown === undefined) {
    throw new Problem(
      'payload_malformed',
      'The form says no decision. Open the page again, and use its buttons.',
    );
  }
  const name = onOneLine(fields.get('name') ?? '', longestName);
  const version = fields.get('version');
  return {
    decision,
    shown,
    name: name === '' ? undefined : name,
    version: version === '' ? undefined : version,
  };
}

/**
 * A page of another site cannot post here, although it could only with a link that it knows. `Origin` does not tell: with
 * no-referrer, browsers write `null`. https://fetch.spec.whatwg.org/#append-a-request-origin-header
 */
function requireOwnForm(headers: WebhookRequest['headers']): void {
  const site = headers.get('sec-fetch-site') ?? 'same-origin';
  if (site === 'same-origin' || site === 'none') return;
  throw new Problem(
    'sender_not_allowed',
    'This form was sent by a page of another site. Open the link from the message, and decide there.',
  );
}
