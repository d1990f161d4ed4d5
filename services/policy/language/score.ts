import type { Json } from '../../kernel/canonical-json.ts'
import { ServiceError } from '../../kernel/errors.ts'
import type { AnswerValue, AxisBounds } from './compiled-pack.ts'
import { formatTime, isInPeriod, type Seconds } from './dates.ts'
import { ClosureEngine, type Engine, type Reading } from './engine.ts'
import type { Facts, Outcome } from './judged-facts.ts'
import { fromCases, T } from './kleene.ts'
import type { Axis, Pack, PackOption } from './pack.ts'
import {
  INDETERMINATE,
  exactBounds,
  firedOf,
  isMethods,
  missingOf,
  sameValue,
  valueOf,
  type Reach,
  type Score,
  type ScoreValue,
} from './score-value.ts'
import { buildSubject, type Item } from './subject.ts'
import { tracePack, type AxisTrace } from './trace-pack.ts'
import { maskOf, membersOf } from './types.ts'

export interface ScoreQuestion {
  readonly axis: string
  /** Valid against facts.schema.json. */
  readonly facts: Facts
  readonly at: Seconds
  /** Values of pack options over the pack's defaults. */
  readonly policy?: Facts
  readonly rp?: Facts
}

/** No version of the framework covers the day that was asked about. Never answered with an empty value. */
export class NoVersionInForce extends ServiceError {
  readonly code = 'NO_VERSION_IN_FORCE'

  constructor(framework: string, at: Seconds) {
    super(`no version of ${framework} is in force at ${formatTime(at)}`)
  }
}

/** 2^10 evaluations settle exactly whether the unknown outcomes decide; beyond that the bounds alone answer. */
const MAX_EXACT = 10
const MAX_TURNS = 1000

interface Settled {
  readonly value: ScoreValue
  readonly atLeast: ScoreValue
  readonly atMost: ScoreValue
  readonly deciding: readonly Outcome[]
  readonly bounds: AxisBounds
  /** The bounds as they are when every way the unknown outcomes may turn out was tried. */
  readonly lower: number | AnswerValue
  readonly upper: number | AnswerValue
  readonly nextTurn: number
  readonly reading: Reading
  readonly flags: readonly string[]
  readonly obligations: readonly string[]
}

interface Moment {
  readonly facts: Facts
  readonly now: Seconds
  readonly at: Seconds
  readonly revoke?: number
}

/** Scores the axes of one pack. Pure: the answer is a function of pack, facts and time. */
export class Scorer {
  readonly pack: Pack
  readonly #options: ReadonlyMap<string, PackOption>
  readonly #closures: ClosureEngine
  readonly #quick: Engine | undefined

  /**
   * `options` replace the pack's own defaults, as a profile that uses it says. `quick` makes a back-end that is asked first, and
   * closures where it has no answer.
   */
  constructor(
    pack: Pack,
    options: ReadonlyMap<string, boolean | number> = new Map(),
    quick?: new (pack: Pack, options: ReadonlyMap<string, PackOption>) => Engine,
  ) {
    this.pack = pack
    this.#options = new Map(
      [...pack.options].map(([name, option]) => {
        const value = options.get(name)
        return [
          name,
          typeof value === typeof option.value && value !== undefined
            ? { ...option, value }
            : option,
        ]
      }),
    )
    this.#closures = new ClosureEngine(pack, this.#options)
    this.#quick = quick && new quick(pack, this.#options)
  }

  axis(name: string): Axis | undefined {
    const axis = this.pack.axes.get(name)
    return axis?.internal === true ? undefined : axis
  }

  /** Throws `NoVersionInForce`, and `TypeError` for an axis that the pack does not have. */
  score(question: ScoreQuestion): Score {
    this.#checkInForce(question.at)
    const facts = this.#facts(question)
    const moment = { facts, now: question.at, at: question.at }
    const settled = this.#settle(question.axis, moment)
    return this.#result(question.axis, settled, this.#validUntil(question.axis, moment, settled))
  }

  /**
   * Every rule of the axis, and of those that it reads, condition by condition; unknown outcomes stay unknown. The asked axis
   * comes last. Throws as `score` does.
   */
  trace(question: ScoreQuestion): readonly AxisTrace[] {
    this.#checkInForce(question.at)
    const facts = this.#facts(question)
    const paths = new Map<Item, string>()
    const { catalogue, zone } = this.pack
    const subject = buildSubject(facts, { catalogue, zone, options: this.#options, paths })
    return tracePack(this.pack, question.axis, {
      subject,
      paths,
      now: question.at,
      measuredAt: question.at,
    })
  }

  /** Whether the axis reaches the level, or includes the method, called `member`. Throws as `score` does. */
  reach(question: ScoreQuestion, member: string): Reach {
    this.#checkInForce(question.at)
    const moment = { facts: this.#facts(question), now: question.at, at: question.at }
    const settled = this.#settle(question.axis, moment)
    const { bounds, lower, upper } = settled
    if (bounds.axis.kind === 'answer' || typeof lower !== 'number' || typeof upper !== 'number')
      throw new TypeError('an answer has no level')
    const wanted = maskOf(bounds.axis.type, member)
    const holds = (mask: number) =>
      bounds.axis.kind === 'methods' ? (mask & wanted) !== 0 : mask >= wanted
    return {
      truth: fromCases(holds(upper), holds(lower)),
      validUntil: this.#validUntil(question.axis, moment, settled),
      missing: settled.deciding.map(missingOf),
      unknown: settled.reading.outcomes.map(missingOf),
    }
  }

  /** Facts of a question with the options and the relying party that it names. */
  factsOf(question: ScoreQuestion): Facts {
    return this.#facts(question)
  }

  get options(): ReadonlyMap<string, PackOption> {
    return this.#options
  }

  /** Bit of the level that stands; of the lowest while it is open, and none for an axis without levels. */
  least(question: ScoreQuestion): number {
    const axis = this.pack.axes.get(question.axis)
    if (axis?.kind !== 'levels') return 0
    const { value } = this.suppose(question, {})
    const level = typeof value === 'object' && !isMethods(value) ? value['level'] : value
    return (
      1 <<
      Math.max(
        0,
        axis.type.members.findIndex((member) => member === level),
      )
    )
  }

  /**
   * The value at a later instant, or if outcomes that are unknown had come, by their paths: the other outcomes stay unknown.
   * What explanations try out. Throws as `score` does.
   */
  suppose(
    question: ScoreQuestion,
    { now, answers }: { readonly now?: Seconds; readonly answers?: ReadonlyMap<string, boolean> },
  ): Pick<Score, 'value' | 'fired'> {
    this.#checkInForce(question.at)
    const moment = { facts: this.#facts(question), now: now ?? question.at, at: question.at }
    if (answers === undefined) {
      const { value, bounds } = this.#settle(question.axis, moment)
      return { value, fired: firedOf(bounds) }
    }
    const { axis } = question
    const { outcomes } = this.#read(axis, moment)
    const resolution = outcomes.map(({ path }) => answers.get(path))
    const run = this.#run(axis, moment, this.#read(axis, moment, resolution))
    const value = sameValue(run.value, run.atMost) ? run.value : INDETERMINATE
    return { value, fired: firedOf(run.bounds) }
  }

  #checkInForce(at: Seconds): void {
    const { effective, framework } = this.pack
    if (!isInPeriod(effective, at)) throw new NoVersionInForce(framework, at)
  }

  #facts({ facts, policy, rp }: ScoreQuestion): Facts {
    const merged: Record<string, Json> = { ...facts }
    if (policy !== undefined) merged['policy'] = policy
    if (rp !== undefined) merged['rp'] = rp
    return merged
  }

  #read(
    axis: string,
    { facts, revoke }: Moment,
    resolution?: readonly (boolean | undefined)[],
  ): Reading {
    const supposed = {
      ...(resolution === undefined ? {} : { resolution }),
      ...(revoke === undefined ? {} : { revoke }),
    }
    return this.#quick?.read(axis, facts, supposed) ?? this.#closures.read(axis, facts, supposed)
  }

  #run(axis: string, moment: Moment, reading: Reading) {
    const { bounds, notes, openNotes, nextTurn } = reading.evaluate(axis, moment.now, moment.at)
    const flags = [...new Set(notes.flatMap((note) => note.flags))]
    const obligations = [...new Set(notes.flatMap((note) => note.oblige))]
    const clock = { now: moment.now, at: reading.verifiedAt ?? moment.now, nextTurn }
    const [value, atMost] = [valueOf(bounds, 1, flags, clock), valueOf(bounds, 2, flags, clock)]
    return { bounds, flags, obligations, openNotes, value, atMost, nextTurn: clock.nextTurn }
  }

  /**
   * Bounds first; where they differ, every way the unknown outcomes may turn out is tried. `reading` is that of the same facts at
   * another instant: facts are read the same at any time.
   */
  #settle(axis: string, moment: Moment, reading = this.#read(axis, moment)): Settled {
    const run = this.#run(axis, moment, reading)
    const { outcomes } = reading
    const { lower, upper } = run.bounds
    const known = { ...run, lower, upper, atLeast: run.value, reading, deciding: [] }
    if (outcomes.length === 0) return known
    if (sameValue(run.value, run.atMost) && !run.openNotes) return known
    if (outcomes.length > MAX_EXACT) return { ...known, value: INDETERMINATE, deciding: outcomes }
    const exact = this.#resolveAll(axis, moment, outcomes)
    const [first] = exact.values
    // A clock that only one way of turning out looks at counts as well.
    const nextTurn = Math.min(run.nextTurn, exact.nextTurn)
    const tried = { ...known, ...exact.bounds, nextTurn }
    if (exact.deciding.length === 0 && first !== undefined)
      return { ...tried, ...first, atLeast: first.value, atMost: first.value }
    return { ...tried, value: INDETERMINATE, deciding: exact.deciding }
  }

  #resolveAll(axis: string, moment: Moment, outcomes: readonly Outcome[]) {
    const values: Pick<Settled, 'value' | 'flags' | 'obligations'>[] = []
    const bounds: (number | AnswerValue)[] = []
    let nextTurn = Number.POSITIVE_INFINITY
    for (let code = 0; code < 1 << outcomes.length; code += 1) {
      const resolution = outcomes.map((_, i) => (code & (1 << i)) !== 0)
      const run = this.#run(axis, moment, this.#read(axis, moment, resolution))
      nextTurn = Math.min(nextTurn, run.nextTurn)
      bounds.push(run.bounds.lower)
      values.push({ value: run.value, flags: run.flags, obligations: run.obligations })
    }
    const deciding = outcomes.filter((_, i) =>
      values.some(({ value }, code) => !sameValue(value, values[code ^ (1 << i)]?.value ?? value)),
    )
    return { values, deciding, nextTurn, bounds: exactBounds(this.pack.axes.get(axis), bounds) }
  }

  /** Walks from turn to turn until the value differs; a good status that ends bounds it where losing it would matter. */
  #validUntil(axis: string, moment: Moment, settled: Settled): Seconds | undefined {
    let end = Number.POSITIVE_INFINITY
    for (const { evidence, until } of settled.reading.statusEnds) {
      if (until <= moment.now || until >= end) continue
      const without = this.#settle(axis, { ...moment, revoke: evidence })
      if (!sameValue(without.value, settled.value)) end = until
    }
    let { nextTurn } = settled
    for (let turns = 0; nextTurn < end && turns < MAX_TURNS; turns += 1) {
      const later = this.#settle(axis, { ...moment, now: nextTurn }, settled.reading)
      if (!sameValue(later.value, settled.value)) return nextTurn
      nextTurn = later.nextTurn
    }
    if (nextTurn < end) end = nextTurn // never looked so far ahead: it must be proved again then
    end = Math.min(end, this.pack.effective.until ?? Number.POSITIVE_INFINITY)
    return Number.isFinite(end) ? end : undefined
  }

  #result(axis: string, settled: Settled, validUntil: Seconds | undefined): Score {
    const { bounds } = settled
    const caps = bounds.caps.map(({ rule, truth, to }) => ({
      rule: rule.id,
      to: bounds.axis.kind === 'answer' ? '' : membersOf(bounds.axis.type, to).join(' '),
      certain: truth === T,
    }))
    return {
      framework: this.pack.framework,
      axis,
      value: settled.value,
      atLeast: settled.atLeast,
      atMost: settled.atMost,
      status: settled.value === INDETERMINATE ? 'indeterminate' : 'decided',
      validUntil,
      missing: settled.deciding.map(missingOf),
      caps,
      vetoes: bounds.vetoes.map(({ rule, truth }) => ({ rule: rule.id, certain: truth === T })),
      flags: settled.flags,
      obligations: settled.obligations,
      fired: firedOf(bounds),
    }
  }
}
