import { afterCommit } from '../database/current-work.ts'
import type { Tx, UnitOfWork } from '../database/unit-of-work.ts'
import type { Publisher } from '../eventlog/publisher.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { orderedId, type Random } from '../kernel/random.ts'
import type { ActivePolicy } from './active-policy.ts'
import { assuranceChanged, assuranceSnapshot, policyActivated, type ScorerInput } from './events.ts'
import { identityLevel, type IdentityLevel } from './identity-level.ts'
import type { PolicyInForce } from './policy-in-force.ts'
import { CodedStore } from './coded-store.ts'
import { PersonLevels } from './person-levels.ts'
import { PolicySweep } from './policy-sweep.ts'
import { PolicyDatabase, sameAxis, type LevelRow } from './store.ts'
import { factsDigest, proofingsOf } from './subject-facts.ts'

const DUE_PAGE = 200
/** Fewer than a pool has connections, so that others are answered meanwhile. */
const AT_ONCE = 8

export interface PersonScorerDependencies {
  readonly database: UnitOfWork
  readonly publisher: Publisher
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** Turns what is known of persons into their levels, and tells of each that is another than before. */
export class PersonScorer {
  readonly store: PolicyDatabase
  readonly heard: ((subjectRef: string) => void)[] = []
  readonly #deps: PersonScorerDependencies
  readonly #inForce: PolicyInForce
  readonly #coded: CodedStore
  readonly #sweep: PolicySweep
  #levels: { readonly policy: ActivePolicy; readonly of: PersonLevels } | undefined

  constructor(deps: PersonScorerDependencies, inForce: PolicyInForce) {
    this.store = new PolicyDatabase(deps.database)
    this.#deps = deps
    this.#inForce = inForce
    this.#coded = new CodedStore(deps.database)
    this.#sweep = new PolicySweep({
      ...{ database: deps.database, store: this.store, coded: this.#coded },
      levels: (policy) => this.#levelsUnder(policy),
      score: (subjectRefs, now) => this.#scoreAll(subjectRefs, now),
    })
  }

  get #policy(): ActivePolicy {
    return this.#inForce.policy
  }

  /** Made when it is first asked for: most starts find nobody. */
  #levelsUnder(policy: ActivePolicy): PersonLevels {
    if (this.#levels?.policy !== policy) this.#levels = { policy, of: new PersonLevels(policy) }
    return this.#levels.of
  }

  /** Tells that a policy is in force when it was not the one before, and makes every person due. */
  async activate(tx: Tx, { pack, digest }: ActivePolicy, activatedAt: Date): Promise<void> {
    const { publisher, log } = this.#deps
    const activation = { pack: pack.framework, version: pack.version, digest, activatedAt }
    if ((await this.store.activation(tx, pack.framework)) === digest) return
    await this.store.saveActivation(tx, activation)
    await this.store.makeAllDue(tx, activatedAt)
    await publisher.publish(tx, policyActivated(activation))
    afterCommit(() =>
      log.info('POLICY_ACTIVATED', { framework: pack.framework, version: pack.version }),
    )
  }

  /** Makes those due whom another process scored with another policy while this one took over. */
  async makeOthersDue(now: Date): Promise<void> {
    await this.#deps.database.run((tx) => this.store.makeOthersDue(tx, this.#policy.digest, now))
  }

  async apply(tx: Tx, input: ScorerInput, eventId: string): Promise<void> {
    const { subjectRef } = input
    afterCommit(() => {
      for (const heard of this.heard) heard(subjectRef)
    })
    const person = await this.store.person(tx, subjectRef)
    const erased = person.erased || input.kind === 'erased'
    await this.store.savePerson(tx, subjectRef, { factsVersion: person.factsVersion + 1, erased })
    if (erased) {
      // A fact that comes after the erasure is forgotten like those before it.
      await this.#erase(tx, subjectRef, person.erased)
    } else if (input.kind === 'fact') {
      const now = this.#deps.clock.now()
      await this.store.addFact(tx, subjectRef, input.fact, now)
      await this.#score(tx, subjectRef, eventId, now)
    }
  }

  async rescoreDue(now: Date): Promise<number> {
    const swept = await this.#sweep.page(this.#policy, now)
    if (swept > 0) return swept
    const { database } = this.#deps
    const due = await database.read((tx) => this.store.dueAt(tx, now, DUE_PAGE))
    await this.#scoreAll(due, now)
    return due.length
  }

  /** Some at once, which share a durable commit. All have ended before one that failed is told. */
  async #scoreAll(subjectRefs: readonly string[], now: Date): Promise<void> {
    for (let first = 0; first < subjectRefs.length; first += AT_ONCE) {
      const some = subjectRefs.slice(first, first + AT_ONCE)
      const ended = await Promise.allSettled(some.map((ref) => this.#scoreAgain(ref, now)))
      for (const one of ended) if (one.status === 'rejected') throw one.reason
    }
  }

  async #scoreAgain(subjectRef: string, now: Date): Promise<void> {
    await this.#deps.database.run(async (tx) => {
      // Erased since we read: to score would bring the levels back. One who is erased meanwhile has no level to be written over.
      if ((await this.store.person(tx, subjectRef)).erased) return
      await this.#score(tx, subjectRef, '', now)
    })
  }

  async #erase(tx: Tx, subjectRef: string, before: boolean): Promise<void> {
    await this.store.erase(tx, subjectRef)
    if (before) return
    const decidedAt = this.#deps.clock.now()
    const snapshot = { subjectRef, levels: [], policyDigest: this.#policy.digest, decidedAt }
    await this.#deps.publisher.publish(tx, assuranceSnapshot(snapshot))
  }

  /** Computes every identity axis from the facts alone; writes and tells what is another than before. */
  async #score(tx: Tx, subjectRef: string, causeEventId: string, now: Date): Promise<void> {
    const facts = await this.store.facts(tx, subjectRef)
    const proofings = proofingsOf(facts)
    const digest = factsDigest(facts)
    const before = await this.store.levels(tx, subjectRef)
    const rows = this.#policy.person.map((ref) => {
      const level = identityLevel(this.#policy, ref, proofings, now)
      return {
        level,
        row: this.#row(subjectRef, level, digest, now),
        known: before.find(sameAxis(level)),
      }
    })
    for (const gone of before.filter((row) => !rows.some(({ level }) => sameAxis(level)(row)))) {
      await this.store.deleteLevel(tx, gone)
    }
    for (const { row } of rows) await this.store.saveLevel(tx, row)
    const coder = this.#levelsUnder(this.#policy)
    if (coder.areCoded) {
      const coded = { subjectRef, factsDigest: digest, words: coder.code(proofings) }
      await this.#coded.save(tx, [coded], coder.coding)
    }
    const changed = rows.filter(({ level, known }) => known?.level !== level.level)
    const told = changed.map(({ level, row, known }) => ({
      level,
      row,
      from: known?.level ?? '',
      lowered: this.#isLowered(level, known),
    }))
    // Lowers before raises: whoever reads half of the news must not believe too much.
    for (const one of [
      ...told.filter(({ lowered }) => lowered),
      ...told.filter(({ lowered }) => !lowered),
    ]) {
      await this.#tell(tx, one, causeEventId)
    }
    if (rows.some(({ row, known }) => isNews(row, known))) {
      const levels = rows.map(({ level: { framework, axis, level, validUntil } }) => ({
        framework,
        axis,
        level,
        validUntil,
      }))
      const snapshot = { subjectRef, levels, policyDigest: this.#policy.digest, decidedAt: now }
      await this.#deps.publisher.publish(tx, assuranceSnapshot(snapshot))
    }
  }

  async #tell(
    tx: Tx,
    {
      level,
      row,
      from,
      lowered,
    }: {
      readonly level: IdentityLevel
      readonly row: LevelRow
      readonly from: string
      readonly lowered: boolean
    },
    causeEventId: string,
  ): Promise<void> {
    const { publisher, random, log } = this.#deps
    const { subjectRef, framework, axis, policyDigest, decidedAt } = row
    const firedRules = level.fired.map(({ id }) => id)
    const { missing, validUntil } = level
    await this.store.addDecisions(tx, [
      {
        id: orderedId(random, decidedAt),
        subjectRef,
        framework,
        axis,
        level: level.level,
        firedRules,
        validUntil: validUntil ?? null,
        policyDigest,
        factsDigest: row.factsDigest,
        causeEventId,
        decidedAt,
        occasion: 'change',
        ...{ questionId: null, relyingParty: null, requested: null },
        ...{ satisfied: null, ceremony: null },
      },
    ])
    await publisher.publish(
      tx,
      assuranceChanged({
        subjectRef,
        framework,
        axis,
        from,
        to: level.level,
        lowered,
        missing,
        firedRules,
        policyDigest,
        factsDigest: row.factsDigest,
        causeEventId,
        decidedAt,
        validUntil,
      }),
    )
    log.info('ASSURANCE_CHANGED', { framework, axis })
  }

  #row(subjectRef: string, level: IdentityLevel, digest: string, decidedAt: Date): LevelRow {
    return {
      subjectRef,
      framework: level.framework,
      axis: level.axis,
      level: level.level,
      missing: level.missing,
      validUntil: level.validUntil ?? null,
      dueAt: level.validUntil ?? null,
      policyDigest: this.#policy.digest,
      factsDigest: digest,
      decidedAt,
    }
  }

  #isLowered({ framework, axis, level }: IdentityLevel, known: LevelRow | undefined): boolean {
    return known !== undefined && this.#policy.isLowered(framework, axis, known.level, level)
  }
}

function isNews(row: LevelRow, known: LevelRow | undefined): boolean {
  return known?.level !== row.level || known.validUntil?.getTime() !== row.validUntil?.getTime()
}
