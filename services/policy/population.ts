import type { ActivePolicy } from './active-policy.ts'
import {
  CodedPersons,
  factsOf,
  haveSameOptions,
  type Ends,
  type HeldLevel,
} from './coded-persons.ts'
import { identityLevel } from './identity-level.ts'
import { AxisCount, labelsOf, sharedAxes, type AxisImpact, type Impact } from './impact.ts'
import type { Seconds } from './language/dates.ts'
import type { AxisRef } from './language/pack.ts'
import { isPlain } from './person-levels.ts'

/** A person with what each proofing established, as JSON; without `proofings` the person is forgotten. */
export interface KnownPerson {
  readonly subjectRef: string
  readonly proofings: string | undefined
}

/**
 * Everybody who is known, held as coded subjects per framework, so that a draft is counted over all of them at once. Whoever has an
 * outcome that is open and decides is scored by the ordinary engine, so that every count is its answer.
 */
export class Population {
  readonly #places = new Map<string, number>()
  readonly #free: number[] = []
  /** Proofings of each person, as JSON. */
  readonly #proofings: (string | undefined)[] = []
  readonly #coded = new Map<string, CodedPersons>()
  #inForce: InForce | undefined

  get size(): number {
    return this.#places.size
  }

  put({ subjectRef, proofings }: KnownPerson): void {
    const known = this.#places.get(subjectRef)
    if (known === undefined && proofings === undefined) return
    const place = known ?? this.#free.pop() ?? this.#proofings.length
    if (this.#proofings[place] === proofings) return
    this.#proofings[place] = proofings
    if (proofings === undefined) {
      this.#places.delete(subjectRef)
      this.#free.push(place)
    } else this.#places.set(subjectRef, place)
    for (const coded of this.#coded.values()) coded.changed(place)
    this.#inForce?.changed(place)
  }

  /** From which levels to which everybody goes. */
  impact(before: ActivePolicy, after: ActivePolicy, now: Date): Impact {
    const inForce = this.#inForceAt(before, now)
    const axes = sharedAxes(before, after).map((ref) => {
      const from = inForce.levels(ref, this.#places.values(), () =>
        this.#levelsUnder(before, ref, now, 'turns'),
      )
      const to = isSame(before, after, ref)
        ? from
        : this.#levelsAfter(before, after, ref, from, now)
      return this.#count(new AxisCount(ref, before, after), from, to)
    })
    return { subjects: this.size, axes }
  }

  /** What is in force is asked anew when the policy is another, and of whom a clock turned for. */
  #inForceAt(policy: ActivePolicy, now: Date): InForce {
    const known = this.#inForce
    if (known?.policy === policy && known.advance(now)) return known
    return (this.#inForce = new InForce(policy, now))
  }

  /** Who is not concerned by what was changed has the level of before. */
  #levelsAfter(
    before: ActivePolicy,
    after: ActivePolicy,
    ref: AxisRef,
    from: Levels,
    at: Date,
  ): Levels {
    const isConcerned = this.#screen(before, after, ref, at)
    const levelOf = this.#levelsUnder(after, ref, at, 'bounds')
    const to = from.slice()
    for (const place of this.#places.values())
      if (isConcerned(place)) to[place] = levelOf(place).level
    return to
  }

  #screen(
    before: ActivePolicy,
    after: ActivePolicy,
    ref: AxisRef,
    at: Date,
  ): (place: number) => boolean {
    const coded = isPlain(before, ref) ? this.#codedFor(after, ref) : undefined
    return coded?.screen(before, after, ref, at) ?? (() => true)
  }

  /** Levels by their position among those of the axis, low to high and `indeterminate` last. */
  #levelsUnder(
    policy: ActivePolicy,
    ref: AxisRef,
    at: Date,
    finds: Ends,
  ): (place: number) => HeldLevel {
    const quick = this.#codedFor(policy, ref)?.levels(policy, ref, this.#proofings, at, finds)
    const labels = labelsOf(policy, ref)
    return (place) => {
      const own = quick?.(place)
      if (own !== undefined) return own
      const facts = factsOf(this.#proofings[place] ?? '[]')
      const { level, validUntil } = identityLevel(policy, ref, facts, at)
      const until = (validUntil?.getTime() ?? Infinity) / 1000
      return { level: labels.indexOf(level), until }
    }
  }

  /** Nothing where the code cannot answer alone. */
  #codedFor(policy: ActivePolicy, ref: AxisRef): CodedPersons | undefined {
    if (!isPlain(policy, ref)) return undefined
    const { pack, options } = policy.frameworks.source(ref.framework)
    const known = this.#coded.get(ref.framework)
    if (known?.serves(pack) === true) return known
    const coded = new CodedPersons(pack, options)
    this.#coded.set(ref.framework, coded)
    return coded
  }

  #count(count: AxisCount, from: Levels, to: Levels): AxisImpact {
    const pairs = new Uint32Array(PAIRS)
    for (const place of this.#places.values()) {
      const pair = (from[place] ?? 0) * MOST_LEVELS + (to[place] ?? 0)
      pairs[pair] = (pairs[pair] ?? 0) + 1
    }
    const [rows, columns] = count.labels
    pairs.forEach((persons, pair) => {
      if (persons > 0)
        count.add(
          rows[Math.floor(pair / MOST_LEVELS)] ?? '',
          columns[pair % MOST_LEVELS] ?? '',
          persons,
        )
    })
    return count.impact()
  }
}

/** Position of each person's level, by place. */
type Levels = Uint8Array

const NOT_ASKED = 255
/** An axis has fewer levels, since they are the bits of an integer, `indeterminate` included. */
const MOST_LEVELS = 32
const PAIRS = MOST_LEVELS ** 2

/** Levels of everybody under a policy, each asked when it was not known yet, changed, or may be another by now. */
class InForce {
  readonly policy: ActivePolicy
  #at: Date
  readonly #axes = new Map<string, AxisInForce>()

  constructor(policy: ActivePolicy, at: Date) {
    this.policy = policy
    this.#at = at
  }

  changed(place: number): void {
    for (const axis of this.#axes.values()) axis.forget(place)
  }

  /** False where time went back, for which nothing is known. */
  advance(now: Date): boolean {
    if (now < this.#at) return false
    this.#at = now
    for (const axis of this.#axes.values()) axis.advance(now.getTime() / 1000)
    return true
  }

  /** Asks for those who are not known. */
  levels(
    { framework, axis }: AxisRef,
    places: Iterable<number>,
    ask: () => (place: number) => HeldLevel,
  ): Levels {
    const key = `${framework} ${axis}`
    const known = this.#axes.get(key) ?? new AxisInForce()
    this.#axes.set(key, known)
    let levelOf: ReturnType<typeof ask> | undefined
    for (const place of places) if (!known.has(place)) known.set(place, (levelOf ??= ask())(place))
    return known.levels
  }
}

class AxisInForce {
  levels: Levels = new Uint8Array(0)
  #until = new Float64Array(0)

  has(place: number): boolean {
    return place < this.levels.length && this.levels[place] !== NOT_ASKED
  }

  set(place: number, { level, until }: HeldLevel): void {
    if (place >= this.levels.length) this.#grow(place + 1)
    this.levels[place] = level
    this.#until[place] = until
  }

  forget(place: number): void {
    if (place < this.levels.length) this.levels[place] = NOT_ASKED
  }

  advance(now: Seconds): void {
    this.#until.forEach((until, place) => {
      if (until <= now) this.levels[place] = NOT_ASKED
    })
  }

  #grow(size: number): void {
    const levels = new Uint8Array(2 * size).fill(NOT_ASKED)
    levels.set(this.levels)
    this.levels = levels
    const until = new Float64Array(2 * size)
    until.set(this.#until)
    this.#until = until
  }
}

/** Whether both answer with the same rules and options. */
function isSame(a: ActivePolicy, b: ActivePolicy, ref: AxisRef): boolean {
  const [one, other] = [a, b].map((policy) => policy.frameworks.source(ref.framework))
  return (
    one?.pack === other?.pack &&
    haveSameOptions(a, b, ref) &&
    ![a, b].some(({ frameworks }) => frameworks.isRaisedByOthers(ref.framework, ref.axis))
  )
}
