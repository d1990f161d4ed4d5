import type { Json } from '../../kernel/canonical-json.ts'
import { readTime, type Seconds } from './dates.ts'
import { F, fromBoolean, not, T, U } from './kleene.ts'

export type Facts = { readonly [key: string]: Json }

/** An outcome that was attempted without an answer, so that it may turn out either way. */
export interface Outcome {
  readonly path: string
  /** Check type, or `status`. */
  readonly type: string
  readonly on: string | undefined
}

/** A good revocation status that ends: evidence position and the instant after which it proves nothing. */
export interface StatusEnd {
  readonly evidence: number
  readonly until: Seconds
}

/** A check with what the rules common to all frameworks make of it. */
export interface JudgedCheck {
  readonly facts: Facts
  /** Position among the checks of the facts. */
  readonly index: number
  readonly type: string
  readonly on: string | undefined
  readonly passed: number
  /** Passed on a piece that stands, or on the application as a whole. */
  readonly ok: number
  /** Position of the first entry of its piece's document; -1 where no such piece was presented. */
  readonly document: number
}

/** Facts after the rules common to all frameworks. */
export interface JudgedFacts {
  readonly evidence: readonly Facts[]
  /** By entry: position of the first entry of the same document. */
  readonly documents: readonly number[]
  /** By entry: whether its document is revoked or suspended. */
  readonly revoked: readonly number[]
  readonly checks: readonly JudgedCheck[]
  readonly outcomes: readonly Outcome[]
  readonly statusEnds: readonly StatusEnd[]
  /** When the identity was verified, where that is known. */
  readonly verifiedAt: Seconds | undefined
}

export interface JudgeOptions {
  readonly zone: string
  /** How unknown outcomes are taken, by their position; `undefined` leaves them unknown. */
  readonly resolution?: readonly (boolean | undefined)[]
  /** Evidence that is taken as revoked, by position. */
  readonly revoke?: number
}

/**
 * Judges facts that are valid against facts.schema.json: entries with the same `doc` are one piece, a check counts on its own
 * piece alone, a revoked piece loses its checks, the newest status decides (without times the worst), and a certificate without
 * any status is an unknown outcome.
 */
export function judgeFacts(facts: Facts, options: JudgeOptions): JudgedFacts {
  return new Judge(facts, options).judge()
}

interface ListedCheck {
  readonly facts: Facts
  readonly index: number
  readonly type: string
}

class Judge {
  readonly #facts: Facts
  readonly #options: JudgeOptions
  readonly #outcomes: Outcome[] = []
  readonly #statusEnds: StatusEnd[] = []

  constructor(facts: Facts, options: JudgeOptions) {
    this.#facts = facts
    this.#options = options
  }

  judge(): JudgedFacts {
    const evidence = listOf(this.#facts['evidence'])
    const documents = evidence.map((entry) =>
      evidence.findIndex((other) => isOneDocument(other, entry)),
    )
    const listed = distinct(listOf(this.#facts['checks']))
    const revoked = this.#revocations(evidence, documents, listed)
    const checks = listed.map((check) => this.#check(check, evidence, documents, revoked))
    const proofing = this.#facts['proofing']
    return {
      evidence,
      documents,
      revoked,
      checks,
      outcomes: this.#outcomes,
      statusEnds: this.#statusEnds,
      verifiedAt: isRecord(proofing) ? this.#time(proofing['at']) : undefined,
    }
  }

  /** One truth for an outcome that may be unknown: position in the resolution, or unknown. */
  #outcome(outcome: Outcome): number {
    const resolved = this.#options.resolution?.[this.#outcomes.length]
    this.#outcomes.push(outcome)
    return resolved === undefined ? U : fromBoolean(resolved)
  }

  /** Whether each entry is revoked or suspended; entries of one document share their statuses. */
  #revocations(
    evidence: readonly Facts[],
    documents: readonly number[],
    checks: readonly ListedCheck[],
  ): readonly number[] {
    const statuses = checks.filter(({ type }) => type === 'status')
    const revoked: number[] = []
    documents.forEach((first, index) => {
      if (first !== index) {
        revoked.push(revoked[first] ?? F)
        return
      }
      const own = evidence.filter((_, i) => documents[i] === index)
      const about = statuses.filter(({ facts }) =>
        own.some(({ id }) => textOf(id) === textOf(facts['on'])),
      )
      const certificate = own.find(({ cls }) => cls === 'pki_cert')
      revoked.push(this.#revoked(about, certificate, index))
    })
    return revoked
  }

  #revoked(
    statuses: readonly ListedCheck[],
    certificate: Facts | undefined,
    index: number,
  ): number {
    if (index === this.#options.revoke) return T
    if (statuses.length === 0) {
      if (certificate === undefined) return F
      const on = textOf(certificate['id'])
      return not(this.#outcome({ path: `evidence[${index}]`, type: 'status', on }))
    }
    const deciding = this.#deciding(statuses)
    const results = deciding.map(({ facts }) => facts['result'])
    if (results.some((result) => result !== 'good' && result !== 'unknown')) return T
    const open = deciding[results.indexOf('unknown')]
    if (open !== undefined) {
      const on = textOrNothing(open.facts['on'])
      return not(this.#outcome({ path: `${checkPath(open)}.result`, type: 'status', on }))
    }
    this.#noteEnd(deciding, index)
    return F
  }

  /** The newest of the dated statuses, and all undated ones, which may be newer still. */
  #deciding(statuses: readonly ListedCheck[]): readonly ListedCheck[] {
    if (statuses.length === 1) return statuses
    const times = statuses.map(({ facts }) => this.#time(facts['at']))
    const newest = times.reduce<number>(
      (max, time) => Math.max(max, time ?? Number.NEGATIVE_INFINITY),
      Number.NEGATIVE_INFINITY,
    )
    return statuses.filter((_, i) => times[i] === undefined || times[i] === newest)
  }

  #noteEnd(deciding: readonly ListedCheck[], evidence: number): void {
    const ends = deciding.map(({ facts }) => this.#time(facts['next_update']))
    if (ends.some((end) => end === undefined)) return
    const until = Math.max(...ends.filter((end) => end !== undefined))
    if (Number.isFinite(until)) this.#statusEnds.push({ evidence, until })
  }

  #check(
    check: ListedCheck,
    evidence: readonly Facts[],
    documents: readonly number[],
    revoked: readonly number[],
  ): JudgedCheck {
    const on = textOrNothing(check.facts['on'])
    const piece = on === undefined ? -1 : evidence.findIndex(({ id }) => id === on)
    const passed = this.#passed(check, on)
    // A check of a piece that nobody presented, or of a revoked one, is no check.
    const stands = on === undefined ? T : piece === -1 ? F : not(revoked[piece] ?? F)
    const document = documents[piece] ?? -1
    return { ...check, on, passed, ok: passed & stands, document }
  }

  #passed(check: ListedCheck, on: string | undefined): number {
    const result = check.facts['result']
    if (check.type === 'status') return fromBoolean(result === 'good')
    if (result === 'fail') return F
    if (result !== 'unknown') return T
    return this.#outcome({ path: `${checkPath(check)}.result`, type: check.type, on })
  }

  #time(value: Json | undefined): Seconds | undefined {
    return typeof value === 'string' ? readTime(value, this.#options.zone) : undefined
  }
}

export function checkPath({ index }: Pick<ListedCheck, 'index'>): string {
  return `checks[${index}]`
}

/** What tells documents apart; the prefixes keep the id of one entry from meeting the document of another. */
export function documentOf({ doc, id }: Facts): string {
  return typeof doc === 'string' ? `doc ${doc}` : `id ${textOf(id)}`
}

function isOneDocument(a: Facts, b: Facts): boolean {
  const [ours, theirs] = [a['doc'], b['doc']]
  if (typeof ours === 'string' || typeof theirs === 'string') return ours === theirs
  return textOf(a['id']) === textOf(b['id'])
}

/** Without exact repetitions, which add nothing: an unknown outcome listed twice is one outcome. */
function distinct(checks: readonly Facts[]): readonly ListedCheck[] {
  const kept: ListedCheck[] = []
  checks.forEach((facts, index) => {
    const type = textOf(facts['type'])
    const isRepeated = kept.some((other) => other.type === type && isSame(other.facts, facts))
    if (!isRepeated) kept.push({ facts, index, type })
  })
  return kept
}

function isSame(a: Facts, b: Facts): boolean {
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length &&
    names.every(
      (name) => a[name] === b[name] || JSON.stringify(a[name]) === JSON.stringify(b[name]),
    )
  )
}

/** The records of a list; nothing where there is no list. */
export function listOf(value: Json | undefined): readonly Facts[] {
  if (!Array.isArray(value)) return []
  return value.every(isRecord) ? value : value.filter(isRecord)
}

export function isRecord(value: Json | undefined): value is Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The schema makes it text. */
function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

function textOrNothing(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
