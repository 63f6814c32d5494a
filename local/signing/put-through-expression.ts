import { TreeInterpreter } from '@jmespath-community/jmespath';
import { toText } from '../../functions/lib/json.ts';
import type { ExpressionNode, JSONValue } from '../../functions/select/expression.ts';

/** A place in the payload that an expression points to; writing makes what leads to it. */
export interface Place {
  read: () => JSONValue | undefined;
  write: (value: JSONValue) => void;
  /** Whether the expression gives a list there, of which this is the one item. */
  isListed?: boolean;
}

/** A field of the object there. */
export function fieldOf(parent: Place, name: string): Place {
  const object = (): Record<string, JSONValue> => {
    const value = parent.read();
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  };
  return {
    read: () => object()[name],
    write: (value) => {
      parent.write({ ...object(), [name]: value });
    },
  };
}

function itemOf(parent: Place, index: number): Place {
  return {
    read: () => itemsOf(parent)[index],
    write: (value) => {
      const items = itemsOf(parent);
      const length = Math.max(items.length, index + 1);
      parent.write(Array.from({ length }, (_, at) => (at === index ? value : (items[at] ?? null))));
    },
  };
}

function itemsOf(place: Place): JSONValue[] {
  const value = place.read();
  return Array.isArray(value) ? value : [];
}

/** Functions whose result is what they are given, where that is one text. */
const transparent = ['min', 'max', 'sort', 'reverse', 'not_null', 'to_string', 'to_number', 'lower', 'trim'];

/** Makes the expression give the value. Says whether it could. */
export function put(node: ExpressionNode, value: JSONValue, at: Place): boolean {
  if (node.type === 'Literal') return node.value === value;
  if (node.type === 'OrExpression') return put(node.left, value, at) || put(node.right, value, at);
  if (node.type === 'AndExpression') return makeTrue(node.left, at) && put(node.right, value, at);
  if (node.type === 'Function' && node.name === 'join') return putJoined(node.children, value, at);
  const place = placeOf(node, at);
  if (place) place.write(value);
  return place !== undefined || putFirst(node, value, at);
}

/** `max([a, b])`: the first of them gets it, the others are not there. */
function putFirst(node: ExpressionNode, value: JSONValue, at: Place): boolean {
  if (node.type !== 'Function' || !transparent.includes(node.name)) return false;
  const [list] = node.children;
  const [first] = list?.type === 'MultiSelectList' ? list.children : [];
  return first !== undefined && put(first, value, at);
}

/** `join(' ', [a, b])`: each but the last gets a text. */
function putJoined([glue, list]: readonly ExpressionNode[], value: JSONValue, at: Place): boolean {
  const separator = glue?.type === 'Literal' ? toText(glue.value) : undefined;
  const text = toText(value);
  if (separator === undefined || text === undefined || list?.type !== 'MultiSelectList') return false;
  const words = text.split(separator);
  const last = list.children.length - 1;
  return list.children.every((child, index) =>
    put(child, index < last ? (words[index] ?? '') : words.slice(last).join(separator), at),
  );
}

/** Makes the expression give true, or at least something. Says whether it could. */
export function makeTrue(node: ExpressionNode, at: Place): boolean {
  switch (node.type) {
    case 'AndExpression':
      return makeTrue(node.left, at) && makeTrue(node.right, at);
    case 'OrExpression':
      return makeTrue(node.left, at) || makeTrue(node.right, at);
    case 'Comparator':
      return compare(node, at);
    case 'Function':
      return makeFunctionTrue(node.name, node.children, at);
    default: {
      const place = placeOf(node, at);
      if (place && !place.read()) place.write(true);
      return place !== undefined;
    }
  }
}

function compare(node: ExpressionNode & { type: 'Comparator' }, at: Place): boolean {
  const { name, left, right } = node;
  if (name === 'NE' && right.type === 'Literal' && right.value === null) return makeTrue(left, at);
  // What is not there is unlike every other literal.
  if (name === 'NE') return left.type === 'Literal' || right.type === 'Literal';
  if (name !== 'EQ') return false;
  if (left.type === 'Function' && left.name === 'type') return giveType(left.children, right, at);
  if (right.type === 'Literal') return put(left, right.value, at);
  return left.type === 'Literal' && put(right, left.value, at);
}

/** A value of each type that `type()` names, for a place that has none. */
const valueOfType: Record<string, JSONValue> = {
  object: {},
  array: [],
  string: 'sample',
  number: 1,
  boolean: true,
};

/** `type(alerts) == 'array'` */
function giveType([child]: readonly ExpressionNode[], type: ExpressionNode, at: Place): boolean {
  const name = type.type === 'Literal' ? (toText(type.value) ?? '') : '';
  const value = valueOfType[name];
  const place = child && placeOf(child, at);
  if (!place || value === undefined) return false;
  if (typeOf(place.read()) !== name) place.write(value);
  return true;
}

function typeOf(value: JSONValue | undefined): string {
  if (value === null || value === undefined) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** `contains(['alice', 'bob'], user)`, and the functions that look for a part of a text. */
function makeFunctionTrue(name: string, [whole, part]: readonly ExpressionNode[], at: Place): boolean {
  if (!whole || !part || !['contains', 'starts_with', 'ends_with'].includes(name)) return false;
  if (part.type === 'Literal') return put(whole, part.value, at);
  const [first] = whole.type === 'MultiSelectList' ? whole.children : [];
  if (first?.type === 'Literal') return put(part, first.value, at);
  const [value]: JSONValue[] = whole.type === 'Literal' && Array.isArray(whole.value) ? whole.value : [];
  return value !== undefined && put(part, value, at);
}

/** Where the expression looks, or undefined where it cannot be told. */
function placeOf(node: ExpressionNode, at: Place): Place | undefined {
  switch (node.type) {
    case 'Identity':
    case 'Current':
      return at;
    case 'Field':
      return fieldOf(at, node.name);
    case 'Index':
      return indexOf(at, node.value);
    case 'Subexpression':
    case 'Pipe':
    case 'IndexExpression': {
      const left = placeOf(node.left, at);
      return left && placeOf(node.right, left);
    }
    case 'Flatten':
      return placeOf(node.child, at);
    case 'Projection':
    case 'FilterProjection': {
      const list = placeOf(node.left, at);
      const item = list && listedItem(list, 'condition' in node ? node.condition : undefined);
      const place = item && placeOf(node.right, item);
      return place && { ...place, isListed: true };
    }
    case 'OrExpression':
      return placeOf(node.left, at) ?? placeOf(node.right, at);
    case 'Function': {
      if (node.name === 'map') return mappedPlace(node.children, at);
      const [child] = node.children;
      const place = child && transparent.includes(node.name) ? placeOf(child, at) : undefined;
      return place && { ...place, isListed: node.name === 'sort' || node.name === 'reverse' };
    }
    default:
      return undefined;
  }
}

/** `map(&startsAt, alerts)`: of the first item. */
function mappedPlace([reference, list]: readonly ExpressionNode[], at: Place): Place | undefined {
  const place = list && placeOf(list, at);
  if (!place || reference?.type !== 'ExpressionReference') return undefined;
  const item = place.isListed ? place : itemOf(place, 0);
  const found = placeOf(reference.child, item);
  return found && { ...found, isListed: true };
}

/** Of a list that was made for one item, every index is that item. */
function indexOf(at: Place, index: number): Place {
  if (at.isListed) return { ...at, isListed: false };
  return itemOf(at, index < 0 ? Math.max(itemsOf(at).length + index, 0) : index);
}

/** The first item that fits the condition already, or another one that is made to. */
function listedItem(list: Place, condition: ExpressionNode | undefined): Place | undefined {
  if (!condition) return itemOf(list, 0);
  const items = itemsOf(list);
  const fitting = items.findIndex((item) => TreeInterpreter.search(condition, item) === true);
  const item = itemOf(list, fitting === -1 ? items.length : fitting);
  return fitting !== -1 || makeTrue(condition, item) ? item : undefined;
}
