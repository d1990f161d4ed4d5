import { didYouMean } from './diagnostic.ts'
import type { Value } from './document.ts'

/** The cells of one row of a `grant_table`, by `$name`; it remembers which were asked for. */
export class Columns {
  readonly #cells: ReadonlyMap<string, Value>
  readonly #used: Set<string>

  constructor(cells: ReadonlyMap<string, Value>, used: Set<string> = new Set()) {
    this.#cells = cells
    this.#used = used
  }

  /** `name` with its sign: `$fraud`. */
  get(name: string): Value | undefined {
    this.#used.add(name)
    return this.#cells.get(name)
  }

  /** What to write instead of a name that is not there. */
  hint(name: string): string {
    const known = [...this.#cells.keys()]
    if (known.length === 0) return 'only a `grant_table` has columns'
    // Digits are all near to each other: a neighbour is no hint.
    const near = /^\$\d/.test(name) ? undefined : didYouMean(name, known)
    return near ?? `known: ${known.join(', ')}`
  }

  /** The same row, with `$0`, `$1` … of one piece that it lists. */
  withPiece(piece: Value): Columns {
    const parts = piece.kind === 'list' ? piece.items : [piece]
    const cells = parts.map((part, i) => [`$${i}`, part] as const)
    return new Columns(new Map([...this.#cells, ...cells]), this.#used)
  }
}

export const NO_COLUMNS = new Columns(new Map())

export function isColumn(text: string): boolean {
  return /^\$\w+$/.test(text)
}

/** A cell for people: pieces as `4/2 + 3/2`. */
export function describeCell(cell: Value): string {
  if (cell.kind === 'scalar') return cell.text
  if (cell.kind === 'map') return ''
  const nested = cell.items.some(({ kind }) => kind === 'list')
  return cell.items.map(describeCell).join(nested ? ' + ' : '/')
}
