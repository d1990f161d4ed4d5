import { parseScalar, type Definition } from './scope.ts'
import { asMap, Fields, type Entry, type ScalarValue, type Value } from './document.ts'
import { namesIn } from './ir-names.ts'
import {
  definedTwice,
  fieldOfRecord,
  neverUsed,
  unknownEnum,
  unknownRecord,
  unknownRowMember,
} from './name-faults.ts'
import { oddDefinition, otherFramework } from './pack-faults.ts'
import { entryOf, namedPart } from './parts.ts'
import { checkLanguage } from './read-names.ts'
import type { Reading } from './reading.ts'
import { ABSENT, maskOf, type EnumType } from './types.ts'

/** Tables, defines and derived fields; they may stand in any document of the pack. */
export class DefinitionReader {
  readonly #reading: Reading

  constructor(reading: Reading) {
    this.#reading = reading
  }

  /** Tables, defines and derived fields of one document. */
  read(fields: Fields, framework: string): void {
    checkLanguage(fields, this.#reading.report)
    const own = fields.scalar('framework')
    if (own !== undefined && own.text !== framework) {
      this.#reading.report.add(own.place, otherFramework(own.text, framework))
    }
    for (const { key, value } of fields.map('tables')?.entries ?? []) this.#table(key, value)
    for (const entry of fields.map('define')?.entries ?? []) this.#define(entry)
    for (const item of fields.list('derive')) this.#derive(item)
  }

  #define(entry: Entry): void {
    const match = /^([A-Za-z_]\w*)(?:\(\s*([A-Za-z_]\w*(?:\s*,\s*[A-Za-z_]\w*)*)?\s*\))?$/.exec(
      entry.key,
    )
    const name = match?.[1]
    if (name === undefined || entry.value.kind !== 'scalar') {
      this.#reading.report.add(entry.keyPlace, oddDefinition(entry.key))
      return
    }
    if (this.#reading.defines.has(name)) {
      this.#reading.report.add(entry.keyPlace, definedTwice(name))
      return
    }
    const body = parseScalar(entry.value, this.#reading.report)
    if (body === undefined) return
    const parameters = match?.[2]?.split(',').map((word) => word.trim()) ?? []
    this.#reading.defines.set(name, { name, parameters, body, place: entry.keyPlace })
  }

  #derive(item: Value): void {
    const map = asMap(item, entryOf('derive'), this.#reading.report)
    if (map === undefined) return
    const fields = new Fields(map, this.#reading.report)
    const over = fields.scalar('for')
    const name = fields.requiredText('set') ?? ''
    const scalar = fields.scalar('to')
    fields.required('to')
    this.#reading.text(fields.required('title')?.value)
    fields.entry('cites')
    fields.finish()
    const match = /^(\w+) (\w+)$/.exec(over?.text ?? '')
    const [record, variable] = [match?.[1] ?? '', match?.[2] ?? '']
    const known = this.#reading.catalogue.records.get(record)
    if (known === undefined) {
      this.#reading.report.add(
        over?.place ?? map.place,
        unknownRecord(record, this.#reading.catalogue.records.keys()),
      )
      return
    }
    if (known.has(name)) this.#reading.report.add(map.place, fieldOfRecord(name, record))
    const body = scalar === undefined ? undefined : parseScalar(scalar, this.#reading.report)
    if (body === undefined) return
    const derived = this.#reading.derived.get(record) ?? new Map<string, Definition>()
    derived.set(name, { name: `${record}.${name}`, parameters: [variable], body, place: map.place })
    this.#reading.derived.set(record, derived)
  }

  #table(name: string, value: Value): void {
    const map = asMap(value, namedPart('table', name), this.#reading.report)
    if (map === undefined) return
    const fields = new Fields(map, this.#reading.report)
    const key = this.#enumNamed(fields.scalar('key'))
    const result = this.#enumNamed(fields.scalar('value'))
    const fallback = fields.scalar('default')
    const rows = new Map<number, number>()
    for (const entry of fields.map('rows')?.entries ?? []) {
      if (key === undefined || result === undefined || entry.value.kind !== 'scalar') continue
      const from = maskOf(key, entry.key)
      const to = maskOf(result, entry.value.text)
      if (from === ABSENT) this.#tableRow(entry.key, key, entry.keyPlace)
      if (to === ABSENT) this.#tableRow(entry.value.text, result, entry.value.place)
      rows.set(from, to)
    }
    fields.finish()
    if (key === undefined || result === undefined) return
    this.#reading.tables.set(name, {
      name,
      key,
      value: result,
      rows,
      fallback: fallback === undefined ? ABSENT : maskOf(result, fallback.text),
    })
  }

  #tableRow(name: string, type: EnumType, place: Value['place']): void {
    this.#reading.report.add(place, unknownRowMember(name, type))
  }

  #enumNamed(scalar: ScalarValue | undefined): EnumType | undefined {
    if (scalar === undefined) return undefined
    const type = this.#reading.catalogue.enums.get(scalar.text)
    if (type === undefined) {
      this.#reading.report.add(
        scalar.place,
        unknownEnum(scalar.text, this.#reading.catalogue.enums.keys()),
      )
    }
    return type
  }

  /** A define that no rule uses is checked nowhere else, and mostly a rule that was forgotten. */
  checkUnused(): void {
    const used = new Set<string>()
    for (const definition of this.#allDefinitions()) namesIn(definition.body, used)
    for (const expression of this.#reading.parsed) namesIn(expression, used)
    for (const definition of this.#reading.defines.values()) {
      if (!used.has(definition.name))
        this.#reading.report.add(definition.place, neverUsed(definition.name))
    }
  }

  #allDefinitions(): readonly Definition[] {
    return [
      ...this.#reading.defines.values(),
      ...[...this.#reading.derived.values()].flatMap((fields) => [...fields.values()]),
    ]
  }
}
