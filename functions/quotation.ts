/** Whether a text holds a piece of a secret, of so many characters. Less than such a piece is of no use to anybody. */
export function quotes(text: string, secret: string, pieceLength: number): boolean {
  // The shorter of the two is walked: an id of 36 characters rather than a token of a thousand.
  const [short, long] = text.length < secret.length ? [text, secret] : [secret, text];
  for (let start = 0; start + pieceLength <= short.length; start += 1) {
    if (long.includes(short.slice(start, start + pieceLength))) return true;
  }
  return false;
}
