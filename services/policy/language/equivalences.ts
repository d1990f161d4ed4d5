import { didYouMean, Report, type Place } from './diagnostic.ts'
import {
  asMap,
  asText,
  Fields,
  type MapValue,
  type ScalarValue,
  type SourceFile,
  type Value,
} from './document.ts'
import type { Axis, Named } from './pack.ts'
import type { Text } from './text.ts'
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
      if (!this.#ids.has(id))
        this.#report.add(
          'unknown-rule',
          place,
          `unknown equivalence \`${id}\``,
          didYouMean(id, this.#ids) ?? `known: ${[...this.#ids].join(', ')}`,
        )
    }
    return this.#found
  }

  #equivalence(item: Value): void {
    const map = asMap(item, 'an equivalence', this.#report)
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
        this.#report.add(
          'wrong-form',
          gives.place,
          'an equivalence is between two frameworks: within one write a rule',
        )
      else if (from !== undefined && to !== undefined)
        this.#found.push({ id: id.text, title, cites, why, when: from, gives: to })
    }
    fields.finish()
  }

  #declare(id: ScalarValue, cites: readonly string[], map: MapValue): void {
    if (this.#ids.has(id.text))
      this.#report.add('duplicate-id', id.place, `equivalence \`${id.text}\` is defined already`)
    else if (this.#ids.size >= MAX_EQUIVALENCES)
      this.#report.add('too-large', id.place, `more than ${MAX_EQUIVALENCES} equivalences`)
    if (cites.length === 0)
      this.#report.add('missing-cites', map.place, `equivalence \`${id.text}\` cites no clause`)
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
      this.#report.add(
        'unknown-key',
        strange.keyPlace,
        `unknown key \`${other}\` for axis \`${axis.name}\``,
        `write \`${key}\``,
      )
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
    this.#report.add(
      'wrong-form',
      place,
      `axis \`${axis.name}\` has no level`,
      'an equivalence reads a level or a method, and gives a level',
    )
  }
}
