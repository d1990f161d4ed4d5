import { Columns } from './columns.ts'
import { asList, asMap, Fields, type Entry, type ScalarValue, type Value } from './document.ts'
import { columnNeverUsed, columnTwice } from './name-faults.ts'
import {
  cellCount,
  NO_ROWS,
  ODD_CELL,
  oddColumnName,
  otherCell,
  type CellShape,
} from './rule-faults.ts'
import { namedPart, quoted } from './parts.ts'
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
      this.#reading.report.add(scalar.place, columnNeverUsed(name))
    }
  }

  #table(value: Value): readonly TableRow[] {
    const { report } = this.#reading
    const map = asMap(value, quoted('grant_table'), report)
    if (map === undefined) return []
    const fields = new Fields(map, report)
    const id = fields.scalar('id')
    fields.required('id')
    fields.required('columns')
    const columns = this.#columns(fields)
    const entries = fields.map('rows')?.entries ?? []
    if (entries.length === 0 && fields.required('rows') !== undefined)
      report.add(map.place, NO_ROWS)
    const shapes: (CellShape | undefined)[] = []
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
        this.#reading.report.add(scalar.place, oddColumnName(scalar.text))
      else if (name === '$row' || columns.findIndex((other) => other.name === name) < i)
        this.#reading.report.add(scalar.place, columnTwice(scalar.text))
    })
    return columns
  }

  /** The cells of a row, each of the shape that its column has in the first row; `undefined` when a fault was reported. */
  #cells(
    entry: Entry,
    columns: readonly Column[],
    shapes: (CellShape | undefined)[],
  ): readonly Value[] | undefined {
    const { report } = this.#reading
    const cells = asList(entry.value, namedPart('row', entry.key), report)
    if (cells.length !== columns.length) {
      report.add(entry.keyPlace, cellCount(entry.key, cells.length, columns.length))
      return undefined
    }
    let fits = true
    cells.forEach((cell, i) => {
      const shape = shapeOf(cell)
      const expected = (shapes[i] ??= shape)
      if (shape !== undefined && sameShape(shape, expected ?? shape)) return
      fits = false
      const column = columns[i]?.scalar.text ?? ''
      report.add(
        cell.place,
        shape === undefined ? ODD_CELL : otherCell(column, expected ?? shape, shape),
      )
    })
    return fits ? cells : undefined
  }
}

function keyScalar({ key, keyPlace }: Entry): ScalarValue {
  return { kind: 'scalar', place: keyPlace, value: key, text: key, placeAt: () => keyPlace }
}

function shapeOf(cell: Value): CellShape | undefined {
  if (cell.kind === 'list') {
    const [first, ...others] = cell.items.map(shapeOf)
    if (first === undefined) return undefined
    const same = others.every((other) => other !== undefined && sameShape(other, first))
    return same ? { of: first.of, depth: first.depth + 1 } : undefined
  }
  if (cell.kind === 'map') return undefined
  switch (typeof cell.value) {
    case 'number':
      return Number.isSafeInteger(cell.value) && cell.value >= 0
        ? { of: 'numbers', depth: 0 }
        : undefined
    case 'string':
      return { of: 'words', depth: 0 }
    case 'boolean':
      return { of: 'truths', depth: 0 }
    default:
      return undefined
  }
}

function sameShape(a: CellShape, b: CellShape): boolean {
  return a.of === b.of && a.depth === b.depth
}
