import { GeneratedEngine } from './language/generated-engine.ts'
import type { Json } from '../kernel/canonical-json.ts'
import { InvalidInput } from '../kernel/errors.ts'
import { joinEquivalences, type Given } from './join-equivalences.ts'
import { readTime, type Seconds } from './language/dates.ts'
import { didYouMean } from './language/hints.ts'
import type { SourceFile } from './language/document.ts'
import { readEquivalences, type Equivalence } from './language/equivalences.ts'
import {
  explainScore,
  explainWhyNot,
  type ExplainedRule,
  type Explanation,
} from './language/explain.ts'
import { F } from './language/kleene.ts'
import type { Axis, Named, Pack } from './language/pack.ts'
import { NoVersionInForce, Scorer } from './language/score.ts'
import type { Reach, Score, ScoreValue } from './language/score-value.ts'
import type { Facts } from './language/judged-facts.ts'
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

export interface EquivalenceDocuments {
  readonly documents: readonly SourceFile[]
  /** Those that a profile switches on: the rest is not read. Without it all are read, and each question names its own. */
  readonly enabled?: readonly Named[]
}

/** The frameworks that can be asked about, by the ids of the interface. */
export class Frameworks {
  readonly #scorers = new Map<
    string,
    { readonly scorer: Scorer; readonly axes: readonly string[] }
  >()

  readonly #equivalences: readonly Equivalence[]
  readonly #enabled: ReadonlySet<string>

  /** Throws `PolicyRejected` for equivalences that cannot be read. */
  constructor(
    packs: readonly ActivePack[],
    equivalences: EquivalenceDocuments = { documents: [] },
  ) {
    for (const { pack, options } of packs) {
      const scorer = new Scorer(pack, options, GeneratedEngine)
      for (const [framework, axes] of pack.serves) this.#scorers.set(framework, { scorer, axes })
    }
    const { documents, enabled } = equivalences
    this.#enabled = new Set(enabled?.map(({ id }) => id))
    const served = { ids: this.ids, axesOf: (framework: string) => this.#axesOf(framework) }
    this.#equivalences = readEquivalences(documents, served, enabled)
  }

  get ids(): readonly string[] {
    return [...this.#scorers.keys()]
  }

  /** Pure. Throws `InvalidInput` for a framework or axis that is not served, `NoVersionInForce` for a day before the first. */
  score(question: FrameworkQuestion): Score {
    const scorer = this.#scorer(question.framework, question.axis)
    const native = { ...scorer.score(toScoreQuestion(question)), framework: question.framework }
    const axis = scorer.axis(question.axis)
    const given = this.#given(question)
    return axis?.kind !== 'levels' || given.length === 0
      ? native
      : joinEquivalences(native, axis, given)
  }

  /** What the equivalences that are switched on find; each looks at what its framework says by itself, so that none builds on another. */
  #given(question: FrameworkQuestion): readonly Given[] {
    const policy = question.policy ?? question.facts['policy']
    const asked = (id: string) =>
      typeof policy === 'object' && policy !== null && !Array.isArray(policy)
        ? (policy as Facts)[id] === true // neither null nor a list
        : false
    return this.#equivalences
      .filter(
        ({ id, gives }) =>
          gives.framework === question.framework &&
          gives.axis === question.axis &&
          (this.#enabled.has(id) || asked(id)),
      )
      .map((equivalence) => ({ equivalence, reach: this.#reach(equivalence, question) }))
  }

  #reach({ when }: Equivalence, question: FrameworkQuestion): Reach {
    const asked = toScoreQuestion({ ...question, framework: when.framework, axis: when.axis })
    try {
      return this.#scorer(when.framework, when.axis).reach(asked, when.reached)
    } catch (error) {
      // A framework that was not in force yet found nothing.
      if (error instanceof NoVersionInForce)
        return { truth: F, validUntil: undefined, missing: [], unknown: [] }
      throw error
    }
  }

  #axesOf(framework: string): ReadonlyMap<string, Axis> {
    const { scorer, axes } = this.#entry(framework)
    return new Map([...scorer.pack.axes].filter(([name]) => axes.includes(name)))
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

  /** What answers for a framework by itself: its pack, and its options as they are in force. */
  source(framework: string): Pick<Scorer, 'pack' | 'options'> {
    return this.#entry(framework).scorer
  }

  /** Whether an equivalence that is switched on may raise the axis over what its framework says by itself. */
  isRaisedByOthers(framework: string, axis: string): boolean {
    return this.#equivalences.some(
      ({ id, gives }) =>
        gives.framework === framework && gives.axis === axis && this.#enabled.has(id),
    )
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
    ...(score.via === undefined ? {} : { via: score.via }),
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
  return `one of ${known.join(', ')}${hint === undefined ? '' : ` (${hint.en})`}`
}

function isList(value: ScoreValue): value is readonly string[] {
  return Array.isArray(value)
}
