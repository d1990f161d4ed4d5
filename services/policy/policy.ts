import type { Tx, UnitOfWork } from '../database/unit-of-work.ts'
import type { Publisher } from '../eventlog/publisher.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { orderedId, type Random } from '../kernel/random.ts'
import { ActivePolicy } from './active-policy.ts'
import { assess, explain } from './assess.ts'
import { assuranceChanged, assuranceSnapshot, policyActivated, type ScorerInput } from './events.ts'
import { createFactsValidator, type FactsValidator } from '../kernel/facts-check.ts'
import { identityLevel, type IdentityLevel } from './identity-level.ts'
import { INDETERMINATE } from './language/score.ts'
import { PolicyStore } from './policy-store.ts'
import type { PolicyPort } from './ports.ts'
import { PolicyDatabase, type DecisionRow, type LevelRow } from './store.ts'
import { factsDigest, proofingsOf } from './subject-facts.ts'

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
}

/** The policy service: the port for the others, and what its worker and timer call. */
export interface Policy extends PolicyPort {
  readonly digest: string
  readonly validator: FactsValidator
  /** Tells that the pack is in force when it was not the one before, and makes every person due. Call it once at start. */
  activate(): Promise<void>
  /** Takes one event into the facts of its person and scores the person again. */
  apply(tx: Tx, input: ScorerInput, eventId: string): Promise<void>
  /** Scores the persons whose levels time alone may have changed; resolves to how many were looked at. */
  rescoreDue(now: Date): Promise<number>
  /** Changes of level of a person, oldest first. */
  decisions(subjectRef: string): Promise<readonly DecisionRow[]>
}

const DUE_PAGE = 200

/** Loads the pack in force. Throws `PolicyRejected` when it cannot be used: the start stops. */
export function createPolicy(deps: PolicyDependencies): Policy {
  const packs = new PolicyStore(deps.policies)
  const policy = new ActivePolicy(packs.load(deps.pack ?? 'watashi-default'), (name) =>
    packs.load(name),
  )
  const service = new PolicyService(deps, policy)
  const validator = createFactsValidator(packs.factsSchema())
  const { database } = deps
  const facts = (subjectRef: string) =>
    database.read(async (tx) => ({
      known: await service.store.facts(tx, subjectRef),
      person: await service.store.person(tx, subjectRef),
    }))
  return {
    digest: policy.digest,
    validator,
    activate: () => service.activate(),
    apply: (tx, input, eventId) => service.apply(tx, input, eventId),
    rescoreDue: (now) => service.rescoreDue(now),
    decisions: (subjectRef) => database.read((tx) => service.store.decisions(tx, subjectRef)),
    checkMinimum: (minimum) => policy.checkMinimum(minimum),
    compareLevels: (framework, axis, a, b) =>
      policy.rank(framework, axis, a) - policy.rank(framework, axis, b),
    isLowered: (framework, axis, from, to) => policy.isLowered(framework, axis, from, to),
    lowestLoginLevel: (framework, axis) => policy.lowestLoginLevel(framework, axis),
    async assess(question) {
      const { known, person } = await facts(question.subjectRef)
      const { axes, others } = assess(policy, known, question)
      const shortfalls = [...axes.flatMap(({ shortfall }) => shortfall ?? []), ...others]
      return {
        satisfied: shortfalls.length === 0,
        levels: axes.map(({ level }) => level),
        shortfalls,
        policyDigest: policy.digest,
        factsVersion: person.factsVersion,
      }
    },
    async explain(question) {
      const { known } = await facts(question.subjectRef)
      return explain(policy, known, question)
    },
    async identityLevels(subjectRef, at) {
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

class PolicyService {
  readonly store: PolicyDatabase
  readonly #deps: PolicyDependencies
  readonly #policy: ActivePolicy

  constructor(deps: PolicyDependencies, policy: ActivePolicy) {
    this.store = new PolicyDatabase(deps.database)
    this.#deps = deps
    this.#policy = policy
  }

  async activate(): Promise<void> {
    const { database, publisher, clock, log } = this.#deps
    const { pack, digest } = this.#policy
    const activation = {
      pack: pack.framework,
      version: pack.version,
      digest,
      activatedAt: clock.now(),
    }
    const changed = await database.run(async (tx) => {
      if ((await this.store.activation(tx, pack.framework)) === digest) return false
      await this.store.saveActivation(tx, activation)
      await this.store.makeAllDue(tx, activation.activatedAt)
      await publisher.publish(tx, policyActivated(activation))
      return true
    })
    if (changed) log.info('POLICY_ACTIVATED', { framework: pack.framework, version: pack.version })
  }

  async apply(tx: Tx, input: ScorerInput, eventId: string): Promise<void> {
    const { subjectRef } = input
    const person = await this.store.person(tx, subjectRef)
    const erased = person.erased || input.kind === 'erased'
    await this.store.savePerson(tx, subjectRef, { factsVersion: person.factsVersion + 1, erased })
    if (erased) {
      // A fact that comes after the erasure is forgotten like those before it.
      await this.#erase(tx, subjectRef, person.erased)
    } else if (input.kind === 'fact') {
      await this.store.addFact(tx, subjectRef, input.fact)
      await this.#score(tx, subjectRef, eventId, this.#deps.clock.now())
    }
  }

  async rescoreDue(now: Date): Promise<number> {
    const { database } = this.#deps
    const due = await database.read((tx) => this.store.dueAt(tx, now, DUE_PAGE))
    for (const subjectRef of due) {
      await database.run(async (tx) => {
        // Erased since we read: to score would bring the levels back.
        if ((await this.store.person(tx, subjectRef)).erased) return
        await this.#score(tx, subjectRef, '', now)
      })
    }
    return due.length
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
    await this.store.addDecision(tx, {
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
    })
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

function sameAxis({ framework, axis }: IdentityLevel): (row: LevelRow) => boolean {
  return (row) => row.framework === framework && row.axis === axis
}

function isNews(row: LevelRow, known: LevelRow | undefined): boolean {
  return known?.level !== row.level || known.validUntil?.getTime() !== row.validUntil?.getTime()
}
