/** The beginning of a text that may be of any length. */
export function excerpt(text: string, length = 100): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

/** Whether text is an id as EDAS writes it: a UUID in lower case. */
export function isId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

/** What a caught value says of itself. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether a text holds a piece of a secret that is at least this long. */
export function holdsPieceOf(text: string, secret: string, pieceLength: number): boolean {
  // The shorter of the two is walked: an id of 36 characters rather than a token of a thousand.
  const [short, long] = text.length < secret.length ? [text, secret] : [secret, text];
  for (let start = 0; start + pieceLength <= short.length; start += 1) {
    if (long.includes(short.slice(start, start + pieceLength))) return true;
  }
  return false;
}
