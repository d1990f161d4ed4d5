import type { Json } from '../../kernel/canonical-json.ts'
import type { Type } from './types.ts'

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

  /** Grows with every place and every named text: what was coded before it grew cannot be read with it. */
  get size(): number {
    const records = [this.root, ...this.#records.values()]
    return records.reduce((sum, { width }) => sum + width, this.#texts.size)
  }

  get texts(): ReadonlyMap<string, number> {
    return this.#texts
  }

  /** Everything that the words of a coded subject stand for, to be compared with that of another layout. */
  get description(): Json {
    const names = new Map([...this.#records].map(([name, record]) => [record, name]))
    const describe = ({ fields, lists }: CodedRecord): Json => ({
      fields: fields.map(({ path, coding, index }) => [path, coding, index]),
      lists: lists.map(({ path, index, record }) => [path, index, names.get(record) ?? '']),
    })
    return {
      root: describe(this.root),
      records: [...this.#records].map(([name, record]) => [name, describe(record)]),
      texts: [...this.#texts],
    }
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
