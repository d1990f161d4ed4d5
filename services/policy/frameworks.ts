import type { Json } from '../kernel/canonical-json.ts'
import { InvalidInput } from '../kernel/errors.ts'
import { readTime, type Seconds } from './language/dates.ts'
import { didYouMean } from './language/diagnostic.ts'
import type { Axis, Pack } from './language/pack.ts'
import {
  explainScore,
  explainWhyNot,
  type ExplainedRule,
  type Explanation,
} from './language/explain.ts'
import { Scorer, type Facts, type Score, type ScoreValue } from './language/score.ts'
import type { AxisTrace } from './language/trace-pack.ts'

export interface FrameworkQuestion {
  /** Id of the interface, with its version: `nist-800-63A-4`. */
  readonly framework: string
  readonly axis: string
  /** Valid against facts.schema.json; may hold `policy` and `rp` itself. */
  readonly facts: Facts
  readonly at: Date
  readonly policy?: Facts
  readonly rp?: Facts
}

export interface ActivePack {
  readonly pack: Pack
  /** Options as a profile sets them, over the pack's own defaults. */
  readonly options?: ReadonlyMap<string, boolean | number>
}

/** The frameworks that can be asked about, by the ids of the interface. */
export class Frameworks {
  readonly #scorers = new Map<
    string,
    { readonly scorer: Scorer; readonly axes: readonly string[] }
  >()

  constructor(packs: readonly ActivePack[]) {
    for (const { pack, options } of packs) {
      const scorer = new Scorer(pack, options)
      for (const [framework, axes] of pack.serves) this.#scorers.set(framework, { scorer, axes })
    }
  }

  get ids(): readonly string[] {
    return [...this.#scorers.keys()]
  }

  /** Pure. Throws `InvalidInput` for a framework or axis that is not served, `NoVersionInForce` for a day before the first. */
  score(question: FrameworkQuestion): Score {
    const scorer = this.#scorer(question.framework, question.axis)
    return { ...scorer.score(toScoreQuestion(question)), framework: question.framework }
  }

  /** Throws as `score` does. */
  trace(question: FrameworkQuestion): readonly AxisTrace[] {
    return this.#scorer(question.framework, question.axis).trace(toScoreQuestion(question))
  }

  /** Why an axis has its value, and what would raise it to `to`. Throws as `score` does, and `InvalidInput` for an unknown `to`. */
  explain(question: FrameworkQuestion, to?: string): Explanation {
    const axis = this.axis(question.framework, question.axis)
    if (to !== undefined && axis.kind === 'answer')
      throw new InvalidInput('to', 'an axis of levels or methods')
    if (to !== undefined && axis.kind !== 'answer' && !axis.type.members.includes(to))
      throw new InvalidInput('to', oneOf(to, axis.type.members))
    const scorer = this.#scorer(question.framework, question.axis)
    return explainScore(scorer, toScoreQuestion(question), to)
  }

  /** Rules above the value that do not hold, cheapest first. Throws as `score` does. */
  whyNot(question: FrameworkQuestion): readonly ExplainedRule[] {
    return explainWhyNot(this.#scorer(question.framework, question.axis), toScoreQuestion(question))
  }

  /** Throws `InvalidInput` naming what exists. */
  axis(framework: string, name: string): Axis {
    const axis = this.#scorer(framework, name).axis(name)
    if (axis === undefined)
      throw new TypeError(`${framework} serves an axis ${name} that it does not have`)
    return axis
  }

  pack(framework: string): Pack {
    return this.#entry(framework).scorer.pack
  }

  /** An RFC 3339 instant, or a calendar day in the time zone of the framework. */
  readAt(framework: string, text: string, path = 'at'): Date {
    const seconds = readTime(text, this.pack(framework).zone)
    if (seconds === undefined) throw new InvalidInput(path, 'an RFC 3339 instant or a calendar day')
    return new Date(seconds * 1000)
  }

  #entry(framework: string) {
    const entry = this.#scorers.get(framework)
    if (entry !== undefined) return entry
    throw new InvalidInput('framework', oneOf(framework, this.ids))
  }

  #scorer(framework: string, axis: string): Scorer {
    const { scorer, axes } = this.#entry(framework)
    if (!axes.includes(axis)) throw new InvalidInput('axis', oneOf(axis, axes))
    return scorer
  }
}

/** Flat text of a value for logs and levels: the level itself, or the parts of a set or an answer. */
export function levelOf(value: ScoreValue): string {
  if (typeof value === 'string') return value
  if (isList(value)) return value.join(' ')
  const level = value['level']
  return typeof level === 'string' ? level : JSON.stringify(value)
}

/** A score in the form of the command line and of stored decisions. */
export function scoreToJson(score: Score): { readonly [key: string]: Json } {
  return {
    value: score.value,
    missing: score.missing.map(({ path, check, on, ja, en }) => ({
      path,
      check,
      ...(on === undefined ? {} : { on }),
      ja,
      en,
    })),
    valid_until:
      score.validUntil === undefined ? null : new Date(score.validUntil * 1000).toISOString(),
    caps: score.caps.map(({ rule, to, certain }) => ({ rule, to, certain })),
  }
}

function toScoreQuestion({ axis, facts, at, policy, rp }: FrameworkQuestion) {
  const seconds: Seconds = Math.floor(at.getTime() / 1000)
  return {
    axis,
    facts,
    at: seconds,
    ...(policy === undefined ? {} : { policy }),
    ...(rp === undefined ? {} : { rp }),
  }
}

function oneOf(given: string, known: readonly string[]): string {
  const hint = didYouMean(given, known)
  return `one of ${known.join(', ')}${hint === undefined ? '' : ` (${hint})`}`
}

function isList(value: ScoreValue): value is readonly string[] {
  return Array.isArray(value)
}
