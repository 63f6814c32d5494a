import { Problem } from '../../errors.ts';
import { isRecord } from '../../lib/json.ts';
import type { JSONValue } from '../../select/expression.ts';
import type { Source } from '../source/load-sources.ts';
import { decryptFeishu } from '../verify/feishu.ts';
import { describeJsonFault } from './describe-json-fault.ts';
import { parseJson, parsePayload, type DescribeFault } from './parse.ts';

/**
 * The payload of a verified body, decrypted where the sender encrypts.
 *
 * @throws Problem `content_type_unsupported`, `payload_malformed`
 */
export function readPayload(source: Source, body: Buffer, contentType: string | undefined): JSONValue {
  const describe: DescribeFault = (text, what) => describeJsonFault(text, what, source);
  const payload = parsePayload(body, contentType, source.contentTypes, describe);
  if (source.verify.scheme !== 'feishu' || !isRecord(payload) || !('encrypt' in payload)) return payload;
  const plain = decryptFeishu(source.keys, payload);
  if (plain !== undefined) return parseJson(plain, 'decrypted body', describe);
  throw new Problem('payload_malformed', "The body cannot be decrypted with this source's Encrypt Key.");
}
