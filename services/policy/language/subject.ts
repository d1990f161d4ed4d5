import type { Json } from '../../kernel/canonical-json.ts'
import { checkRecord, type Catalogue } from './catalogue.ts'
import { readTime, type Seconds } from './dates.ts'
import {
  checkPath,
  documentOf,
  isRecord,
  judgeFacts,
  listOf,
  type Facts,
  type JudgedCheck,
  type JudgedFacts,
  type JudgeOptions,
  type Outcome,
  type StatusEnd,
} from './judged-facts.ts'
import { F, not } from './kleene.ts'
import type { PackOption } from './pack.ts'
import { maskOf, type Type } from './types.ts'

/** A value at run time: masks, numbers and three-valued codes are numbers; `undefined` was not established. */
export type Cell = number | string | undefined | Item | List
export interface Item {
  readonly [field: string]: Cell
}
export interface List {
  readonly items: readonly Item[]
  /** Three-valued membership of each item; absent = all are certainly in it. */
  readonly member?: readonly number[]
}

/** Facts in the form that compiled rules read. */
export interface Subject {
  readonly roots: Item
  readonly outcomes: readonly Outcome[]
  readonly statusEnds: readonly StatusEnd[]
  /** When the identity was verified, where that is known. */
  readonly verifiedAt: Seconds | undefined
}

export interface SubjectOptions extends JudgeOptions {
  readonly catalogue: Catalogue
  readonly options: ReadonlyMap<string, PackOption>
  /** Filled with the path in the facts that each record came from. */
  readonly paths?: Map<Item, string>
}

/** Facts (already valid against facts.schema.json) as a subject: judged, and every record in the form of the catalogue. */
export function buildSubject(facts: Facts, options: SubjectOptions): Subject {
  return new SubjectBuilder(facts, options).build()
}

class SubjectBuilder {
  readonly #facts: Facts
  readonly #options: SubjectOptions

  constructor(facts: Facts, options: SubjectOptions) {
    this.#facts = facts
    this.#options = options
  }

  build(): Subject {
    const judged = judgeFacts(this.#facts, this.#options)
    const items = judged.checks.map((check) => ({ check, item: this.#check(check) }))
    const roots: Record<string, Cell> = { policy: this.#policy() }
    for (const [name, type] of this.#options.catalogue.roots) {
      if (name === 'checks') roots[name] = this.#grouped(items)
      else if (name === 'evidence') roots[name] = { items: this.#pieces(judged, items) }
      else roots[name] = this.#cell(type, this.#facts[name], '', name)
    }
    const { outcomes, statusEnds, verifiedAt } = judged
    return { roots, outcomes, statusEnds, verifiedAt }
  }

  #policy(): Item {
    const options: Record<string, Cell> = {}
    for (const [name, value] of optionsIn(this.#facts, this.#options.options))
      options[name] = typeof value === 'boolean' ? (value ? 2 : 1) : value
    return options
  }

  #check(check: JudgedCheck): Item {
    const { type, on, passed, ok } = check
    const path = checkPath(check)
    const fields = this.#record(checkRecord(type), check.facts, path)
    const item = { ...fields, on, passed, failed: not(passed), ok }
    this.#options.paths?.set(item, path)
    return item
  }

  #grouped(items: readonly CheckItem[]): Item {
    const groups: Record<string, Cell> = {}
    for (const type of this.#options.catalogue.checkTypes)
      groups[type] = {
        items: items.filter(({ check }) => check.type === type).map(({ item }) => item),
      }
    return groups
  }

  #pieces(
    { evidence, documents, revoked }: JudgedFacts,
    items: readonly CheckItem[],
  ): readonly Item[] {
    return evidence.map((entry, index) => {
      const own = items.filter(({ check }) => concerns(check, documents[index] ?? -1))
      const path = `evidence[${index}]`
      const piece = {
        ...this.#record('Evidence', entry, path),
        ...this.#grouped(own),
        doc: documentOf(entry),
        revoked: revoked[index] ?? F,
      }
      this.#options.paths?.set(piece, path)
      return piece
    })
  }

  #record(name: string, value: Facts, path: string): Item {
    const item: Record<string, Cell> = {}
    for (const [field, type] of this.#options.catalogue.records.get(name) ?? []) {
      if (type.kind !== 'truth') item[field] = this.#cell(type, value[field], path, field)
    }
    this.#options.paths?.set(item, path)
    return item
  }

  #cell(type: Type, value: Json | undefined, record: string, field: string): Cell {
    if (type.kind === 'list') {
      const items = listOf(value)
      const path = pathOf(record, field)
      return { items: items.map((entry, i) => this.#record(type.record, entry, `${path}[${i}]`)) }
    }
    if (value === undefined || value === null) return undefined
    switch (type.kind) {
      case 'flag':
        return typeof value === 'boolean' ? (value ? 2 : 1) : undefined
      case 'enum':
        return typeof value === 'string' ? maskOf(type, value) : undefined
      case 'set':
        return Array.isArray(value)
          ? value.reduce<number>(
              (mask, member) => mask | (typeof member === 'string' ? maskOf(type.of, member) : 0),
              0,
            )
          : undefined
      case 'int':
      case 'age':
        return typeof value === 'number' ? value : undefined
      case 'timestamp':
        return this.#time(value)
      case 'key':
      case 'label':
        return typeof value === 'string' ? value : undefined
      case 'record':
        return isRecord(value) ? this.#record(type.record, value, pathOf(record, field)) : undefined
      default:
        return undefined
    }
  }

  #time(value: Json | undefined): Seconds | undefined {
    return typeof value === 'string' ? readTime(value, this.#options.zone) : undefined
  }
}

function pathOf(record: string, field: string): string {
  return record === '' ? field : `${record}.${field}`
}

interface CheckItem {
  readonly check: JudgedCheck
  readonly item: Item
}

/** Whether a check is one of a piece: a match of the application as a whole covers every piece, other checks need theirs named. */
export function concerns({ type, on, document }: JudgedCheck, piece: number): boolean {
  return document === piece || (type === 'match' && on === undefined)
}

/** Values of a pack's options: those that the facts bring where they are of the option's type, else the pack's own. */
export function optionsIn(
  facts: Facts,
  options: ReadonlyMap<string, PackOption>,
): ReadonlyMap<string, PackOption['value']> {
  const given = facts['policy']
  return new Map(
    [...options].map(([name, option]) => {
      const own = isRecord(given) ? given[name] : undefined
      return [
        name,
        typeof own === typeof option.value ? (own as PackOption['value']) : option.value,
      ]
    }),
  )
}

export function isItem(cell: Cell): cell is Item {
  return typeof cell === 'object' && !isList(cell)
}

export function isList(cell: Cell): cell is List {
  return typeof cell === 'object' && Array.isArray(cell['items'])
}
