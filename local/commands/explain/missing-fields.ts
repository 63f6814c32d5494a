import { TreeInterpreter } from '@jmespath-community/jmespath';
import { isRecord } from '../../../functions/lib/json.ts';
import { excerpt } from '../../../functions/lib/text.ts';
import type { ExpressionNode, JSONValue } from '../../../functions/select/expression.ts';
import { nearestOf } from '../../build/did-you-mean.ts';

/** A field that an expression reads, and that is not where it reads it. */
interface Missing {
  /** From the top of the payload, as JMESPath writes it. */
  place: string;
  name: string;
  /** Of the object that does not have it. */
  names: readonly string[];
}

/** What is there, and where: a place to look from. */
interface Spot {
  value: JSONValue;
  place: string;
}

/** Sentences about each field that an expression reads and the payload does not have, with the one that was probably meant. */
export function describeMissing(tree: ExpressionNode, payload: JSONValue): string[] {
  const sentences = missingIn(tree, { value: payload, place: '' }).map((each) => sentenceOf(each, payload));
  return [...new Set(sentences)];
}

/** Alternatives of which one is there are not missing: neither side of `a || b`, nor the arguments of `not_null`. */
function missingIn(node: ExpressionNode, spot: Spot): Missing[] {
  switch (node.type) {
    case 'Field':
      return missingField(node.name, spot);
    case 'Subexpression':
    case 'IndexExpression':
    case 'Pipe': {
      const inLeft = missingIn(node.left, spot);
      return inLeft.length > 0 ? inLeft : missingIn(node.right, follow(node.left, spot));
    }
    case 'Projection':
    case 'ValueProjection':
      return [...missingIn(node.left, spot), ...missingInAll(node.right, itemsOf(node.left, spot))];
    case 'FilterProjection': {
      const items = itemsOf(node.left, spot);
      const fitting = items.filter((item) => search(node.condition, item.value) === true);
      return [
        ...missingIn(node.left, spot),
        ...missingInAll(node.condition, items),
        ...missingInAll(node.right, fitting),
      ];
    }
    case 'OrExpression':
      return missingInEach([node.left, node.right], spot);
    case 'Function':
      if (node.name === 'not_null') return missingInEach(node.children, spot);
      return node.children.flatMap((child) => missingIn(child, spot));
    case 'AndExpression':
    case 'Comparator':
    case 'Arithmetic':
      return [...missingIn(node.left, spot), ...missingIn(node.right, spot)];
    case 'NotExpression':
    case 'Flatten':
      return missingIn(node.child, spot);
    case 'MultiSelectList':
      return node.children.flatMap((child) => missingIn(child, spot));
    default:
      return [];
  }
}

function missingField(name: string, { value, place }: Spot): Missing[] {
  if (!isRecord(value) || Object.hasOwn(value, name)) return [];
  return [{ place: place === '' ? name : `${place}.${name}`, name, names: Object.keys(value) }];
}

/** What is missing where every alternative misses something. */
function missingInEach(nodes: readonly ExpressionNode[], spot: Spot): Missing[] {
  const each = nodes.map((node) => missingIn(node, spot));
  return each.some((missing) => missing.length === 0) ? [] : each.flat();
}

/** What every item of a list misses. */
function missingInAll(node: ExpressionNode, items: readonly Spot[]): Missing[] {
  const [first = [], ...others] = items.map((item) => missingIn(node, item));
  return first.filter(({ name }) => others.every((missing) => missing.some((each) => each.name === name)));
}

function itemsOf(node: ExpressionNode, spot: Spot): Spot[] {
  const { value, place } = follow(node, spot);
  const items = Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : [];
  return items.map((item) => ({ value: item, place: `${place}[]` }));
}

function follow(node: ExpressionNode, { value, place }: Spot): Spot {
  return { value: search(node, value), place: placeOf(node, place) };
}

/** Where an expression fails, there is nothing to look at. */
function search(node: ExpressionNode, value: JSONValue): JSONValue {
  try {
    return TreeInterpreter.search(node, value);
  } catch {
    return null;
  }
}

function placeOf(node: ExpressionNode, place: string): string {
  switch (node.type) {
    case 'Field':
      return place === '' ? node.name : `${place}.${node.name}`;
    case 'Index':
      return `${place}[${node.value}]`;
    case 'Subexpression':
    case 'IndexExpression':
    case 'Pipe':
      return placeOf(node.right, placeOf(node.left, place));
    case 'Flatten':
      return placeOf(node.child, place);
    default:
      return place;
  }
}

/** Characters. An object may have hundreds of fields. */
const longestList = 200;

function sentenceOf({ place, name, names }: Missing, payload: JSONValue): string {
  const nothing = `The payload has no ${place}`;
  const near = nearestOf(name, names);
  if (near !== undefined)
    return `${nothing}; did you mean ${place.slice(0, place.length - name.length)}${near}?`;
  const elsewhere = findPlace(name, payload);
  if (elsewhere !== undefined) return `${nothing}; did you mean ${elsewhere}?`;
  const there = names.length > 0 ? `there are ${excerpt(names.join(', '), longestList)}` : 'there is nothing';
  return `${nothing}; ${there}`;
}

/** Levels below the top, in which a field of the same name is looked for. */
const deepest = 6;

/** The first place at which a field of this name stands. */
function findPlace(name: string, payload: JSONValue): string | undefined {
  let level: Spot[] = [{ value: payload, place: '' }];
  for (let depth = 0; depth < deepest && level.length > 0; depth += 1) {
    const found = level.find(({ value }) => isRecord(value) && Object.hasOwn(value, name));
    if (found) return found.place === '' ? name : `${found.place}.${name}`;
    level = level.flatMap(childrenOf);
  }
  return undefined;
}

function childrenOf({ value, place }: Spot): Spot[] {
  if (Array.isArray(value)) return value.map((item, index) => ({ value: item, place: `${place}[${index}]` }));
  if (!isRecord(value)) return [];
  return Object.entries(value).map(([key, child]) => ({
    value: child,
    place: place === '' ? key : `${place}.${key}`,
  }));
}
