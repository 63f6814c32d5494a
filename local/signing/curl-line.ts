import { quote } from './openssl-lines.ts';
import type { SenderRequest } from './sender.ts';

/** What a line posts: words for a shell, so that it can name a file or a variable. */
export interface CurlWords {
  /** Headers that are written otherwise than with their value, by name. */
  headers?: Record<string, string>;
  /** The option with the body. */
  body: string;
}

/** A line for a shell that posts the request. */
export function curlLine({ address, headers }: SenderRequest, words: CurlWords): string {
  const flags = Object.entries(headers).map(
    ([name, value]) => `-H ${words.headers?.[name] ?? quote(`${name}: ${value}`)}`,
  );
  return [`curl -i ${quote(address)}`, ...flags, words.body].join(' \\\n  ');
}

/** The option of curl that posts a body as it is. */
export function bodyOption(body: string | Buffer): string {
  const text = body.toString();
  // Without what a terminal obeys or a shell cannot hold, and whole: bytes that are no UTF-8 become other ones.
  const isPlain =
    /^[^\p{Cc}\p{Cf}]*$/u.test(text.replaceAll(/[\n\t]/g, '')) && Buffer.from(text).equals(Buffer.from(body));
  return `--data-raw ${isPlain ? quote(text) : quoteBytes(Buffer.from(body))}`;
}

/** One word for bash and zsh, in which every byte that is not plain ASCII is written as its number. */
function quoteBytes(bytes: Buffer): string {
  const characters = Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte);
    return /^[ -~]$/.test(character) && !/^['\\]$/.test(character)
      ? character
      : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `$'${characters.join('')}'`;
}
