import type { Json } from '../../kernel/canonical-json.ts'
import { checkRecord, type Catalogue } from './catalogue.ts'
import { readTime, type Seconds } from './dates.ts'
import { F, fromBoolean, not, T, U } from './kleene.ts'
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

/** An outcome that was attempted without an answer, so that it may turn out either way. */
export interface Outcome {
  readonly path: string
  /** Check type, or `status`. */
  readonly type: string
  readonly on: string | undefined
}

/** Facts in the form that compiled rules read. */
export interface Subject {
  readonly roots: Item
  readonly outcomes: readonly Outcome[]
  /** Good revocation statuses that end: evidence position and the instant after which they prove nothing. */
  readonly statusEnds: readonly { readonly evidence: number; readonly until: Seconds }[]
  /** When the identity was verified, where that is known. */
  readonly verifiedAt: Seconds | undefined
}

export interface SubjectOptions {
  readonly catalogue: Catalogue
  readonly options: ReadonlyMap<string, PackOption>
  readonly zone: string
  /** How unknown outcomes are taken, by their position; `undefined` leaves them unknown. */
  readonly resolution?: readonly (boolean | undefined)[]
  /** Evidence that is taken as revoked, by position. */
  readonly revoke?: number
  /** Filled with the path in the facts that each record came from. */
  readonly paths?: Map<Item, string>
}

type Facts = { readonly [key: string]: Json }

/**
 * Facts (already valid against facts.schema.json) as a subject. Rules common to all frameworks happen here: entries
 * with the same `doc` are one piece, a check counts on its own piece alone, a revoked piece loses its checks, the
 * newest status decides (without times the worst), and a certificate without any status is an unknown outcome.
 */
export function buildSubject(facts: Facts, options: SubjectOptions): Subject {
  return new SubjectBuilder(facts, options).build()
}

type Status = 'good' | 'bad' | 'unknown'

class SubjectBuilder {
  readonly #facts: Facts
  readonly #options: SubjectOptions
  readonly #outcomes: Outcome[] = []
  readonly #statusEnds: { evidence: number; until: Seconds }[] = []

  constructor(facts: Facts, options: SubjectOptions) {
    this.#facts = facts
    this.#options = options
  }

  build(): Subject {
    const evidence = listOf(this.#facts['evidence'])
    const checks = distinct(listOf(this.#facts['checks']))
    const revoked = this.#revocations(evidence, checks)
    const items = checks.map(({ check, path }) => this.#check(check, path, evidence, revoked))
    const roots: Record<string, Cell> = { policy: this.#policy() }
    for (const [name, type] of this.#options.catalogue.roots) {
      if (name === 'checks') roots[name] = this.#grouped(items)
      else if (name === 'evidence') roots[name] = { items: this.#pieces(evidence, items, revoked) }
      else roots[name] = this.#cell(type, this.#facts[name], '', name)
    }
    const proofing = this.#facts['proofing']
    const at =
      isRecord(proofing) && typeof proofing['at'] === 'string'
        ? readTime(proofing['at'], this.#options.zone)
        : undefined
    return { roots, outcomes: this.#outcomes, statusEnds: this.#statusEnds, verifiedAt: at }
  }

  #policy(): Item {
    const given = this.#facts['policy']
    const options: Record<string, Cell> = {}
    for (const [name, option] of this.#options.options) {
      const own = isRecord(given) ? given[name] : undefined
      const value = typeof own === typeof option.value ? own : option.value
      options[name] =
        typeof value === 'boolean' ? (value ? 2 : 1) : typeof value === 'number' ? value : undefined
    }
    return options
  }

  /** One truth for an outcome that may be unknown: position in the resolution, or unknown. */
  #outcome(outcome: Outcome): number {
    const resolved = this.#options.resolution?.[this.#outcomes.length]
    this.#outcomes.push(outcome)
    return resolved === undefined ? U : fromBoolean(resolved)
  }

  /** Whether each entry is revoked or suspended; entries of one document share their statuses. */
  #revocations(evidence: readonly Facts[], checks: readonly ListedCheck[]): Map<string, number> {
    const byDocument = new Map<string, number>()
    evidence.forEach((entry, index) => {
      const document = documentOf(entry)
      if (byDocument.has(document) && index !== this.#options.revoke) return
      const ids = new Set(
        evidence
          .filter((other) => documentOf(other) === document)
          .map((other) => textOf(other['id'])),
      )
      const statuses = checks.filter(
        ({ check }) => check['type'] === 'status' && ids.has(textOf(check['on'])),
      )
      const certificate = evidence.find(
        (other) => documentOf(other) === document && other['cls'] === 'pki_cert',
      )
      byDocument.set(document, this.#revoked(statuses, certificate, index))
    })
    return byDocument
  }

  #revoked(
    statuses: readonly ListedCheck[],
    certificate: Facts | undefined,
    index: number,
  ): number {
    if (index === this.#options.revoke) return T
    if (statuses.length === 0) {
      if (certificate === undefined) return F
      return not(
        this.#outcome({
          path: `evidence[${index}]`,
          type: 'status',
          on: textOf(certificate['id']),
        }),
      )
    }
    const deciding = this.#deciding(statuses)
    const results = deciding.map(({ check }) => statusOf(check['result']))
    if (results.includes('bad')) return T
    const open = deciding[results.indexOf('unknown')]
    if (open !== undefined) {
      return not(
        this.#outcome({
          path: `${open.path}.result`,
          type: 'status',
          on: textOrNothing(open.check['on']),
        }),
      )
    }
    this.#noteEnd(deciding, index)
    return F
  }

  /** The newest of the dated statuses, and all undated ones, which may be newer still. */
  #deciding(statuses: readonly ListedCheck[]): readonly ListedCheck[] {
    const times = statuses.map(({ check }) => this.#time(check['at']))
    const newest = times.reduce<number>(
      (max, time) => Math.max(max, time ?? Number.NEGATIVE_INFINITY),
      Number.NEGATIVE_INFINITY,
    )
    return statuses.filter((_, i) => times[i] === undefined || times[i] === newest)
  }

  #noteEnd(deciding: readonly ListedCheck[], evidence: number): void {
    const ends = deciding.map(({ check }) => this.#time(check['next_update']))
    if (ends.some((end) => end === undefined)) return
    const until = Math.max(...ends.filter((end) => end !== undefined))
    if (Number.isFinite(until)) this.#statusEnds.push({ evidence, until })
  }

  #check(
    check: Facts,
    path: string,
    evidence: readonly Facts[],
    revoked: ReadonlyMap<string, number>,
  ): CheckItem {
    const type = textOf(check['type'])
    const on = textOrNothing(check['on'])
    const piece = on === undefined ? undefined : evidence.find((entry) => entry['id'] === on)
    const passed =
      type === 'status' ? fromBoolean(check['result'] === 'good') : this.#passed(check, path, type)
    // A check of a piece that nobody presented, or of a revoked one, is no check.
    const stands =
      on === undefined ? T : piece === undefined ? F : not(revoked.get(documentOf(piece)) ?? F)
    const fields = this.#record(checkRecord(type), check, path)
    const item = { ...fields, on, passed, failed: not(passed), ok: passed & stands }
    this.#options.paths?.set(item, path)
    return {
      type,
      item,
      document: piece === undefined ? undefined : documentOf(piece),
      general: on === undefined,
    }
  }

  #passed(check: Facts, path: string, type: string): number {
    switch (check['result']) {
      case 'fail':
        return F
      case 'unknown':
        return this.#outcome({ path: `${path}.result`, type, on: textOrNothing(check['on']) })
      default:
        return T
    }
  }

  #grouped(items: readonly CheckItem[]): Item {
    const groups: Record<string, Cell> = {}
    for (const type of this.#options.catalogue.checkTypes) {
      groups[type] = { items: items.filter((item) => item.type === type).map(({ item }) => item) }
    }
    return groups
  }

  #pieces(
    evidence: readonly Facts[],
    checks: readonly CheckItem[],
    revoked: ReadonlyMap<string, number>,
  ): readonly Item[] {
    return evidence.map((entry, index) => {
      const document = documentOf(entry)
      const lists: Record<string, Cell> = {}
      for (const type of this.#options.catalogue.checkTypes) {
        // A match of the application as a whole covers every piece; other checks need their piece named.
        const own = checks.filter(
          (check) =>
            check.type === type &&
            (check.document === document || (type === 'match' && check.general)),
        )
        lists[type] = { items: own.map(({ item }) => item) }
      }
      const path = `evidence[${index}]`
      const piece = {
        ...this.#record('Evidence', entry, path),
        ...lists,
        doc: document,
        revoked: revoked.get(document) ?? F,
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
  readonly type: string
  readonly item: Item
  readonly document: string | undefined
  /** Concerns the application as a whole. */
  readonly general: boolean
}

interface ListedCheck {
  readonly check: Facts
  readonly path: string
}

/** Without exact repetitions, which add nothing: an unknown outcome listed twice is one outcome. */
function distinct(checks: readonly Facts[]): readonly ListedCheck[] {
  const seen = new Set<string>()
  return checks.flatMap((check, index) => {
    const key = JSON.stringify(Object.entries(check).sort(([a], [b]) => (a < b ? -1 : 1)))
    if (seen.has(key)) return []
    seen.add(key)
    return [{ check, path: `checks[${index}]` }]
  })
}

function statusOf(result: Json | undefined): Status {
  return result === 'good' ? 'good' : result === 'unknown' ? 'unknown' : 'bad'
}

function documentOf(entry: Facts): string {
  // Prefixes keep the id of one entry from meeting the document of another.
  return typeof entry['doc'] === 'string' ? `doc ${entry['doc']}` : `id ${textOf(entry['id'])}`
}

function listOf(value: Json | undefined): readonly Facts[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}

function isRecord(value: Json | undefined): value is Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The schema makes it text. */
function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

function textOrNothing(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
