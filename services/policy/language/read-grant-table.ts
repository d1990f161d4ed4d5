import { Columns } from './columns.ts'
import { asList, asMap, Fields, type Entry, type ScalarValue, type Value } from './document.ts'
import type { Reading } from './reading.ts'

/** One row of a table as the grant it stands for: the keys of the table, with its cells in the place of `$column`. */
export interface TableRow {
  readonly id: ScalarValue
  readonly fields: Fields
  readonly entry: Value
  readonly columns: Columns
}

interface Column {
  readonly name: string
  readonly scalar: ScalarValue
}

/** Reads `grant_table`: one table, or a list of them. */
export class GrantTableReader {
  readonly #reading: Reading
  readonly #used = new Map<Column, Set<string>>()

  constructor(reading: Reading) {
    this.#reading = reading
  }

  /** A grant for each row, in the order of the table. */
  rows(fields: Fields): readonly TableRow[] {
    const value = fields.entry('grant_table')?.value
    if (value === undefined) return []
    const tables = value.kind === 'list' ? value.items : [value]
    return tables.flatMap((table) => this.#table(table))
  }

  /** Reports columns that no rule looked at; call it when all rows were read. */
  checkUnused(): void {
    // What could not be read may be what looks at the column.
    if (this.#reading.report.failed) return
    for (const [{ name, scalar }, used] of this.#used) {
      if (used.has(name)) continue
      this.#reading.report.add('unknown-name', scalar.place, `column \`${name}\` is never used`)
    }
  }

  #table(value: Value): readonly TableRow[] {
    const { report } = this.#reading
    const map = asMap(value, '`grant_table`', report)
    if (map === undefined) return []
    const fields = new Fields(map, report)
    const id = fields.scalar('id')
    fields.required('id')
    fields.required('columns')
    const columns = this.#columns(fields)
    const entries = fields.map('rows')?.entries ?? []
    if (entries.length === 0 && fields.required('rows') !== undefined)
      report.add('wrong-form', map.place, '`rows` must have a row')
    const shapes: (string | undefined)[] = []
    const used = new Set<string>()
    for (const column of columns) this.#used.set(column, used)
    return entries.flatMap((entry) => {
      const cells = this.#cells(entry, columns, shapes)
      if (cells === undefined || id === undefined) return []
      const row: ScalarValue = keyScalar(entry)
      const named = columns.map(({ name }, i) => [name, cells[i] ?? row] as const)
      const all = new Map<string, Value>([['$row', row], ...named])
      return [
        {
          id: { ...row, text: `${id.text}.${entry.key}` },
          fields,
          entry: entry.value,
          columns: new Columns(all, used),
        },
      ]
    })
  }

  #columns(fields: Fields): readonly Column[] {
    const columns = fields.texts('columns').map((scalar) => ({ name: `$${scalar.text}`, scalar }))
    columns.forEach(({ name, scalar }, i) => {
      if (!/^\$[A-Za-z_]\w*$/.test(name))
        this.#reading.report.add(
          'wrong-form',
          scalar.place,
          `\`${scalar.text}\` cannot name a column`,
        )
      else if (name === '$row' || columns.findIndex((other) => other.name === name) < i)
        this.#reading.report.add(
          'duplicate-id',
          scalar.place,
          `column \`${scalar.text}\` is named already`,
        )
    })
    return columns
  }

  /** The cells of a row, each of the shape that its column has in the first row; `undefined` when a fault was reported. */
  #cells(
    entry: Entry,
    columns: readonly Column[],
    shapes: (string | undefined)[],
  ): readonly Value[] | undefined {
    const { report } = this.#reading
    const cells = asList(entry.value, `row \`${entry.key}\``, report)
    if (cells.length !== columns.length) {
      report.add(
        'wrong-form',
        entry.keyPlace,
        `row \`${entry.key}\` has ${cells.length} of ${columns.length} cells`,
      )
      return undefined
    }
    let fits = true
    cells.forEach((cell, i) => {
      const shape = shapeOf(cell)
      const expected = (shapes[i] ??= shape)
      if (shape !== undefined && shape === expected) return
      fits = false
      report.add(
        'type-mismatch',
        cell.place,
        shape === undefined
          ? 'a cell is a whole number, a word, true, false or a list of them'
          : `column \`${columns[i]?.scalar.text}\` holds ${expected}, found ${shape}`,
      )
    })
    return fits ? cells : undefined
  }
}

function keyScalar({ key, keyPlace }: Entry): ScalarValue {
  return { kind: 'scalar', place: keyPlace, value: key, text: key, placeAt: () => keyPlace }
}

/** What a column holds, as authors call it. */
function shapeOf(cell: Value): string | undefined {
  if (cell.kind === 'list') {
    const inner = new Set(cell.items.map(shapeOf))
    const [only] = inner
    return inner.size === 1 && only !== undefined ? `a list of ${only}` : undefined
  }
  if (cell.kind === 'map') return undefined
  switch (typeof cell.value) {
    case 'number':
      return Number.isSafeInteger(cell.value) && cell.value >= 0 ? 'numbers' : undefined
    case 'string':
      return 'words'
    case 'boolean':
      return 'true or false'
    default:
      return undefined
  }
}
