import { expect } from 'vitest';

/** Matches what a command says where it fails: one line that begins so, and no stack. */
export function oneLine(beginning: string): string {
  const literal = beginning.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return expect.stringMatching(new RegExp(`^error ${literal}[^\n]*\n$`)) as string;
}
