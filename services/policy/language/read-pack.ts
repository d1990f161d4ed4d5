import { checkRecord, type Catalogue } from './catalogue.ts'
import {
  ExpressionChecker,
  isZone,
  parseScalar,
  type Definition,
  type ParsedExpression,
} from './check-expression.ts'
import { readTime } from './dates.ts'
import { didYouMean, PolicyRejected, Report } from './diagnostic.ts'
import {
  asList,
  asMap,
  Fields,
  readDocument,
  type Entry,
  type MapValue,
  type ScalarValue,
  type SourceFile,
  type Value,
} from './document.ts'
import type { Ir, Table } from './ir.ts'
import { F, T } from './kleene.ts'
import type {
  Answer,
  AnswerAxis,
  AnswerFields,
  AnswerPart,
  AnswerRule,
  Axis,
  AxisScope,
  Cap,
  Effect,
  Grant,
  LevelAxis,
  MethodAxis,
  Note,
  Pack,
  PackOption,
  PackUse,
  Period,
  Rule,
  Text,
  UnknownMode,
  Veto,
} from './pack.ts'
import { ABSENT, maskOf, MAX_MEMBERS, TRUTH, type EnumType, type Type } from './types.ts'

const MAX_RULES = 2000
const MAX_SLOTS = 4
const ALWAYS: Period = { from: undefined, until: undefined }

/**
 * Reads one framework from its documents (`framework.yaml` and any number of rule files). Throws `PolicyRejected`
 * with every fault of every document.
 */
export function readPack(sources: readonly SourceFile[], catalogue: Catalogue): Pack {
  const report = new Report()
  const maps: MapValue[] = []
  for (const source of sources) {
    const document = readDocument(source, report)
    const map = document === undefined ? undefined : asMap(document, 'a document', report)
    if (map !== undefined) maps.push(map)
  }
  const header = maps.find((map) => map.entries.some(({ key }) => key === 'version'))
  if (header === undefined) {
    const place = { file: sources[0]?.path ?? 'pack', line: 1, column: 1 }
    report.add(
      'missing-key',
      maps[0]?.place ?? place,
      'key `version` is missing: no document is the header',
    )
    throw new PolicyRejected(report.diagnostics)
  }
  const pack = new PackReader(catalogue, report).read(header, maps)
  report.throwIfFailed()
  return pack
}

interface RuleSource {
  readonly fields: Fields
  readonly stratum: 'grant' | 'veto' | 'cap' | 'note' | 'answer'
  readonly id: string
  readonly entry: Value
}

class PackReader {
  readonly #catalogue: Catalogue
  readonly #report: Report
  readonly #defines = new Map<string, Definition>()
  readonly #derived = new Map<string, Map<string, Definition>>()
  readonly #tables = new Map<string, Table>()
  readonly #axisTypes = new Map<string, EnumType>()
  readonly #axes = new Map<string, Axis>()
  readonly #options = new Map<string, PackOption>()
  readonly #rules = new Map<string, RuleSource>()
  readonly #conditions = new Map<string, Ir | 'reading'>()
  readonly #minimums = new Map<string, readonly Ir[]>()
  #zone = 'UTC'
  #released = false
  #checker: ExpressionChecker

  constructor(catalogue: Catalogue, report: Report) {
    this.#catalogue = catalogue
    this.#report = report
    this.#checker = this.#newChecker()
  }

  #newChecker(): ExpressionChecker {
    const options = new Map([...this.#options].map(([name, { type }]) => [name, type as Type]))
    return new ExpressionChecker(
      {
        catalogue: this.#catalogue,
        defines: this.#defines,
        derived: this.#derived,
        tables: this.#tables,
        axes: this.#axisTypes,
        options,
        zone: this.#zone,
      },
      this.#report,
    )
  }

  read(header: MapValue, maps: readonly MapValue[]): Pack {
    const head = new Fields(header, this.#report)
    const framework = head.requiredText('framework') ?? ''
    const version = this.#version(head)
    const status = this.#oneOf(head.scalar('status'), ['draft', 'released'] as const) ?? 'draft'
    this.#released = status === 'released'
    const title = this.#text(head.required('title')?.value)
    const zone = head.scalar('zone')
    if (zone !== undefined) {
      if (isZone(zone.text)) this.#zone = zone.text
      else this.#report.add('bad-date', zone.place, `unknown time zone \`${zone.text}\``)
    }
    const effective = this.#period(head.map('effective'))
    for (const entry of head.map('options')?.entries ?? []) this.#option(entry)
    const axisEntries = head.map('axes')?.entries ?? []
    for (const entry of axisEntries) this.#axisType(entry)
    const all = maps.map((map) => (map === header ? head : new Fields(map, this.#report)))
    for (const fields of all) this.#definitions(fields, framework)
    this.#checker = this.#newChecker()
    for (const entry of axisEntries) this.#axis(entry)
    for (const fields of all) this.#collectRules(fields)
    const rules = this.#readRules()
    const serves = this.#serves(head)
    const uses = head.list('uses').flatMap((item) => this.#use(item))
    for (const fields of all) fields.finish()
    this.#checkUnused()
    return {
      framework,
      version,
      status,
      title,
      effective,
      zone: this.#zone,
      serves,
      options: this.#options,
      axes: this.#axes,
      order: this.#axisOrder(rules, axisEntries),
      tables: this.#tables,
      ...rules,
      uses,
      catalogue: this.#catalogue,
      slots: this.#checker.slots,
    }
  }

  // Header

  #version(head: Fields): string {
    const value = head.scalar('version')
    if (value !== undefined && !/^\d+\.\d+\.\d+$/.test(value.text)) {
      this.#report.add(
        'wrong-form',
        value.place,
        `version \`${value.text}\` must have the form 1.2.3`,
      )
    }
    return value?.text ?? ''
  }

  #oneOf<const W extends readonly string[]>(
    value: ScalarValue | undefined,
    words: W,
  ): W[number] | undefined {
    if (value === undefined) return undefined
    const found = words.find((word) => word === value.text)
    if (found === undefined) {
      const help = didYouMean(value.text, words) ?? `known: ${words.join(', ')}`
      this.#report.add('wrong-form', value.place, `unknown word \`${value.text}\``, help)
    }
    return found
  }

  #text(value: Value | undefined): Text {
    const map = value === undefined ? undefined : asMap(value, 'a title', this.#report)
    if (map === undefined) return { ja: '', en: '' }
    const fields = new Fields(map, this.#report)
    const text = { ja: fields.requiredText('ja') ?? '', en: fields.requiredText('en') ?? '' }
    fields.finish()
    return text
  }

  #date(value: ScalarValue | undefined): number | undefined {
    if (value === undefined) return undefined
    const time = readTime(value.text, this.#zone)
    if (time === undefined) {
      this.#report.add(
        'bad-date',
        value.place,
        `\`${value.text}\` is no date`,
        'write 2026-04-01 or 2026-04-01T09:00:00+09:00',
      )
    }
    return time
  }

  #period(map: MapValue | undefined): Period {
    if (map === undefined) return ALWAYS
    const fields = new Fields(map, this.#report)
    const period = {
      from: this.#date(fields.scalar('from')),
      until: this.#date(fields.scalar('until')),
    }
    fields.finish()
    if (period.from !== undefined && period.until !== undefined && period.from >= period.until) {
      this.#report.add('date-overlap', map.place, '`until` must come after `from`')
    }
    return period
  }

  #option(entry: Entry): void {
    const map = asMap(entry.value, `option \`${entry.key}\``, this.#report)
    if (map === undefined) return
    const fields = new Fields(map, this.#report)
    fields.entry('title')
    const fallback = fields.scalar('default')
    fields.required('default')
    fields.finish()
    if (typeof fallback?.value === 'boolean')
      this.#options.set(entry.key, { type: { kind: 'flag' }, value: fallback.value })
    else if (typeof fallback?.value === 'number')
      this.#options.set(entry.key, { type: { kind: 'int' }, value: fallback.value })
    else if (fallback !== undefined)
      this.#report.add(
        'wrong-form',
        fallback.place,
        'the default of an option is true, false or a number',
      )
  }

  #serves(head: Fields): Map<string, readonly string[]> {
    const serves = new Map<string, readonly string[]>()
    for (const entry of head.map('serves')?.entries ?? []) {
      const names = asList(entry.value, `\`${entry.key}\``, this.#report).flatMap((item) => {
        if (item.kind === 'scalar' && this.#axes.has(item.text)) return [item.text]
        const name = item.kind === 'scalar' ? item.text : ''
        this.#report.add(
          'unknown-axis',
          item.place,
          `unknown axis \`${name}\``,
          didYouMean(name, this.#axes.keys()),
        )
        return []
      })
      serves.set(entry.key, names)
    }
    return serves
  }

  #use(item: Value): PackUse[] {
    const map = asMap(item, 'an entry of `uses`', this.#report)
    if (map === undefined) return []
    const fields = new Fields(map, this.#report)
    const framework = fields.requiredText('framework') ?? ''
    const options = new Map<string, boolean | number>()
    for (const { key, value } of fields.map('options')?.entries ?? []) {
      if (
        value.kind === 'scalar' &&
        (typeof value.value === 'boolean' || typeof value.value === 'number')
      )
        options.set(key, value.value)
      else this.#report.add('wrong-form', value.place, 'an option is true, false or a number')
    }
    const refs = (key: string) =>
      fields.list(key).flatMap((ref) => {
        const refMap = asMap(ref, 'an axis', this.#report)
        if (refMap === undefined) return []
        const refFields = new Fields(refMap, this.#report)
        const found = {
          framework: refFields.requiredText('framework') ?? '',
          axis: refFields.requiredText('axis') ?? '',
        }
        const session = refFields.text('session')
        refFields.finish()
        return [session === undefined ? found : { ...found, session }]
      })
    const use = { framework, options, person: refs('person'), ceremony: refs('ceremony') }
    fields.finish()
    return [use]
  }

  // Axes

  #axisType(entry: Entry): void {
    const map = asMap(entry.value, `axis \`${entry.key}\``, this.#report)
    const levels = map?.entries.find(({ key }) => key === 'levels')?.value
    const methods = map?.entries.find(({ key }) => key === 'methods')?.value
    if (map === undefined || (levels === undefined && methods === undefined)) return
    const members =
      levels === undefined
        ? methods?.kind === 'map'
          ? methods.entries.map(({ key }) => key)
          : []
        : asList(levels, '`levels`', this.#report).flatMap((item) =>
            item.kind === 'scalar' ? [item.text] : [],
          )
    if (
      members.length === 0 ||
      members.length > MAX_MEMBERS ||
      new Set(members).size !== members.length
    ) {
      this.#report.add(
        'wrong-form',
        map.place,
        `axis \`${entry.key}\` needs 1 to ${MAX_MEMBERS} different values`,
      )
    }
    this.#axisTypes.set(entry.key, {
      kind: 'enum',
      name: `axis ${entry.key}`,
      members,
      ordered: levels !== undefined,
    })
  }

  #axis(entry: Entry): void {
    const map = asMap(entry.value, `axis \`${entry.key}\``, this.#report)
    if (map === undefined) return
    const fields = new Fields(map, this.#report)
    const scope: AxisScope =
      this.#oneOf(fields.scalar('scope'), ['person', 'ceremony', 'question'] as const) ?? 'question'
    const internal = fields.scalar('internal')?.value === true
    const common = {
      name: entry.key,
      scope,
      internal,
      title: this.#text(fields.required('title')?.value),
    }
    const type = this.#axisTypes.get(entry.key)
    if (type?.ordered === true) this.#axes.set(entry.key, this.#levelAxis(common, type, fields))
    else if (type !== undefined) this.#axes.set(entry.key, this.#methodAxis(common, type, fields))
    else if (fields.entry('answer') !== undefined)
      this.#axes.set(entry.key, this.#answerAxis(common, fields))
    else
      this.#report.add(
        'missing-key',
        map.place,
        `axis \`${entry.key}\` needs \`levels\`, \`methods\` or \`answer\``,
      )
    fields.finish()
  }

  #levelAxis(
    common: Omit<LevelAxis, 'kind' | 'type' | 'minimum'>,
    type: EnumType,
    fields: Fields,
  ): LevelAxis {
    fields.entry('levels')
    if (fields.entry('min') === undefined)
      return { kind: 'levels', ...common, type, minimum: undefined }
    const minimum = fields.texts('min').flatMap((scalar) => {
      const parsed = this.#parse(scalar)
      return parsed === undefined ? [] : [this.#checker.value(parsed, type)]
    })
    this.#minimums.set(common.name, minimum)
    return { kind: 'levels', ...common, type, minimum }
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
      const dated = asList(value, `labels of \`${key}\``, this.#report).flatMap((item) => {
        const map = asMap(item, 'a label', this.#report)
        if (map === undefined) return []
        const label = new Fields(map, this.#report)
        const until = this.#date(label.scalar('until'))
        const text = label.requiredText('text') ?? ''
        label.finish()
        if (last >= (until ?? Number.POSITIVE_INFINITY)) {
          this.#report.add('date-overlap', map.place, 'labels must end one after the other')
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
    const answer = this.#answerFields(fields.map('answer'))
    const otherwise = fields.required('otherwise')?.value
    const parts = otherwise === undefined ? {} : this.#answer(otherwise, answer)
    return { kind: 'answer', ...common, fields: answer, otherwise: parts }
  }

  #answerFields(map: MapValue | undefined): AnswerFields {
    const fields: Record<string, Type | AnswerFields> = {}
    for (const { key, value } of map?.entries ?? []) {
      if (value.kind === 'map') {
        fields[key] = this.#answerFields(value)
        continue
      }
      const name = value.kind === 'scalar' ? value.text : ''
      const type =
        name === 'flag'
          ? TRUTH
          : name === 'label'
            ? ({ kind: 'label' } as const)
            : (this.#catalogue.enums.get(name) ?? this.#axisTypes.get(name))
      if (type !== undefined) fields[key] = type
      else {
        const known = ['flag', 'label', ...this.#catalogue.enums.keys(), ...this.#axisTypes.keys()]
        this.#report.add(
          'unknown-name',
          value.place,
          `unknown type \`${name}\``,
          didYouMean(name, known),
        )
      }
    }
    return fields
  }

  #answer(value: Value, fields: AnswerFields): Answer {
    const parts: Record<string, AnswerPart> = {}
    for (const entry of asMap(value, 'an answer', this.#report)?.entries ?? []) {
      const type = Object.hasOwn(fields, entry.key) ? fields[entry.key] : undefined
      if (type === undefined) {
        this.#report.add(
          'unknown-field',
          entry.keyPlace,
          `unknown field \`${entry.key}\` of the answer`,
          didYouMean(entry.key, Object.keys(fields)),
        )
      } else if (isType(type)) {
        const ir = this.#answerValue(entry.value, type)
        if (ir !== undefined) parts[entry.key] = { kind: 'value', ir }
      } else {
        parts[entry.key] = { kind: 'parts', parts: this.#answer(entry.value, type) }
      }
    }
    return parts
  }

  #answerValue(value: Value, type: Type): Ir | undefined {
    if (value.kind !== 'scalar') {
      this.#report.add('wrong-form', value.place, 'one value was expected')
      return undefined
    }
    if (typeof value.value === 'boolean' && type.kind === 'truth')
      return { op: 'truth', value: value.value ? T : F, type: TRUTH }
    const parsed = this.#parse(value)
    if (parsed === undefined) return undefined
    return type.kind === 'truth'
      ? this.#checker.condition(parsed, false)
      : this.#checker.value(parsed, type)
  }

  // Definitions

  #definitions(fields: Fields, framework: string): void {
    const language = fields.scalar('language')
    if (language === undefined) fields.required('language')
    else if (language.text !== '1')
      this.#report.add(
        'language-version',
        language.place,
        `language version \`${language.text}\` is not known`,
        'known: 1',
      )
    const own = fields.scalar('framework')
    if (own !== undefined && own.text !== framework) {
      this.#report.add(
        'unknown-name',
        own.place,
        `framework \`${own.text}\` is not the one of the header, \`${framework}\``,
      )
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
      this.#report.add(
        'wrong-form',
        entry.keyPlace,
        `\`${entry.key}\` must have the form \`name(a, b): condition\``,
      )
      return
    }
    if (this.#defines.has(name)) {
      this.#report.add('duplicate-id', entry.keyPlace, `\`${name}\` is defined already`)
      return
    }
    const body = parseScalar(entry.value, this.#report)
    if (body === undefined) return
    const parameters = match?.[2]?.split(',').map((word) => word.trim()) ?? []
    this.#defines.set(name, { name, parameters, body, place: entry.keyPlace })
  }

  #derive(item: Value): void {
    const map = asMap(item, 'an entry of `derive`', this.#report)
    if (map === undefined) return
    const fields = new Fields(map, this.#report)
    const over = fields.scalar('for')
    const name = fields.requiredText('set') ?? ''
    const scalar = fields.scalar('to')
    fields.required('to')
    this.#text(fields.required('title')?.value)
    fields.entry('cites')
    fields.finish()
    const match = /^(\w+) (\w+)$/.exec(over?.text ?? '')
    const [record, variable] = [match?.[1] ?? '', match?.[2] ?? '']
    const known = this.#catalogue.records.get(record)
    if (known === undefined) {
      const help = didYouMean(record, this.#catalogue.records.keys()) ?? 'write `for: Evidence e`'
      this.#report.add(
        'unknown-name',
        over?.place ?? map.place,
        `unknown record \`${record}\``,
        help,
      )
      return
    }
    if (known.has(name))
      this.#report.add('duplicate-id', map.place, `\`${name}\` is a field of ${record} already`)
    const body = scalar === undefined ? undefined : parseScalar(scalar, this.#report)
    if (body === undefined) return
    const derived = this.#derived.get(record) ?? new Map<string, Definition>()
    derived.set(name, { name: `${record}.${name}`, parameters: [variable], body, place: map.place })
    this.#derived.set(record, derived)
  }

  #table(name: string, value: Value): void {
    const map = asMap(value, `table \`${name}\``, this.#report)
    if (map === undefined) return
    const fields = new Fields(map, this.#report)
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
    this.#tables.set(name, {
      name,
      key,
      value: result,
      rows,
      fallback: fallback === undefined ? ABSENT : maskOf(result, fallback.text),
    })
  }

  #tableRow(name: string, type: EnumType, place: Value['place']): void {
    this.#report.add(
      'table-row',
      place,
      `unknown member \`${name}\` of enum ${type.name}`,
      didYouMean(name, type.members),
    )
  }

  #enumNamed(scalar: ScalarValue | undefined): EnumType | undefined {
    if (scalar === undefined) return undefined
    const type = this.#catalogue.enums.get(scalar.text)
    if (type === undefined) {
      this.#report.add(
        'unknown-name',
        scalar.place,
        `unknown enum \`${scalar.text}\``,
        didYouMean(scalar.text, this.#catalogue.enums.keys()),
      )
    }
    return type
  }

  /** A define that no rule uses is checked nowhere else, and mostly a rule that was forgotten. */
  #checkUnused(): void {
    const used = new Set<string>()
    for (const definition of this.#allDefinitions()) namesIn(definition.body, used)
    for (const expression of this.#parsed) namesIn(expression, used)
    for (const definition of this.#defines.values()) {
      if (!used.has(definition.name))
        this.#report.add(
          'unknown-name',
          definition.place,
          `\`${definition.name}\` is defined but never used`,
        )
    }
  }

  #allDefinitions(): readonly Definition[] {
    return [
      ...this.#defines.values(),
      ...[...this.#derived.values()].flatMap((fields) => [...fields.values()]),
    ]
  }

  // Rules

  readonly #parsed: ParsedExpression[] = []

  #parse(scalar: ScalarValue): ParsedExpression | undefined {
    const parsed = parseScalar(scalar, this.#report)
    if (parsed !== undefined) this.#parsed.push(parsed)
    return parsed
  }

  #collectRules(fields: Fields): void {
    const strata = {
      grants: 'grant',
      vetoes: 'veto',
      caps: 'cap',
      notes: 'note',
      answers: 'answer',
    } as const
    for (const [key, stratum] of Object.entries(strata)) {
      for (const entry of fields.list(key)) {
        const map = asMap(entry, 'a rule', this.#report)
        if (map === undefined) continue
        const rule = new Fields(map, this.#report)
        const id = rule.scalar('id')
        if (id === undefined) {
          rule.required('id')
          continue
        }
        if (this.#rules.has(id.text))
          this.#report.add('duplicate-id', id.place, `rule id \`${id.text}\` is used already`)
        else if (this.#rules.size >= MAX_RULES)
          this.#report.add('too-large', id.place, `more than ${MAX_RULES} rules`)
        else this.#rules.set(id.text, { fields: rule, stratum, id: id.text, entry })
      }
    }
  }

  #readRules(): Pick<Pack, 'grants' | 'vetoes' | 'caps' | 'notes' | 'answers'> {
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
          grants.push({ ...rule, stratum: 'grant', gives: this.#effect(fields, 'grant') })
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
            to: this.#effect(fields, 'cap'),
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
    return { grants, vetoes, caps, notes, answers }
  }

  #answerRule(rule: Rule, fields: Fields): AnswerRule[] {
    const scalar = fields.scalar('answer')
    fields.required('answer')
    const set = fields.required('set')?.value
    if (scalar === undefined || set === undefined) return []
    const axis = this.#axes.get(scalar.text)
    if (axis?.kind !== 'answer') {
      const known = [...this.#axes.values()]
        .filter(({ kind }) => kind === 'answer')
        .map(({ name }) => name)
      this.#report.add(
        'unknown-axis',
        scalar.place,
        `unknown answer axis \`${scalar.text}\``,
        didYouMean(scalar.text, known),
      )
      return []
    }
    return [{ ...rule, stratum: 'answer', axis: axis.name, set: this.#answer(set, axis.fields) }]
  }

  #unknownMode(fields: Fields): UnknownMode {
    return this.#oneOf(fields.scalar('unknown'), ['lower', 'fire', 'ignore'] as const) ?? 'lower'
  }

  #rule(source: RuleSource): Rule {
    const { fields } = source
    const title = this.#text(fields.required('title')?.value)
    const cites = fields.texts('cites').map(({ text }) => text)
    if (this.#released && cites.length === 0) {
      this.#report.add('missing-cites', source.entry.place, `rule \`${source.id}\` cites no clause`)
    }
    const missing = fields.entry('missing')?.value
    const effort = fields.scalar('effort')
    if (
      effort !== undefined &&
      !(typeof effort.value === 'number' && effort.value >= 1 && effort.value <= 9)
    ) {
      this.#report.add('wrong-form', effort.place, '`effort` is a number from 1 to 9')
    }
    return {
      id: source.id,
      title,
      cites,
      condition: this.#condition(source.id),
      inForce: this.#period(fields.map('in_force')),
      missing: missing === undefined ? undefined : this.#text(missing),
      effort: typeof effort?.value === 'number' ? effort.value : 5,
    }
  }

  #condition(id: string): Ir {
    const done = this.#conditions.get(id)
    if (done !== undefined && done !== 'reading') return done
    const source = this.#rules.get(id)
    if (source === undefined) throw new TypeError(`no rule ${id}`)
    this.#conditions.set(id, 'reading')
    const ir = this.#clauses(source.fields, source.stratum === 'grant')
    this.#conditions.set(id, ir)
    return ir
  }

  /** Condition keys of a rule or of an element of `all_of`; several are joined by and, none means always. */
  #clauses(fields: Fields, monotone: boolean): Ir {
    const parts: Ir[] = []
    const when = fields.scalar('when')
    if (when !== undefined) parts.push(this.#expression(when, monotone))
    const all = fields.list('all_of').map((item) => this.#clause(item, monotone))
    parts.push(...all)
    if (fields.entry('any_of') !== undefined) {
      parts.push(
        atLeast(
          1,
          fields.list('any_of').map((item) => this.#clause(item, monotone)),
        ),
      )
    }
    const several = fields.map('n_of')
    if (several !== undefined) parts.push(this.#severalOf(several, monotone))
    const use = fields.scalar('use')
    if (use !== undefined) parts.push(this.#use_(use))
    const check = fields.scalar('check')
    if (check !== undefined) parts.push(this.#check(check, fields))
    const slots = fields.map('slots')
    if (slots !== undefined) parts.push(this.#slots(slots, monotone))
    return parts.reduce<Ir>((left, right) => ({ op: 'and', left, right, type: TRUTH }), TRUE)
  }

  #clause(item: Value, monotone: boolean): Ir {
    if (item.kind === 'scalar') return this.#expression(item, monotone)
    const map = asMap(item, 'a clause', this.#report)
    if (map === undefined) return TRUE
    const fields = new Fields(map, this.#report)
    const ir = this.#clauses(fields, monotone)
    fields.finish()
    return ir
  }

  #expression(scalar: ScalarValue, monotone: boolean): Ir {
    const parsed = this.#parse(scalar)
    return parsed === undefined ? TRUE : this.#checker.condition(parsed, monotone)
  }

  #severalOf(map: MapValue, monotone: boolean): Ir {
    const fields = new Fields(map, this.#report)
    const n = fields.scalar('n')
    const of = fields.list('of').map((item) => this.#clause(item, monotone))
    fields.finish()
    if (typeof n?.value === 'number' && n.value >= 1 && n.value <= of.length)
      return atLeast(n.value, of)
    this.#report.add(
      'wrong-form',
      n?.place ?? map.place,
      '`n` must be a number from 1 to the number of clauses',
    )
    return TRUE
  }

  #use_(scalar: ScalarValue): Ir {
    if (!this.#rules.has(scalar.text)) {
      this.#report.add(
        'unknown-rule',
        scalar.place,
        `unknown rule \`${scalar.text}\``,
        didYouMean(scalar.text, this.#rules.keys()),
      )
      return TRUE
    }
    if (this.#conditions.get(scalar.text) === 'reading') {
      this.#report.add('define-cycle', scalar.place, `rule \`${scalar.text}\` uses itself`)
      return TRUE
    }
    return this.#condition(scalar.text)
  }

  /** `{check: match, scope_any: [application, all], source: government}`. */
  #check(check: ScalarValue, fields: Fields): Ir {
    const record = this.#catalogue.records.get(checkRecord(check.text))
    if (record === undefined) {
      const help = didYouMean(check.text, this.#catalogue.checkTypes)
      this.#report.add('unknown-name', check.place, `unknown check \`${check.text}\``, help)
      return TRUE
    }
    const slot = this.#checker.newSlot()
    const element: Ir = {
      op: 'variable',
      slot,
      type: { kind: 'record', record: checkRecord(check.text) },
    }
    let body: Ir = { op: 'field', of: element, name: 'ok', type: TRUTH }
    for (const [name, type] of record) {
      for (const key of [name, `${name}_any`]) {
        const value = fields.entry(key)?.value
        if (value === undefined) continue
        const of: Ir = { op: 'field', of: element, name, type }
        const mask = this.#checkMask(value, type)
        body = {
          op: 'and',
          left: body,
          right: { op: 'one-of', of, mask, type: TRUTH },
          type: TRUTH,
        }
      }
    }
    const root: Ir = { op: 'root', name: 'checks', type: { kind: 'record', record: 'Checks' } }
    const list: Ir = {
      op: 'field',
      of: root,
      name: check.text,
      type: { kind: 'list', record: checkRecord(check.text) },
    }
    return { op: 'exists', list, slot, body, type: TRUTH }
  }

  #checkMask(value: Value, type: Type): number {
    const items = value.kind === 'list' ? value.items : [value]
    return items.reduce((mask, item) => {
      if (item.kind === 'scalar' && type.kind === 'flag' && typeof item.value === 'boolean')
        return mask | (item.value ? 2 : 1)
      if (item.kind === 'scalar' && type.kind === 'enum') {
        const member = maskOf(type, item.text)
        if (member !== ABSENT) return mask | member
        this.#report.add(
          'enum-member',
          item.place,
          `unknown member \`${item.text}\` of enum ${type.name}`,
          didYouMean(item.text, type.members),
        )
        return mask
      }
      this.#report.add(
        'type-mismatch',
        item.place,
        'only enum members, true and false can be asked for here',
      )
      return mask
    }, 0)
  }

  #slots(map: MapValue, monotone: boolean): Ir {
    const fields = new Fields(map, this.#report)
    const from = /^(.+?)\s+as\s+(\w+)$/.exec(fields.requiredText('from') ?? '')
    const fromScalar = fields.scalar('from')
    const variable = from?.[2] ?? 'e'
    const list =
      fromScalar === undefined || from?.[1] === undefined
        ? undefined
        : this.#slotList(fromScalar, from[1], monotone)
    if (list?.type.kind !== 'list') {
      this.#report.add(
        'wrong-form',
        fromScalar?.place ?? map.place,
        '`from` must have the form `evidence as e`',
      )
      return TRUE
    }
    const slot = this.#checker.newSlot()
    const locals = new Map<string, Ir>([
      [variable, { op: 'variable', slot, type: { kind: 'record', record: list.type.record } }],
    ])
    const condition = (scalar: ScalarValue | undefined): Ir | undefined => {
      const parsed = scalar === undefined ? undefined : this.#parse(scalar)
      return parsed === undefined ? undefined : this.#checker.condition(parsed, monotone, locals)
    }
    const needs = this.#needs(fields, map).map((need) =>
      need.map((scalar) => condition(scalar) ?? TRUE),
    )
    const distinct = fields.texts('distinct').flatMap((scalar) => {
      const parsed = this.#parse(scalar)
      return parsed === undefined ? [] : [this.#checker.any(parsed, false, locals)]
    })
    const strongest = condition(fields.scalar('strongest'))
    const rank = fields.scalar('rank')
    const rankParsed = rank === undefined ? undefined : this.#parse(rank)
    const rankIr =
      rankParsed === undefined ? undefined : this.#checker.any(rankParsed, false, locals)
    if (rankIr !== undefined && !(rankIr.type.kind === 'enum' && rankIr.type.ordered)) {
      this.#report.add(
        'type-mismatch',
        rank?.place ?? map.place,
        '`rank` must be a value of an ordered enum',
      )
    }
    if ((strongest === undefined) !== (rankIr === undefined)) {
      this.#report.add('missing-key', map.place, '`strongest` and `rank` belong together')
    }
    const ir: Ir = {
      op: 'slots',
      list,
      slot,
      where: condition(fields.scalar('where')),
      distinct,
      needs,
      every: condition(fields.scalar('every')),
      strongest:
        strongest === undefined || rankIr === undefined
          ? undefined
          : { rank: rankIr, where: strongest },
      type: TRUTH,
    }
    fields.finish()
    return ir
  }

  #slotList(scalar: ScalarValue, text: string, monotone: boolean): Ir | undefined {
    const parsed = this.#parse({ ...scalar, text })
    return parsed === undefined ? undefined : this.#checker.any(parsed, monotone)
  }

  #needs(fields: Fields, map: MapValue): readonly (readonly ScalarValue[])[] {
    const one = fields.entry('need') === undefined ? [] : [fields.texts('need')]
    const several = fields
      .list('need_any')
      .map((item) =>
        asList(item, 'an entry of `need_any`', this.#report).filter(
          (cell) => cell.kind === 'scalar',
        ),
      )
    const needs = [...one, ...several]
    if (needs.length === 0 || needs.some(({ length }) => length === 0 || length > MAX_SLOTS)) {
      this.#report.add(
        'wrong-form',
        map.place,
        `\`need\` or \`need_any\` must list 1 to ${MAX_SLOTS} slots`,
      )
    }
    return needs
  }

  // Effects

  #axisNamed(
    entry: { readonly text: string; readonly place: Value['place'] },
    type = false,
  ): Axis | undefined {
    const axis = this.#axes.get(entry.text)
    if (axis !== undefined && !(type && axis.kind === 'answer')) return axis
    this.#report.add(
      'unknown-axis',
      entry.place,
      `unknown axis \`${entry.text}\``,
      didYouMean(entry.text, this.#axes.keys()),
    )
    return undefined
  }

  #effect(fields: Fields, key: 'grant' | 'cap'): Effect {
    const effect = new Map<string, number>()
    fields.required(key)
    for (const entry of fields.map(key)?.entries ?? []) {
      const axis = this.#axisNamed({ text: entry.key, place: entry.keyPlace }, true)
      if (axis === undefined || axis.kind === 'answer') continue
      effect.set(axis.name, this.#levels(entry.value, axis))
    }
    return effect
  }

  #vetoed(fields: Fields): Effect {
    fields.required('veto')
    const value = fields.entry('veto')?.value
    const effect = new Map<string, number>()
    if (value?.kind === 'map') {
      for (const entry of value.entries) {
        const axis = this.#axisNamed({ text: entry.key, place: entry.keyPlace }, true)
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
      const axis = this.#axisNamed(scalar)
      return axis === undefined ? [] : [axis.name]
    })
  }

  #levels(value: Value, axis: LevelAxis | MethodAxis): number {
    const items = value.kind === 'list' && axis.kind === 'methods' ? value.items : [value]
    return items.reduce((mask, item) => {
      const text = item.kind === 'scalar' ? item.text : ''
      const member = maskOf(axis.type, text)
      if (member !== ABSENT) return mask | member
      const help = didYouMean(text, axis.type.members) ?? `known: ${axis.type.members.join(', ')}`
      this.#report.add(
        'unknown-level',
        item.place,
        `unknown level \`${text}\` of axis ${axis.name}`,
        help,
      )
      return mask
    }, 0)
  }

  #axisOrder(
    rules: Pick<Pack, 'grants' | 'vetoes' | 'caps' | 'answers'>,
    entries: readonly Entry[],
  ): readonly string[] {
    const reads = new Map<string, Set<string>>(
      [...this.#axes.keys()].map((name) => [name, new Set<string>()]),
    )
    const add = (axis: string, ir: Ir) => axesIn(ir, reads.get(axis) ?? new Set())
    for (const rule of rules.grants) for (const axis of rule.gives.keys()) add(axis, rule.condition)
    for (const rule of rules.vetoes)
      for (const axis of rule.removes.keys()) add(axis, rule.condition)
    for (const rule of rules.caps) for (const axis of rule.to.keys()) add(axis, rule.condition)
    for (const rule of rules.answers) add(rule.axis, rule.condition)
    for (const [axis, minimum] of this.#minimums) for (const ir of minimum) add(axis, ir)
    const order: string[] = []
    const visit = (axis: string, path: readonly string[]): void => {
      if (order.includes(axis)) return
      if (path.includes(axis)) {
        const place = entries.find(({ key }) => key === axis)?.keyPlace
        if (place !== undefined)
          this.#report.add(
            'axis-cycle',
            place,
            `axis \`${axis}\` reads itself through ${[...path, axis].join(' → ')}`,
          )
        return
      }
      for (const other of reads.get(axis) ?? []) visit(other, [...path, axis])
      if (!order.includes(axis)) order.push(axis)
    }
    for (const axis of reads.keys()) visit(axis, [])
    return order
  }
}

const TRUE: Ir = { op: 'truth', value: T, type: TRUTH }

function atLeast(count: number, of: readonly Ir[]): Ir {
  return { op: 'at-least', count, of, type: TRUTH }
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

/** Every name that an expression mentions, as a word. */
function namesIn(expression: ParsedExpression, into: Set<string>): void {
  const queue: unknown[] = [expression.ast]
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    if (typeof node !== 'object' || node === null) continue
    if ('name' in node && typeof node.name === 'string') into.add(node.name)
    queue.push(...(Object.values(node) as unknown[]))
  }
}

function axesIn(ir: Ir, into: Set<string>): void {
  const queue: unknown[] = [ir]
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    if (typeof node !== 'object' || node === null) continue
    if ('op' in node && node.op === 'axis' && 'axis' in node && typeof node.axis === 'string')
      into.add(node.axis)
    queue.push(...(Object.values(node) as unknown[]))
  }
}
