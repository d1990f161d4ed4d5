import { asMap, type MapValue, type Value } from './document.ts'
import type { Ir } from './ir.ts'
import { F, T } from './kleene.ts'
import { unknownAnswerField, unknownType } from './name-faults.ts'
import type { Answer, AnswerFields, AnswerPart } from './pack.ts'
import { NOT_ONE_ANSWER } from './pack-faults.ts'
import { PART } from './parts.ts'
import type { Reading } from './reading.ts'
import { TRUTH, type Type } from './types.ts'

/** Fields of answer axes and the values that rules set. */
export class AnswerReader {
  readonly #reading: Reading

  constructor(reading: Reading) {
    this.#reading = reading
  }

  /** Declared fields of an answer axis. */
  fields(map: MapValue | undefined): AnswerFields {
    const fields: Record<string, Type | AnswerFields> = {}
    for (const { key, value } of map?.entries ?? []) {
      if (value.kind === 'map') {
        fields[key] = this.fields(value)
        continue
      }
      const name = value.kind === 'scalar' ? value.text : ''
      const type =
        name === 'flag'
          ? TRUTH
          : name === 'label'
            ? ({ kind: 'label' } as const)
            : (this.#reading.catalogue.enums.get(name) ?? this.#reading.axisTypes.get(name))
      if (type !== undefined) fields[key] = type
      else {
        const known = [
          'flag',
          'label',
          ...this.#reading.catalogue.enums.keys(),
          ...this.#reading.axisTypes.keys(),
        ]
        this.#reading.report.add(value.place, unknownType(name, known))
      }
    }
    return fields
  }

  /** Values for declared fields. */
  answer(value: Value, fields: AnswerFields): Answer {
    const parts: Record<string, AnswerPart> = {}
    for (const entry of asMap(value, PART.answer, this.#reading.report)?.entries ?? []) {
      const type = Object.hasOwn(fields, entry.key) ? fields[entry.key] : undefined
      if (type === undefined) {
        this.#reading.report.add(entry.keyPlace, unknownAnswerField(entry.key, Object.keys(fields)))
      } else if (isType(type)) {
        const ir = this.#answerValue(entry.value, type)
        if (ir !== undefined) parts[entry.key] = { kind: 'value', ir }
      } else {
        parts[entry.key] = { kind: 'parts', parts: this.answer(entry.value, type) }
      }
    }
    return parts
  }

  #answerValue(value: Value, type: Type): Ir | undefined {
    if (value.kind !== 'scalar') {
      this.#reading.report.add(value.place, NOT_ONE_ANSWER)
      return undefined
    }
    if (typeof value.value === 'boolean' && type.kind === 'truth')
      return { op: 'truth', value: value.value ? T : F, type: TRUTH }
    const parsed = this.#reading.parse(value)
    if (parsed === undefined) return undefined
    return type.kind === 'truth'
      ? this.#reading.checker.condition(parsed, false)
      : this.#reading.checker.value(parsed, type)
  }
}

const TYPE_KINDS = new Set([
  'truth',
  'flag',
  'enum',
  'set',
  'int',
  'age',
  'count',
  'timestamp',
  'duration',
  'key',
  'label',
  'record',
  'list',
  'faulty',
])

function isType(value: Type | AnswerFields): value is Type {
  return typeof value['kind'] === 'string' && TYPE_KINDS.has(value['kind'])
}
