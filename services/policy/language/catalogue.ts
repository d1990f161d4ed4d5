import { Report, type Place } from './diagnostic.ts'
import { asMap, Fields, readDocument, type SourceFile, type Value } from './document.ts'
import { fieldTwice, LANGUAGE_IS_NOT_1, unknownType } from './name-faults.ts'
import { enumSize, TYPE_IS_NO_WORD } from './pack-faults.ts'
import { PART, quoted } from './parts.ts'
import { MAX_MEMBERS, TRUTH, type EnumType, type Type } from './types.ts'

/** The typed model of facts that every rule is checked against. */
export interface Catalogue {
  readonly enums: ReadonlyMap<string, EnumType>
  /** Fields per record. A check of type `holder` is the record `check holder`. */
  readonly records: ReadonlyMap<string, ReadonlyMap<string, Type>>
  readonly roots: ReadonlyMap<string, Type>
  readonly checkTypes: readonly string[]
}

const PLAIN: Readonly<Record<string, Type>> = {
  key: { kind: 'key' },
  label: { kind: 'label' },
  flag: { kind: 'flag' },
  truth: TRUTH,
  int: { kind: 'int' },
  age: { kind: 'age' },
  timestamp: { kind: 'timestamp' },
}

/** What every check has: `passed` and `failed` are its outcome, `ok` also needs its piece not to be revoked. */
const CHECK_FIELDS: Readonly<Record<string, Type>> = {
  on: { kind: 'key' },
  at: { kind: 'timestamp' },
  by: { kind: 'key' },
  passed: TRUTH,
  failed: TRUTH,
  ok: TRUTH,
}

export function checkRecord(type: string): string {
  return `check ${type}`
}

/** Reads `policies/facts.yaml`. Throws `PolicyRejected` with every fault found. */
export function readCatalogue(source: SourceFile): Catalogue {
  const report = new Report()
  const document = readDocument(source, report)
  const map = document === undefined ? undefined : asMap(document, PART.factCatalogue, report)
  report.throwIfFailed()
  if (map === undefined) throw new TypeError('a document without faults is a map')
  const catalogue = new CatalogueReader(new Fields(map, report), report).read()
  report.throwIfFailed()
  return catalogue
}

class CatalogueReader {
  readonly #fields: Fields
  readonly #report: Report
  readonly #enums = new Map<string, EnumType>()
  readonly #records = new Map<string, Map<string, Type>>()

  constructor(fields: Fields, report: Report) {
    this.#fields = fields
    this.#report = report
  }

  read(): Catalogue {
    const fields = this.#fields
    if (fields.text('language') !== '1') {
      this.#report.add(fields.place, LANGUAGE_IS_NOT_1)
    }
    for (const entry of fields.map('enums')?.entries ?? []) this.#enum(entry.key, entry.value)
    const records = fields.map('records')?.entries ?? []
    const checks = fields.map('checks')?.entries ?? []
    for (const { key } of records) this.#records.set(key, new Map())
    for (const { key } of checks)
      this.#records.set(checkRecord(key), new Map(Object.entries(CHECK_FIELDS)))
    const lists = checks.map(
      ({ key }) => [key, { kind: 'list', record: checkRecord(key) }] as const,
    )
    this.#records.set('Checks', new Map(lists))
    for (const { key, value } of records) this.#record(key, value)
    for (const { key, value } of checks) this.#record(checkRecord(key), value)
    for (const [name, type] of lists) this.#records.get('Evidence')?.set(name, type)
    const roots = new Map<string, Type>()
    for (const { key, value } of fields.map('roots')?.entries ?? []) {
      const type = this.#type(value)
      if (type !== undefined) roots.set(key, type)
    }
    fields.finish()
    return {
      enums: this.#enums,
      records: this.#records,
      roots,
      checkTypes: checks.map(({ key }) => key),
    }
  }

  #enum(name: string, value: Value): void {
    const fields = value.kind === 'map' ? new Fields(value, this.#report) : undefined
    const items =
      fields === undefined ? (value.kind === 'list' ? value.items : []) : fields.list('ordered')
    fields?.finish()
    const members = items.flatMap((item) => (item.kind === 'scalar' ? [item.text] : []))
    if (
      members.length === 0 ||
      members.length > MAX_MEMBERS ||
      new Set(members).size !== members.length
    ) {
      this.#report.add(value.place, enumSize(name, MAX_MEMBERS))
    }
    this.#enums.set(name, { kind: 'enum', name, members, ordered: fields !== undefined })
  }

  #record(name: string, value: Value): void {
    const map =
      value.kind === 'scalar' && value.value === null
        ? undefined
        : asMap(value, quoted(name), this.#report)
    const record = this.#records.get(name)
    for (const entry of map?.entries ?? []) {
      const type = this.#type(entry.value)
      if (type === undefined) continue
      if (record?.has(entry.key) === true) {
        this.#report.add(entry.keyPlace, fieldTwice(entry.key))
      }
      record?.set(entry.key, type)
    }
  }

  #type(value: Value): Type | undefined {
    if (value.kind !== 'scalar') {
      this.#report.add(value.place, TYPE_IS_NO_WORD)
      return undefined
    }
    return this.#named(value.text, value.place)
  }

  #named(text: string, place: Place): Type | undefined {
    const inner = /^(set|list)<(\w+)>$/.exec(text)
    const name = inner?.[2] ?? text
    const found = PLAIN[name] ?? this.#enums.get(name)
    if (inner === null && found !== undefined) return found
    if (inner?.[1] === 'set' && found?.kind === 'enum') return { kind: 'set', of: found }
    if (inner?.[1] !== 'set' && this.#records.has(name)) {
      return { kind: inner === null ? 'record' : 'list', record: name }
    }
    const known = [...Object.keys(PLAIN), ...this.#enums.keys(), ...this.#records.keys()]
    this.#report.add(place, unknownType(text, known, name))
    return undefined
  }
}
