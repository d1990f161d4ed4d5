import { describeCell, isColumn, NO_COLUMNS, type Columns } from './columns.ts'
import { asMap, Fields, type ScalarValue, type Value } from './document.ts'
import type { Ir } from './ir.ts'
import type {
  AnswerRule,
  Cap,
  Effect,
  Grant,
  LevelAxis,
  MethodAxis,
  Note,
  Pack,
  Rule,
  UnknownMode,
  Veto,
} from './pack.ts'
import type { Text } from './text.ts'
import {
  ruleTwice,
  ruleUsesItself,
  unknownAnswerAxis,
  unknownColumn,
  unknownLevel,
  unknownRule,
} from './name-faults.ts'
import { NO_AXIS_SHOWS_NAME, ODD_EFFORT, ruleCitesNothing, tooManyRules } from './rule-faults.ts'
import { PART } from './parts.ts'
import type { AnswerReader } from './read-answer.ts'
import { ConditionReader, TRUE } from './read-condition.ts'
import { GrantTableReader } from './read-grant-table.ts'
import type { Reading } from './reading.ts'
import { ABSENT, maskOf } from './types.ts'

export type PackRules = Pick<Pack, 'grants' | 'vetoes' | 'caps' | 'notes' | 'answers'>

const MAX_RULES = 2000

interface RuleSource {
  readonly fields: Fields
  readonly stratum: 'grant' | 'veto' | 'cap' | 'note' | 'answer'
  readonly id: string
  readonly entry: Value
  /** Cells of the row of a table that the rule was made from. */
  readonly columns: Columns
}

/** Grants, vetoes, caps, notes and answers, with their conditions and effects. */
export class RuleReader {
  readonly #reading: Reading
  readonly #answers: AnswerReader
  readonly #conditions: ConditionReader
  readonly #tables: GrantTableReader
  readonly #rules = new Map<string, RuleSource>()
  readonly #done = new Map<string, Ir | 'reading'>()

  constructor(reading: Reading, answers: AnswerReader) {
    this.#reading = reading
    this.#answers = answers
    this.#conditions = new ConditionReader(reading, (rule) => this.#used(rule))
    this.#tables = new GrantTableReader(reading)
  }

  /** Notes the rules of one document; they may use those of any other. */
  collect(fields: Fields): void {
    const strata = {
      grants: 'grant',
      vetoes: 'veto',
      caps: 'cap',
      notes: 'note',
      answers: 'answer',
    } as const
    for (const [key, stratum] of Object.entries(strata)) {
      for (const entry of fields.list(key)) {
        const map = asMap(entry, PART.rule, this.#reading.report)
        if (map === undefined) continue
        const rule = new Fields(map, this.#reading.report)
        const id = rule.scalar('id')
        if (id === undefined) {
          rule.required('id')
          continue
        }
        this.#note(id, { fields: rule, stratum, entry, columns: NO_COLUMNS })
      }
    }
    for (const { id, ...row } of this.#tables.rows(fields))
      this.#note(id, { ...row, stratum: 'grant' })
  }

  #note(id: ScalarValue, rule: Omit<RuleSource, 'id'>): void {
    const { report } = this.#reading
    if (this.#rules.has(id.text)) report.add(id.place, ruleTwice(id.text))
    else if (this.#rules.size >= MAX_RULES) report.add(id.place, tooManyRules(MAX_RULES))
    else this.#rules.set(id.text, { ...rule, id: id.text })
  }

  read(): PackRules {
    const grants: Grant[] = []
    const vetoes: Veto[] = []
    const caps: Cap[] = []
    const notes: Note[] = []
    const answers: AnswerRule[] = []
    for (const source of this.#rules.values()) {
      const rule = this.#rule(source)
      const { fields } = source
      switch (source.stratum) {
        case 'grant':
          grants.push(this.#grant(rule, source))
          break
        case 'veto':
          vetoes.push({
            ...rule,
            stratum: 'veto',
            removes: this.#vetoed(fields),
            unknown: this.#unknownMode(fields),
          })
          break
        case 'cap':
          caps.push({
            ...rule,
            stratum: 'cap',
            to: this.#effect(source, 'cap'),
            unknown: this.#unknownMode(fields),
          })
          break
        case 'note':
          notes.push({
            ...rule,
            stratum: 'note',
            axes: this.#axisList(fields, 'axes'),
            flags: fields.texts('flags').map(({ text }) => text),
            oblige: fields.texts('oblige').map(({ text }) => text),
          })
          break
        case 'answer':
          answers.push(...this.#answerRule(rule, fields))
          break
      }
      fields.finish()
    }
    this.#tables.checkUnused()
    return { grants, vetoes, caps, notes, answers }
  }

  #grant(rule: Rule, source: RuleSource): Grant {
    const gives = this.#effect(source, 'grant')
    const scalar = source.fields.scalar('as')
    if (scalar === undefined) return { ...rule, stratum: 'grant', gives, as: undefined }
    const shown = [...gives.keys()].some((name) => {
      const axis = this.#reading.axes.get(name)
      return axis?.kind === 'levels' && axis.shows !== undefined
    })
    if (!shown) this.#reading.report.add(scalar.place, NO_AXIS_SHOWS_NAME)
    const cell = this.#cellOf(scalar, source.columns)
    return { ...rule, stratum: 'grant', gives, as: cell.kind === 'scalar' ? cell.text : '' }
  }

  /** The value itself, or the cell of the column that it names. */
  #cellOf(value: Value, columns: Columns): Value {
    if (value.kind !== 'scalar' || !isColumn(value.text)) return value
    const cell = columns.get(value.text)
    if (cell !== undefined) return cell
    this.#unknownColumn(value.text, value.place, columns)
    return value
  }

  #unknownColumn(name: string, place: Value['place'], columns: Columns): void {
    this.#reading.report.add(place, unknownColumn(name, columns.hint(name)))
  }

  /** Text for people; in a table it may name the cells of the row. */
  #text(value: Value, columns: Columns): Text {
    const text = this.#reading.text(value)
    if (columns === NO_COLUMNS) return text
    const filled = (words: string) =>
      words.replaceAll(/\$\w+/g, (name) => {
        const cell = columns.get(name)
        if (cell === undefined) this.#unknownColumn(name, value.place, columns)
        return cell === undefined ? name : describeCell(cell)
      })
    return { ja: filled(text.ja), en: filled(text.en) }
  }

  #answerRule(rule: Rule, fields: Fields): AnswerRule[] {
    const scalar = fields.scalar('answer')
    fields.required('answer')
    const set = fields.required('set')?.value
    if (scalar === undefined || set === undefined) return []
    const axis = this.#reading.axes.get(scalar.text)
    if (axis?.kind !== 'answer') {
      const known = [...this.#reading.axes.values()]
        .filter(({ kind }) => kind === 'answer')
        .map(({ name }) => name)
      this.#reading.report.add(scalar.place, unknownAnswerAxis(scalar.text, known))
      return []
    }
    return [
      { ...rule, stratum: 'answer', axis: axis.name, set: this.#answers.answer(set, axis.fields) },
    ]
  }

  #unknownMode(fields: Fields): UnknownMode {
    return (
      this.#reading.oneOf(fields.scalar('unknown'), ['lower', 'fire', 'ignore'] as const) ?? 'lower'
    )
  }

  #rule(source: RuleSource): Rule {
    const { fields } = source
    const title = fields.required('title')?.value
    const cites = fields.texts('cites').map(({ text }) => text)
    if (this.#reading.released && cites.length === 0) {
      this.#reading.report.add(source.entry.place, ruleCitesNothing(source.id))
    }
    const missing = fields.entry('missing')?.value
    const effort = fields.scalar('effort')
    if (
      effort !== undefined &&
      !(typeof effort.value === 'number' && effort.value >= 1 && effort.value <= 9)
    ) {
      this.#reading.report.add(effort.place, ODD_EFFORT)
    }
    return {
      id: source.id,
      place: source.entry.place,
      title: title === undefined ? { ja: '', en: '' } : this.#text(title, source.columns),
      cites,
      condition: this.#condition(source.id),
      inForce: this.#reading.period(fields.map('in_force')),
      missing: missing === undefined ? undefined : this.#text(missing, source.columns),
      effort: typeof effort?.value === 'number' ? effort.value : 5,
    }
  }

  #condition(id: string): Ir {
    const done = this.#done.get(id)
    if (done !== undefined && done !== 'reading') return done
    const source = this.#rules.get(id)
    if (source === undefined) throw new TypeError(`no rule ${id}`)
    this.#done.set(id, 'reading')
    const ir = this.#conditions.rule(source.fields, source.stratum === 'grant', source.columns)
    this.#done.set(id, ir)
    return ir
  }

  #used(scalar: ScalarValue): Ir {
    if (!this.#rules.has(scalar.text)) {
      this.#reading.report.add(scalar.place, unknownRule(scalar.text, this.#rules.keys()))
      return TRUE
    }
    if (this.#done.get(scalar.text) === 'reading') {
      this.#reading.report.add(scalar.place, ruleUsesItself(scalar.text))
      return TRUE
    }
    return this.#condition(scalar.text)
  }

  #effect({ fields, columns }: RuleSource, key: 'grant' | 'cap'): Effect {
    const effect = new Map<string, number>()
    fields.required(key)
    for (const entry of fields.map(key)?.entries ?? []) {
      const axis = this.#reading.axisNamed({ text: entry.key, place: entry.keyPlace }, true)
      if (axis === undefined || axis.kind === 'answer') continue
      effect.set(axis.name, this.#levels(this.#cellOf(entry.value, columns), axis))
    }
    return effect
  }

  #vetoed(fields: Fields): Effect {
    fields.required('veto')
    const value = fields.entry('veto')?.value
    const effect = new Map<string, number>()
    if (value?.kind === 'map') {
      for (const entry of value.entries) {
        const axis = this.#reading.axisNamed({ text: entry.key, place: entry.keyPlace }, true)
        if (axis !== undefined && axis.kind !== 'answer')
          effect.set(axis.name, this.#levels(entry.value, axis))
      }
      return effect
    }
    for (const axis of this.#axisList(fields, 'veto')) effect.set(axis, ABSENT - 1)
    return effect
  }

  #axisList(fields: Fields, key: string): readonly string[] {
    return fields.texts(key).flatMap((scalar) => {
      const axis = this.#reading.axisNamed(scalar)
      return axis === undefined ? [] : [axis.name]
    })
  }

  #levels(value: Value, axis: LevelAxis | MethodAxis): number {
    const items = value.kind === 'list' && axis.kind === 'methods' ? value.items : [value]
    return items.reduce((mask, item) => {
      const text = item.kind === 'scalar' ? item.text : ''
      const member = maskOf(axis.type, text)
      if (member !== ABSENT) return mask | member
      this.#reading.report.add(item.place, unknownLevel(text, axis.name, axis.type.members))
      return mask
    }, 0)
  }
}
