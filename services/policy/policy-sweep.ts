import type { UnitOfWork } from '../database/unit-of-work.ts'
import type { ActivePolicy } from './active-policy.ts'
import { INDETERMINATE } from './language/score-value.ts'
import { PersonLevels, type PersonLevel } from './person-levels.ts'
import { sameAxis, type KnownPerson, type PolicyDatabase } from './store.ts'
import { proofingsOf } from './subject-facts.ts'

const PAGE = 500

type Change = 'none' | 'falls' | 'other'

/**
 * The walk over all persons after a change of policy: those for whom nothing changes are confirmed together, those who fall are
 * scored, and all others wait until everybody was looked at, so that nobody is raised before. It begins anew after a restart and
 * looks only at persons whom another policy scored.
 */
export class PolicySweep {
  readonly #database: UnitOfWork
  readonly #store: PolicyDatabase
  readonly #score: (subjectRef: string, now: Date) => Promise<void>
  #policy: ActivePolicy | undefined
  /** Made for the first person: most starts find nobody. */
  #levels: PersonLevels | undefined
  /** The last person looked at; undefined when there are no more. */
  #after: string | undefined

  constructor(
    database: UnitOfWork,
    store: PolicyDatabase,
    score: (subjectRef: string, now: Date) => Promise<void>,
  ) {
    this.#database = database
    this.#store = store
    this.#score = score
  }

  /** Looks at the next persons; resolves to how many there were, 0 at the end. */
  async page(policy: ActivePolicy, now: Date): Promise<number> {
    this.#begin(policy)
    const after = this.#after
    if (after === undefined) return 0
    const { digest: policyDigest } = policy
    const { last, count, falling } = await this.#database.run(async (tx) => {
      const persons = await this.#store.givenByOthers(tx, policyDigest, after, PAGE)
      if (persons.length === 0) return { last: undefined, count: 0, falling: [] }
      const levels = (this.#levels ??= new PersonLevels(policy))
      const changes = persons.map((person) =>
        changeOf(person, levels.of(proofingsOf(person.facts), now), policy),
      )
      const of = (wanted: Change) =>
        persons.flatMap(({ subjectRef }, i) => (changes[i] === wanted ? [subjectRef] : []))
      await this.#store.confirmLevels(tx, of('none'), { policyDigest, decidedAt: now })
      return { last: persons.at(-1)?.subjectRef, count: persons.length, falling: of('falls') }
    })
    for (const subjectRef of falling) await this.#score(subjectRef, now)
    this.#after = last
    return count
  }

  #begin(policy: ActivePolicy): void {
    if (this.#policy === policy) return
    this.#policy = policy
    this.#after = ''
    this.#levels = undefined
  }
}

/** What a policy does to a person whom another one scored. */
function changeOf(
  { levels: known }: KnownPerson,
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
