import { afterCommit } from '../database/current-work.ts'
import type { Tx, UnitOfWork } from '../database/unit-of-work.ts'
import type { Publisher } from '../eventlog/publisher.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { orderedId, type Random } from '../kernel/random.ts'
import type { ActivePolicy } from './active-policy.ts'
import type { DocumentChange } from './api.ts'
import { assessAny, vectorOfTrust } from './assess-any.ts'
import { explain } from './assess.ts'
import { assuranceChanged, assuranceSnapshot, policyActivated, type ScorerInput } from './events.ts'
import { createFactsValidator, type FactsValidator } from '../kernel/facts-check.ts'
import { identityLevel, type IdentityLevel } from './identity-level.ts'
import { INDETERMINATE } from './language/score.ts'
import { DecisionLog, type LogSearch } from './decision-log.ts'
import { populationImpact, type Impact } from './impact.ts'
import type { LogImpact } from './log-impact.ts'
import type { Trustmark } from './minimum/trustmark.ts'
import { PolicyInForce } from './policy-in-force.ts'
import { PolicyStore } from './policy-store.ts'
import type { ReleaseKey } from './release/release.ts'
import { PolicyReleases } from './release/releases.ts'
import type { PolicyPort } from './ports.ts'
import { PolicySweep } from './policy-sweep.ts'
import {
  PolicyDatabase,
  sameAxis,
  type DecisionRow,
  type LevelRow,
} from './store.ts'
import type { KnownPerson } from './population.ts'
import { factsDigest, proofingsOf, type StoredFact } from './subject-facts.ts'

export interface PolicyDependencies {
  readonly database: UnitOfWork
  readonly publisher: Publisher
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Folder of the packs; `policies/` of this repository when absent. */
  readonly policies?: string
  /** Name of the pack in force; `watashi-default` when absent. */
  readonly pack?: string
  /** Signs releases, and is the one that they are believed from. */
  readonly releaseKey: ReleaseKey
}

/** The policy service: the port for the others, and what its worker and timer call. */
export interface Policy extends PolicyPort {
  /** Name of the pack in force. */
  readonly pack: string
  readonly digest: string
  readonly validator: FactsValidator
  readonly releases: PolicyReleases
  readonly decisionLog: DecisionLog
  /** What the values of vectors of trust mean now; undefined where none are taken and given. */
  readonly trustmark: Trustmark | undefined
  /** What a draft would do to every person who is known. @throws PolicyRejected, InvalidInput */
  impact(changes: readonly DocumentChange[]): Promise<Impact>
  /** Persons after `after` in the order of their references, with what is known of each. */
  knownPersons(after: string, limit: number): Promise<readonly KnownPerson[]>
  knownPerson(subjectRef: string): Promise<KnownPerson>
  /** Calls `heard` when something else is known of a person, after it was stored by this process. */
  watchPersons(heard: (subjectRef: string) => void): void
  /** What a draft would have decided of what the log has. Throws as `impact` does, and as `DecisionLog.replay`. */
  replay(changes: readonly DocumentChange[], search: LogSearch): Promise<LogImpact>
  /** Puts the newest release in force, tells of it when it was not the one before, and makes every person due. Call it once at start. */
  activate(): Promise<void>
  /** Takes one event into the facts of its person and scores the person again. */
  apply(tx: Tx, input: ScorerInput, eventId: string): Promise<void>
  /**
   * Scores some of the persons whose levels another policy gave or time alone may have changed, and resolves to how many were
   * looked at: 0 when there are no more. After a change of policy nobody is raised before everybody has fallen who falls.
   */
  rescoreDue(now: Date): Promise<number>
  /** Changes of level of a person, oldest first. */
  decisions(subjectRef: string): Promise<readonly DecisionRow[]>
}

const DUE_PAGE = 200

/** Loads the installed packs. Throws `PolicyRejected` when they cannot be used: the start stops. */
export function createPolicy(deps: PolicyDependencies): Policy {
  const { library } = new PolicyStore(deps.policies)
  const inForce = new PolicyInForce(deps.pack ?? 'watashi-default', library)
  const service = new PolicyService(deps, inForce)
  const validator = createFactsValidator(library.factsSchema())
  const releases = new PolicyReleases({
    ...deps,
    inForce,
    key: deps.releaseKey,
    activate: (tx, policy, now) => service.activate(tx, policy, now),
  })
  const { database, clock } = deps
  const facts = (subjectRef: string) =>
    database.read(async (tx) => ({
      known: await service.store.facts(tx, subjectRef),
      person: await service.store.person(tx, subjectRef),
    }))
  const decisionLog = new DecisionLog({ ...deps, inForce, store: service.store })
  return {
    get digest() {
      return inForce.policy.digest
    },
    get trustmark() {
      return inForce.policy.trustmark
    },
    pack: inForce.pack,
    validator,
    releases,
    decisionLog,
    impact: async (changes) =>
      populationImpact({
        database,
        store: service.store,
        before: inForce.policy,
        after: releases.policyOf(changes),
        now: clock.now(),
      }),
    async knownPersons(after, limit) {
      const page = await database.read((tx) => service.store.factsOfMany(tx, after, limit))
      return [...page].map(([subjectRef, known]) => toKnown(subjectRef, known))
    },
    async knownPerson(subjectRef) {
      const { known, person } = await facts(subjectRef)
      return person.erased ? { subjectRef, proofings: undefined } : toKnown(subjectRef, known)
    },
    watchPersons: (heard) => void service.heard.push(heard),
    replay: async (changes, search) => decisionLog.replay(releases.policyOf(changes), search),
    activate: () => releases.start(),
    apply: (tx, input, eventId) => service.apply(tx, input, eventId),
    async rescoreDue(now) {
      if (await releases.refresh()) await service.makeOthersDue(now)
      return service.rescoreDue(now)
    },
    decisions: (subjectRef) => database.read((tx) => service.store.decisions(tx, subjectRef)),
    checkMinimum: (minimum) => inForce.policy.checkMinimum(minimum),
    readMinimum: (asked) => inForce.policy.readMinimum(asked),
    compareLevels: (framework, axis, a, b) =>
      inForce.policy.rank(framework, axis, a) - inForce.policy.rank(framework, axis, b),
    isLowered: (framework, axis, from, to) => inForce.policy.isLowered(framework, axis, from, to),
    lowestLoginLevel: (framework, axis) => inForce.policy.lowestLoginLevel(framework, axis),
    async assess(question) {
      const { policy } = inForce
      const { known, person } = await facts(question.subjectRef)
      const { held, levels, firedRules, shortfalls } = assessAny(policy, known, question)
      const vector =
        question.minimum.anyOf === undefined
          ? undefined
          : vectorOfTrust(policy, known, question, levels)
      return {
        satisfied: shortfalls.length === 0,
        held,
        levels,
        ...(vector !== undefined && { vector }),
        shortfalls,
        policyDigest: policy.digest,
        factsDigest: factsDigest(known),
        firedRules,
        factsVersion: person.factsVersion,
      }
    },
    recordAnswer: (answer) => decisionLog.record(answer),
    async explain(question) {
      const { policy } = inForce
      const { known } = await facts(question.subjectRef)
      const { held } = assessAny(policy, known, question)
      return explain(policy, known, { ...question, minimum: held })
    },
    async identityLevels(subjectRef, at) {
      const { policy } = inForce
      const { known } = await facts(subjectRef)
      const proofings = proofingsOf(known)
      return policy.person.map((ref) => {
        const { framework, axis, level, validUntil } = identityLevel(policy, ref, proofings, at)
        const lowest = level !== INDETERMINATE && policy.rank(framework, axis, level) === 0
        return {
          framework,
          axis,
          level,
          lowest,
          ...(validUntil === undefined ? {} : { validUntil }),
        }
      })
    },
  }
}

function toKnown(subjectRef: string, facts: readonly StoredFact[]): KnownPerson {
  return { subjectRef, proofings: JSON.stringify(proofingsOf(facts)) }
}

class PolicyService {
  readonly store: PolicyDatabase
  readonly heard: ((subjectRef: string) => void)[] = []
  readonly #deps: PolicyDependencies
  readonly #inForce: PolicyInForce
  readonly #sweep: PolicySweep

  constructor(deps: PolicyDependencies, inForce: PolicyInForce) {
    this.store = new PolicyDatabase(deps.database)
    this.#deps = deps
    this.#inForce = inForce
    this.#sweep = new PolicySweep(deps.database, this.store, (subjectRef, now) =>
      this.#scoreAgain(subjectRef, now),
    )
  }

  get #policy(): ActivePolicy {
    return this.#inForce.policy
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
    for (const subjectRef of due) await this.#scoreAgain(subjectRef, now)
    return due.length
  }

  async #scoreAgain(subjectRef: string, now: Date): Promise<void> {
    await this.#deps.database.run(async (tx) => {
      // Erased since we read: to score would bring the levels back.
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
