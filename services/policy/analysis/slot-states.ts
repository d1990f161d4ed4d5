/** What a statement about a list looks at, by the columns of an element's signature. */
export type Layout =
  | { readonly kind: 'exists' | 'count'; readonly at: number; readonly limit: number }
  | {
      readonly kind: 'slots'
      readonly cells: readonly (readonly number[])[]
      readonly ranks: readonly number[]
      readonly strongest: number | undefined
      readonly keys: readonly number[]
    }

/** What a list remembers for one statement: a number from 0 (nothing yet), changed by each element. */
export interface Part {
  add(part: number, bits: string): number
  value(part: number): number
}

export function partOf(layout: Layout): Part {
  if (layout.kind === 'slots') return new SlotPart(layout)
  const { at, limit } = layout
  return {
    add: (part, bits) => (bits[at] === '1' ? Math.min(limit, part + 1) : part),
    value: (part) => part,
  }
}

/** The slots are filled: pieces that come later cannot undo that. */
const FILLED = 1

type SlotLayout = Layout & { readonly kind: 'slots' }

interface Row {
  readonly masks: readonly number[]
  readonly rank: number
  readonly strongest: number
  readonly key: number
}

/** Pieces that may still matter for the slots, by number; each combination of them has a number as well. */
class SlotPart implements Part {
  readonly #layout: SlotLayout
  readonly #rows: Row[] = []
  readonly #rowOf = new Map<string, number>()
  readonly #rowOfBits = new Map<string, number>()
  readonly #sets: (readonly number[])[] = [[], []]
  readonly #setOf = new Map<string, number>([['', 0]])
  readonly #added = new Map<number, number>()

  constructor(layout: SlotLayout) {
    this.#layout = layout
  }

  add(part: number, bits: string): number {
    const row = this.#row(bits)
    if (row < 0 || part === FILLED) return part
    const key = part * 2 ** 20 + row
    const known = this.#added.get(key)
    if (known !== undefined) return known
    const rows = [...(this.#sets[part] ?? []), row].sort((a, b) => a - b)
    const kept = reduceRows(
      rows.map((at) => this.#rowAt(at)),
      this.#layout,
    )
    const set = rows.filter((_, i) => kept.has(i))
    const number = this.#filled(set) ? FILLED : this.#number(set)
    this.#added.set(key, number)
    return number
  }

  /** 1 when the slots of some alternative can be filled. */
  value(part: number): number {
    return part === FILLED ? 1 : 0
  }

  #number(set: readonly number[]): number {
    const text = set.join()
    const number = this.#setOf.get(text) ?? this.#sets.push(set) - 1
    this.#setOf.set(text, number)
    return number
  }

  #filled(set: readonly number[]): boolean {
    const rows = set.map((at) => this.#rowAt(at))
    return this.#layout.cells.some((need, n) => assign(rows, n, need.length, [], this.#layout))
  }

  #rowAt(at: number): Row {
    const row = this.#rows[at]
    if (row === undefined) throw new TypeError(`no row ${at}`)
    return row
  }

  /** -1 for a piece that fits no slot. */
  #row(bits: string): number {
    const known = this.#rowOfBits.get(bits)
    if (known !== undefined) return known
    const row = this.#newRow(bits)
    this.#rowOfBits.set(bits, row)
    return row
  }

  #newRow(bits: string): number {
    const { cells, ranks, strongest, keys } = this.#layout
    const on = (column: number | undefined) => column !== undefined && bits[column] === '1'
    const masks = cells.map((need) =>
      need.reduce((mask, cell, b) => mask | (on(cell) ? 1 << b : 0), 0),
    )
    if (masks.every((mask) => mask === 0)) return -1
    const row = {
      masks,
      rank: ranks.findIndex(on),
      strongest: on(strongest) ? 1 : 0,
      key: keys.findIndex(on),
    }
    const text = JSON.stringify(row)
    const number = this.#rowOf.get(text) ?? this.#rows.push(row) - 1
    this.#rowOf.set(text, number)
    return number
  }
}

/** Without pieces that can change no matching, now or later: enough others do at least as well in their stead. */
function reduceRows(rows: readonly Row[], layout: SlotLayout): ReadonlySet<number> {
  const slots = Math.max(...layout.cells.map(({ length }) => length))
  const kept = new Set(rows.keys())
  rows.forEach((row, i) => {
    const better = rows.filter(
      (other, j) => j !== i && kept.has(j) && atLeastAsGood(other, row, layout),
    )
    const instead = row.key < 0 ? better.length : new Set(better.map(({ key }) => key)).size
    if (instead >= slots || (row.key >= 0 && better.some(({ key }) => key === row.key)))
      kept.delete(i)
  })
  return kept
}

function atLeastAsGood(other: Row, row: Row, { strongest }: SlotLayout): boolean {
  return (
    row.masks.every((mask, n) => (mask & ~(other.masks[n] ?? 0)) === 0) &&
    (strongest === undefined || (other.rank === row.rank && other.strongest >= row.strongest))
  )
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
