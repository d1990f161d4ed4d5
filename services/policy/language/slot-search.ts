import { ABSENT } from './types.ts'

export const PIECES = 32
const MAX_SLOTS = 4

/**
 * Whether slots can be filled by pieces given as bits, each piece once, so that no two chosen pieces share a key and, where
 * asked for, one of the highest rank among them is in `strongest`. Allocates nothing.
 */
export class SlotSearch {
  readonly scratch: Int32Array
  readonly #slots = new Int32Array(MAX_SLOTS)
  #count = 0
  #all = 0
  #strongest = 0
  #keyA = -1
  #keyB = -1
  #ranks = -1
  #certain = true

  constructor(regions: number) {
    this.scratch = new Int32Array(Math.max(1, regions) * PIECES)
  }

  /** `ranks` of -1 asks for no strongest piece; `certain` tells how a rank that is open compares. */
  fill(
    count: number,
    a: number,
    b: number,
    c: number,
    d: number,
    keyA: number,
    keyB: number,
    ranks: number,
    strongest: number,
    certain: boolean,
  ): boolean {
    const slots = this.#slots
    slots[0] = a
    slots[1] = b
    slots[2] = c
    slots[3] = d
    this.#count = count
    this.#all = a | b | c | d
    this.#keyA = keyA
    this.#keyB = keyB
    this.#ranks = ranks
    this.#strongest = strongest
    this.#certain = certain
    return this.#search(0, 0, 0)
  }

  #search(slot: number, blocked: number, chosen: number): boolean {
    if (slot === this.#count) return this.#ranks < 0 || this.#strongestIn(chosen)
    for (let rest = (this.#slots[slot] ?? 0) & ~blocked; rest !== 0; rest &= rest - 1) {
      const bit = rest & -rest
      if (slot + 1 === this.#count && this.#ranks < 0) return true
      if (this.#search(slot + 1, blocked | this.#sharing(bit), chosen | bit)) return true
    }
    return false
  }

  /** The piece itself and all that share a key with it. */
  #sharing(bit: number): number {
    let shared = bit
    const piece = 31 - Math.clz32(bit)
    if (this.#keyA >= 0) shared |= this.#sharingIn(this.#keyA, piece)
    if (this.#keyB >= 0) shared |= this.#sharingIn(this.#keyB, piece)
    return shared
  }

  #sharingIn(region: number, piece: number): number {
    const key = this.scratch[region + piece] ?? 0
    if (key === 0 || key === ABSENT) return 0
    let shared = 0
    for (let rest = this.#all; rest !== 0; rest &= rest - 1) {
      const other = 31 - Math.clz32(rest & -rest)
      if (this.scratch[region + other] === key) shared |= 1 << other
    }
    return shared
  }

  #strongestIn(chosen: number): boolean {
    for (let rest = chosen & this.#strongest; rest !== 0; rest &= rest - 1) {
      const own = rest & -rest
      const least = this.#rank(own, !this.#certain)
      let highest = true
      for (let others = chosen & ~own; others !== 0 && highest; others &= others - 1)
        highest = least >= this.#rank(others & -others, this.#certain)
      if (highest) return true
    }
    return false
  }

  /** Lowest or highest rank that is still possible; a piece without one ranks below all. */
  #rank(bit: number, highest: boolean): number {
    const mask = this.scratch[this.#ranks + 31 - Math.clz32(bit)] ?? 0
    const known = mask & ~ABSENT
    if (highest) return known === 0 ? 0 : 1 << (31 - Math.clz32(known))
    return (mask & ABSENT) !== 0 ? 0 : known & -known
  }
}
