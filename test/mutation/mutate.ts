import { derOid } from '../../services/jpki/der-writer.ts'
import {
  copyTree,
  encodeDerTree,
  everyNode,
  lengthOctets,
  parseDerTree,
  setValue,
  type DerNode,
} from './der-tree.ts'
import type { RandomNumbers } from './random.ts'

/** Object identifiers of which one may stand where another is expected. */
const OIDS = [
  ...[14, 15, 17, 18, 19, 20, 21, 24, 27, 28, 29, 30, 31, 32, 33, 35, 36, 37, 46, 54, 60].map(
    (n) => `2.5.29.${n}`,
  ),
  ...['2.5.29.32.0', '2.5.29.37.0', '1.3.6.1.5.5.7.1.1', '1.2.3.4', '2.999.1'],
  ...[1, 2, 3, 4, 8, 9, 36].map((n) => `1.3.6.1.5.5.7.3.${n}`),
  ...['1.3.6.1.5.5.7.48.1', '1.3.6.1.5.5.7.48.1.1', '1.3.6.1.5.5.7.48.1.2'],
  ...[1, 4, 5, 8, 10, 11, 12, 13, 14].map((n) => `1.2.840.113549.1.1.${n}`),
  ...['1.2.840.10045.2.1', '1.2.840.10045.3.1.7', '1.3.132.0.34', '1.3.132.0.35'],
  ...['1.2.840.10045.4.1', '1.2.840.10045.4.3.2', '1.2.840.10045.4.3.3', '1.2.840.10045.4.3.4'],
  ...['1.3.14.3.2.26', '2.16.840.1.101.3.4.2.1', '2.16.840.1.101.3.4.2.2'],
  ...['1.2.840.113549.1.7.1', '1.2.840.113549.1.7.2', '1.2.840.113549.1.9.1'],
  ...[3, 4, 5].map((n) => `1.2.840.113549.1.9.${n}`),
  ...['1.2.840.113549.1.9.16.1.4', '1.2.840.113549.1.9.16.2.12', '1.2.840.113549.1.9.16.2.14'],
  ...['1.2.840.113549.1.9.16.2.47', '1.2.392.200149.8.5.5.1', '1.2.392.200149.8.5.1.1.20'],
  ...[3, 6, 7, 8, 10, 11].map((n) => `2.5.4.${n}`),
].map((dotted) => derOid(dotted).subarray(2))

const TIMES = [
  ...['260601030000Z', '991231235959Z', '500101000000Z', '491231235959Z', '260230000000Z'],
  ...['20260601030000Z', '99991231235959Z', '00000101000000Z', '20260601030000.5Z', '2606010300Z'],
  ...['260601030000+0900', '20500101000000Z', '260601240000Z', '260601035960Z', '20260601030000'],
].map((text) => new Uint8Array(Buffer.from(text)))

const INTEGERS = [
  ...[[], [0], [1], [2], [3], [0x7f], [0x80], [0xff], [0, 0x80], [0, 1], [0xff, 0xff]],
  ...[
    [1, 0, 1],
    [0x7f, 0xff, 0xff, 0xff],
    [0x80, 0, 0, 0],
    Array<number>(8).fill(0x7f),
    Array<number>(20).fill(0x7f),
    Array<number>(21).fill(0x7f),
    Array<number>(65).fill(1),
  ],
].map((octets) => Uint8Array.from(octets))

const TAGS = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x13, 0x16, 0x17, 0x18, 0x1e, 0x30, 0x31, 0x80,
  0x81, 0x82, 0x84, 0x86, 0x87, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0x1f, 0x9f, 0x00,
]

const UNIVERSAL = { boolean: 1, integer: 2, bits: 3, oid: 6, enumerated: 10, utc: 23, general: 24 }

type Edit = (root: DerNode, random: RandomNumbers, others: readonly DerNode[]) => void

/** A node below the root with its parent; the root itself when it has none. */
function somewhere(root: DerNode, random: RandomNumbers): { node: DerNode; siblings: DerNode[] } {
  const all = everyNode(root)
  const { node, parent } = random.pick(all.length > 1 ? all.slice(1) : all)
  return { node, siblings: parent?.children ?? [node] }
}

const remove: Edit = (root, random) => {
  const { node, siblings } = somewhere(root, random)
  siblings.splice(siblings.indexOf(node), 1)
}

const repeat: Edit = (root, random) => {
  const { node, siblings } = somewhere(root, random)
  const count = random.chance(0.1) ? 70 : 1
  const copies = Array.from({ length: count }, () => copyTree(node))
  siblings.splice(siblings.indexOf(node), 0, ...copies)
}

const swap: Edit = (root, random) => {
  const { node, siblings } = somewhere(root, random)
  const other = random.below(siblings.length)
  const [taken = node] = siblings.splice(siblings.indexOf(node), 1)
  siblings.splice(other, 0, taken)
}

/** Puts an element of this or of another message where one is. */
const transplant: Edit = (root, random, others) => {
  const { node, siblings } = somewhere(root, random)
  const donor = random.pick(everyNode(others.length > 0 ? random.pick(others) : root)).node
  siblings[siblings.indexOf(node)] = copyTree(donor)
}

const insert: Edit = (root, random, others) => {
  const { node, siblings } = somewhere(root, random)
  const donor = random.pick(everyNode(others.length > 0 ? random.pick(others) : root)).node
  siblings.splice(siblings.indexOf(node), 0, copyTree(donor))
}

const retag: Edit = (root, random) => {
  const { node } = somewhere(root, random)
  node.tag = random.chance(0.3) ? node.tag ^ (1 << random.below(8)) : random.pick(TAGS)
}

const lieAboutLength: Edit = (root, random) => {
  const { node } = somewhere(root, random)
  const { length } = encodeDerTree(node)
  node.length = random.pick([
    lengthOctets(length, 1 + random.below(5)),
    lengthOctets(Math.max(0, length + random.below(9) - 4)),
    Uint8Array.of(0x80),
    Uint8Array.of(0xff),
    Uint8Array.of(0x84, 0xff, 0xff, 0xff, 0xff),
    Uint8Array.of(0x84, 0x7f, 0xff, 0xff, 0xff),
  ])
}

const wrap: Edit = (root, random) => {
  const { node } = somewhere(root, random)
  const depth = random.chance(0.1) ? 500 : 1
  for (let i = 0; i < depth; i++) {
    const inner = { ...node }
    delete node.length
    Object.assign(node, { tag: random.pick([0x30, 0x31, 0xa0]), children: [inner], before: NONE })
  }
}
const NONE = new Uint8Array()

const empty: Edit = (root, random) => {
  setValue(somewhere(root, random).node, NONE)
}

const grow: Edit = (root, random) => {
  const { node } = somewhere(root, random)
  const size = random.pick([16, 64, 65, 128, 256, 1024, 9000])
  const fill = random.chance(0.5)
    ? new Uint8Array(size).fill(random.below(256))
    : random.bytes(size)
  setValue(node, Buffer.concat([node.value, fill]))
}

/** A value of the same type that is a border case of it. */
const otherValue: Edit = (root, random) => {
  const leaves = everyNode(root).filter(({ node }) => node.children === null)
  const node = leaves.length > 0 ? random.pick(leaves).node : root
  setValue(node, valueLike(node, random))
}

function valueLike({ tag, value }: DerNode, random: RandomNumbers): Uint8Array {
  switch (tag) {
    case UNIVERSAL.boolean:
      return Uint8Array.of(random.pick([0, 1, 0x7f, 0xff]))
    case UNIVERSAL.integer:
    case UNIVERSAL.enumerated:
      return random.chance(0.3) ? Uint8Array.of(random.below(12)) : random.pick(INTEGERS)
    case UNIVERSAL.oid:
      return random.chance(0.9) ? random.pick(OIDS) : spoiled(value, random)
    case UNIVERSAL.utc:
    case UNIVERSAL.general:
      return random.chance(0.5) ? otherYear(value, random) : random.pick(TIMES)
    case UNIVERSAL.bits:
      return random.chance(0.5)
        ? Uint8Array.of(random.below(9), random.below(256))
        : spoiled(value, random)
    default:
      return spoiled(value, random)
  }
}

function otherYear(value: Uint8Array, random: RandomNumbers): Uint8Array {
  const place = random.below(Math.max(1, value.length - 1))
  return value.map((octet, i) => (i === place ? 0x30 + random.below(10) : octet))
}

function spoiled(value: Uint8Array, random: RandomNumbers): Uint8Array {
  if (value.length === 0) return random.bytes(1 + random.below(4))
  const at = random.below(value.length)
  return value.map((octet, i) => (i === at ? octet ^ (1 << random.below(8)) : octet))
}

const EDITS: readonly Edit[] = [
  ...[remove, repeat, swap, transplant, insert, retag, lieAboutLength, wrap, empty, grow],
  ...[otherValue, otherValue, otherValue, otherValue, otherValue],
]

/** Changes the tree in one to three places. */
export function mutateTree(
  root: DerNode,
  random: RandomNumbers,
  others: readonly DerNode[] = [],
): void {
  const count = random.chance(0.7) ? 1 : 2 + random.below(2)
  for (let i = 0; i < count; i++) random.pick(EDITS)(root, random, others)
}

/** Changes bytes without regard to what they are. */
export function mutateBytes(bytes: Uint8Array, random: RandomNumbers): Uint8Array {
  let changed = bytes
  const count = 1 + random.below(3)
  for (let i = 0; i < count; i++) changed = mutateOnce(changed, random)
  return changed
}

function mutateOnce(bytes: Uint8Array, random: RandomNumbers): Uint8Array {
  const at = random.below(bytes.length + 1)
  const to = Math.min(bytes.length, at + 1 + random.below(random.chance(0.8) ? 8 : 200))
  const parts = (...middle: Uint8Array[]): Uint8Array =>
    Buffer.concat([bytes.subarray(0, at), ...middle, bytes.subarray(to)])
  switch (random.below(7)) {
    case 0:
      return parts()
    case 1:
      return parts(random.bytes(to - at))
    case 2:
      return parts(bytes.subarray(at, to), random.bytes(1 + random.below(8)))
    case 3:
      return parts(bytes.subarray(at, to), bytes.subarray(at, to))
    case 4:
      return bytes.subarray(0, at)
    case 5:
      return parts(new Uint8Array(to - at).fill(random.pick([0, 0xff, 0x80, 0x30])))
    default:
      return bytes.map((octet, i) => (i === at ? octet ^ (1 << random.below(8)) : octet))
  }
}

/** A mutant of DER: by its elements, by its bytes, or by both. */
export function mutateDer(
  bytes: Uint8Array,
  random: RandomNumbers,
  others: readonly Uint8Array[] = [],
): Uint8Array {
  const tree = random.chance(0.75) ? parseDerTree(bytes) : null
  if (tree === null) return mutateBytes(bytes, random)
  const donor = others.length > 0 && random.chance(0.3) ? parseDerTree(random.pick(others)) : null
  mutateTree(tree, random, donor === null ? [] : [donor])
  const mutant = encodeDerTree(tree)
  return random.chance(0.1) ? mutateBytes(mutant, random) : mutant
}
