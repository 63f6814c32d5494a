/** The text of a variable, or what is wrong with it, without the text: it may be a secret. */
export function readVariable(text: string | undefined): { text: string } | { fault: string } {
  if (text === undefined) return { fault: 'is not set' };
  const trimmed = text.trim();
  if (trimmed === '') return { fault: 'is empty' };
  if (trimmed === text) return { text };
  return { fault: 'begins or ends with white space; a newline from a file is a usual reason' };
}
