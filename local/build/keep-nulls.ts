import type { ExpressionNode } from '../../functions/select/expression.ts';

/**
 * The same expression with lists that keep what is not there. A projection of JMESPath drops it, so an alert without a time
 * would not count, and nothing would show it: `alerts[*].startsAt` becomes `alerts && map(&startsAt, alerts)`.
 */
export function keepNulls(tree: ExpressionNode): ExpressionNode {
  switch (tree.type) {
    case 'Projection':
      return listOf(keepNulls(tree.left), keepNulls(tree.right));
    case 'FilterProjection':
      return listOf(
        { ...tree, left: keepNulls(tree.left), right: { type: 'Identity' } },
        keepNulls(tree.right),
      );
    case 'ValueProjection': {
      const object = keepNulls(tree.left);
      const values: ExpressionNode = { type: 'Function', name: 'values', children: [object] };
      return { type: 'AndExpression', left: object, right: mapped(values, keepNulls(tree.right)) };
    }
    case 'Flatten':
      return { ...tree, child: keepNulls(tree.child) };
    case 'Function':
      return { ...tree, children: tree.children.map(keepNulls) };
    case 'Subexpression':
    case 'Pipe':
    case 'IndexExpression':
    case 'AndExpression':
    case 'OrExpression':
      return { ...tree, left: keepNulls(tree.left), right: keepNulls(tree.right) };
    default:
      return tree;
  }
}

/** What is no list has no items: `map` would fail on nothing. */
function listOf(list: ExpressionNode, item: ExpressionNode): ExpressionNode {
  return { type: 'AndExpression', left: list, right: mapped(list, item) };
}

function mapped(list: ExpressionNode, item: ExpressionNode): ExpressionNode {
  return { type: 'Function', name: 'map', children: [{ type: 'ExpressionReference', child: item }, list] };
}
