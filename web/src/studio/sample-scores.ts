import { explainWhyNot, type ExplainedRule } from '../../../services/policy/language/explain.ts'
import type { Pack } from '../../../services/policy/language/pack.ts'
import { NoVersionInForce, Scorer } from '../../../services/policy/language/score.ts'
import {
  sameValue,
  type Score,
  type ScoreValue,
} from '../../../services/policy/language/score-value.ts'
import type { Facts } from '../../../services/policy/language/judged-facts.ts'
import type { SamplePerson } from '../api/policy.ts'

/** One person on every axis of a pack. */
export interface SampleScores {
  readonly person: SamplePerson
  readonly scores: readonly Score[]
}

export type Options = ReadonlyMap<string, boolean | number>
/** Every option as the pack itself sets it. */
export const NO_OPTIONS: Options = new Map()

/** Options of a framework as the pack that answers with it sets them. */
export function optionsOf(framework: string, packs: readonly (Pack | undefined)[]): Options {
  const uses = packs.flatMap((pack) => pack?.uses ?? [])
  return uses.find((use) => use.framework === framework)?.options ?? new Map()
}

/** Scores people with one pack at one instant (seconds); `undefined` where no version is in force then. */
export class SampleScorer {
  readonly #scorer: Scorer
  readonly #at: number

  constructor(pack: Pack, options: Options, at: number) {
    this.#scorer = new Scorer(pack, options)
    this.#at = at
  }

  get pack(): Pack {
    return this.#scorer.pack
  }

  all(people: readonly SamplePerson[]): readonly SampleScores[] | undefined {
    const axes = [...this.pack.axes.values()].filter(({ internal }) => !internal)
    return this.#unlessEarlier(() =>
      people.map((person) => ({
        person,
        scores: axes.map(({ name }) => this.#scorer.score(this.#question(person, name))),
      })),
    )
  }

  /** One person on one axis; `undefined` where no version is in force then. */
  on(axis: string, person: SamplePerson): SampleScores | undefined {
    return this.#unlessEarlier(() => ({
      person,
      scores: [this.#scorer.score(this.#question(person, axis))],
    }))
  }

  /** What would give the person more on an axis, the least effort first. */
  unmet(person: SamplePerson, axis: string): readonly ExplainedRule[] {
    return explainWhyNot(this.#scorer, this.#question(person, axis))
  }

  #unlessEarlier<Value>(score: () => Value): Value | undefined {
    try {
      return score()
    } catch (error) {
      if (error instanceof NoVersionInForce) return undefined
      throw error
    }
  }

  #question(person: SamplePerson, axis: string) {
    return { axis, facts: person.facts as Facts, at: this.#at } // JSON from the server, which checked it
  }
}

/** Whether a person gets something else on this axis than under the policy in force. */
export function differs(score: Score, before: Score | undefined): boolean {
  return before !== undefined && !sameValue(score.value, before.value)
}

/** A level as it is, methods side by side, an answer by its parts. */
export function valueText(value: ScoreValue): string {
  if (typeof value === 'string') return value
  if (isList(value)) return value.length === 0 ? '–' : value.join(' ')
  const parts = Object.entries(value).map(([name, part]) =>
    typeof part === 'object'
      ? `${name} (${valueText(part)})`
      : name === 'level'
        ? String(part)
        : `${name}: ${part}`,
  )
  return parts.length === 0 ? '–' : parts.join(', ')
}

function isList(value: ScoreValue): value is readonly string[] {
  return Array.isArray(value)
}
