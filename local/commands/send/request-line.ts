import type { CompiledSource } from '../../../functions/webhook/source/compiled-source.ts';
import { bodyOption, curlLine } from '../../signing/curl-line.ts';
import { quote } from '../../signing/openssl-lines.ts';
import type { OutgoingRequest } from './request.ts';

/** Where a line takes from what it cannot show. */
export interface LineParts {
  /** Of the payload; `-` is standard input, which a line cannot read again. */
  file: string | undefined;
  /** Which the secret is in; undefined for the sandbox's own, which is none. */
  variable: string | undefined;
}

/** A curl line that posts the request. A token, which never expires, stands in it as the variable that holds it. */
export function requestLine(
  { verify }: CompiledSource,
  request: OutgoingRequest,
  { file, variable }: LineParts,
): string {
  const body =
    file === undefined || file === '-' ? bodyOption(request.body) : `--data-binary @${quote(file)}`;
  if (verify.scheme !== 'token' || variable === undefined) return curlLine(request, { body });
  const values = {
    plain: `$${variable}`,
    bearer: `Bearer $${variable}`,
    basic: `Basic $(printf %s "$${variable}" | openssl base64 -A)`,
  };
  return curlLine(request, {
    body,
    headers: { [verify.header]: `"${verify.header}: ${values[verify.format]}"` },
  });
}
