import { Report, type Place } from './diagnostic.ts'
import {
  asMap,
  asText,
  Fields,
  type MapValue,
  type ScalarValue,
  type SourceFile,
  type Value,
} from './document.ts'
import { equivalenceTwice, unknownEquivalence } from './name-faults.ts'
import type { Axis, Named } from './pack.ts'
import type { Text } from './text.ts'
import {
  axisWithoutLevel,
  equivalenceCitesNothing,
  keyOfOtherAxes,
  tooManyEquivalences,
  WITHIN_ONE_FRAMEWORK,
} from './equivalence-faults.ts'
import { PART } from './parts.ts'
import { openDocument, isMember, readAxisName, type NamedAxes } from './read-names.ts'

/** Under this name, what another framework found counts as a level here; only where a profile or a question names it. */
export interface Equivalence {
  readonly id: string
  readonly title: Text
  readonly cites: readonly string[]
  /** Why the mapping may be made, for who switches it on. */
  readonly why: Text
  /** A level that is reached, or a method that holds. */
  readonly when: { readonly framework: string; readonly axis: string; readonly reached: string }
  readonly gives: { readonly framework: string; readonly axis: string; readonly level: string }
}

const MAX_EQUIVALENCES = 500

/**
 * Reads `policies/equivalences/*.yaml`. With `enabled` only those equivalences, which must exist: the others may name
 * frameworks that are not there. Throws `PolicyRejected` with every fault.
 */
export function readEquivalences(
  sources: readonly SourceFile[],
  served: NamedAxes,
  enabled?: readonly Named[],
): readonly Equivalence[] {
  const report = new Report()
  const reader = new EquivalenceReader(served, report, enabled)
  for (const source of sources) reader.read(source)
  const found = reader.finish()
  report.throwIfFailed()
  return found
}

class EquivalenceReader {
  readonly #served: NamedAxes
  readonly #report: Report
  readonly #enabled: readonly Named[] | undefined
  readonly #ids = new Set<string>()
  readonly #found: Equivalence[] = []

  constructor(served: NamedAxes, report: Report, enabled: readonly Named[] | undefined) {
    this.#served = served
    this.#report = report
    this.#enabled = enabled
  }

  read(source: SourceFile): void {
    const fields = openDocument(source, this.#report)
    if (fields === undefined) return
    fields.required('equivalences')
    for (const item of fields.list('equivalences')) this.#equivalence(item)
    fields.finish()
  }

  finish(): readonly Equivalence[] {
    for (const { id, place } of this.#enabled ?? []) {
      if (!this.#ids.has(id)) this.#report.add(place, unknownEquivalence(id, this.#ids))
    }
    return this.#found
  }

  #equivalence(item: Value): void {
    const map = asMap(item, PART.equivalence, this.#report)
    if (map === undefined) return
    const fields = new Fields(map, this.#report)
    const id = fields.scalar('id')
    fields.required('id')
    const title = asText(fields.required('title')?.value, this.#report)
    const why = asText(fields.required('why')?.value, this.#report)
    const cites = fields.texts('cites').map(({ text }) => text)
    fields.required('when')
    fields.required('gives')
    const [when, gives] = [fields.map('when'), fields.map('gives')]
    if (id !== undefined) this.#declare(id, cites, map)
    const wanted = this.#enabled?.some((one) => one.id === id?.text) ?? true
    if (wanted && id !== undefined && when !== undefined && gives !== undefined) {
      const from = this.#source(when)
      const to = this.#target(gives)
      if (from !== undefined && from.framework === to?.framework)
        this.#report.add(gives.place, WITHIN_ONE_FRAMEWORK)
      else if (from !== undefined && to !== undefined)
        this.#found.push({ id: id.text, title, cites, why, when: from, gives: to })
    }
    fields.finish()
  }

  #declare(id: ScalarValue, cites: readonly string[], map: MapValue): void {
    if (this.#ids.has(id.text)) this.#report.add(id.place, equivalenceTwice(id.text))
    else if (this.#ids.size >= MAX_EQUIVALENCES)
      this.#report.add(id.place, tooManyEquivalences(MAX_EQUIVALENCES))
    if (cites.length === 0) this.#report.add(map.place, equivalenceCitesNothing(id.text))
    this.#ids.add(id.text)
  }

  #source(map: MapValue): Equivalence['when'] | undefined {
    const fields = new Fields(map, this.#report)
    const axis = readAxisName(fields, this.#served, this.#report)
    const [key, other] =
      axis?.kind === 'methods' ? ['includes', 'at_least'] : ['at_least', 'includes']
    const reached = fields.scalar(key)
    const strange = fields.entry(other)
    if (axis !== undefined && strange !== undefined)
      this.#report.add(strange.keyPlace, keyOfOtherAxes(other, axis.name, key))
    else if (axis !== undefined) fields.required(key)
    fields.finish()
    if (axis === undefined || reached === undefined) return undefined
    if (axis.kind === 'answer') {
      this.#noAnswer(axis, map.place)
      return undefined
    }
    if (!isMember(reached, axis, this.#report)) return undefined
    return { framework: fields.text('framework') ?? '', axis: axis.name, reached: reached.text }
  }

  #target(map: MapValue): Equivalence['gives'] | undefined {
    const fields = new Fields(map, this.#report)
    const axis = readAxisName(fields, this.#served, this.#report)
    const level = fields.scalar('level')
    fields.required('level')
    fields.finish()
    if (axis === undefined || level === undefined) return undefined
    if (axis.kind !== 'levels') {
      this.#noAnswer(axis, map.place)
      return undefined
    }
    if (!isMember(level, axis, this.#report)) return undefined
    return { framework: fields.text('framework') ?? '', axis: axis.name, level: level.text }
  }

  #noAnswer(axis: Axis, place: Place): void {
    this.#report.add(place, axisWithoutLevel(axis.name))
  }
}
