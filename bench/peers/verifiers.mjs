// What one would take to verify a signature. Each says whether it is right; all of them get the body as text.
import { verify } from '@octokit/webhooks-methods';
import { isValidSlackRequest } from '@slack/bolt/dist/receivers/verify-request.js';
import { Webhook } from 'standardwebhooks';

/** GitHub's way. */
export const octokit = (secret, body, signature) => verify(secret, body, signature);

/** Standard Webhooks' way: it parses the body, too, where the signature is right. */
export const standardWebhooks = (secret) => {
  const webhook = new Webhook(secret);
  return (body, headers) => {
    try {
      webhook.verify(body, headers);
      return true;
    } catch {
      return false;
    }
  };
};

/** Slack's way. */
export const bolt = (signingSecret, body, headers) => isValidSlackRequest({ signingSecret, body, headers });
