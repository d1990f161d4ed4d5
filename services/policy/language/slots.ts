import { fromCases } from './kleene.ts'
import { ABSENT } from './types.ts'

/** One row per piece that may take part. */
export interface SlotMatrix {
  /** Three-valued: does the piece fit the slot. */
  readonly cells: number[][]
  readonly keys: (readonly (string | number | undefined)[])[]
  /** Still possible ranks, as masks of an ordered enum. */
  readonly ranks: number[]
  readonly strongest: number[]
}

/**
 * Whether the slots can be filled, each by a piece of its own, so that no two share a key and one piece of the
 * highest rank among them has what `strongest` asks. True when certain cells do, unknown when possible ones do.
 */
export function fillSlots(matrix: SlotMatrix): number {
  if (search(matrix, 1, 0, [])) return fromCases(true, true)
  return fromCases(search(matrix, 2, 0, []), false)
}

function search(matrix: SlotMatrix, bit: 1 | 2, slot: number, chosen: readonly number[]): boolean {
  const slots = matrix.cells[0]?.length ?? 0
  if (matrix.cells.length === 0) return false
  if (slot === slots) return strongestHolds(matrix, bit, chosen)
  return matrix.cells.some(
    (cells, piece) =>
      ((cells[slot] ?? 0) & bit) !== 0 &&
      chosen.every((other) => !shareKey(matrix, piece, other)) &&
      search(matrix, bit, slot + 1, [...chosen, piece]),
  )
}

function shareKey(matrix: SlotMatrix, a: number, b: number): boolean {
  if (a === b) return true
  const other = matrix.keys[b] ?? []
  return (matrix.keys[a] ?? []).some(
    (key, i) => key !== undefined && key !== ABSENT && key === other[i],
  )
}

/** With an uncertain rank: certainly the highest when its lowest reaches the others' highest, and so on. */
function strongestHolds(matrix: SlotMatrix, bit: 1 | 2, chosen: readonly number[]): boolean {
  const own = bit === 1 ? lowest : highest
  const others = bit === 1 ? highest : lowest
  return chosen.some(
    (piece) =>
      ((matrix.strongest[piece] ?? 0) & bit) !== 0 &&
      chosen.every(
        (other) => other === piece || own(matrix.ranks[piece]) >= others(matrix.ranks[other]),
      ),
  )
}

function lowest(mask = 0): number {
  return (mask & ABSENT) !== 0 ? 0 : mask & -mask
}

function highest(mask = 0): number {
  const known = mask & ~ABSENT
  return known === 0 ? 0 : 1 << (31 - Math.clz32(known))
}
