import type { ActivePolicy } from './active-policy.ts'
import { identityLevel } from './identity-level.ts'
import { AxisCount, sharedAxes, type Impact } from './impact.ts'
import { EPOCH, type CodedLayout } from './language/coded-layout.ts'
import { FactCoder } from './language/fact-coder.ts'
import { fullLayout } from './language/full-layout.ts'
import { GeneratedProgram } from './language/generated-program.ts'
import { NotGenerated } from './language/normal-form.ts'
import type { AxisRef, Pack, PackOption } from './language/pack.ts'
import { INDETERMINATE, type Facts } from './language/score.ts'
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
  /** Proofings of each person, as JSON. */
  readonly #persons = new Map<string, string>()
  readonly #coded = new Map<string, CodedFramework>()
  #inForce: InForce | undefined

  get size(): number {
    return this.#persons.size
  }

  put({ subjectRef, proofings }: KnownPerson): void {
    if (this.#persons.get(subjectRef) === proofings) return
    this.#inForce = undefined
    for (const coded of this.#coded.values()) coded.forget(subjectRef)
    if (proofings === undefined) this.#persons.delete(subjectRef)
    else this.#persons.set(subjectRef, proofings)
  }

  /** From which levels to which everybody goes. */
  impact(before: ActivePolicy, after: ActivePolicy, now: Date): Impact {
    const { at, levels } = this.#levelsInForce(before, now)
    const axes = sharedAxes(before, after).map((ref) => {
      const from = levels.get(keyOf(ref)) ?? []
      const to = isSame(before, after, ref) ? from : this.#levels(after, ref, at)
      const count = new AxisCount(ref, before, after)
      for (const [levelsOfBoth, persons] of countPairs(from, to))
        count.add(...levelsOfBoth, persons)
      return count.impact()
    })
    return { subjects: this.#persons.size, axes }
  }

  /** Those in force are counted anew when a person, the policy or the time is another. */
  #levelsInForce(policy: ActivePolicy, now: Date): InForce {
    const known = this.#inForce
    if (known?.policy === policy && now.getTime() - known.at.getTime() < SAME_INSTANT) return known
    const levels = new Map(
      policy.person.map((ref) => [keyOf(ref), this.#levels(policy, ref, now)] as const),
    )
    return (this.#inForce = { policy, at: now, levels })
  }

  /** Level of each person, in the order of the persons. */
  #levels(policy: ActivePolicy, ref: AxisRef, now: Date): readonly string[] {
    const quick = this.#codedFor(policy, ref)?.levels(policy, ref, this.#persons, now)
    return [...this.#persons.values()].map(
      (proofings, i) => quick?.[i] ?? identityLevel(policy, ref, factsOf(proofings), now).level,
    )
  }

  /** Nothing where the code cannot answer alone. */
  #codedFor(policy: ActivePolicy, { framework, axis }: AxisRef): CodedFramework | undefined {
    if (!isPlain(policy, { framework, axis })) return undefined
    const { pack, options } = policy.frameworks.source(framework)
    const known = this.#coded.get(framework)
    if (known?.serves(pack) === true) return known
    const coded = new CodedFramework(pack, options)
    this.#coded.set(framework, coded)
    return coded
  }
}

/** Milliseconds for which levels in force are not counted again. */
const SAME_INSTANT = 10_000

interface InForce {
  readonly policy: ActivePolicy
  readonly at: Date
  readonly levels: ReadonlyMap<string, readonly string[]>
}

function keyOf({ framework, axis }: AxisRef): string {
  return `${framework} ${axis}`
}

/** Whether both answer with the same rules and options. */
function isSame(a: ActivePolicy, b: ActivePolicy, { framework, axis }: AxisRef): boolean {
  const [one, other] = [a, b].map((policy) => policy.frameworks.source(framework))
  return (
    one?.pack === other?.pack &&
    JSON.stringify([...(one?.options ?? [])]) === JSON.stringify([...(other?.options ?? [])]) &&
    ![a, b].some(({ frameworks }) => frameworks.isRaisedByOthers(framework, axis))
  )
}

function countPairs(
  from: readonly string[],
  to: readonly string[],
): readonly (readonly [readonly [string, string], number])[] {
  const counts = new Map<string, Map<string, number>>()
  from.forEach((level, i) => {
    const row = counts.get(level) ?? new Map<string, number>()
    counts.set(level, row)
    row.set(to[i] ?? '', (row.get(to[i] ?? '') ?? 0) + 1)
  })
  return [...counts].flatMap(([level, row]) =>
    [...row].map(([other, persons]) => [[level, other], persons] as const),
  )
}

/** Without a proofing somebody is scored on no facts. */
function factsOf(proofings: string): readonly Facts[] {
  const facts = JSON.parse(proofings) as readonly Facts[] // written by the caller out of checked facts
  return facts.length === 0 ? [{}] : facts
}

/** A proofing as it was written. */
interface Row {
  readonly start: number
  readonly open: boolean
  readonly outcomes: number
  /** The same with each way in which its open outcomes may turn out; written when it first matters. */
  resolved?: readonly number[] | undefined
}

/** 2^6 ways are written out; with more open outcomes the ordinary engine is asked. */
const MOST_OUTCOMES = 6

/** The persons as the facts of one catalogue and the options of one framework. */
class CodedFramework {
  readonly #pack: Pack
  readonly #options: ReadonlyMap<string, PackOption>
  readonly #layout: CodedLayout
  #rows = new Map<string, readonly (Row | undefined)[]>()
  #coder: FactCoder | undefined
  #end = 0
  #size = -1
  #optionsSet = ''
  #optionWords: readonly { readonly index: number; readonly word: number }[] = []

  constructor(pack: Pack, options: ReadonlyMap<string, PackOption>) {
    this.#pack = pack
    this.#options = options
    this.#layout = fullLayout(pack.catalogue, options)
  }

  /** Whether subjects of this framework are read the same under the rules of another version of it. */
  serves({ catalogue, zone }: Pack): boolean {
    return catalogue === this.#pack.catalogue && zone === this.#pack.zone
  }

  forget(subjectRef: string): void {
    this.#rows.delete(subjectRef)
  }

  /** `undefined` for whom the ordinary engine must be asked. */
  levels(
    policy: ActivePolicy,
    { framework, axis }: AxisRef,
    persons: ReadonlyMap<string, string>,
    now: Date,
  ): readonly (string | undefined)[] {
    const { pack, options } = policy.frameworks.source(framework)
    const seconds = Math.floor(now.getTime() / 1000)
    const { effective } = pack
    const program = this.#program(pack, axis)
    if (
      program === undefined ||
      seconds < (effective.from ?? seconds) ||
      seconds >= (effective.until ?? Infinity)
    )
      return []
    this.#code(persons)
    this.#setOptions(options)
    const { members } = policy.offered(framework, axis).axis.type
    const reader = new Reader(program, seconds - EPOCH)
    return [...persons].map(([subjectRef, proofings]) => {
      const mask = this.#highest(reader, this.#rows.get(subjectRef) ?? [], proofings)
      if (mask === undefined) return undefined
      return mask === OPEN ? INDETERMINATE : members[31 - Math.clz32(mask)]
    })
  }

  /** Bit of the level that all proofings of a person together give. */
  #highest(
    reader: Reader,
    rows: readonly (Row | undefined)[],
    proofings: string,
  ): number | typeof OPEN | undefined {
    let least = 0
    let most = 0
    for (let i = 0; i < rows.length; i += 1) {
      const row = rows[i]
      if (row === undefined) return undefined
      reader.run(this.#words, row.start, row.open)
      let { lower, upper } = reader
      if (lower !== upper) {
        const resolved = (row.resolved ??= this.#resolve(row, factsOf(proofings)[i] ?? {}))
        if (resolved === undefined) return undefined
        const agreed = reader.agreed(this.#words, resolved)
        lower = agreed ?? lower
        upper = agreed ?? upper
      }
      if (lower > least) least = lower
      if (upper > most) most = upper
    }
    return least === most ? least : OPEN
  }

  #resolve({ outcomes }: Row, facts: Facts): readonly number[] | undefined {
    const starts: number[] = []
    if (outcomes > MOST_OUTCOMES) return undefined
    for (let way = 0; way < 1 << outcomes; way += 1) {
      const resolution = Array.from({ length: outcomes }, (_, i) => (way & (1 << i)) !== 0)
      const start = this.#end
      const coded = this.#coder?.encode(facts, start, { resolution })
      if (coded === undefined) return undefined
      this.#end += coded.length
      starts.push(start)
      this.#writeOptions(start)
    }
    return starts
  }

  get #words(): Int32Array {
    return this.#coder?.words ?? new Int32Array(0)
  }

  #program(pack: Pack, axis: string): GeneratedProgram | undefined {
    try {
      return new GeneratedProgram(pack, [axis], this.#layout)
    } catch (error) {
      if (error instanceof NotGenerated) return undefined
      throw error
    }
  }

  /** Writes whoever is not written yet; everybody anew when rules name something that had no place. */
  #code(persons: ReadonlyMap<string, string>): void {
    if (this.#size !== this.#layout.size) this.#beginAnew()
    if (this.#rows.size === persons.size) return
    this.#optionsSet = ''
    const { catalogue, zone } = this.#pack
    const coder = (this.#coder ??= new FactCoder(this.#layout, {
      catalogue,
      zone,
      options: this.#options,
    }))
    for (const [subjectRef, proofings] of persons) {
      if (this.#rows.has(subjectRef)) continue
      const rows = factsOf(proofings).map((facts): Row | undefined => {
        const start = this.#end
        const coded = coder.encode(facts, start)
        if (coded === undefined) return undefined
        this.#end += coded.length
        return { start, open: coded.open, outcomes: coded.judged.outcomes.length }
      })
      this.#rows.set(subjectRef, rows)
    }
  }

  /** Code that was made while the layout was smaller reads other places. */
  #beginAnew(): void {
    this.#size = this.#layout.size
    this.#coder = undefined
    this.#end = 0
    this.#rows = new Map()
  }

  /** Options are the same for all: a profile sets them, not a person. */
  #setOptions(options: ReadonlyMap<string, PackOption>): void {
    const wanted = this.#layout.root.fields.flatMap(({ path: [root, name = ''], index }) => {
      const value = root === 'policy' ? options.get(name)?.value : undefined
      if (value === undefined) return []
      return [{ index, word: typeof value === 'number' ? value : value ? 2 : 1 }]
    })
    const key = JSON.stringify(wanted)
    if (this.#optionsSet === key) return
    this.#optionsSet = key
    this.#optionWords = wanted
    for (const rows of this.#rows.values())
      for (const row of rows)
        for (const start of row === undefined ? [] : [row.start, ...(row.resolved ?? [])])
          this.#writeOptions(start)
  }

  #writeOptions(start: number): void {
    const words = this.#words
    for (const { index, word } of this.#optionWords) words[start + index] = word
  }
}

const OPEN = 'open'

/** Runs a program of one axis at one instant. */
class Reader {
  lower = 0
  upper = 0
  readonly #two
  readonly #three
  readonly #out: Int32Array
  readonly #at: number

  constructor(program: GeneratedProgram, at: number) {
    this.#two = program.run({ kleene: false, finds: 'bounds' })
    this.#three = program.run({ kleene: true, finds: 'bounds' })
    this.#out = program.out
    this.#at = at
  }

  /** Leaves the bits of the least and the most that a proofing gives in `lower` and `upper`. */
  run(words: Int32Array, start: number, open: boolean): void {
    const run = open ? this.#three : this.#two
    run(words, start, this.#at, this.#at)
    this.lower = this.#out[0] ?? 0
    this.upper = this.#out[1] ?? 0
  }

  /** What all of them give alike. */
  agreed(words: Int32Array, starts: readonly number[]): number | undefined {
    const masks = new Set<number>()
    for (const start of starts) {
      this.run(words, start, false)
      masks.add(this.lower)
    }
    const [first] = masks
    return masks.size === 1 ? first : undefined
  }
}
