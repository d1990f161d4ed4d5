import { asList, asMap, Fields, type Entry, type Value } from './document.ts'
import type { AnswerAxis, AxisScope, LevelAxis, MethodAxis } from './pack.ts'
import { axisOfNothing, axisSize, LABELS_OVERLAP, levelsAreNoList } from './pack-faults.ts'
import { labelsOf, namedPart, PART, quoted } from './parts.ts'
import type { AnswerReader } from './read-answer.ts'
import type { Reading } from './reading.ts'
import { MAX_MEMBERS, type EnumType } from './types.ts'

/** Ordered levels, sets of methods, and answers. */
export class AxisReader {
  readonly #reading: Reading
  readonly #answers: AnswerReader

  constructor(reading: Reading, answers: AnswerReader) {
    this.#reading = reading
    this.#answers = answers
  }

  /** Values of an axis, before any expression is read. */
  declare(entry: Entry): void {
    const map = asMap(entry.value, namedPart('axis', entry.key), this.#reading.report)
    const levels = map?.entries.find(({ key }) => key === 'levels')?.value
    const methods = map?.entries.find(({ key }) => key === 'methods')?.value
    if (map === undefined || (levels === undefined && methods === undefined)) return
    const members =
      levels === undefined
        ? methods?.kind === 'map'
          ? methods.entries.map(({ key }) => key)
          : []
        : this.#levels(levels)
    if (
      members.length === 0 ||
      members.length > MAX_MEMBERS ||
      new Set(members).size !== members.length
    ) {
      this.#reading.report.add(map.place, axisSize(entry.key, MAX_MEMBERS))
    }
    this.#reading.axisTypes.set(entry.key, {
      kind: 'enum',
      name: `axis ${entry.key}`,
      members,
      ordered: levels !== undefined,
    })
  }

  #levels(value: Value): readonly string[] {
    if (value.kind !== 'scalar')
      return asList(value, quoted('levels'), this.#reading.report).flatMap((item) =>
        item.kind === 'scalar' ? [item.text] : [],
      )
    this.#reading.report.add(value.place, levelsAreNoList(value.text))
    // Read as they were meant, so that what names them is not at fault as well.
    return value.text.split(',').map((text) => text.trim())
  }

  /** The axis itself; its expressions may name every axis declared. */
  read(entry: Entry): void {
    const map = asMap(entry.value, namedPart('axis', entry.key), this.#reading.report)
    if (map === undefined) return
    const fields = new Fields(map, this.#reading.report)
    const scope: AxisScope =
      this.#reading.oneOf(fields.scalar('scope'), ['person', 'ceremony', 'question'] as const) ??
      'question'
    const internal = fields.scalar('internal')?.value === true
    const common = {
      name: entry.key,
      scope,
      internal,
      title: this.#reading.text(fields.required('title')?.value),
    }
    const type = this.#reading.axisTypes.get(entry.key)
    if (type?.ordered === true)
      this.#reading.axes.set(entry.key, this.#levelAxis(common, type, fields))
    else if (type !== undefined)
      this.#reading.axes.set(entry.key, this.#methodAxis(common, type, fields))
    else if (fields.entry('answer') !== undefined)
      this.#reading.axes.set(entry.key, this.#answerAxis(common, fields))
    else this.#reading.report.add(map.place, axisOfNothing(entry.key))
    fields.finish()
  }

  #levelAxis(
    common: Omit<LevelAxis, 'kind' | 'type' | 'minimum' | 'shows'>,
    type: EnumType,
    fields: Fields,
  ): LevelAxis {
    fields.entry('levels')
    const shows = fields.text('shows')
    if (fields.entry('min') === undefined)
      return { kind: 'levels', ...common, type, minimum: undefined, shows }
    const minimum = fields.texts('min').flatMap((scalar) => {
      const parsed = this.#reading.parse(scalar)
      return parsed === undefined ? [] : [this.#reading.checker.value(parsed, type)]
    })
    return { kind: 'levels', ...common, type, minimum, shows }
  }

  #methodAxis(
    common: Omit<MethodAxis, 'kind' | 'type' | 'labels'>,
    type: EnumType,
    fields: Fields,
  ): MethodAxis {
    const labels = new Map<string, { until: number | undefined; text: string }[]>()
    for (const { key, value } of fields.map('methods')?.entries ?? []) {
      if (value.kind === 'scalar' && value.value === null) continue
      let last = Number.NEGATIVE_INFINITY
      const dated = asList(value, labelsOf(key), this.#reading.report).flatMap((item) => {
        const map = asMap(item, PART.label, this.#reading.report)
        if (map === undefined) return []
        const label = new Fields(map, this.#reading.report)
        const until = this.#reading.date(label.scalar('until'))
        const text = label.requiredText('text') ?? ''
        label.finish()
        if (last >= (until ?? Number.POSITIVE_INFINITY)) {
          this.#reading.report.add(map.place, LABELS_OVERLAP)
        }
        last = until ?? Number.POSITIVE_INFINITY
        return [{ until, text }]
      })
      labels.set(key, dated)
    }
    return { kind: 'methods', ...common, type, labels }
  }

  #answerAxis(
    common: Omit<AnswerAxis, 'kind' | 'fields' | 'otherwise'>,
    fields: Fields,
  ): AnswerAxis {
    const answer = this.#answers.fields(fields.map('answer'))
    const otherwise = fields.required('otherwise')?.value
    const parts = otherwise === undefined ? {} : this.#answers.answer(otherwise, answer)
    return { kind: 'answer', ...common, fields: answer, otherwise: parts }
  }
}
