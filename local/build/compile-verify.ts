import type { CompiledSource } from '../../functions/webhook/source/compiled-source.ts';
import type { Report } from './position.ts';
import type { HmacSettings, VerifySettings } from './sources-schema.ts';

/** How a sender proves who it is, its time in the payload included. */
export type Way = Pick<CompiledSource, 'verify' | 'payloadTimestamp'>;

/** What `verify` spells out, as the function reads it. Reports what cannot work. */
export function compileVerify(verify: VerifySettings, source: string, report: Report): Way {
  switch (verify.scheme) {
    case 'stripe': {
      const { header, toleranceSeconds } = verify;
      return { verify: { scheme: 'stripe', header: header.toLowerCase(), toleranceSeconds } };
    }
    case 'token':
      return { verify: { scheme: 'token', header: verify.header.toLowerCase(), format: 'plain' } };
    case 'bearer':
    case 'basic':
      return { verify: { scheme: 'token', header: 'authorization', format: verify.scheme } };
    case 'link':
      return { verify: { scheme: 'link', source } };
    default:
      return compileHmac(verify, report);
  }
}

function compileHmac(verify: HmacSettings, report: Report): Way {
  const { algorithm, header, encoding, prefix, separator, signed, timestamp, idHeader, secretEncoding } =
    verify;
  checkHeaders(verify, report);
  checkList(verify, report);
  const parts = signed.split(/(\{[^}]*\})/).filter((part) => part !== '');
  checkTemplate(parts, verify, report);
  if (timestamp && (timestamp.header === undefined) === (timestamp.field === undefined)) {
    report(['verify', 'timestamp'], 'a timestamp stands in a header or in a field: name one of them');
  }
  const { header: timeHeader, field, unit = 's', toleranceSeconds = 0 } = timestamp ?? {};
  return {
    verify: {
      scheme: 'hmac',
      algorithm,
      header: header.toLowerCase(),
      encoding,
      prefix,
      separator: separator && (separator === 'comma' ? ',' : ' '),
      signed: parts,
      timestamp:
        timeHeader === undefined ? undefined : { header: timeHeader.toLowerCase(), unit, toleranceSeconds },
      idHeader: idHeader?.toLowerCase(),
      secretEncoding,
    },
    payloadTimestamp: field === undefined ? undefined : { field, unit, toleranceSeconds },
  };
}

/** One header cannot be the signature and something under it. */
function checkHeaders({ header, timestamp, idHeader }: HmacSettings, report: Report): void {
  const names = [header, timestamp?.header, idHeader].flatMap((name) => name?.toLowerCase() ?? []);
  if (new Set(names).size < names.length)
    report(['verify'], 'header, timestamp.header and idHeader must differ');
}

/** The list is split before a prefix is looked for. */
function checkList({ separator, prefix }: HmacSettings, report: Report): void {
  if (separator === undefined) return;
  if (prefix.includes(separator === 'comma' ? ',' : ' ')) {
    report(['verify', 'prefix'], `no part of a list separated by ${separator} can begin with "${prefix}"`);
  }
}

/** A signature that leaves the body out protects nothing, and a time or an id that it leaves out proves nothing. */
function checkTemplate(parts: readonly string[], verify: HmacSettings, report: Report): void {
  const path = ['verify', 'signed'];
  const has = (placeholder: string) => parts.includes(placeholder);
  for (const part of parts) {
    if (/^\{.*\}$/.test(part) && !['{body}', '{timestamp}', '{id}'].includes(part)) {
      report(path, `${part} is not known; there are {body}, {timestamp} and {id}`);
    }
  }
  if (!has('{body}')) report(path, 'the signed text must contain {body}');
  if (has('{timestamp}') !== (verify.timestamp?.header !== undefined)) {
    report(
      path,
      '{timestamp} in signed and the key timestamp.header belong together: only a signed time counts',
    );
  }
  if (has('{id}') !== (verify.idHeader !== undefined)) {
    report(path, '{id} in signed and the key idHeader belong together');
  }
}
