import { createHmac } from 'node:crypto';
import type { Environment } from '../platform/settings.ts';
import { confirmPath } from './confirm-path.ts';
import { readConfirmSettings, readLinkKeys, type ConfirmSettings } from './confirm-settings.ts';

/** What a link to the page is for: one change order, and nothing else. */
export interface LinkFields {
  source: string;
  changeOrderId: string;
  app: string | undefined;
  /** Which ask about the change order it is: 1, 2, … */
  ask: number;
  /** Of the webhook that asked. */
  requestId: string | undefined;
  /** Epoch milliseconds. */
  expiresAt: number;
  /** Epoch milliseconds. The rule holds even where the task of the ask cannot be read. */
  problemStartedAt: number | undefined;
}

/** Makes the address of the page on which a person decides. */
export type MakeLink = (fields: LinkFields) => Promise<string>;

/**
 * @param addKeys reads the secret in KMS; throws Problem `secrets_unavailable`, `source_not_configured`
 */
export function createMakeLink(
  env: Environment,
  addKeys: (settings: ConfirmSettings) => Promise<ConfirmSettings>,
): MakeLink {
  return async (fields) => {
    const settings = readConfirmSettings(env);
    if (!('publicUrl' in settings)) throw new Error('a source without these settings is closed');
    const [current] = await readLinkKeys(settings, addKeys);
    return `${settings.publicUrl}${confirmPath}${makeToken(fields, current)}`;
  };
}

/**
 * The last part of a link's address: the fields, and a signature over them. Both parts are base64url, so that no chat
 * changes them.
 */
export function makeToken(fields: LinkFields, key: Buffer): string {
  const { source, changeOrderId, app, ask, requestId, expiresAt, problemStartedAt } = fields;
  const list = [source, changeOrderId, app, ask, requestId, expiresAt, problemStartedAt];
  // JSON has no undefined.
  const text = JSON.stringify(list.map((each) => each ?? null));
  const encoded = Buffer.from(text).toString('base64url');
  return `${encoded}.${signatureOf(encoded, key).toString('base64url')}`;
}

/** Signed as nothing else is with this key: the first line says what it is for. */
export function signatureOf(encoded: string, key: Buffer): Buffer {
  return createHmac('sha256', key).update(`confirm\n${encoded}`).digest();
}
