import { decodeBase64, decodeHex } from '../../lib/decode-bytes.ts';

/** `base64-of-hex`: the hexadecimal text, not its bytes, is in base64; some senders of one's own do this. */
export type DigestEncoding = 'hex' | 'base64' | 'base64-of-hex';

/** The bytes of a digest, or undefined if the text is not the whole of one in this encoding. */
export function decodeDigest(text: string, encoding: DigestEncoding): Buffer | undefined {
  switch (encoding) {
    case 'hex':
      return decodeHex(text);
    case 'base64':
      return decodeBase64(text);
    case 'base64-of-hex':
      return decodeHex(decodeBase64(text)?.toString('latin1') ?? '');
  }
}
