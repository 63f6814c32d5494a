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
