import type { Value } from './document.ts'
import { didYouMean, knownWords } from './hints.ts'
import type { Text } from './text.ts'

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
  hint(name: string): Text {
    const known = [...this.#cells.keys()]
    if (known.length === 0) return NO_TABLE
    // Digits are all near to each other: a neighbour is no hint.
    const near = /^\$\d/.test(name) ? undefined : didYouMean(name, known)
    return near ?? knownWords(known)
  }

  /** The same row, with `$0`, `$1` … of one piece that it lists. */
  withPiece(piece: Value): Columns {
    const parts = piece.kind === 'list' ? piece.items : [piece]
    const cells = parts.map((part, i) => [`$${i}`, part] as const)
    return new Columns(new Map([...this.#cells, ...cells]), this.#used)
  }
}

const NO_TABLE: Text = {
  ja: '列があるのは `grant_table` だけです',
  en: 'only a `grant_table` has columns',
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
