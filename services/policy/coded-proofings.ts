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

/** A good status that ends, and the first word of the same proofing as it is judged without the piece that it speaks of. */
interface CodedEnd {
  readonly until: Seconds
  readonly start: number
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
  const write = (facts: Facts, revoke?: number) => {
    const coded = coder.encode(facts, end, revoke === undefined ? {} : { revoke })
    if (coded === undefined || coded.open) return undefined
    table.push(end)
    end += coded.length
    return coded.judged.statusEnds
  }
  for (const facts of proofings) {
    const ends = write(facts)
    if (ends === undefined) return NOTHING
    table.push(ends.length)
    for (const { evidence, until } of ends) {
      table.push(until - EPOCH)
      if (write(facts, evidence) === undefined) return NOTHING
    }
  }
  if (!table.every((word) => word === (word | 0))) return NOTHING
  const block = new Int32Array(end + table.length)
  block.set(coder.words.subarray(SUBJECTS, end), SUBJECTS)
  block.set(table, end)
  block[0] = block.length
  block[TABLE] = end
  return block
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
    const ends = Array.from({ length: next() }, () => ({
      until: next() + EPOCH,
      start: at + next(),
    }))
    return { start, ends }
  })
}
