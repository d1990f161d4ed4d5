import type { ActivePolicy } from './active-policy.ts'
import { decideAgain, isByRules } from './decide-again.ts'
import type { Text } from './language/text.ts'
import { INDETERMINATE } from './language/score-value.ts'
import type { DecisionRow, RecordedFact } from './store.ts'
import { factsDigest } from './subject-facts.ts'

/** A decision that would have been another one. */
export interface ChangedDecision {
  readonly id: string
  readonly from: string
  readonly to: string
}

/** What a policy would have decided on one axis, against what was decided. */
export interface LoggedAxisImpact {
  readonly framework: string
  readonly axis: string
  readonly title: Text
  /** Low to high, `indeterminate` last; labels of old decisions that the policy does not have come first. */
  readonly levels: readonly string[]
  /** Decisions by the level of then (row) and the one that it would have been (column). */
  readonly matrix: readonly (readonly number[])[]
  readonly raised: number
  readonly lowered: number
  /** At most three of each change. */
  readonly examples: readonly ChangedDecision[]
}

export interface LogImpact {
  /** Decisions that fit. */
  readonly decisions: number
  readonly changed: number
  /** Answers of which the minimum would have been met and was not, and the other way round. */
  readonly newlySatisfied: number
  readonly noLongerSatisfied: number
  /** What was known then is not known to the digest any more: nothing is guessed of these. */
  readonly notReplayable: number
  /** On axes that the policy does not answer. */
  readonly notAnswered: number
  readonly axes: readonly LoggedAxisImpact[]
}

const MAX_EXAMPLES = 3

/** Decisions of the log, one after the other, under a policy that was not in force. */
export class LogReplay {
  readonly #policy: ActivePolicy
  readonly #axes = new Map<string, AxisReplay>()
  #looked = 0
  #notReplayable = 0
  #notAnswered = 0

  constructor(policy: ActivePolicy) {
    this.#policy = policy
  }

  get looked(): number {
    return this.#looked
  }

  /** @param recorded everything that is known of the person today */
  add(decision: DecisionRow, recorded: readonly RecordedFact[]): void {
    this.#looked += 1
    if (!isByRules(decision)) return
    const known = recorded
      .filter(({ recordedAt }) => recordedAt === null || recordedAt <= decision.decidedAt)
      .map(({ fact }) => fact)
    // INVARIANT: what is judged again is what was judged then, to the digest.
    if (factsDigest(known) !== decision.factsDigest) {
      this.#notReplayable += 1
      return
    }
    const again = decideAgain(this.#policy, decision, known)
    if (again === undefined) this.#notAnswered += 1
    else this.#axisOf(decision).add(decision, again.level)
  }

  impact(): LogImpact {
    const axes = [...this.#axes.values()]
    const sum = (count: (axis: AxisReplay) => number) =>
      axes.reduce((total, axis) => total + count(axis), 0)
    return {
      decisions: this.#looked,
      changed: sum(({ changed }) => changed),
      newlySatisfied: sum(({ newlySatisfied }) => newlySatisfied),
      noLongerSatisfied: sum(({ noLongerSatisfied }) => noLongerSatisfied),
      notReplayable: this.#notReplayable,
      notAnswered: this.#notAnswered,
      axes: axes.map((axis) => axis.impact()),
    }
  }

  #axisOf({ framework, axis }: DecisionRow): AxisReplay {
    const key = JSON.stringify([framework, axis])
    const found = this.#axes.get(key) ?? new AxisReplay(this.#policy, framework, axis)
    this.#axes.set(key, found)
    return found
  }
}

class AxisReplay {
  readonly #framework: string
  readonly #axis: string
  readonly #title: Text
  readonly #members: readonly string[]
  /** Decisions by level of then, then by level now. */
  readonly #counts = new Map<string, Map<string, number>>()
  readonly #examples = new Map<string, ChangedDecision[]>()
  newlySatisfied = 0
  noLongerSatisfied = 0

  constructor(policy: ActivePolicy, framework: string, axis: string) {
    this.#framework = framework
    this.#axis = axis
    const found = policy.frameworks.axis(framework, axis)
    this.#title = found.title
    this.#members = found.kind === 'levels' ? found.type.members : []
  }

  get changed(): number {
    return this.#moved(() => true)
  }

  add({ id, level: from, requested, satisfied }: DecisionRow, to: string): void {
    const row = this.#counts.get(from) ?? new Map<string, number>()
    row.set(to, (row.get(to) ?? 0) + 1)
    this.#counts.set(from, row)
    if (from === to) return
    const examples = this.#examples.get(`${from} ${to}`) ?? []
    if (examples.length < MAX_EXAMPLES) examples.push({ id, from, to })
    this.#examples.set(`${from} ${to}`, examples)
    if (requested === null || satisfied === null) return
    const met = this.#rank(to) >= this.#rank(requested)
    if (met && !satisfied) this.newlySatisfied += 1
    if (!met && satisfied) this.noLongerSatisfied += 1
  }

  impact(): LoggedAxisImpact {
    const unknown = [...this.#counts.keys()].filter(
      (level) => level !== INDETERMINATE && !this.#members.includes(level),
    )
    const levels = [...unknown, ...this.#members, INDETERMINATE]
    return {
      ...{ framework: this.#framework, axis: this.#axis, title: this.#title, levels },
      matrix: levels.map((from) => levels.map((to) => this.#counts.get(from)?.get(to) ?? 0)),
      raised: this.#moved((from, to) => this.#rank(to) > this.#rank(from)),
      lowered: this.#moved((from, to) => this.#rank(to) < this.#rank(from)),
      examples: [...this.#examples.values()].flat(),
    }
  }

  /** What is indeterminate stands below everything, as nobody may rely on it; a label that is gone above, as what it stood for is. */
  #rank(level: string): number {
    if (level === INDETERMINATE) return -1
    const rank = this.#members.indexOf(level)
    return rank < 0 ? this.#members.length : rank
  }

  #moved(is: (from: string, to: string) => boolean): number {
    let sum = 0
    for (const [from, row] of this.#counts)
      for (const [to, count] of row) if (from !== to && is(from, to)) sum += count
    return sum
  }
}
