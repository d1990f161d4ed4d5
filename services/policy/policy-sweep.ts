import type { Tx, UnitOfWork } from '../database/unit-of-work.ts'
import type { ActivePolicy } from './active-policy.ts'
import { INDETERMINATE } from './language/score-value.ts'
import type { CodedPerson, CodedStore } from './coded-store.ts'
import type { PersonLevel, PersonLevels } from './person-levels.ts'
import { sameAxis, type PolicyDatabase, type ScoredPerson } from './store.ts'
import { factsDigest, proofingsOf } from './subject-facts.ts'

const PAGE = 500

type Change = 'none' | 'falls' | 'other'

export interface PolicySweepDependencies {
  readonly database: UnitOfWork
  readonly store: PolicyDatabase
  readonly coded: CodedStore
  readonly levels: (policy: ActivePolicy) => PersonLevels
  /** Scores persons whose level falls. */
  readonly score: (subjectRefs: readonly string[], now: Date) => Promise<void>
}

/**
 * The walk over all persons after a change of policy: those for whom nothing changes are confirmed together, those who fall are
 * scored, and all others wait until everybody was looked at, so that nobody is raised before. It begins anew after a restart and
 * looks only at persons whom another policy scored.
 */
export class PolicySweep {
  readonly #deps: PolicySweepDependencies
  #policy: ActivePolicy | undefined
  /** The last person looked at; undefined when there are no more. */
  #after: string | undefined

  constructor(deps: PolicySweepDependencies) {
    this.#deps = deps
  }

  /** Looks at the next persons; resolves to how many there were, 0 at the end. */
  async page(policy: ActivePolicy, now: Date): Promise<number> {
    this.#begin(policy)
    const after = this.#after
    if (after === undefined) return 0
    const { database, store, coded, score } = this.#deps
    const { digest: policyDigest } = policy
    const { last, count, falling } = await database.run(async (tx) => {
      const persons = await store.givenByOthers(tx, policyDigest, after, PAGE)
      if (persons.length === 0) return { last: undefined, count: 0, falling: [] }
      const { found, news, coding } = await this.#levelsOf(tx, persons, policy, now)
      const changes = persons.map((person) =>
        changeOf(person, found.get(person.subjectRef) ?? [], policy),
      )
      const of = (wanted: Change) =>
        persons.flatMap(({ subjectRef }, i) => (changes[i] === wanted ? [subjectRef] : []))
      const stay = new Set(of('none'))
      await store.confirmLevels(tx, [...stay], { policyDigest, decidedAt: now })
      // Of those alone whose levels were written now: had one been erased meanwhile, that would have failed.
      const confirmed = news.filter(({ subjectRef }) => stay.has(subjectRef))
      await coded.save(tx, confirmed, coding)
      return { last: persons.at(-1)?.subjectRef, count: persons.length, falling: of('falls') }
    })
    await score(falling, now)
    this.#after = last
    return count
  }

  /** From persons as they are coded; from the facts of those who are not, and of whom the scorer has to be asked. */
  async #levelsOf(tx: Tx, persons: readonly ScoredPerson[], policy: ActivePolicy, now: Date) {
    const levels = this.#deps.levels(policy)
    const { coding, areCoded } = levels
    const refs = persons.map(({ subjectRef }) => subjectRef)
    const stored = await this.#deps.coded.find(tx, areCoded ? refs : [], coding)
    const found = new Map<string, readonly PersonLevel[]>()
    const current = new Set<string>()
    for (const { subjectRef, levels: known } of persons) {
      const own = stored.get(subjectRef)
      if (own === undefined || known.some((row) => row.factsDigest !== own.factsDigest)) continue
      current.add(subjectRef)
      const quick = levels.ofCoded(own.words, now)
      if (quick !== undefined) found.set(subjectRef, quick)
    }
    const made = await this.#fromFacts(
      tx,
      refs.filter((ref) => !found.has(ref)),
      levels,
      now,
    )
    for (const { subjectRef, own } of made) found.set(subjectRef, own)
    const news = made.filter(({ subjectRef }) => areCoded && !current.has(subjectRef))
    return { found, news, coding }
  }

  async #fromFacts(
    tx: Tx,
    refs: readonly string[],
    levels: PersonLevels,
    now: Date,
  ): Promise<readonly (CodedPerson & { readonly own: readonly PersonLevel[] })[]> {
    const facts = await this.#deps.store.factsOf(tx, refs)
    return refs.map((subjectRef) => {
      const known = facts.get(subjectRef) ?? []
      const proofings = proofingsOf(known)
      const words = levels.code(proofings)
      return {
        ...{ subjectRef, words, factsDigest: factsDigest(known) },
        own: levels.of(proofings, now, words),
      }
    })
  }

  #begin(policy: ActivePolicy): void {
    if (this.#policy === policy) return
    this.#policy = policy
    this.#after = ''
  }
}

/** What a policy does to a person whom another one scored. */
function changeOf(
  { levels: known }: ScoredPerson,
  levels: readonly PersonLevel[],
  policy: ActivePolicy,
): Change {
  const pairs = levels.map((level) => ({ level, row: known.find(sameAxis(level)) }))
  const falls = pairs.some(
    ({ level: { framework, axis, level }, row }) =>
      row !== undefined && policy.isLowered(framework, axis, row.level, level),
  )
  const isGone = known.some((row) => !levels.some(sameAxis(row)))
  if (falls || isGone) return 'falls'
  const stands = pairs.every(
    ({ level: { level, validUntil }, row }) =>
      level !== INDETERMINATE &&
      row?.level === level &&
      row.validUntil?.getTime() === validUntil?.getTime(),
  )
  return stands ? 'none' : 'other'
}
