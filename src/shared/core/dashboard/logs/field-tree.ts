import { type Role, roleOf, valueText } from "./line-roles.ts";
import { STRING, type ValueKind } from "./scan-line.ts";

/** Distinct values up to which a field's values are numbered; with more it is no facet. */
export const MAX_VALUES = 200;
const MAX_VALUE_BYTES = 200;
const MAX_NODES = 400;
const MAX_DEPTH = 4;

/** The values of one field, numbered from 1 as they come; 0 is "the line has no such field". */
export type Column = {
  path: string;
  /** The value's number by line. */
  ids: Uint16Array;
  /** Text of value n at n - 1. */
  values: string[];
  kinds: ValueKind[];
  /** Has more values than are numbered, or longer ones; `ids` is empty then. */
  isMany: boolean;
};

export type FieldNode = {
  path: string;
  depth: number;
  nameBytes: Uint8Array;
  children: number[];
  /** Place in its parent's children, and of the child to expect next among its own. */
  order: number;
  expected: number;
  role: { role: Role; rank: number } | undefined;
  column: Column | undefined;
  /** Value numbers by hash, and the bytes to tell equal hashes apart. */
  byHash: Map<number, number>;
  rawValues: Uint8Array[];
};

const isEqual = (bytes: Uint8Array, start: number, end: number, other: Uint8Array): boolean => {
  if (end - start !== other.length) return false;
  for (let at = 0; at < other.length; at += 1) if (bytes[start + at] !== other[at]) return false;
  return true;
};

/** FNV-1a. */
const hashOf = (bytes: Uint8Array, start: number, end: number): number => {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at += 1)
    hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  return hash >>> 0;
};

export type FieldTree = ReturnType<typeof createFieldTree>;

/**
 * The fields that lines have, found by the bytes of their names: lines of one producer have the same
 * names in the same order, so that nearly always the first guess is right.
 */
export const createFieldTree = () => {
  const nodeOf = (
    path: string,
    depth: number,
    order: number,
    nameBytes: Uint8Array,
  ): FieldNode => ({
    path,
    depth,
    nameBytes,
    children: [],
    order,
    expected: 0,
    role: roleOf(path),
    column: undefined,
    byHash: new Map(),
    rawValues: [],
  });
  const nodes: FieldNode[] = [nodeOf("", 0, 0, new Uint8Array())];

  /** The child's number, or -1 where there are too many already. */
  const child = (parent: number, bytes: Uint8Array, start: number, end: number): number => {
    const node = nodes[parent] as FieldNode;
    const guess = node.children[node.expected];
    if (guess !== undefined && isEqual(bytes, start, end, (nodes[guess] as FieldNode).nameBytes)) {
      node.expected = node.expected + 1 === node.children.length ? 0 : node.expected + 1;
      return guess;
    }
    for (const [order, id] of node.children.entries()) {
      if (!isEqual(bytes, start, end, (nodes[id] as FieldNode).nameBytes)) continue;
      node.expected = (order + 1) % node.children.length;
      return id;
    }
    if (nodes.length >= MAX_NODES || node.depth >= MAX_DEPTH) return -1;
    const name = valueText(bytes, start, end, STRING);
    const path = node.path === "" ? name : `${node.path}.${name}`;
    nodes.push(nodeOf(path, node.depth + 1, node.children.length, bytes.slice(start, end)));
    node.children.push(nodes.length - 1);
    node.expected = 0;
    return nodes.length - 1;
  };

  const dropColumn = (node: FieldNode, column: Column): void => {
    column.isMany = true;
    column.ids = new Uint16Array();
    column.values = [];
    column.kinds = [];
    node.byHash.clear();
    node.rawValues = [];
  };

  /** The number of a value of this field; 0 where its values are no longer numbered. */
  const valueId = (
    node: FieldNode,
    column: Column,
    bytes: Uint8Array,
    start: number,
    end: number,
    kind: ValueKind,
  ): number => {
    if (column.isMany) return 0;
    if (end - start > MAX_VALUE_BYTES) {
      dropColumn(node, column);
      return 0;
    }
    let hash = hashOf(bytes, start, end);
    for (;;) {
      const id = node.byHash.get(hash);
      if (id === undefined) break;
      if (isEqual(bytes, start, end, node.rawValues[id - 1] as Uint8Array)) return id;
      hash = (hash + 1) >>> 0;
    }
    if (column.values.length === MAX_VALUES) {
      dropColumn(node, column);
      return 0;
    }
    column.values.push(valueText(bytes, start, end, kind));
    column.kinds.push(kind);
    node.rawValues.push(bytes.slice(start, end));
    node.byHash.set(hash, column.values.length);
    return column.values.length;
  };

  return { nodes, child, valueId };
};
