import type { ActivePolicy } from './active-policy.ts'
import { ChangeScreen } from './language/change-screen.ts'
import { EPOCH, type CodedLayout } from './language/coded-layout.ts'
import { FactCoder } from './language/fact-coder.ts'
import { fullLayout } from './language/full-layout.ts'
import { GeneratedProgram, ifGenerated } from './language/generated-program.ts'
import { isInPeriod, type Seconds } from './language/dates.ts'
import type { AxisRef, Pack, PackOption } from './language/pack.ts'
import type { Facts } from './language/judged-facts.ts'

/** Where persons stand in a population: proofings as JSON by place, nothing at a place that is free. */
export type Places = readonly (string | undefined)[]

/** What a person has at an instant. */
export interface HeldLevel {
  /** Position of the level, low to high, and after the highest for one that is open. */
  readonly level: number
  /** Until when it is so at least. */
  readonly until: Seconds
}

/** Nothing where the scorer must be asked. */
export type QuickLevel = (place: number) => HeldLevel | undefined

/** Without a proofing somebody is scored on no facts. */
export function factsOf(proofings: string): readonly Facts[] {
  const facts = JSON.parse(proofings) as readonly Facts[] // written by the caller out of checked facts
  return facts.length === 0 ? [{}] : facts
}

/** A proofing as it was written. */
interface Row {
  start: number
  readonly length: number
  readonly open: boolean
  readonly outcomes: number
  /** The same with each way in which its open outcomes may turn out; written when it first matters. */
  resolved?: readonly ResolvedRow[] | undefined
}

type ResolvedRow = Pick<Row, 'start' | 'length'>

/** 2^6 ways are written out; with more open outcomes the ordinary engine is asked. */
const MOST_OUTCOMES = 6
/** Words that nobody needs any more before what is needed is moved together; at least, and as a part of all. */
const WASTED = 2 ** 16
const WASTED_PART = 0.5

/** Everybody as the facts of one catalogue and the options of one framework, written as integers. */
export class CodedPersons {
  readonly #pack: Pack
  readonly #options: ReadonlyMap<string, PackOption>
  readonly #layout: CodedLayout
  readonly #missing = new Set<number>()
  #rows: (readonly (Row | undefined)[] | undefined)[] = []
  #coder: FactCoder | undefined
  #end = 0
  #wasted = 0
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

  /** Somebody came, changed or went. */
  changed(place: number): void {
    for (const row of rowsOf(this.#rows[place])) this.#wasted += row.length
    this.#rows[place] = undefined
    this.#missing.add(place)
  }

  /**
   * Nothing where the rules cannot be asked in this way.
   *
   * @param finds with `bounds` alone levels are told for the instant
   */
  levels(
    policy: ActivePolicy,
    { framework, axis }: AxisRef,
    places: Places,
    now: Date,
    finds: Ends,
  ): QuickLevel | undefined {
    const { pack, options } = policy.frameworks.source(framework)
    const reader = ifGenerated(
      () => new Reader(new GeneratedProgram(pack, [axis], this.#layout), codedOf(now), finds),
    )
    if (reader === undefined || !isInPeriod(pack.effective, secondsOf(now))) return undefined
    this.#write(places)
    this.#setOptions(options)
    const { members } = policy.offered(framework, axis).axis.type
    const { until = Infinity } = pack.effective
    return (place) => {
      reader.turn = until - EPOCH
      const mask = this.#highest(reader, place, places)
      if (mask === undefined) return undefined
      const level = mask === OPEN ? members.length : 31 - Math.clz32(mask)
      return { level, until: finds === 'turns' ? reader.turn + EPOCH : secondsOf(now) }
    }
  }

  /** Whether the change from one policy to the other can concern somebody on an axis; nothing where only scoring tells. */
  screen(
    before: ActivePolicy,
    after: ActivePolicy,
    { framework, axis }: AxisRef,
    now: Date,
  ): ((place: number) => boolean) | undefined {
    const [was, is] = [before, after].map(({ frameworks }) => frameworks.source(framework).pack)
    if (
      was === undefined ||
      is === undefined ||
      !haveSameOptions(before, after, { framework, axis }) ||
      ![was, is].every(({ effective }) => isInPeriod(effective, secondsOf(now)))
    )
      return undefined
    const screen = ifGenerated(() => ChangeScreen.between(was, is, [axis], this.#layout))
    const at = codedOf(now)
    return (
      screen &&
      ((place) =>
        this.#rows[place]?.some(
          (row) => row === undefined || screen.concerns(this.#words, row.start, row.open, at),
        ) ?? true)
    )
  }

  /** Bit of the level that all proofings of a person together give. */
  #highest(reader: Reader, place: number, places: Places): number | typeof OPEN | undefined {
    const rows = this.#rows[place] ?? []
    let least = 0
    let most = 0
    for (let i = 0; i < rows.length; i += 1) {
      const row = rows[i]
      if (row === undefined) return undefined
      reader.run(this.#words, row.start, row.open)
      let { lower, upper } = reader
      if (lower !== upper) {
        const resolved = (row.resolved ??= this.#resolve(
          row,
          factsOf(places[place] ?? '[]')[i] ?? {},
        ))
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

  #resolve({ outcomes }: Row, facts: Facts): readonly ResolvedRow[] | undefined {
    const resolved: ResolvedRow[] = []
    if (outcomes > MOST_OUTCOMES) return undefined
    for (let way = 0; way < 1 << outcomes; way += 1) {
      const resolution = Array.from({ length: outcomes }, (_, i) => (way & (1 << i)) !== 0)
      const start = this.#end
      const coded = this.#coder?.encode(facts, start, { resolution })
      if (coded === undefined) return undefined
      this.#end += coded.length
      resolved.push({ start, length: coded.length })
      this.#writeOptions(start)
    }
    return resolved
  }

  get #words(): Int32Array {
    return this.#coder?.words ?? new Int32Array(0)
  }

  /** Writes whoever is not written yet; everybody anew when rules name something that had no place. */
  #write(places: Places): void {
    if (this.#size !== this.#layout.size) this.#beginAnew(places)
    if (this.#wasted > Math.max(WASTED, WASTED_PART * this.#end)) this.#moveTogether()
    if (this.#missing.size === 0) return
    const { catalogue, zone } = this.#pack
    const coder = (this.#coder ??= new FactCoder(this.#layout, {
      catalogue,
      zone,
      options: this.#options,
    }))
    for (const place of this.#missing) {
      const proofings = places[place]
      if (proofings === undefined) continue
      const rows = factsOf(proofings).map((facts): Row | undefined => {
        const start = this.#end
        const coded = coder.encode(facts, start)
        if (coded === undefined) return undefined
        const { length, open, judged } = coded
        this.#end += length
        return { start, length, open, outcomes: judged.outcomes.length }
      })
      this.#rows[place] = rows
      for (const { start } of rowsOf(rows)) this.#writeOptions(start)
    }
    this.#missing.clear()
  }

  /** Code that was made while the layout was smaller reads other places. */
  #beginAnew(places: Places): void {
    this.#size = this.#layout.size
    this.#coder = undefined
    this.#end = 0
    this.#wasted = 0
    this.#rows = []
    this.#optionsSet = ''
    this.#optionWords = []
    for (const place of places.keys()) this.#missing.add(place)
  }

  /** Coded subjects hold no position but their own, so that they may be moved. */
  #moveTogether(): void {
    const words = this.#words
    const rows = this.#rows.flatMap((own) => rowsOf(own)).sort((a, b) => a.start - b.start)
    this.#end = 0
    for (const row of rows) {
      words.copyWithin(this.#end, row.start, row.start + row.length)
      row.start = this.#end
      this.#end += row.length
    }
    this.#wasted = 0
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
    for (const rows of this.#rows) for (const { start } of rowsOf(rows)) this.#writeOptions(start)
  }

  #writeOptions(start: number): void {
    const words = this.#words
    for (const { index, word } of this.#optionWords) words[start + index] = word
  }
}

/** Everything that was written of a person. */
function rowsOf(rows: readonly (Row | undefined)[] | undefined): (Row | ResolvedRow)[] {
  return (rows ?? []).flatMap((row) => (row === undefined ? [] : [row, ...(row.resolved ?? [])]))
}

/** Whether a framework has the same options under both. */
export function haveSameOptions(a: ActivePolicy, b: ActivePolicy, { framework }: AxisRef): boolean {
  const [one, other] = [a, b].map(({ frameworks }) =>
    JSON.stringify([...frameworks.source(framework).options]),
  )
  return one === other
}

function secondsOf(now: Date): Seconds {
  return Math.floor(now.getTime() / 1000)
}

function codedOf(now: Date): number {
  return secondsOf(now) - EPOCH
}

const OPEN = 'open'

/** Whether it is asked when levels end. */
export type Ends = 'bounds' | 'turns'

/** Runs a program of one axis at one instant. */
class Reader {
  lower = 0
  upper = 0
  /** The earliest coded instant at which a clock turned, of all runs since it was set. */
  turn = Infinity
  readonly #two
  readonly #three
  readonly #out: Int32Array
  readonly #turns: Float64Array | undefined
  readonly #at: number

  constructor(program: GeneratedProgram, at: number, finds: Ends) {
    this.#two = program.run({ kleene: false, finds })
    this.#three = program.run({ kleene: true, finds })
    this.#out = program.out
    this.#turns = finds === 'turns' ? program.turns : undefined
    this.#at = at
  }

  /** Leaves the bits of the least and the most that a proofing gives in `lower` and `upper`. */
  run(words: Int32Array, start: number, open: boolean): void {
    const run = open ? this.#three : this.#two
    run(words, start, this.#at, this.#at)
    this.lower = this.#out[0] ?? 0
    this.upper = this.#out[1] ?? 0
    if (this.#turns !== undefined) this.turn = Math.min(this.turn, this.#turns[0] ?? Infinity)
  }

  /** What all of them give alike. */
  agreed(words: Int32Array, rows: readonly ResolvedRow[]): number | undefined {
    const masks = new Set<number>()
    for (const { start } of rows) {
      this.run(words, start, false)
      masks.add(this.lower)
    }
    const [first] = masks
    return masks.size === 1 ? first : undefined
  }
}
