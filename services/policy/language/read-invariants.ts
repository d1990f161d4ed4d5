import { asMap, Fields, type ScalarValue, type Value } from './document.ts'
import { unknownDerivedField, unknownLevel } from './name-faults.ts'
import type { Axis, Invariant } from './pack.ts'
import { EXCEPTION_WITHOUT_REASON, NOT_ONE_INVARIANT, tooManyInvariants } from './pack-faults.ts'
import { PART } from './parts.ts'
import type { Reading } from './reading.ts'

const MAX_INVARIANTS = 100

/** Reads `invariants`: statements about a pack that are proved before it is published. */
export class InvariantReader {
  readonly #reading: Reading
  readonly #found: Invariant[] = []

  constructor(reading: Reading) {
    this.#reading = reading
  }

  /** Those of one document. */
  read(fields: Fields): void {
    for (const item of fields.list('invariants')) {
      if (this.#found.length === MAX_INVARIANTS)
        this.#reading.report.add(item.place, tooManyInvariants(MAX_INVARIANTS))
      this.#invariant(item)
    }
  }

  get found(): readonly Invariant[] {
    return this.#found
  }

  #invariant(item: Value): void {
    const { report } = this.#reading
    const map = asMap(item, PART.invariant, report)
    if (map === undefined) return
    const fields = new Fields(map, report)
    const place = map.place
    const why = fields.entry('why')
    const common = { place, why: why === undefined ? undefined : this.#reading.text(why.value) }
    const monotone = this.#part(fields, 'monotone')
    if (monotone !== undefined) {
      const axis = this.#axis(monotone)
      const except = monotone.texts('except').flatMap((name) => this.#derived(name))
      if (axis !== undefined)
        this.#found.push({ kind: 'monotone', axis: axis.name, except, ...common })
      if (except.length > 0 && why === undefined) report.add(place, EXCEPTION_WITHOUT_REASON)
      monotone.finish()
    }
    const needs = this.#part(fields, 'needs')
    if (needs !== undefined) {
      this.#needs(needs, common)
      needs.finish()
    }
    const reachable = fields.scalar('reachable')
    if (reachable !== undefined) {
      this.#reading.oneOf(reachable, ['all'])
      this.#found.push({ kind: 'reachable', ...common })
    }
    const raises = this.#part(fields, 'neverRaises')
    if (raises !== undefined) {
      raises.required('against')
      this.#reading.oneOf(raises.scalar('against'), ['released'])
      raises.finish()
      this.#found.push({ kind: 'never-raises', ...common })
    }
    fields.finish()
    const statements = [monotone, needs, reachable, raises].filter((one) => one !== undefined)
    if (statements.length !== 1) report.add(place, NOT_ONE_INVARIANT)
  }

  #part(fields: Fields, key: string): Fields | undefined {
    const map = fields.map(key)
    return map === undefined ? undefined : new Fields(map, this.#reading.report)
  }

  #axis(fields: Fields): Axis | undefined {
    fields.required('axis')
    const name = fields.scalar('axis')
    return name === undefined ? undefined : this.#reading.axisNamed(name, true)
  }

  #derived(name: ScalarValue): readonly string[] {
    const known = [...this.#reading.derived.values()].flatMap((fields) => [...fields.keys()])
    if (known.includes(name.text)) return [name.text]
    this.#reading.report.add(name.place, unknownDerivedField(name.text, known))
    return []
  }

  #needs(fields: Fields, common: Pick<Invariant, 'place' | 'why'>): void {
    const axis = this.#axis(fields)
    const key = axis?.kind === 'methods' ? 'includes' : 'at_least'
    fields.required(key)
    const member = fields.scalar(key)
    fields.required('condition')
    const condition = fields.scalar('condition')
    const parsed = condition === undefined ? undefined : this.#reading.parse(condition)
    if (
      axis === undefined ||
      axis.kind === 'answer' ||
      member === undefined ||
      parsed === undefined
    )
      return
    if (!axis.type.members.includes(member.text)) {
      this.#reading.report.add(
        member.place,
        unknownLevel(member.text, axis.name, axis.type.members),
      )
      return
    }
    this.#found.push({
      kind: 'needs',
      axis: axis.name,
      member: member.text,
      condition: this.#reading.checker.condition(parsed, false),
      ...common,
    })
  }
}
