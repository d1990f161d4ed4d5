import { EPOCH } from './language/coded-layout.ts'
import type { Seconds } from './language/dates.ts'
import type { FactCoder } from './language/fact-coder.ts'
import type { Facts } from './language/judged-facts.ts'

/**
 * Of what is written here, of what `FactCoder` writes and of how facts are judged before it: whoever changes one of them raises it,
 * so that what was stored before is written anew.
 */
export const CODING_VERSION = 1

/** A proofing among coded ones. */
export interface CodedProofing {
  /** Its first word. */
  readonly start: number
  readonly ends: readonly CodedEnd[]
}

/** A good status that ends, and how the same proofing is judged without the piece that it speaks of. */
export interface CodedEnd {
  readonly until: Seconds
  /** First of the pairs: the place of a word in the proofing, and the other one that stands there then. */
  readonly pairs: number
  readonly count: number
}

/** A block: its length, the place of its table, the subjects one after the other, the table. Places count from the block. */
const TABLE = 1
const SUBJECTS = 2
/** A block of its length alone. */
const NOTHING = Int32Array.of(1)

/**
 * All proofings of a person as a block of words for the rules of one framework; a block of nothing where rules cannot be asked
 * with whole numbers alone: an outcome is open, or a value does not fit.
 */
export function codeProofings(coder: FactCoder, proofings: readonly Facts[]): Int32Array {
  let end = SUBJECTS
  const table = [proofings.length]
  for (const facts of proofings) {
    const coded = coder.encode(facts, end)
    if (coded === undefined || coded.open) return NOTHING
    const { length, judged } = coded
    table.push(end, judged.statusEnds.length)
    for (const { evidence, until } of judged.statusEnds) {
      const without = coder.encode(facts, end + length, { revoke: evidence })
      if (without?.length !== length || without.open) return NOTHING
      const pairs = differences(coder.words, end, length)
      table.push(until - EPOCH, pairs.length / 2, ...pairs)
    }
    end += length
  }
  if (!table.every((word) => word === (word | 0))) return NOTHING
  const block = new Int32Array(end + table.length)
  block.set(coder.words.subarray(SUBJECTS, end), SUBJECTS)
  block.set(table, end)
  block[0] = block.length
  block[TABLE] = end
  return block
}

/** Place and word of what is another in the second of two subjects that stand one after the other. */
function differences(words: Int32Array, start: number, length: number): readonly number[] {
  const pairs: number[] = []
  for (let place = 0; place < length; place += 1) {
    const other = words[start + length + place] ?? 0
    if (words[start + place] !== other) pairs.push(place, other)
  }
  return pairs
}

/** Blocks of several frameworks as one. */
export function joinBlocks(blocks: readonly Int32Array[]): Int32Array {
  const joined = new Int32Array(blocks.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const block of blocks) {
    joined.set(block, at)
    at += block.length
  }
  return joined
}

/** Where the block after the one at `at` begins. */
export function nextBlock(words: Int32Array, at: number): number {
  return at + (words[at] ?? 0)
}

/** The proofings of the block at `at`; nothing where the rules cannot be asked. Pure. */
export function proofingsAt(words: Int32Array, at: number): readonly CodedProofing[] | undefined {
  if (words[at] === NOTHING[0]) return undefined
  let place = at + (words[at + TABLE] ?? 0)
  const next = (): number => words[place++] ?? 0
  return Array.from({ length: next() }, () => {
    const start = at + next()
    const ends = Array.from({ length: next() }, (): CodedEnd => {
      const until = next() + EPOCH
      const count = next()
      const pairs = place
      place += 2 * count
      return { until, pairs, count }
    })
    return { start, ends }
  })
}

/** Puts the proofing as it is judged without a piece in the place of the one with it; called again, it puts that one back. */
export function exchange(
  words: Int32Array,
  { start }: CodedProofing,
  { pairs, count }: CodedEnd,
): void {
  for (let at = pairs; at < pairs + 2 * count; at += 2) {
    const place = start + (words[at] ?? 0)
    const other = words[at + 1] ?? 0
    words[at + 1] = words[place] ?? 0
    words[place] = other
  }
}
