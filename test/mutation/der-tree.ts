/**
 * An element of DER that may be taken apart and written again with right lengths, or on purpose with wrong ones. Strings
 * that hold DER themselves (extensions, public keys, signed content) are taken apart as well.
 */
export interface DerNode {
  tag: number
  /** Null: `value` stands as it is. */
  children: DerNode[] | null
  value: Uint8Array
  /** In front of the children: the octet of unused bits of a BIT STRING that holds DER. */
  readonly before: Uint8Array
  /** Replaces the octets of the length. */
  length?: Uint8Array
}

const MAX_DEPTH = 24
const NOTHING = new Uint8Array()
const BIT_STRING = 0x03
const OCTET_STRING = 0x04

/** Null when the bytes are not one whole element. */
export function parseDerTree(bytes: Uint8Array): DerNode | null {
  const nodes = nodesIn(bytes, 0)
  const [node] = nodes ?? []
  return nodes?.length === 1 && node !== undefined ? node : null
}

function nodesIn(bytes: Uint8Array, depth: number): DerNode[] | null {
  const nodes: DerNode[] = []
  for (let at = 0; at < bytes.length;) {
    const header = headerAt(bytes, at)
    if (header === null) return null
    const contents = bytes.subarray(header.start, header.end)
    nodes.push(nodeOf(header.tag, contents, depth))
    at = header.end
  }
  return nodes
}

interface Header {
  readonly tag: number
  readonly start: number
  readonly end: number
}

function headerAt(bytes: Uint8Array, at: number): Header | null {
  const [tag, first] = bytes.subarray(at, at + 2)
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return null
  const count = first < 0x80 ? 0 : first & 0x7f
  if (first === 0x80 || count > 4) return null
  const start = at + 2 + count
  const octets = bytes.subarray(at + 2, start)
  const length = count === 0 ? first : octets.reduce((sum, octet) => sum * 256 + octet, 0)
  const end = start + length
  return end > bytes.length ? null : { tag, start, end }
}

function nodeOf(tag: number, contents: Uint8Array, depth: number): DerNode {
  const leaf = { tag, children: null, value: contents, before: NOTHING }
  if (depth >= MAX_DEPTH) return leaf
  if ((tag & 0x20) !== 0) {
    const children = nodesIn(contents, depth + 1)
    return children === null ? leaf : { ...leaf, children }
  }
  const skip = tag === BIT_STRING && contents[0] === 0 ? 1 : tag === OCTET_STRING ? 0 : -1
  if (skip === -1 || contents.length < skip + 2) return leaf
  const children = nodesIn(contents.subarray(skip), depth + 1)
  const holdsDer = children?.length === 1
  return holdsDer ? { ...leaf, children, before: contents.subarray(0, skip) } : leaf
}

export function encodeDerTree(node: DerNode): Uint8Array {
  return Buffer.concat(partsOf(node))
}

function partsOf(node: DerNode): Uint8Array[] {
  const inner =
    node.children === null ? [node.value] : [node.before, ...node.children.flatMap(partsOf)]
  const total = inner.reduce((sum, { length }) => sum + length, 0)
  return [Uint8Array.of(node.tag), node.length ?? lengthOctets(total), ...inner]
}

export function lengthOctets(length: number, atLeast = 0): Uint8Array {
  if (length < 0x80 && atLeast === 0) return Uint8Array.of(length)
  const octets: number[] = []
  for (let rest = length; rest > 0 || octets.length < atLeast; rest = Math.floor(rest / 256)) {
    octets.unshift(rest & 0xff)
  }
  return Uint8Array.of(0x80 | octets.length, ...octets)
}

export function copyTree(node: DerNode): DerNode {
  return { ...node, children: node.children?.map(copyTree) ?? null }
}

/** The node and everything below it, each with its parent. */
export function everyNode(root: DerNode): { node: DerNode; parent: DerNode | null }[] {
  const found: { node: DerNode; parent: DerNode | null }[] = []
  const visit = (node: DerNode, parent: DerNode | null): void => {
    found.push({ node, parent })
    for (const child of node.children ?? []) visit(child, node)
  }
  visit(root, null)
  return found
}

/** Makes the node a leaf with these contents. */
export function setValue(node: DerNode, value: Uint8Array): void {
  node.children = null
  node.value = value
}
