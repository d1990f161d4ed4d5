import type { CertificateKind, TrustAnchor } from '../jpki/trust-anchor.ts'
import { crlName, type RevocationTarget } from '../jpki/revocation-target.ts'
import type { FreshnessPolicy, RevocationStatus, UnknownCause } from '../jpki/revocation.ts'
import { MalformedDer } from '../jpki/errors.ts'
import { constantTimeEqual } from '../kernel/bytes.ts'
import type { Clock } from '../kernel/clock.ts'
import { sha256 } from '../kernel/digest.ts'
import type { Log } from '../kernel/log.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import type { CrlArchive } from './crl-archive-store.ts'
import type { CrlDesk, IndexedCrl } from './crl-desk.ts'
import { pointId, readCrlHeader, speaksOf, type CrlPoint } from './crl-header.ts'
import type { CrlSource, FetchedCrl } from './sources.ts'

export interface CrlListsDependencies {
  readonly source: CrlSource
  readonly archive: CrlArchive
  readonly desk: CrlDesk
  readonly freshness: FreshnessPolicy
  /** For how long a list is not asked for again, in milliseconds; 0: it is, by every run. */
  readonly refreshEvery: number
  readonly clock: Clock
  readonly log: Log
}

/** Begins with a question or a run of questions: a list that was fetched since then is not fetched again for it. */
export type Turn = number

/** Serials of one authority whose entry came, went or changed with a new list. */
export interface ListChange {
  readonly kind: CertificateKind
  readonly issuer: string
  readonly serials: readonly Uint8Array[]
}

export interface ListInquiry {
  readonly target: RevocationTarget
  readonly issuer: TrustAnchor
  readonly at: Date
  /** Highest number that any process of ours has seen of this point. */
  readonly lowestNumber: (point: string) => Promise<bigint | undefined>
}

export interface ListAnswer {
  readonly status: RevocationStatus
  /** The number to remember when a list was believed that is newer than any before. */
  readonly crl: { readonly point: string; readonly number: bigint } | null
}

/** After a failure a point is left alone for so long at most, and after some in a row the whole source; in milliseconds. */
const RETRY_AFTER = 30_000
const FAILURES = 5

/** What is known of one point. */
class Point {
  readonly place: CrlPoint
  readonly id: string
  list: IndexedCrl | null = null
  digest: Uint8Array | null = null
  version: string | null = null
  /** Why the list of `version` was not believed. */
  refusal: UnknownCause | null = null
  /** Numbers below this are a replay. */
  lowest: bigint | null = null
  /** Why the last attempt to get a list gave none. */
  failure: UnknownCause | null = null
  /** Turn and time at which the source was asked last. */
  asked: { readonly turn: Turn; readonly at: Date } | null = null
  work: Promise<void> = Promise.resolve()

  constructor(place: CrlPoint) {
    this.place = place
    this.id = pointId(place)
  }
}

/**
 * The CRLs in hand: each is fetched when it is due, verified and indexed once, kept on disk, and takes the place of the one
 * before at one stroke. INVARIANT: the number of a point never decreases, over restarts as well; a list that is not
 * believed leaves the one before where it was.
 */
export class CrlLists {
  readonly #deps: CrlListsDependencies
  /** Keeps a run over many points from waiting for each of them; null where a source is asked at every turn. */
  readonly #circuit: CircuitBreaker | null
  readonly #points = new Map<string, Point>()
  #turns: Turn = 0
  #changes: ListChange[] = []

  private constructor(deps: CrlListsDependencies) {
    this.#deps = deps
    const pause = Math.min(deps.refreshEvery, RETRY_AFTER)
    this.#circuit = pause > 0 ? new CircuitBreaker({ failures: FAILURES, pause }) : null
  }

  /** Takes up again what was kept; each list is verified anew. */
  static async open(deps: CrlListsDependencies): Promise<CrlLists> {
    const lists = new CrlLists(deps)
    for (const { point, number, der } of await deps.archive.load()) {
      const known = lists.#pointOf(point)
      known.lowest = number
      if (der !== null) await lists.#takeUp(known, der)
    }
    return lists
  }

  beginTurn(): Turn {
    return (this.#turns += 1)
  }

  /** Status by the list that the certificate names; null when it names none. */
  async status(inquiry: ListInquiry, turn: Turn): Promise<ListAnswer | null> {
    const { target, issuer, at, lowestNumber } = inquiry
    const directoryName = crlName(target)
    if (directoryName === null) return null
    const point = this.#pointOf({ issuer, directoryName })
    await this.#refresh(point, turn)
    const { list, failure } = point
    if (list === null || (failure !== null && !this.#deps.source.outlivesOutage)) {
      return unknown(failure ?? 'UNREACHABLE')
    }
    const lowest = await lowestNumber(point.id)
    const { freshness } = this.#deps
    const question = { certificate: target, issuer, at, freshness }
    const status = await list.status(
      lowest === undefined ? question : { ...question, lowestNumber: lowest },
    )
    const isNewer = status.status !== 'unknown' && (lowest === undefined || list.number > lowest)
    return { status, crl: isNewer ? { point: point.id, number: list.number } : null }
  }

  /** Fetches what is due of all points that were ever asked about. */
  async refreshAll(turn: Turn): Promise<void> {
    for (const point of this.#points.values()) await this.#refresh(point, turn)
  }

  /** What new lists changed since this was asked last. */
  takeChanges(): readonly ListChange[] {
    const changes = this.#changes
    this.#changes = []
    return changes
  }

  async close(): Promise<void> {
    await this.#deps.desk.close()
  }

  #pointOf(place: CrlPoint): Point {
    const id = pointId(place)
    const point = this.#points.get(id) ?? new Point(place)
    this.#points.set(id, point)
    return point
  }

  /** One fetch at a time for a point; who waited for one that began after its own turn is served by it. */
  #refresh(point: Point, turn: Turn): Promise<void> {
    const work = point.work.then(() => (this.#isDue(point, turn) ? this.#fetch(point) : undefined))
    point.work = work.catch(() => undefined) // told to who asked
    return work
  }

  #isDue({ asked, failure }: Point, turn: Turn): boolean {
    if (asked === null) return true
    const { refreshEvery, clock } = this.#deps
    const pause = failure === null ? refreshEvery : Math.min(refreshEvery, RETRY_AFTER)
    return asked.turn < turn && clock.now().getTime() - asked.at.getTime() >= pause
  }

  async #fetch(point: Point): Promise<void> {
    const { source, clock, log } = this.#deps
    if (this.#circuit?.admits(clock.now()) === false) {
      point.failure = 'UNREACHABLE'
      return
    }
    point.asked = { turn: this.beginTurn(), at: clock.now() }
    let fetched: FetchedCrl | 'unchanged'
    try {
      fetched = await source.fetchCrl(point.place, point.version)
      this.#circuit?.succeeded()
    } catch (error) {
      // No answer is a value here, and never good.
      log.warn('REVOCATION_SOURCE_UNAVAILABLE', { reason: 'CRL' }, error)
      this.#circuit?.failed(clock.now())
      point.failure = 'UNREACHABLE'
      return
    }
    if (fetched !== 'unchanged') await this.#replace(point, fetched)
    else point.failure = point.refusal
  }

  async #replace(point: Point, { der, version }: FetchedCrl): Promise<void> {
    const digest = sha256(der)
    if (point.digest === null || !constantTimeEqual(digest, point.digest)) {
      const candidate = await this.#believe(point, der)
      if (typeof candidate === 'string') {
        this.#deps.log.warn('CRL_REFUSED', { reason: candidate })
        // What is too early today may be believed tomorrow, so it is fetched again.
        point.version = candidate === 'NOT_YET_VALID' ? null : version
        point.refusal = candidate
        point.failure = candidate
        return
      }
      await this.#swap(point, candidate, der)
      point.digest = digest
    }
    point.version = version
    point.refusal = null
    point.failure = null
  }

  /** Verifies a list as the next one of its point, or says why it cannot be that. */
  async #believe(point: Point, der: Uint8Array): Promise<IndexedCrl | UnknownCause> {
    const scope = scopeFailure(point.place, der)
    if (scope !== null) return scope
    const candidate = await this.#deps.desk.verify(der, point.place.issuer)
    if (typeof candidate === 'string') return candidate
    const { clock, freshness } = this.#deps
    const latest = clock.now().getTime() + freshness.clockSkew
    const failure =
      candidate.thisUpdate.getTime() > latest
        ? 'NOT_YET_VALID'
        : isOlder(candidate, point)
          ? 'OLDER_THAN_KNOWN'
          : null
    if (failure === null) return candidate
    candidate.release()
    return failure
  }

  async #swap(point: Point, next: IndexedCrl, der: Uint8Array): Promise<void> {
    const { archive, desk, log } = this.#deps
    const { issuer } = point.place
    const earlier = point.list === null ? null : await archive.der(point.place)
    await archive.save(point.place, { der, number: next.number, thisUpdate: next.thisUpdate })
    const serials = earlier === null ? [] : await desk.difference(earlier, der)
    const previous = point.list
    point.list = next
    point.lowest = next.number
    previous?.release()
    if (serials.length > 0) {
      this.#changes.push({ kind: issuer.kind, issuer: issuer.sha256, serials })
    }
    log.info('CRL_ACCEPTED', { count: serials.length })
  }

  async #takeUp(point: Point, der: Uint8Array): Promise<void> {
    const candidate = await this.#believe(point, der)
    if (typeof candidate === 'string') {
      this.#deps.log.warn('CRL_REFUSED', { reason: candidate })
      return
    }
    point.list = candidate
    point.digest = sha256(der)
  }
}

function unknown(cause: UnknownCause): ListAnswer {
  return { status: { status: 'unknown', source: 'crl', cause }, crl: null }
}

function scopeFailure(place: CrlPoint, der: Uint8Array): UnknownCause | null {
  try {
    return speaksOf(readCrlHeader(der), place) ? null : 'WRONG_SCOPE'
  } catch (error) {
    if (error instanceof MalformedDer) return 'MALFORMED'
    throw error
  }
}

function isOlder(candidate: IndexedCrl, { lowest, list }: Point): boolean {
  if (lowest !== null && candidate.number < lowest) return true
  return list !== null && candidate.number === list.number && candidate.thisUpdate < list.thisUpdate
}
