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

/** Hexadecimal of either case, in whole bytes. */
export function decodeHex(text: string): Buffer | undefined {
  const isHex = text.length > 0 && text.length % 2 === 0 && /^[0-9a-f]*$/i.test(text);
  return isHex ? Buffer.from(text, 'hex') : undefined;
}

/** Standard base64 with its padding. `Buffer.from` alone would also take URL-safe letters, gaps and rubbish. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : undefined;
}
