import { isMap, isNode, isScalar, type Document, type LineCounter } from 'yaml';

/** Keys and indexes from the top of a document to a value. */
export type Path = readonly PropertyKey[];

/** Takes what is wrong at a path. */
export type Report = (path: Path, message: string) => void;

/** Counts from 1. */
export interface Position {
  line: number;
  column: number;
}

/** Where the key at the path stands, or the nearest one above it that is there. */
export function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
      if (pair && isNode(pair.key) && pair.key.range) return pair.key.range[0];
    }
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

export function toPosition(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}
