import type { Tx, UnitOfWork } from '../database/unit-of-work.ts'
import type { Publisher } from '../eventlog/publisher.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { Random } from '../kernel/random.ts'
import type { DocumentChange } from './api.ts'
import { assessAny, vectorOfTrust } from './assess-any.ts'
import { explain } from './assess.ts'
import type { ScorerInput } from './events.ts'
import { createFactsValidator, type FactsValidator } from '../kernel/facts-check.ts'
import { identityLevel } from './identity-level.ts'
import { INDETERMINATE } from './language/score-value.ts'
import { DecisionLog, type LogSearch } from './decision-log.ts'
import { populationImpact, type Impact } from './impact.ts'
import type { LogImpact } from './log-impact.ts'
import { LOG_DAYS, LogRetention } from './log-retention.ts'
import type { Trustmark } from './minimum/trustmark.ts'
import { PolicyInForce } from './policy-in-force.ts'
import { PolicyStore } from './policy-store.ts'
import { PolicyAuthors } from './release/authors.ts'
import type { GateDesk } from './release/gate-thread-pool.ts'
import { PastTrustmarks } from './release/past-trustmarks.ts'
import { PolicyProposals } from './release/proposals.ts'
import { ReleaseChain } from './release/release-chain.ts'
import { ReleaseKeys, type ReleaseKeyFiles } from './release/release-keys.ts'
import { ReleaseStore } from './release/release-store.ts'
import { PolicyReleases } from './release/releases.ts'
import type { PolicyPort } from './ports.ts'
import { PersonScorer } from './person-scorer.ts'
import type { DecisionRow } from './store.ts'
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
  /** What releases are signed with, and the first key that they are believed from. */
  readonly releaseKeys: ReleaseKeyFiles
  /** Holds drafts against what a release has to pass. */
  readonly gates: GateDesk
  /** How many days a decision is kept; five years when absent. */
  readonly decisionLogDays?: number
}

/** The policy service: the port for the others, and what its worker and timer call. */
export interface Policy extends PolicyPort {
  /** Name of the pack in force. */
  readonly pack: string
  readonly digest: string
  readonly validator: FactsValidator
  readonly authors: PolicyAuthors
  readonly proposals: PolicyProposals
  readonly releases: PolicyReleases
  readonly releaseKeys: ReleaseKeys
  readonly decisionLog: DecisionLog
  /** What the values of vectors of trust mean, or meant in a version before; undefined for one that was never in force. */
  trustmarkOf(asked: Pick<Trustmark, 'id' | 'version'>): Promise<Trustmark | undefined>
  /** What a draft would do to every person who is known. @throws PolicyRejected, InvalidInput */
  impact(changes: readonly DocumentChange[]): Promise<Impact>
  /** Persons after `after` in the order of their references, with what is known of each. */
  knownPersons(after: string, limit: number): Promise<readonly KnownPerson[]>
  knownPerson(subjectRef: string): Promise<KnownPerson>
  /** Calls `heard` when something else is known of a person, after it was stored by this process. */
  watchPersons(heard: (subjectRef: string) => void): void
  /** What a draft would have decided of what the log has. Throws as `impact` does, and as `DecisionLog.replay`. */
  replay(changes: readonly DocumentChange[], search: LogSearch): Promise<LogImpact>
  /** As `replay`, of the decisions of these ids, each at most once. */
  replayThese(
    changes: readonly DocumentChange[],
    ids: readonly string[],
  ): Promise<{ readonly impact: LogImpact; readonly notFound: number }>
  /** Puts the newest release in force, tells of it when it was not the one before, and makes every person due. Call it once at start. */
  activate(): Promise<void>
  /** Takes one event into the facts of its person and scores the person again. */
  apply(tx: Tx, input: ScorerInput, eventId: string): Promise<void>
  /**
   * Scores some of the persons whose levels another policy gave or time alone may have changed, and resolves to how many were
   * looked at: 0 when there are no more. After a change of policy nobody is raised before everybody has fallen who falls.
   */
  rescoreDue(now: Date): Promise<number>
  /** Forgets some of the decisions that are too old, and resolves to how many were looked at: 0 when there are no more today. */
  forgetOldDecisions(now: Date): Promise<number>
  /** Changes of level of a person, oldest first. */
  decisions(subjectRef: string): Promise<readonly DecisionRow[]>
}

/** Loads the installed packs. Throws `PolicyRejected` when they cannot be used: the start stops. */
export function createPolicy(deps: PolicyDependencies): Policy {
  const { library } = new PolicyStore(deps.policies)
  const inForce = new PolicyInForce(deps.pack ?? 'watashi-default', library)
  const scorer = new PersonScorer(deps, inForce)
  const validator = createFactsValidator(library.factsSchema())
  const authors = new PolicyAuthors(deps)
  const chain = new ReleaseChain(new ReleaseStore(deps.database), deps.releaseKeys.pinned)
  const keys = new ReleaseKeys({ ...deps, chain, files: deps.releaseKeys })
  const proposals = new PolicyProposals({ ...deps, inForce, authors, keys })
  const releases = new PolicyReleases({
    ...{ ...deps, inForce, authors, proposals, chain, keys },
    activate: (tx, policy, now) => scorer.activate(tx, policy, now),
  })
  const trustmarks = new PastTrustmarks({ ...deps, inForce })
  const { database, clock } = deps
  const facts = (subjectRef: string) =>
    database.read(async (tx) => ({
      known: await scorer.store.facts(tx, subjectRef),
      person: await scorer.store.person(tx, subjectRef),
    }))
  const retention = new LogRetention({
    ...{ database, store: scorer.store, days: deps.decisionLogDays ?? LOG_DAYS },
  })
  const decisionLog = new DecisionLog({ ...deps, inForce, store: scorer.store })
  return {
    get digest() {
      return inForce.policy.digest
    },
    trustmarkOf: (asked) => trustmarks.find(asked),
    pack: inForce.pack,
    validator,
    authors,
    proposals,
    releases,
    releaseKeys: keys,
    decisionLog,
    impact: async (changes) =>
      populationImpact({
        database,
        store: scorer.store,
        before: inForce.policy,
        after: releases.policyOf(changes),
        now: clock.now(),
      }),
    async knownPersons(after, limit) {
      const page = await database.read((tx) => scorer.store.factsOfMany(tx, after, limit))
      return [...page].map(([subjectRef, known]) => toKnown(subjectRef, known))
    },
    async knownPerson(subjectRef) {
      const { known, person } = await facts(subjectRef)
      return person.erased ? { subjectRef, proofings: undefined } : toKnown(subjectRef, known)
    },
    watchPersons: (heard) => void scorer.heard.push(heard),
    replay: async (changes, search) => decisionLog.replay(releases.policyOf(changes), search),
    replayThese: async (changes, ids) => decisionLog.replayThese(releases.policyOf(changes), ids),
    activate: () => releases.start(),
    apply: (tx, input, eventId) => scorer.apply(tx, input, eventId),
    async rescoreDue(now) {
      if (await releases.refresh()) await scorer.makeOthersDue(now)
      return scorer.rescoreDue(now)
    },
    forgetOldDecisions: (now) => retention.sweep(now),
    decisions: (subjectRef) => database.read((tx) => scorer.store.decisions(tx, subjectRef)),
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
