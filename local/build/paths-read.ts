import type { ExpressionNode, Path } from '../../functions/select/expression.ts';

/**
 * The places in a payload that an expression looks at, as paths from the top: as far as plain fields and indexes lead. What
 * is behind a projection, a filter or a function is no place that can be named.
 */
export function pathsRead(tree: ExpressionNode): Path[] {
  const paths = pathsIn(tree);
  const texts = paths.map((path) => JSON.stringify(path));
  return paths.filter((_path, index) => texts.indexOf(texts[index] ?? '') === index);
}

function pathsIn(node: ExpressionNode): Path[] {
  const path = pathOf(node);
  if (path !== undefined) return path.length > 0 ? [path] : [];
  switch (node.type) {
    case 'Subexpression':
    case 'IndexExpression':
    case 'Pipe':
    case 'Projection':
    case 'ValueProjection':
    case 'FilterProjection':
      return pathsIn(node.left);
    case 'AndExpression':
    case 'OrExpression':
    case 'Comparator':
    case 'Arithmetic':
      return [...pathsIn(node.left), ...pathsIn(node.right)];
    case 'NotExpression':
    case 'Flatten':
      return pathsIn(node.child);
    case 'Function':
    case 'MultiSelectList':
      return node.children.flatMap(pathsIn);
    default:
      return [];
  }
}

/** The path that the whole of a node is; the empty one is the payload. */
function pathOf(node: ExpressionNode): Path | undefined {
  switch (node.type) {
    case 'Identity':
    case 'Current':
    case 'Root':
      return [];
    case 'Field':
      return [node.name];
    case 'Index':
      return node.value < 0 ? undefined : [node.value];
    case 'Subexpression':
    case 'IndexExpression': {
      const [left, right] = [pathOf(node.left), pathOf(node.right)];
      return left && right && [...left, ...right];
    }
    default:
      return undefined;
  }
}
