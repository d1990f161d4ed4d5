import type { Json } from '../../kernel/canonical-json.ts'
import { checkRecord, type Catalogue } from './catalogue.ts'
import {
  EPOCH,
  MAX_ITEMS,
  NONE,
  VERIFIED_AT,
  type CodedLayout,
  type CodedRecord,
  type Coding,
} from './coded-layout.ts'
import { readTime } from './dates.ts'
import type { Supposed } from './engine.ts'
import {
  documentOf,
  isRecord,
  judgeFacts,
  listOf,
  type Facts,
  type JudgedCheck,
  type JudgedFacts,
} from './judged-facts.ts'
import { F, not, U } from './kleene.ts'
import type { PackOption } from './pack.ts'
import { concerns, optionsIn } from './subject.ts'
import { ABSENT, maskOf, type EnumType, type Type } from './types.ts'

/** Where a coded subject was written. */
export interface Coded {
  readonly length: number
  /** Some outcome that the rules read is open, so that the two-valued program must not be asked. */
  readonly open: boolean
  readonly judged: JudgedFacts
}

export interface FactCoderOptions {
  readonly catalogue: Catalogue
  readonly options: ReadonlyMap<string, PackOption>
  readonly zone: string
}

type Code = (value: Json | undefined) => number

/** A word of a record whose value stands in the facts. */
interface GivenField {
  readonly path: readonly string[]
  readonly index: number
  readonly code: Code
}

/** A word whose value is made by the rules common to all frameworks. */
interface JudgedField {
  readonly name: string
  readonly index: number
}

interface ListPlan {
  /** Word that holds the offset of the first item from the subject's first word; the next one counts the items. */
  readonly index: number
  readonly path: readonly string[]
  readonly items: RecordPlan
}

/** What is written of one kind of record. */
interface RecordPlan {
  readonly width: number
  readonly given: readonly GivenField[]
  readonly judged: readonly JudgedField[]
  /** Lists of checks by their type. */
  readonly checks: readonly (ListPlan & { readonly type: string })[]
  /** Lists that stand in the facts. */
  readonly lists: readonly ListPlan[]
}

type Fields = ReadonlyMap<string, Type>

const OF_CHECKS: readonly string[] = ['on', 'passed', 'failed', 'ok']
const OF_EVIDENCE: readonly string[] = ['doc', 'revoked']

/**
 * Writes facts as integers, as a layout says. One instance serves any number of subjects, one after the other; what its program
 * reads must be in the layout before.
 */
export class FactCoder {
  readonly #layout: CodedLayout
  readonly #options: FactCoderOptions
  readonly #masks = new Map<EnumType, ReadonlyMap<string, number>>()
  readonly #checkTypes: ReadonlyMap<string, string>
  readonly #plan: RecordPlan
  readonly #evidence: readonly ListPlan[]
  readonly #policy: readonly JudgedField[]
  #words = new Int32Array(256)
  #texts = new Map<string, number>()
  #start = 0
  #end = 0
  #open = false
  #faithful = true

  constructor(layout: CodedLayout, options: FactCoderOptions) {
    this.#layout = layout
    this.#options = options
    const { catalogue } = options
    this.#checkTypes = new Map(catalogue.checkTypes.map((type) => [checkRecord(type), type]))
    const plan = this.#planOf(layout.root, catalogue.roots, [])
    const isEvidence = ({ path }: ListPlan): boolean => path.length === 1 && path[0] === 'evidence'
    this.#plan = { ...plan, lists: plan.lists.filter((list) => !isEvidence(list)) }
    this.#evidence = plan.lists.filter(isEvidence)
    this.#policy = layout.root.fields.flatMap(({ path: [root, name], index }) =>
      root === 'policy' && name !== undefined ? [{ name, index }] : [],
    )
  }

  /** The words written so far; another array after it had to grow. */
  get words(): Int32Array {
    return this.#words
  }

  /**
   * Writes the facts (valid against facts.schema.json) from word `start` on, as they would be judged under what is supposed;
   * `undefined` when something in them does not fit into 32 bits.
   */
  encode(facts: Facts, start = 0, supposed: Supposed = {}): Coded | undefined {
    const { zone } = this.#options
    const judged = judgeFacts(facts, { zone, ...supposed })
    this.#start = start
    this.#end = start
    this.#open = false
    this.#faithful = true
    if (this.#texts.size > 0) this.#texts = new Map()
    const plan = this.#plan
    this.#reserve(plan.width)
    this.#words[start + VERIFIED_AT] = this.#instant(judged.verifiedAt)
    this.#record(plan, facts, start)
    if (this.#policy.length > 0) this.#optionFields(facts, start)
    for (const list of plan.checks) this.#checks(list, judged.checks, start)
    for (const list of this.#evidence) this.#pieces(list, judged, start)
    return this.#faithful ? { length: this.#end - start, open: this.#open, judged } : undefined
  }

  #reserve(width: number): number {
    const at = this.#end
    this.#end += width
    if (this.#end > this.#words.length) {
      const larger = new Int32Array(Math.max(this.#end, 2 * this.#words.length))
      larger.set(this.#words)
      this.#words = larger
    }
    return at
  }

  /** What stands in the facts of a record, and the lists in it. */
  #record({ given, lists }: RecordPlan, facts: Facts, at: number): void {
    for (const { path, index, code } of given) this.#words[at + index] = code(valueAt(facts, path))
    for (const list of lists) {
      const items = listOf(valueAt(facts, list.path))
      let item = this.#place(list, items.length, at)
      for (const own of items) {
        this.#record(list.items, own, item)
        item += list.items.width
      }
    }
  }

  /** Makes room for the items of a list and says so in its record: the first word of the first item. */
  #place({ index, items }: ListPlan, count: number, at: number): number {
    if (count > MAX_ITEMS) this.#faithful = false
    const first = this.#reserve(count * items.width)
    this.#words[at + index] = first - this.#start
    this.#words[at + index + 1] = count
    return first
  }

  #checks(list: RecordPlan['checks'][number], checks: readonly JudgedCheck[], at: number): void {
    const own = checks.filter(({ type }) => type === list.type)
    let item = this.#place(list, own.length, at)
    for (const check of own) {
      this.#record(list.items, check.facts, item)
      for (const { name, index } of list.items.judged)
        this.#words[item + index] = this.#ofCheck(name, check)
      item += list.items.width
    }
  }

  #ofCheck(name: string, { on, passed, ok }: JudgedCheck): number {
    switch (name) {
      case 'on':
        return on === undefined ? 0 : this.#text(on)
      case 'passed':
        return this.#truth(passed)
      case 'failed':
        return this.#truth(not(passed))
      default:
        return this.#truth(ok)
    }
  }

  #pieces(list: ListPlan, { evidence, documents, revoked, checks }: JudgedFacts, at: number): void {
    let item = this.#place(list, evidence.length, at)
    evidence.forEach((entry, i) => {
      this.#record(list.items, entry, item)
      for (const { name, index } of list.items.judged)
        this.#words[item + index] =
          name === 'doc' ? this.#text(documentOf(entry)) : this.#truth(revoked[i] ?? F)
      if (list.items.checks.length > 0) {
        const own = checks.filter((check) => concerns(check, documents[i] ?? -1))
        for (const inner of list.items.checks) this.#checks(inner, own, item)
      }
      item += list.items.width
    })
  }

  #optionFields(facts: Facts, at: number): void {
    const values = optionsIn(facts, this.#options.options)
    for (const { name, index } of this.#policy) {
      const value = values.get(name)
      this.#words[at + index] =
        typeof value === 'number' ? this.#integer(value) : value === true ? 2 : 1
    }
  }

  /** `judged` names the fields that the rules common to all frameworks make. */
  #planOf(record: CodedRecord, fields: Fields, judged: readonly string[]): RecordPlan {
    const own = record.fields.filter(({ path }) => path[0] !== 'policy')
    const isJudged = ({ path }: { readonly path: readonly string[] }): boolean =>
      judged.includes(path[0] ?? '')
    const lists = record.lists.map(({ path, index, record: inner }) => {
      const listed = this.#typeAt(fields, path)
      const name = listed?.kind === 'list' ? listed.record : ''
      const type = this.#checkTypes.get(name)
      const made = type !== undefined ? OF_CHECKS : name === 'Evidence' ? OF_EVIDENCE : []
      const items = this.#planOf(
        inner,
        this.#options.catalogue.records.get(name) ?? new Map(),
        made,
      )
      return { path, index, items, type }
    })
    return {
      width: record.width,
      given: own
        .filter((field) => !isJudged(field))
        .map(({ path, index, coding }) => ({
          path,
          index,
          code: this.#code(coding, this.#typeAt(fields, path)),
        })),
      judged: own.filter(isJudged).map(({ path: [name = ''], index }) => ({ name, index })),
      checks: lists.flatMap(({ type, ...list }) => (type === undefined ? [] : [{ ...list, type }])),
      lists: lists.filter(({ type }) => type === undefined),
    }
  }

  #typeAt(fields: Fields, path: readonly string[]): Type | undefined {
    let at: Fields | undefined = fields
    let type: Type | undefined
    for (const name of path) {
      type = at?.get(name)
      at = type?.kind === 'record' ? this.#options.catalogue.records.get(type.record) : undefined
    }
    return type
  }

  #code(coding: Coding, type: Type | undefined): Code {
    switch (coding) {
      case 'mask':
        return this.#maskCode(type)
      case 'truth':
        return () => F
      case 'number':
        return (value) => (typeof value === 'number' ? this.#integer(value) : NONE)
      case 'instant':
        return (value) =>
          typeof value === 'string' ? this.#instant(readTime(value, this.#options.zone)) : NONE
      case 'text':
        return (value) => (typeof value === 'string' ? this.#text(value) : 0)
    }
  }

  #maskCode(type: Type | undefined): Code {
    if (type?.kind === 'flag')
      return (value) => (typeof value === 'boolean' ? (value ? 2 : 1) : ABSENT)
    if (type?.kind === 'enum') {
      const masks = this.#masksOf(type)
      return (value) => (typeof value === 'string' ? (masks.get(value) ?? ABSENT) : ABSENT)
    }
    if (type?.kind !== 'set') return () => ABSENT
    const masks = this.#masksOf(type.of)
    return (value) => {
      if (!Array.isArray(value)) return ABSENT
      let mask = 0
      for (const member of value) mask |= masks.get(String(member)) ?? ABSENT
      if ((mask & ABSENT) !== 0 && mask !== ABSENT) this.#faithful = false
      return mask
    }
  }

  #masksOf(type: EnumType): ReadonlyMap<string, number> {
    const known = this.#masks.get(type)
    if (known !== undefined) return known
    const masks = new Map(type.members.map((member) => [member, maskOf(type, member)]))
    this.#masks.set(type, masks)
    return masks
  }

  #truth(truth: number): number {
    if (truth === U) this.#open = true
    return truth
  }

  #instant(seconds: number | undefined): number {
    return seconds === undefined ? NONE : this.#integer(seconds - EPOCH)
  }

  /** Half of the range is left for the sums that the rules make. */
  #integer(value: number): number {
    if (!Number.isInteger(value) || Math.abs(value) > 2 ** 31 - 1) this.#faithful = false
    return value
  }

  #text(value: string): number {
    const known = this.#layout.texts.get(value) ?? this.#texts.get(value)
    if (known !== undefined) return known
    const number = this.#layout.texts.size + this.#texts.size + 1
    this.#texts.set(value, number)
    return number
  }
}

function valueAt(facts: Facts, path: readonly string[]): Json | undefined {
  let value: Json | undefined = facts
  for (const name of path) {
    if (!isRecord(value)) return undefined
    value = value[name]
  }
  return value
}
