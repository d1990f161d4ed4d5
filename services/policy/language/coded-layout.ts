import type { Cell, Item, List, Subject } from './subject.ts'
import { ABSENT, type Type } from './types.ts'

/** Coded instants count seconds from 2020-01-01T00:00:00Z, so that a 32-bit integer reaches from 1951 to 2088. */
export const EPOCH = 1_577_836_800
/** A number or instant that was not established. */
export const NONE = -(2 ** 31)
/** First word of every coded subject: when the identity was verified. */
export const VERIFIED_AT = 0
/** A list that a policy looks into takes part in a match of pieces as the bits of one integer. */
export const MAX_ITEMS = 31

/** How one field stands in a word: masks and truths as they are, keys and labels by number (0 is none). */
export type Coding = 'mask' | 'truth' | 'number' | 'instant' | 'text'

interface CodedField {
  readonly path: readonly string[]
  readonly coding: Coding
  readonly index: number
}

interface CodedList {
  readonly path: readonly string[]
  /** Word that holds the offset of the first item from the subject's first word; the next one counts the items. */
  readonly index: number
  readonly record: CodedRecord
}

/** The words of one kind of record: only those fields that some rule reads. */
export class CodedRecord {
  readonly fields: CodedField[] = []
  readonly lists: CodedList[] = []
  readonly #indices = new Map<string, number>()
  width: number

  constructor(width = 0) {
    this.width = width
  }

  field(path: readonly string[], coding: Coding): number {
    return this.#place(path, 1, (index) => this.fields.push({ path, coding, index }))
  }

  list(path: readonly string[], record: CodedRecord): number {
    return this.#place(path, 2, (index) => this.lists.push({ path, index, record }))
  }

  #place(path: readonly string[], width: number, add: (index: number) => void): number {
    const key = path.join('.')
    const known = this.#indices.get(key)
    if (known !== undefined) return known
    const index = this.width
    this.#indices.set(key, index)
    this.width += width
    add(index)
    return index
  }
}

/** Which facts a program reads and where they stand in a coded subject. Grows while a program is built. */
export class CodedLayout {
  readonly root = new CodedRecord(VERIFIED_AT + 1)
  readonly #records = new Map<string, CodedRecord>()
  readonly #texts = new Map<string, number>()

  record(name: string): CodedRecord {
    const known = this.#records.get(name)
    if (known !== undefined) return known
    const record = new CodedRecord()
    this.#records.set(name, record)
    return record
  }

  /** Number of a text that the rules name themselves. */
  text(value: string): number {
    const known = this.#texts.get(value)
    if (known !== undefined) return known
    this.#texts.set(value, this.#texts.size + 1)
    return this.#texts.size
  }

  get texts(): ReadonlyMap<string, number> {
    return this.#texts
  }
}

export function codingOf(type: Type): Coding | undefined {
  switch (type.kind) {
    case 'enum':
    case 'set':
    case 'flag':
      return 'mask'
    case 'truth':
      return 'truth'
    case 'int':
    case 'age':
      return 'number'
    case 'timestamp':
      return 'instant'
    case 'key':
    case 'label':
      return 'text'
    default:
      return undefined
  }
}

/** Where a coded subject was written. */
export interface Coded {
  readonly length: number
  /** Some outcome that the rules read is open, so that the two-valued program must not be asked. */
  readonly open: boolean
}

/** Writes subjects as integers. One instance serves any number of subjects, one after the other. */
export class SubjectCoder {
  readonly #layout: CodedLayout
  #words = new Int32Array(256)
  #texts = new Map<string, number>()
  #start = 0
  #end = 0
  #open = false
  #faithful = true

  constructor(layout: CodedLayout) {
    this.#layout = layout
  }

  /** The words written so far; another array after it had to grow. */
  get words(): Int32Array {
    return this.#words
  }

  /** Writes the subject from word `start` on; `undefined` when something in it does not fit into 32 bits. */
  encode(subject: Subject, start = 0): Coded | undefined {
    this.#start = start
    this.#end = start
    this.#open = false
    this.#faithful = true
    if (this.#texts.size > 0) this.#texts = new Map()
    const { root } = this.#layout
    this.#reserve(root.width)
    this.#words[start + VERIFIED_AT] = this.#instant(subject.verifiedAt)
    this.#record(root, subject.roots, start)
    return this.#faithful ? { length: this.#end - start, open: this.#open } : undefined
  }

  #reserve(width: number): number {
    const at = this.#end
    this.#end += width
    if (this.#end > this.#words.length) {
      const larger = new Int32Array(Math.max(this.#end, 2 * this.#words.length))
      larger.set(this.#words)
      this.#words = larger
    }
    return at
  }

  #record(record: CodedRecord, item: Item, at: number): void {
    for (const { path, coding, index } of record.fields)
      this.#words[at + index] = this.#code(coding, reach(item, path))
    for (const { path, index, record: inner } of record.lists) {
      const cell = reach(item, path)
      const items = isList(cell) ? cell.items : []
      if (items.length > MAX_ITEMS || (isList(cell) && cell.member !== undefined))
        this.#faithful = false
      const first = this.#reserve(items.length * inner.width)
      this.#words[at + index] = first - this.#start
      this.#words[at + index + 1] = items.length
      for (const [i, one] of items.entries()) this.#record(inner, one, first + i * inner.width)
    }
  }

  #code(coding: Coding, cell: Cell): number {
    switch (coding) {
      case 'mask':
        return typeof cell === 'number' ? this.#mask(cell) : ABSENT
      case 'truth':
        if (cell === 2) this.#open = true
        return typeof cell === 'number' ? cell : 0
      case 'number':
        return typeof cell === 'number' ? this.#integer(cell) : NONE
      case 'instant':
        return this.#instant(typeof cell === 'number' ? cell : undefined)
      case 'text':
        return typeof cell === 'string' ? this.#text(cell) : 0
    }
  }

  #mask(mask: number): number {
    if ((mask & ABSENT) !== 0 && mask !== ABSENT) this.#faithful = false
    return mask
  }

  #instant(seconds: number | undefined): number {
    return seconds === undefined ? NONE : this.#integer(seconds - EPOCH)
  }

  /** Half of the range is left for the sums that the rules make. */
  #integer(value: number): number {
    if (!Number.isInteger(value) || Math.abs(value) > 2 ** 31 - 1) this.#faithful = false
    return value
  }

  #text(value: string): number {
    const known = this.#layout.texts.get(value) ?? this.#texts.get(value)
    if (known !== undefined) return known
    const number = this.#layout.texts.size + this.#texts.size + 1
    this.#texts.set(value, number)
    return number
  }
}

function reach(item: Item, path: readonly string[]): Cell {
  let cell: Cell = item
  for (const name of path) {
    if (typeof cell !== 'object' || isList(cell)) return undefined
    cell = cell[name]
  }
  return cell
}

function isList(cell: Cell): cell is List {
  return typeof cell === 'object' && Array.isArray(cell['items'])
}
