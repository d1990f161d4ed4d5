import type { UnitOfWork } from '../database/unit-of-work.ts'
import type { ActivePolicy } from './active-policy.ts'
import type { AxisRef } from './language/pack.ts'
import type { Text } from './language/text.ts'
import { INDETERMINATE } from './language/score-value.ts'
import { sameAxis, type PolicyDatabase } from './store.ts'
import { PersonLevels, type PersonLevel } from './person-levels.ts'
import { proofingsOf } from './subject-facts.ts'

/** How many persons stand where, now and with another policy. */
export interface AxisImpact {
  readonly framework: string
  readonly axis: string
  readonly title: Text
  /** Low to high, `indeterminate` last; those of both policies. */
  readonly levels: readonly string[]
  /** Persons by the level now (row) and then (column). */
  readonly matrix: readonly (readonly number[])[]
  readonly raised: number
  readonly lowered: number
}

export interface Impact {
  readonly subjects: number
  readonly axes: readonly AxisImpact[]
}

export interface ImpactQuestion {
  readonly database: UnitOfWork
  readonly store: PolicyDatabase
  readonly before: ActivePolicy
  readonly after: ActivePolicy
  readonly now: Date
}

const PAGE = 200

/** Scores every person with both policies; nobody is left out and nothing is estimated. */
export async function populationImpact(question: ImpactQuestion): Promise<Impact> {
  const { database, store, before, after, now } = question
  const counts = sharedAxes(before, after).map((ref) => new AxisCount(ref, before, after))
  const [levelsBefore, levelsAfter] = [new PersonLevels(before), new PersonLevels(after)]
  let subjects = 0
  for (let last: string | undefined = ''; last !== undefined;) {
    const from: string = last
    const page = await database.read((tx) => store.factsOfMany(tx, from, PAGE))
    for (const facts of page.values()) {
      const proofings = proofingsOf(facts)
      const [from, to] = [levelsBefore.of(proofings, now), levelsAfter.of(proofings, now)]
      for (const count of counts) count.add(levelOn(from, count.ref), levelOn(to, count.ref))
    }
    subjects += page.size
    last = [...page.keys()].at(-1)
  }
  return { subjects, axes: counts.map((count) => count.impact()) }
}

/** Axes that both policies have: what only one has, nobody can have moved on. */
export function sharedAxes(before: ActivePolicy, after: ActivePolicy): AxisRef[] {
  return before.person.filter((ref) => after.person.some(sameAxis(ref)))
}

function levelOn(levels: readonly PersonLevel[], ref: AxisRef): string {
  return levels.find(sameAxis(ref))?.level ?? ''
}

/** Counts persons by their levels on one axis, now and with another policy. */
export class AxisCount {
  readonly ref: AxisRef
  /** Of the policy before, and of the one after. */
  readonly labels: readonly [readonly string[], readonly string[]]
  readonly #after: ActivePolicy
  readonly #levels: readonly string[]
  readonly #matrix: number[][]

  constructor(ref: AxisRef, before: ActivePolicy, after: ActivePolicy) {
    this.ref = ref
    this.#after = after
    this.labels = [labelsOf(before, ref), labelsOf(after, ref)]
    const levels = this.labels.flatMap((labels) => labels.slice(0, -1))
    this.#levels = [...new Set(levels), INDETERMINATE]
    this.#matrix = this.#levels.map(() => this.#levels.map(() => 0))
  }

  add(from: string, to: string, persons = 1): void {
    const [row, column] = [this.#levels.indexOf(from), this.#levels.indexOf(to)]
    const counts = this.#matrix[row]
    if (counts !== undefined && column >= 0) counts[column] = (counts[column] ?? 0) + persons
  }

  impact(): AxisImpact {
    const { framework, axis } = this.ref
    const moved = (is: (from: string, to: string) => boolean): number =>
      this.#levels
        .flatMap((from, i) => this.#levels.map((to, j) => (is(from, to) ? this.#cell(i, j) : 0)))
        .reduce((sum, count) => sum + count, 0)
    const lowers = (from: string, to: string): boolean =>
      from !== to && this.#after.isLowered(framework, axis, from, to)
    return {
      framework,
      axis,
      title: this.#after.offered(framework, axis).axis.title,
      levels: this.#levels,
      matrix: this.#matrix,
      lowered: moved(lowers),
      raised: moved((from, to) => from !== to && !lowers(from, to)),
    }
  }

  #cell(i: number, j: number): number {
    return this.#matrix[i]?.[j] ?? 0
  }
}

/** What a person's level may be called: low to high, `indeterminate` last. */
export function labelsOf(policy: ActivePolicy, { framework, axis }: AxisRef): readonly string[] {
  return [...policy.offered(framework, axis).axis.type.members, INDETERMINATE]
}
