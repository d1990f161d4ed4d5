import { TooLarge } from './open-question.ts'
import { openAs } from './open-reasons.ts'

/** What a statement about a list looks at, by the columns of an element's signature. */
export type Layout =
  | { readonly kind: 'exists' | 'count'; readonly at: number; readonly limit: number }
  | {
      readonly kind: 'slots'
      readonly cells: readonly (readonly number[])[]
      readonly ranks: readonly number[]
      readonly strongest: number | undefined
      readonly byDocument: boolean
      readonly keys: readonly number[]
    }

/** What a list remembers for one statement: a number from 0 (nothing yet), changed by each element. */
export interface Part {
  add(part: number, bits: string): number
  value(part: number): number
}

/** `elements`: the signatures of everything that may stand in the list. */
export function partOf(layout: Layout, elements: readonly string[]): Part {
  if (layout.kind === 'slots') return new SlotPart(layout, elements)
  const { at, limit } = layout
  return {
    add: (part, bits) => (bits[at] === '1' ? Math.min(limit, part + 1) : part),
    value: (part) => part,
  }
}

const MAX_COMPLETIONS = 3_000

/** The slots are filled: pieces that come later cannot undo that. */
const FILLED = 1

type SlotLayout = Layout & { readonly kind: 'slots' }

interface Row {
  readonly masks: readonly number[]
  readonly rank: number
  readonly strongest: number
  readonly key: number
}

/**
 * What pieces of a list do for the slots. Two sets of pieces have one number when whatever is added to them fills the slots
 * of both or of neither.
 */
class SlotPart implements Part {
  readonly #layout: SlotLayout
  readonly #rows: readonly Row[]
  readonly #rowOf = new Map<string, number>()
  /** Further pieces that could make a difference: all combinations of fewer than there are slots. */
  readonly #completions: readonly (readonly number[])[]
  /** The pieces of one list with that number. */
  readonly #sets: (readonly number[])[] = [[], []]
  readonly #numbers = new Map<string, number>()
  readonly #added = new Map<number, number>()

  /** `elements`: the signatures of everything that may stand in the list. */
  constructor(layout: SlotLayout, elements: readonly string[]) {
    this.#layout = layout
    const rows = new Map<string, { readonly row: Row; readonly number: number }>()
    for (const bits of elements) {
      const row = rowOf(bits, layout)
      if (row === undefined) continue
      const known = rows.get(JSON.stringify(row)) ?? { row, number: rows.size }
      rows.set(JSON.stringify(row), known)
      this.#rowOf.set(bits, known.number)
    }
    this.#rows = [...rows.values()].map(({ row }) => row)
    const slots = Math.max(...layout.cells.map(({ length }) => length))
    this.#completions = combinations(this.#rows.length, slots - 1)
    if (this.#completions.length > MAX_COMPLETIONS) throw new TooLarge(openAs('piecesInSlots'))
    this.#numbers.set(this.#behaviour([]), 0)
  }

  add(part: number, bits: string): number {
    const row = this.#rowOf.get(bits)
    if (row === undefined || part === FILLED) return part
    const key = part * 2 ** 20 + row
    const known = this.#added.get(key)
    if (known !== undefined) return known
    const set = [...(this.#sets[part] ?? []), row]
    const number = this.#filled(set) ? FILLED : this.#number(set)
    this.#added.set(key, number)
    return number
  }

  /** 1 when the slots of some alternative can be filled. */
  value(part: number): number {
    return part === FILLED ? 1 : 0
  }

  #number(set: readonly number[]): number {
    const behaviour = this.#behaviour(set)
    const number = this.#numbers.get(behaviour) ?? this.#sets.push(set) - 1
    this.#numbers.set(behaviour, number)
    return number
  }

  #behaviour(set: readonly number[]): string {
    return this.#completions.map((more) => (this.#filled([...set, ...more]) ? '1' : '0')).join('')
  }

  #filled(set: readonly number[]): boolean {
    const rows = set.flatMap((at) => this.#rows[at] ?? [])
    return this.#layout.cells.some((need, n) => assign(rows, n, need.length, [], this.#layout))
  }
}

/** `undefined` for a piece that fits no slot. */
function rowOf(bits: string, { cells, ranks, strongest, keys }: SlotLayout): Row | undefined {
  const on = (column: number | undefined) => column !== undefined && bits[column] === '1'
  const masks = cells.map((need) =>
    need.reduce((mask, cell, b) => mask | (on(cell) ? 1 << b : 0), 0),
  )
  if (masks.every((mask) => mask === 0)) return undefined
  return {
    masks,
    rank: ranks.findIndex(on),
    strongest: on(strongest) ? 1 : 0,
    key: keys.findIndex(on),
  }
}

/** All combinations of up to `size` of the numbers below `count`, with repetition. */
function combinations(count: number, size: number): readonly (readonly number[])[] {
  if (size === 0) return []
  const smaller = combinations(count, size - 1)
  const numbers = [...Array(count).keys()]
  const longest = smaller.filter(({ length }) => length === size - 1)
  return [
    ...smaller,
    ...(size === 1 ? [[]] : longest).flatMap((some) =>
      numbers.filter((n) => n >= (some.at(-1) ?? 0)).map((n) => [...some, n]),
    ),
  ]
}

function assign(
  rows: readonly Row[],
  need: number,
  slots: number,
  chosen: readonly number[],
  layout: SlotLayout,
): boolean {
  const slot = chosen.length
  if (slot === slots) {
    if (layout.strongest === undefined) return true
    const top = Math.max(...chosen.map((i) => rows[i]?.rank ?? -1))
    return chosen.some((i) => rows[i]?.rank === top && rows[i].strongest === 1)
  }
  return rows.some(
    (row, i) =>
      ((row.masks[need] ?? 0) & (1 << slot)) !== 0 &&
      chosen.every((j) => j !== i && (row.key < 0 || rows[j]?.key !== row.key)) &&
      assign(rows, need, slots, [...chosen, i], layout),
  )
}
